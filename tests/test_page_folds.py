"""Relations of many records to one: read in the statement of the page, by join, if nothing else can ask for the same."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import JSON, ForeignKey, Text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Api, ModelOptions, Policy, SoftDelete
from tests.databases import MakeEngine, record_statements
from tests.running import save


class Base(DeclarativeBase):
    pass


class City(Base):
    __tablename__ = "city"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)


class Maker(Base):
    __tablename__ = "maker"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    story: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[Any] = mapped_column(JSON)
    gone: Mapped[bool] = mapped_column(default=False)
    city_id: Mapped[int | None] = mapped_column(ForeignKey("city.id"))

    city: Mapped[City | None] = relationship()
    things: Mapped[list["Thing"]] = relationship(foreign_keys="Thing.maker_id", back_populates="maker")


class Thing(Base):
    __tablename__ = "thing"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(Text)
    maker_id: Mapped[int | None] = mapped_column(ForeignKey("maker.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("maker.id"))

    maker: Mapped[Maker | None] = relationship(foreign_keys=maker_id, back_populates="things")
    owner: Mapped[Maker | None] = relationship(foreign_keys=owner_id)


LONG = "é" * 300


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    """Maker 3 has a long story, maker 2 none, and is gone; thing 5 has no maker."""
    engine = await make_module_engine(Base.metadata)
    oslo = City(id=1, name="Oslo")
    await save(engine, oslo)
    makers = [
        Maker(id=1, name="One", story="short", facts={"a": 1}, city_id=1),
        Maker(id=2, name="Two", story=None, facts=[], gone=True),
        Maker(id=3, name="Three", story=LONG, facts=None, city_id=1),
    ]
    await save(engine, *makers)
    pairs = [(1, 1), (2, 3), (3, 2), (1, None), (None, 3), (1, 1)]
    things = (Thing(id=n, label=f"T{n}", maker_id=maker, owner_id=owner) for n, (maker, owner) in enumerate(pairs, 1))
    await save(engine, *things)
    yield engine


async def known(api: Api, engine: AsyncEngine, document: str) -> tuple[Any, int]:
    """What a document gives that the API knows, which is what graphql-core gives, and how many statements it takes."""
    first = await api.execute(document)
    with record_statements(engine) as statements:
        second = await api.execute(document)
    assert first.errors is None
    assert (second.data, second.errors) == (first.data, None)
    return second.data, len(statements)


ONE, TWO, THREE = {"name": "One"}, {"name": "Two"}, {"name": "Three"}


@pytest.mark.parametrize(
    ("arguments", "makers"),
    [
        ("", [ONE, TWO, THREE, ONE, None, ONE]),
        ("first: 2", [ONE, TWO]),
        ("first: 2, offset: 1", [TWO, THREE]),
        ("last: 2", [None, ONE]),
        ("orderBy: [{maker: {name: DESC}}, {rowId: DESC}]", [None, TWO, THREE, ONE, ONE, ONE]),
        ('where: {maker: {is: {name: {eq: "One"}}}}', [ONE, ONE, ONE]),
        ("first: 0", []),
    ],
)
async def test_a_page_is_read_with_what_its_records_lead_to(
    engine: AsyncEngine, arguments: str, makers: Sequence[Any]
) -> None:
    page = f"things({arguments})" if arguments else "things"
    document = (
        f"{{ {page} {{ totalCount edges {{ cursor node {{ maker {{ name }} }} }} pageInfo {{ hasNextPage }} }} }}"
    )

    data, statements = await known(Api(Base, engine), engine, document)

    assert [edge["node"]["maker"] for edge in data["things"]["edges"]] == makers
    assert statements == 1


async def test_relations_in_a_row_and_beside_each_other_are_one_statement(engine: AsyncEngine) -> None:
    document = """{ things(first: 5) { nodes {
      label maker { city { name } } again: maker { name again: city { rowId } } owner { name city { name } }
    } } }"""

    data, statements = await known(Api(Base, engine), engine, document)

    oslo = {"name": "Oslo"}
    one = {"maker": {"city": oslo}, "again": {"name": "One", "again": {"rowId": 1}}}
    assert data["things"]["nodes"] == [
        {"label": "T1", **one, "owner": {"name": "One", "city": oslo}},
        {
            "label": "T2",
            "maker": {"city": None},
            "again": {"name": "Two", "again": None},
            "owner": {"name": "Three", "city": oslo},
        },
        {
            "label": "T3",
            "maker": {"city": oslo},
            "again": {"name": "Three", "again": {"rowId": 1}},
            "owner": {"name": "Two", "city": None},
        },
        {"label": "T4", **one, "owner": None},
        {"label": "T5", "maker": None, "again": None, "owner": {"name": "Three", "city": oslo}},
    ]
    assert statements == 1


async def test_a_record_with_a_long_text_is_read_once_for_all_that_lead_to_it(engine: AsyncEngine) -> None:
    """One with a NULL in its place is not, nor one that is not there."""
    document = "{ things { nodes { owner { name story city { name } } } } }"

    data, statements = await known(Api(Base, engine), engine, document)

    one = {"name": "One", "story": "short", "city": {"name": "Oslo"}}
    two = {"name": "Two", "story": None, "city": None}
    three = {"name": "Three", "story": LONG, "city": {"name": "Oslo"}}
    assert [node["owner"] for node in data["things"]["nodes"]] == [one, three, two, None, three, one]
    assert statements == 2
    few, statements = await known(Api(Base, engine), engine, document.replace("things", "things(first: 1)"))
    assert (few["things"]["nodes"], statements) == ([{"owner": one}], 1)


async def test_values_of_any_size_are_read_once_for_all(engine: AsyncEngine) -> None:
    """What those records lead to is read with them."""
    document = "{ things(first: 3) { nodes { maker { facts city { name } } } } }"

    data, statements = await known(Api(Base, engine), engine, document)

    oslo = {"name": "Oslo"}
    assert [node["maker"] for node in data["things"]["nodes"]] == [
        {"facts": {"a": 1}, "city": oslo},
        {"facts": [], "city": None},
        {"facts": None, "city": oslo},
    ]
    assert statements == 2


async def test_lists_in_lists_are_read_with_what_their_records_lead_to(engine: AsyncEngine) -> None:
    document = (
        """{ makers { nodes { name things(last: 2) { nodes { label owner { name } maker { city { name } } } } } } }"""
    )

    data, statements = await known(Api(Base, engine), engine, document)

    oslo = {"city": {"name": "Oslo"}}
    assert data["makers"]["nodes"] == [
        {
            "name": "One",
            "things": {
                "nodes": [
                    {"label": "T4", "owner": None, "maker": oslo},
                    {"label": "T6", "owner": ONE, "maker": oslo},
                ]
            },
        },
        {"name": "Two", "things": {"nodes": [{"label": "T2", "owner": THREE, "maker": {"city": None}}]}},
        {"name": "Three", "things": {"nodes": [{"label": "T3", "owner": TWO, "maker": oslo}]}},
    ]
    assert statements == 2


async def test_lists_below_what_is_read_with_a_page_are_read_for_all_of_it(engine: AsyncEngine) -> None:
    document = "{ things { nodes { maker { things { totalCount } } } } }"

    data, statements = await known(Api(Base, engine), engine, document)

    counts = [
        None if node["maker"] is None else node["maker"]["things"]["totalCount"] for node in data["things"]["nodes"]
    ]
    assert (counts, statements) == ([3, 1, 1, 3, None, 3], 2)


async def test_several_records_by_id_are_read_with_those_they_lead_to(engine: AsyncEngine) -> None:
    document = (
        '{ nodes(ids: ["VGhpbmc6MQ", "VGhpbmc6NQ", "VGhpbmc6NQ", "VGhpbmc6OQ"]) { ... on Thing { maker { name } } } }'
    )

    data, statements = await known(Api(Base, engine), engine, document)

    assert (data, statements) == ({"nodes": [{"maker": ONE}, {"maker": None}, {"maker": None}, None]}, 1)


@pytest.mark.parametrize("kind", ["policy", "soft deletion"])
async def test_a_record_that_is_not_shown_is_none(engine: AsyncEngine, kind: str) -> None:
    """Neither it nor what it leads to; and nobody asks for it once more."""
    options = (
        ModelOptions(policy=Policy(read=Maker.gone.is_(False)))
        if kind == "policy"
        else ModelOptions(soft_delete=SoftDelete("gone", show_deleted=True))
    )
    api = Api(Base, engine, models={Maker: options})

    data, statements = await known(api, engine, "{ things { nodes { maker { name } owner { name } } } }")

    assert [(node["maker"], node["owner"]) for node in data["things"]["nodes"]] == [
        (ONE, ONE),
        (None, THREE),
        (THREE, None),
        (ONE, None),
        (None, THREE),
        (ONE, ONE),
    ]
    assert statements == 1


async def test_deleted_records_are_shown_where_they_are_asked_for(engine: AsyncEngine) -> None:
    """Two requests for one relation are joined twice."""
    api = Api(Base, engine, models={Maker: ModelOptions(soft_delete=SoftDelete("gone", show_deleted=True))})

    data, statements = await known(
        api, engine, "{ things(first: 2) { nodes { maker { name } any: maker(deleted: INCLUDE) { name rowId } } } }"
    )

    assert data["things"]["nodes"] == [
        {"maker": ONE, "any": {"name": "One", "rowId": 1}},
        {"maker": None, "any": {"name": "Two", "rowId": 2}},
    ]
    assert statements == 1


async def test_what_two_fields_ask_for_is_read_once(engine: AsyncEngine) -> None:
    document = "{ a: things(first: 2) { nodes { maker { name } } } b: things(last: 2) { nodes { maker { name } } } }"

    data, statements = await known(Api(Base, engine), engine, document)

    assert data == {
        "a": {"nodes": [{"maker": ONE}, {"maker": TWO}]},
        "b": {"nodes": [{"maker": None}, {"maker": ONE}]},
    }
    assert statements == 3


async def test_one_record_is_read_with_those_that_several_requests_lead_to(engine: AsyncEngine) -> None:
    """Of one record everything is joined, whatever its size; under two names it leads to different things."""
    api = Api(Base, engine, models={Maker: ModelOptions(soft_delete=SoftDelete("gone", show_deleted=True))})
    document = """{ thing(by: {rowId: 3}) {
      owner { name } all: owner(deleted: INCLUDE) { rowId facts } maker { city { name } } again: maker { story city { rowId } }
    } }"""

    data, statements = await known(api, engine, document)

    assert data["thing"] == {
        "owner": None,
        "all": {"rowId": 2, "facts": []},
        "maker": {"city": {"name": "Oslo"}},
        "again": {"story": LONG, "city": {"rowId": 1}},
    }
    assert statements == 1
