"""The documentation is true: its code runs and gives what it says, its tables agree with the code, its links lead on."""

import argparse
import ast
import dataclasses
import inspect
import re
import runpy
import shlex
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

import gqlcrud
import gqlcrud.files
from gqlcrud import Api, ErrorCode, Limits, ModelOptions, Observability, Operator
from gqlcrud.checking import Hazard
from gqlcrud.cli import _parser
from gqlcrud.plan import Sort
from gqlcrud.scalars import ARRAY_OPERATORS, COMPARISON, EQUALITY, TEXT, scalar_for
from tests.bookshop import running_app
from tests.databases import Backend
from tests.pages import PAGES, ROOT, Reader, read_blocks

DOCS = ROOT / "docs"
GROUPS = {"equality": EQUALITY, "comparison": COMPARISON, "text": TEXT}


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text("utf-8")


def table(name: str, heading: str, place: int = 0) -> list[list[str]]:
    """The cells of a table below a heading of a page, without its head."""
    below = page(name).partition(f"\n{heading}\n")[2]
    lines = re.findall(r"(?:^\|.*\n)+", below, re.MULTILINE)[place].splitlines()[2:]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]


def quoted(text: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", text)


def options_of(function: Callable[..., Any]) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


# ---------- code blocks ----------


@pytest.fixture(scope="module")
async def shop(backend: Backend) -> AsyncIterator[ModuleType]:
    url = backend.create_database("bookshop")
    async with running_app(url) as module:
        yield module
    backend.drop_database(url)


@pytest.fixture
def database(backend: Backend, shop: ModuleType, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """The URL for the name of a database in a page: the bookshop's, or that of an empty one that the page fills."""
    made = {"bookshop": shop.engine.url}

    def url(name: str) -> str:
        if name not in made:
            made[name] = backend.create_database(name)
        shown: str = made[name].render_as_string(hide_password=False)
        return shown

    yield url
    for name, each in made.items():
        if name != "bookshop":
            backend.drop_database(each)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
async def test_the_code_of_the_page_runs_and_gives_what_it_says(
    path: Path, shop: ModuleType, database: Callable[[str], str]
) -> None:
    await Reader(path, shop.api, database).run()


def commands() -> list[tuple[str, str]]:
    """(page, command), for every line of a bash block."""
    return [
        (path.stem, line)
        for path in PAGES
        for block in read_blocks(path)
        if block.kind == "bash"
        for line in block.text.splitlines()
    ]


@pytest.mark.parametrize(("path", "line"), commands())
def test_the_command_of_the_page_exists(path: str, line: str) -> None:
    program, *arguments = shlex.split(line)
    match program:
        case "gqlcrud":
            assert _parser().parse_args(arguments).target == arguments[1]
        case "make":
            targets = {argument for argument in arguments if "=" not in argument}
            assert targets <= set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        case "pip":
            assert arguments == ["install", ".[serve]"]
        case "python":
            module = Path(*arguments[1].split(".")).with_suffix(".py") if arguments[0] == "-m" else Path(arguments[0])
            assert (ROOT / module).is_file()
        case _:
            assert (program, arguments[0].endswith(":app")) == ("uvicorn", True)


# ---------- links ----------


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_link_of_the_page_leads_somewhere(path: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        if not link.startswith("https://") and not (target.exists() and (not anchor or anchor in anchors(target))):
            broken.append(link)

    assert broken == []


def test_the_readme_leads_to_every_page() -> None:
    links = re.findall(r"\]\(docs/(\w+)\.md\)", (ROOT / "README.md").read_text("utf-8"))

    assert sorted(set(links)) == sorted(path.stem for path in DOCS.glob("*.md"))


# ---------- tables ----------


def test_every_error_code_has_its_section() -> None:
    assert re.findall(r"^## (.+)$", page("errors"), re.MULTILINE) == [code.value for code in ErrorCode]


def test_every_operator_has_its_row() -> None:
    assert [quoted(row[0]) for row in table("queries", "### Operators")] == [[each.value] for each in Operator]


def test_every_direction_has_its_row() -> None:
    rows = table("queries", "## Order")

    assert [(row[0], row[1].startswith("largest"), row[2] == "first") for row in rows] == [
        (f"`{sort.value}`", sort.descending, sort.nulls_first) for sort in Sort
    ]


def sql_types(cell: str) -> list[sa.types.TypeEngine[Any]]:
    """The types that a cell names, as `sqlalchemy` and its dialect for PostgreSQL have them."""
    names = {**vars(sa), "postgresql": postgresql}
    found = [eval(name, names) for name in quoted(cell)]
    return [each() if isinstance(each, type) else each for each in found]


@pytest.mark.parametrize("row", table("models", "## Columns")[:-2], ids=lambda row: row[0])
def test_a_column_type_has_the_scalar_and_the_operators_of_its_row(row: list[str]) -> None:
    types, name, operators, order = row
    expected = GROUPS.get(operators) or tuple(map(Operator, quoted(operators)))

    for sql_type in sql_types(types):
        scalar = scalar_for(sql_type, {})
        assert scalar is not None
        listed = f"`{scalar.name}`" if scalar.item is None else "a list of the item's scalar"
        assert (listed, set(scalar.operators), scalar.sortable) == (name, set(expected), order == "yes")


def test_the_groups_of_operators_are_those_of_the_page() -> None:
    text = page("models")
    equality, comparison, texts = (
        [Operator(name) for name in quoted(line)] for line in re.findall(r"^- \*\w+\* is (.+)$", text, re.MULTILINE)
    )

    assert set(equality) == set(EQUALITY)
    assert {*equality, *comparison} == set(COMPARISON)
    assert {*equality, *comparison, *texts} == set(TEXT)
    assert len(ARRAY_OPERATORS) == len(
        quoted(next(row[2] for row in table("models", "## Columns") if "ARRAY" in row[0]))
    )


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(ModelOptions)])
def test_every_option_of_a_model_is_explained(name: str) -> None:
    assert re.search(rf"`(ModelOptions\()?{name}[`=]", page("models"))


def test_every_limit_has_its_row() -> None:
    assert [row[:2] for row in table("limits", "## Values")] == [
        [f"`{field.name}`", f"{field.default}"] for field in dataclasses.fields(Limits)
    ]


def test_every_option_of_the_router_has_its_row() -> None:
    assert [quoted(row[0]) for row in table("serving", "## The router")] == [[name] for name in options_of(Api.router)]


def test_every_option_of_observability_has_its_row() -> None:
    listed = [name for row in table("observability", "## Options") for name in quoted(row[0])]

    assert listed == [field.name for field in dataclasses.fields(Observability)]


def test_every_argument_of_execute_has_its_row() -> None:
    listed = [name for row in table("serving", "## Without HTTP") for name in quoted(row[0])]

    assert sorted(listed) == sorted(options_of(Api.execute))


@pytest.mark.parametrize("name", options_of(Api))
def test_every_argument_of_an_api_is_explained(name: str) -> None:
    """The first two stand in every example."""
    text = "".join(path.read_text("utf-8") for path in PAGES)

    assert name in ("base", "database") or f"{name}=" in text


FILE_COMMANDS = ("import", "export", "sync")


def options_of_commands() -> dict[str, set[str]]:
    """The long options of each command."""
    (commands,) = (each for each in _parser()._actions if isinstance(each, argparse._SubParsersAction))
    return {
        name: {option for action in each._actions for option in action.option_strings if option.startswith("--")}
        for name, each in commands.choices.items()
    }


def test_every_option_of_the_command_line_has_its_row() -> None:
    commands = options_of_commands()
    options = set().union(*(found for name, found in commands.items() if name not in (*FILE_COMMANDS, "check")))

    assert sorted(each for row in table("serving", "## The command line", 1) for each in quoted(row[0])[:1]) == sorted(
        options
    )
    assert all(f"gqlcrud {name}" in page("serving") for name in commands)


def test_every_option_of_a_command_on_files_has_its_row() -> None:
    listed = {
        quoted(option)[0]: set(FILE_COMMANDS) & set(of.split(", ")) for option, of, _ in table("files", "## Options")
    }
    commands = options_of_commands()
    expected: dict[str, set[str]] = {}
    for name in FILE_COMMANDS:
        for option in commands[name]:
            expected.setdefault(option, set()).add(name)

    assert listed == {option: names if len(names) < 3 else set() for option, names in expected.items()}


def test_every_option_and_every_warning_of_the_check_has_its_row() -> None:
    options, codes = (
        {quoted(row[0])[0] for row in table("check", heading)} for heading in ("## Options", "## Warnings")
    )

    assert options == options_of_commands()["check"]
    assert codes == {each.value for each in Hazard}


@pytest.mark.parametrize("name", gqlcrud.files.__all__)
def test_every_name_of_files_is_explained(name: str) -> None:
    assert re.search(rf"`{name}\b", page("files")) or re.search(rf"\b{name}\(", page("files"))


@pytest.mark.parametrize("function", ["import_file", "sync_file", "export_file"])
def test_every_argument_of_a_function_on_files_is_explained(function: str) -> None:
    names = {*options_of(getattr(gqlcrud.files, function))} - {"crud", "session", "path", "stopping"}

    assert sorted(name for name in names if f"`{name}`" not in page("files") and f"{name}=" not in page("files")) == []


@pytest.mark.parametrize("name", gqlcrud.__all__)
def test_every_public_name_is_explained(name: str) -> None:
    text = "".join(path.read_text("utf-8") for path in DOCS.glob("*.md"))

    assert re.search(rf"`[^`\n]*\b{name}\b[^`\n]*`", text)


# ---------- architecture ----------


def test_every_module_stands_in_the_architecture() -> None:
    package = ROOT / "gqlcrud"
    modules = [path.relative_to(package) for path in package.rglob("*.py") if "node_modules" not in path.parts]
    listed = set(quoted(page("architecture")))
    names = {
        str(path.parent if path.name == "__init__.py" else path.with_suffix("")).replace("/", ".") for path in modules
    } - {".", "__main__"}

    assert sorted(names - listed) == []


def imports_of(path: Path) -> set[str]:
    """The modules and packages right below `gqlcrud` that a module imports, for types alone included."""
    found = [node.module or "" for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[1] for name in found if name.startswith("gqlcrud.")}


def test_imports_go_downward_in_the_architecture() -> None:
    rows = [quoted(row[0]) for row in table("architecture", "## Modules")]
    place = {name: number for number, names in enumerate(rows) for name in names}
    upward = []
    for name in place:
        package = ROOT / "gqlcrud" / name
        for path in package.glob("*.py") if package.is_dir() else [package.with_suffix(".py")]:
            upward += [
                f"{path} imports {each}"
                for each in imports_of(path) & place.keys() - {name}
                if place[each] <= place[name]
            ]

    assert upward == []


async def test_documents_take_as_many_statements_as_the_architecture_says(tmp_path: Path) -> None:
    measured = await runpy.run_path(str(DOCS / "measure.py"))["statements"](tmp_path)

    assert {quoted(row[0])[0]: int(row[1]) for row in table("architecture", "### Statements")} == measured


def test_schemas_are_as_large_as_the_architecture_says() -> None:
    """To a tenth: every word of a description counts."""
    measured = runpy.run_path(str(DOCS / "measure.py"))["sdl_sizes"]()

    for name, *sizes in table("architecture", "### Size of the schema"):
        assert [int(size.replace(",", "")) for size in sizes] == pytest.approx(measured[name], rel=0.1)
