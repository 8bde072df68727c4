"""What a document selects is read once where nothing in a request can change it, and anew where something can."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api, known_selections
from gqlcrud.known_selections import KEPT, KEPT_VARIANTS
from gqlcrud.selection import read_tree
from tests.databases import MakeEngine
from tests.running import save
from tests.shelf import Author, Base, Book


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    engine = await make_module_engine(Base.metadata)
    await save(
        engine,
        *(
            Author(name=name, books=[Book(title=f"{name}'s {n}", price=Decimal(n)) for n in (1, 2)])
            for name in ("A", "B")
        ),
    )
    yield engine


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The fields whose selections are read from a document."""
    found: list[str] = []

    def counted(info: Any, type_name: str | None = None, **options: Any) -> Any:
        found.append(info.field_name)
        return read_tree(info, type_name, **options)

    monkeypatch.setattr(known_selections, "read_tree", counted)
    return found


async def names(api: Api, document: str, **variables: Any) -> Any:
    result = await api.execute(document, variables)
    assert result.errors is None
    return result.data


async def test_arguments_of_the_field_are_those_of_each_request(engine: AsyncEngine, reads: list[str]) -> None:
    api = Api(Base, engine)
    document = """query ($n: Int, $where: AuthorWhere) {
        authors(first: $n, where: $where) { nodes { name books { nodes { title } } } }
    }"""

    found = [
        await names(api, document, n=1),
        await names(api, document, n=2),
        await names(api, document, n=2, where={"name": {"eq": "B"}}),
        await names(api, document, n=1),
    ]

    assert [[each["name"] for each in data["authors"]["nodes"]] for data in found] == [["A"], ["A", "B"], ["B"], ["A"]]
    assert reads == ["authors"]


@pytest.mark.parametrize(
    "document",
    [
        "query ($v: Boolean!) { authors { nodes { name @include(if: $v) id } } }",
        "query ($v: Boolean!) { authors { nodes { id ...F } } } fragment F on Author { name @include(if: $v) }",
        "query ($v: Boolean!) { authors { nodes { id ... on Author @include(if: $v) { name } } } }",
    ],
)
async def test_directives_below_a_field_make_another_selection(
    engine: AsyncEngine, reads: list[str], document: str
) -> None:
    api = Api(Base, engine)

    shown = [(await names(api, document, v=value))["authors"]["nodes"][0].keys() for value in (True, False, True)]

    assert [sorted(each) for each in shown] == [["id", "name"], ["id"], ["id", "name"]]
    assert reads == ["authors"] * 2


async def test_selections_for_the_values_of_directives_are_bounded(engine: AsyncEngine, reads: list[str]) -> None:
    api = Api(Base, engine)
    names_of = [f"v{number}" for number in range(5)]
    fields = " ".join(f"{each}: name @include(if: ${each})" for each in names_of)
    declared = ", ".join(f"${each}: Boolean!" for each in names_of)
    document = f"query ({declared}) {{ authors {{ nodes {{ id {fields} }} }} }}"

    for number in range(32):
        chosen = {each: bool(number >> place & 1) for place, each in enumerate(names_of)}
        shown = (await names(api, document, **chosen))["authors"]["nodes"][0].keys()
        assert sorted(shown) == ["id", *(each for each in names_of if chosen[each])]

    (known,) = api.new_operation().selections._known.values()
    assert len(known.variants) == KEPT_VARIANTS


async def test_variables_below_a_field_make_another_selection(engine: AsyncEngine, reads: list[str]) -> None:
    api = Api(Base, engine)
    document = """query ($n: Int, $t: String!) {
        authors { nodes { books(first: $n, where: {or: [{title: {eq: $t}}]}) { nodes { title } } } }
    }"""

    found = [await names(api, document, n=1, t=title) for title in ("A's 1", "A's 2")]

    assert [data["authors"]["nodes"][0]["books"]["nodes"] for data in found] == [
        [{"title": "A's 1"}],
        [{"title": "A's 2"}],
    ]
    assert reads == ["authors"]


async def test_two_fields_of_one_name_are_two_selections(engine: AsyncEngine) -> None:
    api = Api(Base, engine)
    document = """{
        a: authors(first: 1) { nodes { name } } b: authors(first: 1) { nodes { id } }
        authors { totalCount } authors { nodes { name } }
    }"""

    first, second = await names(api, document), await names(api, document)

    assert first == second
    assert (first["a"]["nodes"], first["authors"]) == (
        [{"name": "A"}],
        {"totalCount": 2, "nodes": [{"name": "A"}, {"name": "B"}]},
    )


async def test_what_is_kept_is_bounded(engine: AsyncEngine) -> None:
    api = Api(Base, engine)
    for number in range(KEPT + 5):
        await names(api, f"{{ authors(first: 0) {{ nodes {{ a{number}: name }} }} }}")

    assert len(api.new_operation().selections._known) == KEPT
