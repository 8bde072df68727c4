"""Lists are written alike whatever collection the mapped class keeps them in, and by columns that sequences fill."""

from typing import Any

import pytest
from sqlalchemy import JSON, ForeignKey, Sequence, String
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    WriteOnlyMapped,
    attribute_keyed_dict,
    mapped_column,
    relationship,
)

from gqlcrud import Api
from tests.databases import Backend, MakeEngine
from tests.writing import failed, state, written


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "shelves"

    id: Mapped[int] = mapped_column(primary_key=True)
    listed: Mapped[list["Listed"]] = relationship()
    distinct: Mapped[set["Distinct"]] = relationship(back_populates="shelf")
    keyed: Mapped[dict[str, "Keyed"]] = relationship(collection_class=attribute_keyed_dict("name"))
    added: WriteOnlyMapped["Added"] = relationship(passive_deletes=True)
    queried: DynamicMapped["Queried"] = relationship()


class Item:
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelves.id", ondelete="SET NULL"))


class Listed(Item, Base):
    __tablename__ = "listed"


class Distinct(Item, Base):
    __tablename__ = "distinct_items"

    shelf: Mapped[Shelf | None] = relationship(back_populates="distinct")


class Keyed(Item, Base):
    __tablename__ = "keyed"


class Added(Item, Base):
    __tablename__ = "added"


class Queried(Item, Base):
    __tablename__ = "queried"


KINDS = {"listed": "Listed", "distinct": "Distinct", "keyed": "Keyed", "added": "Added", "queried": "Queried"}


@pytest.mark.parametrize("relation", KINDS)
async def test_a_list_is_written_whatever_collection_keeps_it(make_engine: MakeEngine, relation: str) -> None:
    engine = await make_engine(Base.metadata)
    api = Api(Base, engine)
    table = getattr(Shelf, relation).property.mapper.local_table.name
    names = f"shelf {{ {relation}(orderBy: [{{name: ASC}}]) {{ nodes {{ name }} }} }}"

    made = await written(
        api, "createShelf", f'{{data: {{{relation}: {{create: [{{name: "a"}}, {{name: "b"}}]}}}}}}', names
    )
    changed = await written(
        api,
        "updateShelf",
        f"""{{by: {{rowId: 1}}, patch: {{{relation}: {{
            disconnect: [{{name: "a"}}], update: [{{by: {{name: "b"}}, patch: {{name: "B"}}}}],
            connectOrCreate: [{{by: {{name: "c"}}, create: {{name: "c"}}}}]}}}}}}""",
        names,
    )
    connected = await written(
        api, "updateShelf", f'{{by: {{rowId: 1}}, patch: {{{relation}: {{set: [{{name: "a"}}]}}}}}}', names
    )

    assert [each["name"] for each in made["shelf"][relation]["nodes"]] == ["a", "b"]
    assert [each["name"] for each in changed["shelf"][relation]["nodes"]] == ["B", "c"]
    assert [each["name"] for each in connected["shelf"][relation]["nodes"]] == ["a"]
    assert await state(engine, Base.metadata) == {
        "shelves": [(1,)],
        table: [(1, "a", 1), (2, "B", None), (3, "c", None)],
    }


# ---------- sequences ----------


class Numbered(DeclarativeBase):
    pass


class Ticket(Numbered):
    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Sequence("ticket_numbers", start=100))
    name: Mapped[str] = mapped_column(String(20))


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_a_sequence_fills_its_column(make_engine: MakeEngine, backend: Backend) -> None:
    """SQLite has none. A client may give the number, and need not."""
    api = Api(Numbered, await make_engine(Numbered.metadata))
    data = '{data: [{name: "a"}, {name: "b", number: 7}, {name: "c"}]}'

    assert await written(api, "createTickets", data, "tickets { name number }") == {
        "tickets": [{"name": "a", "number": 100}, {"name": "b", "number": 7}, {"name": "c", "number": 101}]
    }
    assert await written(api, "createTicket", '{data: {name: "d"}}', "ticket { number }") == {"ticket": {"number": 102}}


# ---------- operators ----------


async def test_operators_are_applied_by_mutations(make_engine: MakeEngine) -> None:
    """In a patch of one record, of a child, and of many; two of them are told at their places."""
    engine = await make_engine(Counters.metadata)
    api = Api(Counters, engine)
    await written(api, "createOwner", "{data: {counters: {create: [{hits: 1, notes: {a: 1}}, {hits: 5}]}}}")

    one = await written(
        api,
        "updateCounter",
        '{by: {rowId: 1}, ops: {hits: {increment: 2}, notes: [{set: {path: ["b"], value: [1]}}, '
        '{append: {path: ["b"], value: 2}}]}}',
        "counter { hits notes }",
    )
    await written(
        api,
        "updateOwner",
        "{by: {rowId: 1}, patch: {counters: {updateWhere: [{where: {hits: {gte: 5}}, ops: {hits: {multiply: 3}}}]}}}",
    )
    many = await written(
        api,
        "updateCounters",
        "{where: {hits: {gt: 0}}, ops: {hits: {decrement: 1}}}",
        "affectedCount counters { hits }",
    )

    assert one == {"counter": {"hits": 3, "notes": {"a": 1, "b": [1, 2]}}}
    assert many == {"affectedCount": 2, "counters": [{"hits": 2}, {"hits": 14}]}
    assert await failed(
        api, "updateCounter", "{by: {rowId: 1}, patch: {hits: 1}, ops: {hits: {divide: 0}, notes: [{merge: 1}]}}"
    ) == [
        ("VALIDATION", "hits stands in patch and in ops; give it once.", "ops.hits"),
        ("VALIDATION", "A number cannot be divided by zero.", "ops.hits.divide"),
        ("VALIDATION", "Only an object can be merged.", "ops.notes.0.merge"),
    ]


class Counters(DeclarativeBase):
    pass


class Owner(Counters):
    __tablename__ = "owners"

    id: Mapped[int] = mapped_column(primary_key=True)
    counters: Mapped[list["Counter"]] = relationship()


class Counter(Counters):
    __tablename__ = "counters"

    id: Mapped[int] = mapped_column(primary_key=True)
    hits: Mapped[int]
    notes: Mapped[Any | None] = mapped_column(JSON)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owners.id"))
