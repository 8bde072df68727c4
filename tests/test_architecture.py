"""The package is built in layers: imports go downward, third parties stay where they belong, nothing grows too long."""

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "gqlcrud"

LAYERS = """
    cli
    commands
    targets
    checking
    api
    extension direct schema
    answering reporting
    types
    mutations http_errors
    files
    crud
    rest
    fields loading
    context
    rendering
    execution
    unit_of_work write_planning
    diagnosis
    planning statements
    bulk_plan
    write_plan
    keys plan examples fastapi reflect prepared known_selections document_limits
    catalog requests reflected_names reflected_keys
    http
    naming options faults idempotency persisted disconnects observability
    scalars hooks policies
    values selection errors graphiql progress uncollected variables observing media_types
    holding arguments identity
"""
"""From the top; what stands in one line does not import what else stands there."""

THIRD_PARTIES = {
    "greenlet": {"execution"},
    "sqlalchemy": {
        *("api", "catalog", "execution", "hooks", "loading", "scalars", "statements"),
        *(
            "policies",
            "reflect",
            "reflected_names",
            "reflected_keys",
            "targets",
            "diagnosis",
            "unit_of_work",
            "idempotency",
        ),
        *("crud", "rest", "files", "commands", "checking", "reporting"),
    },
    "strawberry": {
        "answering",
        "api",
        "catalog",
        "crud",
        "direct",
        "extension",
        "fastapi",
        "fields",
        "files",
        "http",
        "loading",
        "mutations",
        "rendering",
        "reporting",
        "rest",
        "scalars",
        "schema",
        "types",
    },
    "graphql": {
        *(
            "answering",
            "arguments",
            "context",
            "direct",
            "document_limits",
            "extension",
            "faults",
            "known_selections",
            "loading",
            "prepared",
            "rendering",
            "reporting",
            "schema",
            "selection",
            "types",
            "variables",
        )
    },
    "fastapi": {"api", "cli", "fastapi", "http_errors", "rest"},
    "pydantic": {"catalog", "crud", "http_errors", "options", "rest", "write_planning"},
    "pydantic_core": {"rest", "write_planning"},
    "starlette": {"cli", "disconnects", "fastapi", "requests"},
    "uvicorn": {"cli"},
    "inflection": {"naming", "reflected_names"},
    "hatchling": {"graphiql"},
    "orjson": {"http", "rendering", "statements"},
    "opentelemetry": {"reporting"},
}
"""Each with the only modules and packages that import it."""

IN_CATALOG = {"strawberry": {"catalog.enums", "catalog.own_fields"}}
"""Where the whole package would be saying too little."""


def _modules() -> dict[str, Path]:
    """Every module by its dotted name below gqlcrud; a package stands for its `__init__`."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if "node_modules" not in path.parts:
            parts = path.relative_to(PACKAGE).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = _modules()


def tree(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text("utf-8"))


def imported(module: ast.AST) -> Iterator[str]:
    """The names that are imported anywhere in a module, for type checkers alone included."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(name: str) -> set[str]:
    """The modules of gqlcrud that a module imports; a name that a package re-exports counts as the package."""
    found = set()
    for each in imported(tree(name)):
        if each.startswith("gqlcrud."):
            path = each.removeprefix("gqlcrud.")
            while path not in MODULES:
                path = path.rpartition(".")[0]
            found.add(path)
    return found


def top(name: str) -> str:
    return name.partition(".")[0]


def test_every_module_has_its_layer() -> None:
    assert sorted(LAYERS.split()) == sorted({top(name) for name in MODULES} - {"", "__main__"})


def test_imports_go_downward() -> None:
    rows = [line.split() for line in LAYERS.strip().splitlines()]
    height = {name: -place for place, row in enumerate(rows) for name in row}
    upward = [
        f"{name} imports {each}"
        for name in MODULES
        if name not in ("", "__main__")
        for each in own_imports(name)
        if top(each) != top(name) and height[top(each)] >= height[top(name)]
    ]

    assert upward == []


def test_planning_and_statements_never_meet() -> None:
    """Nor does planning know SQL, or a statement GraphQL; and so it is with writes."""
    assert {top(each) for name in MODULES if top(name) == "planning" for each in own_imports(name)} == {
        *("planning", "plan", "keys", "catalog", "selection", "options", "policies", "errors", "scalars", "values"),
        *("observing", "identity"),
    }
    assert {top(each) for name in MODULES if top(name) == "statements" for each in own_imports(name)} == {
        *("statements", "plan", "write_plan", "catalog", "errors", "scalars", "identity")
    }
    assert {top(each) for name in MODULES if top(name) == "write_planning" for each in own_imports(name)} == {
        *("write_planning", "planning", "bulk_plan", "write_plan", "plan", "keys"),
        *("catalog", "options", "errors", "scalars", "values"),
    }


def test_no_import_goes_round_in_circles() -> None:
    """Within a package as well; a package imports its modules, and they do not import it."""
    graph = {name: own_imports(name) for name in MODULES}

    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)


def test_imports_stand_at_the_top_of_a_module() -> None:
    """One in a function hides a cycle. The server is optional, as is OpenTelemetry: only what needs them imports them."""
    inside = [
        f"{name}.{function.name}: {ast.unparse(node)}"
        for name in MODULES
        for function in ast.walk(tree(name))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert inside == [
        "cli._serve: import uvicorn",
        "reporting.observer._telemetry: from gqlcrud.reporting.telemetry import Telemetry",
    ]


def test_third_parties_stay_where_they_belong() -> None:
    found: dict[str, set[str]] = {}
    for name in MODULES:
        for each in imported(tree(name)):
            if top(each) not in sys.stdlib_module_names and top(each) != "gqlcrud":
                found.setdefault(top(each), set()).add(name)

    assert {party: {top(name) for name in names} for party, names in found.items()} == THIRD_PARTIES
    for party, names in IN_CATALOG.items():
        assert {name for name in found[party] if top(name) == "catalog"} == names


def test_few_modules_await_anything() -> None:
    """The catalog, plans and statements are made without waiting."""
    awaiting = {
        top(name)
        for name in MODULES
        if any(isinstance(node, ast.Await | ast.AsyncWith | ast.AsyncFor) for node in ast.walk(tree(name)))
    }

    assert awaiting == {
        *(
            "answering",
            "api",
            "checking",
            "cli",
            "commands",
            "context",
            "crud",
            "direct",
            "disconnects",
            "execution",
            "extension",
            "fastapi",
            "fields",
            "files",
            "loading",
            "mutations",
            "persisted",
            "rendering",
            "reporting",
            "requests",
            "targets",
        )
    }


def test_packages_hold_no_logic() -> None:
    """Their `__init__` imports what others may use, and lists it."""
    packages = [path for path in MODULES.values() if path.name == "__init__.py"]
    for path in packages:
        docstring, *rest = ast.parse(path.read_text("utf-8")).body

        assert isinstance(docstring, ast.Expr)
        assert {ast.unparse(node).partition(" ")[0] for node in rest} <= {"from", "__all__"}, path


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_and_stays_short(name: str) -> None:
    text = MODULES[name].read_text("utf-8")
    functions = {
        node.name: (node.end_lineno or 0) - node.lineno + 1
        for node in ast.walk(tree(name))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert (ast.get_docstring(tree(name)) or "").partition("\n")[0].endswith((".", ":", ",")), "begin with a sentence"
    assert len(text.splitlines()) <= 320
    assert {function: length for function, length in functions.items() if length > 45} == {}
