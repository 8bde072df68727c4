"""Every operation of lists, by the whole state of the database before and after."""

from collections.abc import Callable
from itertools import pairwise, permutations
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gqlcrud import Api, Limits
from tests.databases import MakeEngine, record_statements
from tests.family import Base, Family, Garden, Guest, House, Note, Room, Street, Tag, family, house_tag
from tests.running import save
from tests.writing import failed, written

CHILDREN = {"a": "H", "b": "H", "c": "I"}
START: Family = {
    "house": {"H": None, "I": None},
    "guest": {**CHILDREN, "d": None},
    "room": CHILDREN,
    "note": CHILDREN,
    "garden": {"a": "H", "c": "I", "d": None},
    "tag": dict.fromkeys("abcd"),
    "house_tag": {("H", "a"): 10, ("H", "b"): 20, ("I", "c"): 30},
}
KEYED = ("guests", "rooms", "notes")
LISTS = (*KEYED, "tags")
TABLES = {"guests": "guest", "rooms": "room", "notes": "note", "tags": "house_tag"}


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    """House H has a and b of everything, house I has c, nobody has d."""
    engine = await make_engine(Base.metadata)
    async with AsyncSession(engine) as session:
        h, i = House(name="H"), House(name="I")
        tags = [Tag(name=name) for name in "abcd"]
        for name, house in (("a", h), ("b", h), ("c", i)):
            session.add_all(kind(name=name, house=house) for kind in (Guest, Room, Note))
        session.add_all(
            [Guest(name="d"), Garden(name="a", house=h), Garden(name="c", house=i), Garden(name="d"), *tags]
        )
        await session.flush()
        links = ((h, tags[0], 10), (h, tags[1], 20), (i, tags[2], 30))
        rows = [{"house_id": house.id, "tag_id": tag.id, "rank": rank} for house, tag, rank in links]
        await session.execute(house_tag.insert(), rows)
        await session.commit()
    assert await family(engine) == START
    return engine


def patch(relation: str, operations: str) -> str:
    return f'{{by: {{name: "H"}}, patch: {{{relation}: {operations}}}}}'


async def after(engine: AsyncEngine, relation: str, operations: str) -> Family:
    """The tables that operations on house H change, as they are then."""
    await written(Api(Base, engine), "updateHouse", patch(relation, operations))
    found = await family(engine)
    return {name: found.get(name, {}) for name in START | found if found.get(name) != START.get(name)}


async def refusal(engine: AsyncEngine, relation: str, operations: str) -> list[tuple[str, str, str]]:
    """The errors of operations on house H, which leave the database as it is."""
    errors = await failed(Api(Base, engine), "updateHouse", patch(relation, operations))
    assert await family(engine) == START
    return [(code, message, path.removeprefix(f"patch.{relation}.")) for code, message, path in errors]


# ---------- one operation ----------


@pytest.mark.parametrize("relation", KEYED)
async def test_create_makes_children(engine: AsyncEngine, relation: str) -> None:
    table = TABLES[relation]

    assert await after(engine, relation, '{create: [{name: "x"}, {name: "y"}]}') == {
        table: {**START[table], "x": "H", "y": "H"}
    }


async def test_create_makes_and_links_with_an_edge_and_without(engine: AsyncEngine) -> None:
    found = await after(engine, "tags", '{create: [{node: {name: "x"}, edge: {rank: 5}}, {node: {name: "y"}}]}')

    assert found == {
        "tag": dict.fromkeys("abcdxy"),
        "house_tag": {**START["house_tag"], ("H", "x"): 5, ("H", "y"): None},
    }


@pytest.mark.parametrize("relation", KEYED)
async def test_connect_takes_children_from_others_and_leaves_its_own(engine: AsyncEngine, relation: str) -> None:
    table = TABLES[relation]

    assert await after(engine, relation, '{connect: [{name: "c"}, {name: "a"}]}') == {table: {**START[table], "c": "H"}}


async def test_connect_links_and_gives_the_edge_of_what_is_linked(engine: AsyncEngine) -> None:
    operations = (
        '{connect: [{by: {name: "c"}, edge: {rank: 1}}, {by: {name: "a"}, edge: {rank: 2}}, {by: {name: "b"}}]}'
    )

    assert await after(engine, "tags", operations) == {
        "house_tag": {**START["house_tag"], ("H", "c"): 1, ("H", "a"): 2},
    }


@pytest.mark.parametrize("relation", KEYED)
async def test_connect_or_create_links_what_is_there_and_makes_the_rest(engine: AsyncEngine, relation: str) -> None:
    table = TABLES[relation]
    items = ", ".join(f'{{by: {{name: "{name}"}}, create: {{name: "{name}"}}}}' for name in "acx")

    assert await after(engine, relation, f"{{connectOrCreate: [{items}]}}") == {
        table: {**START[table], "c": "H", "x": "H"}
    }


async def test_connect_or_create_gives_edges(engine: AsyncEngine) -> None:
    items = ", ".join(
        f'{{by: {{name: "{name}"}}, create: {{name: "{name}"}}, edge: {{rank: {rank}}}}}'
        for rank, name in enumerate("acx", 1)
    )

    assert await after(engine, "tags", f"{{connectOrCreate: [{items}]}}") == {
        "tag": dict.fromkeys("abcdx"),
        "house_tag": {**START["house_tag"], ("H", "a"): 1, ("H", "c"): 2, ("H", "x"): 3},
    }


@pytest.mark.parametrize("relation", KEYED)
async def test_update_changes_children(engine: AsyncEngine, relation: str) -> None:
    table = TABLES[relation]

    assert await after(engine, relation, '{update: [{by: {name: "a"}, patch: {name: "x"}}, {by: {name: "b"}}]}') == {
        table: {"b": "H", "c": "I", "x": "H"} | {name: None for name in START[table] if name == "d"}
    }


async def test_update_changes_records_and_edges(engine: AsyncEngine) -> None:
    items = '{by: {name: "a"}, patch: {name: "x"}}, {by: {name: "b"}, edge: {rank: null}}'

    assert await after(engine, "tags", f"{{update: [{items}]}}") == {
        "tag": dict.fromkeys("bcdx"),
        "house_tag": {("H", "b"): None, ("H", "x"): 10, ("I", "c"): 30},
    }


async def test_update_where_changes_those_that_meet_the_condition_one_after_the_other(engine: AsyncEngine) -> None:
    first = '{where: {name: {in: ["a", "c"]}}, patch: {name: "x"}}'
    second = '{where: {name: {eq: "x"}}, patch: {name: "y"}}'

    assert await after(engine, "guests", f"{{updateWhere: [{first}, {second}]}}") == {
        "guest": {"b": "H", "c": "I", "d": None, "y": "H"}
    }


@pytest.mark.parametrize("relation", KEYED)
async def test_upsert_changes_a_child_or_makes_one(engine: AsyncEngine, relation: str) -> None:
    table = TABLES[relation]
    items = ", ".join(
        f'{{by: {{name: "{name}"}}, create: {{name: "{name}"}}, update: {{name: "{name}2"}}}}' for name in "ax"
    )

    rest = {name: house for name, house in START[table].items() if name != "a"}
    assert await after(engine, relation, f"{{upsert: [{items}]}}") == {table: {**rest, "a2": "H", "x": "H"}}


async def test_upsert_gives_edges(engine: AsyncEngine) -> None:
    items = ", ".join(
        f'{{by: {{name: "{name}"}}, create: {{name: "{name}"}}, update: {{}}, edge: {{rank: 7}}}}' for name in "ax"
    )

    assert await after(engine, "tags", f"{{upsert: [{items}]}}") == {
        "tag": dict.fromkeys("abcdx"),
        "house_tag": {**START["house_tag"], ("H", "a"): 7, ("H", "x"): 7},
    }


@pytest.mark.parametrize("relation", LISTS)
async def test_upsert_does_not_take_the_record_of_another_one(engine: AsyncEngine, relation: str) -> None:
    item = '{by: {name: "c"}, create: {name: "c"}, update: {}}'
    model = {"guests": "Guest", "rooms": "Room", "notes": "Note", "tags": "Tag"}[relation]

    assert await refusal(engine, relation, f"{{upsert: [{item}]}}") == [
        ("UNIQUE", f"Another {model} has the name 'c'.", "upsert.0.create.name")
    ]


@pytest.mark.parametrize("relation", KEYED)
async def test_delete_removes_children(engine: AsyncEngine, relation: str) -> None:
    table = TABLES[relation]
    rest = {name: house for name, house in START[table].items() if name != "a"}

    assert await after(engine, relation, '{delete: [{name: "a"}]}') == {table: rest}


async def test_delete_removes_links_with_the_record(engine: AsyncEngine) -> None:
    await after(engine, "tags", '{connect: [{by: {name: "c"}}]}')

    assert await after(engine, "tags", '{delete: [{name: "a"}, {name: "c"}]}') == {
        "tag": dict.fromkeys("bd"),
        "house_tag": {("H", "b"): 20},
    }


@pytest.mark.parametrize("relation", KEYED)
async def test_delete_where_removes_children_alone(engine: AsyncEngine, relation: str) -> None:
    table = TABLES[relation]
    rest = {name: house for name, house in START[table].items() if house != "H"}

    assert await after(engine, relation, "{deleteWhere: {}}") == {table: rest}


async def test_delete_where_removes_linked_records_that_meet_the_condition(engine: AsyncEngine) -> None:
    assert await after(engine, "tags", '{deleteWhere: {name: {in: ["b", "c", "d"]}}}') == {
        "tag": dict.fromkeys("acd"),
        "house_tag": {("H", "a"): 10, ("I", "c"): 30},
    }


@pytest.mark.parametrize("text", ['{disconnect: [{name: "a"}]}', '{set: [{name: "b"}]}'])
async def test_a_child_that_may_be_without_its_parent_is_left_alone(engine: AsyncEngine, text: str) -> None:
    assert await after(engine, "guests", text) == {"guest": {"a": None, "b": "H", "c": "I", "d": None}}


@pytest.mark.parametrize("text", ['{disconnect: [{name: "a"}]}', '{set: [{name: "b"}]}'])
async def test_an_orphan_is_deleted_where_the_mapping_says_so(engine: AsyncEngine, text: str) -> None:
    assert await after(engine, "notes", text) == {"note": {"b": "H", "c": "I"}}


@pytest.mark.parametrize(
    ("text", "path"), [('{disconnect: [{name: "a"}]}', "disconnect.0"), ('{set: [{name: "b"}]}', "set")]
)
async def test_a_child_that_needs_its_parent_cannot_be_taken_out(engine: AsyncEngine, text: str, path: str) -> None:
    message = "Room cannot be without its House: delete it, or give it to another one."

    assert await refusal(engine, "rooms", text) == [("REQUIRED_RELATION", message, path)]


@pytest.mark.parametrize("text", ['{disconnect: [{name: "a"}]}', '{set: [{by: {name: "b"}}]}'])
async def test_a_link_is_removed_and_others_keep_their_edges(engine: AsyncEngine, text: str) -> None:
    assert await after(engine, "tags", text) == {"house_tag": {("H", "b"): 20, ("I", "c"): 30}}


@pytest.mark.parametrize("relation", LISTS)
async def test_to_disconnect_what_is_not_connected_does_nothing(engine: AsyncEngine, relation: str) -> None:
    assert await after(engine, relation, '{disconnect: [{name: "c"}, {name: "none"}]}') == {}


@pytest.mark.parametrize(("relation", "item"), [("guests", '{name: "c"}'), ("tags", '{by: {name: "c"}}')])
async def test_to_connect_twice_changes_nothing(engine: AsyncEngine, relation: str, item: str) -> None:
    await after(engine, relation, f"{{connect: [{item}]}}")
    once = await family(engine)
    await after(engine, relation, f"{{connect: [{item}]}}")

    assert await family(engine) == once


@pytest.mark.parametrize("relation", ["guests", "notes"])
async def test_an_empty_set_and_create_replace_all(engine: AsyncEngine, relation: str) -> None:
    table = TABLES[relation]
    gone = {"a": None, "b": None} if relation == "guests" else {}
    rest = {name: house for name, house in START[table].items() if house != "H"}

    assert await after(engine, relation, '{set: [], create: [{name: "x"}]}') == {table: {**gone, **rest, "x": "H"}}


async def test_set_takes_records_in_and_out_and_keeps_edges(engine: AsyncEngine) -> None:
    operations = '{set: [{by: {name: "b"}}, {by: {name: "d"}, edge: {rank: 4}}], create: [{node: {name: "x"}}]}'

    assert await after(engine, "tags", operations) == {
        "tag": dict.fromkeys("abcdx"),
        "house_tag": {("H", "b"): 20, ("H", "d"): 4, ("H", "x"): None, ("I", "c"): 30},
    }


async def test_set_takes_a_child_that_needs_a_parent_from_another_one(engine: AsyncEngine) -> None:
    assert await after(engine, "rooms", '{set: [{name: "a"}, {name: "b"}, {name: "c"}]}') == {
        "room": dict.fromkeys("abc", "H")
    }


# ---------- several ----------

PHASES = {
    "delete": 'delete: [{name: "a"}]',
    "deleteWhere": 'deleteWhere: {name: {eq: "b"}}',
    "updateWhere": "updateWhere: [{where: {}, patch: {size: 5}}]",
    "update": 'update: [{by: {name: "e"}, patch: {name: "a"}}]',
    "upsert": 'upsert: [{by: {name: "u"}, create: {name: "b"}, update: {}}]',
    "connect": 'connect: [{name: "c"}]',
    "create": 'create: [{name: "e"}]',
}


async def test_phases_do_not_depend_on_the_order_of_the_fields(make_engine: MakeEngine) -> None:
    """`update` gives a name that `delete` frees, and `create` one that `update` frees."""
    orders = [tuple(PHASES), tuple(reversed(PHASES)), *list(permutations(PHASES))[100:1000:150]]
    found = []
    for order in orders:
        engine = await make_engine(Base.metadata)
        house = House(name="H")
        await save(engine, *(Guest(name=name, house=house) for name in "abe"), Guest(name="c"))
        operations = ", ".join(PHASES[name] for name in order if name != "upsert")
        await written(Api(Base, engine), "updateHouse", patch("guests", f"{{{operations}}}"))
        found.append(await family(engine))

    assert found == [{"guest": dict.fromkeys("ace", "H"), "house": {"H": None}}] * len(orders)


async def test_what_an_earlier_phase_deletes_is_not_there_for_a_later_one(engine: AsyncEngine) -> None:
    assert await refusal(engine, "notes", '{deleteWhere: {}, connect: [{name: "a"}]}') == [
        ("NOT_FOUND", "There is no Note with this key.", "connect.0")
    ]
    assert await refusal(engine, "notes", '{set: [{name: "b"}], update: [{by: {name: "a"}, patch: {}}]}') == [
        ("NOT_FOUND", "There is no Note with this key.", "update.0.by")
    ]


async def test_what_an_earlier_phase_deletes_is_made_anew(engine: AsyncEngine) -> None:
    item = '{by: {name: "a"}, create: {name: "a"}}'

    assert await after(engine, "notes", f"{{deleteWhere: {{}}, connectOrCreate: [{item}]}}") == {
        "note": {"a": "H", "c": "I"}
    }


# ---------- what is not there ----------


@pytest.mark.parametrize("relation", LISTS)
async def test_operations_address_children_of_the_parent(engine: AsyncEngine, relation: str) -> None:
    model = {"guests": "Guest", "rooms": "Room", "notes": "Note", "tags": "Tag"}[relation]
    message = f"There is no {model} with this key in {relation}."

    assert await refusal(engine, relation, '{update: [{by: {name: "c"}, patch: {}}]}') == [
        ("NOT_FOUND", message, "update.0.by")
    ]
    assert await refusal(engine, relation, '{delete: [{name: "a"}, {name: "c"}]}') == [
        ("NOT_FOUND", message, "delete.1")
    ]


async def test_every_record_that_is_missing_is_told_with_its_path(engine: AsyncEngine) -> None:
    operations = '{connect: [{name: "x"}, {name: "c"}], delete: [{name: "y"}], update: [{by: {name: "z"}}]}'

    assert await refusal(engine, "guests", operations) == [
        ("NOT_FOUND", "There is no Guest with this key.", "delete.0"),
        ("NOT_FOUND", "There is no Guest with this key.", "connect.0"),
        ("NOT_FOUND", "There is no Guest with this key.", "update.0.by"),
    ]


# ---------- conflicts ----------

TWICE = "The same Guest is named twice in one relation."
CONFLICTS = {
    '{connect: [{name: "c"}, {name: "c"}]}': (TWICE, "connect.1"),
    '{delete: [{name: "a"}], update: [{by: {name: "a"}}]}': (TWICE, "update.0.by"),
    '{disconnect: [{name: "a"}], connect: [{name: "a"}]}': (TWICE, "connect.0"),
    '{upsert: [{by: {name: "x"}, create: {name: "x"}, update: {}}], connectOrCreate: [{by: {name: "x"}, create: {name: "x"}}]}': (
        TWICE,
        "connectOrCreate.0.by",
    ),
    '{set: [{name: "a"}], update: [{by: {name: "a"}}]}': (TWICE, "set.0"),
    '{set: [], connect: [{name: "a"}]}': (
        "set says which records are connected; it cannot be used with connect.",
        "connect",
    ),
    "{set: [], disconnect: []}": (
        "set says which records are connected; it cannot be used with disconnect.",
        "disconnect",
    ),
}


@pytest.mark.parametrize("operations", CONFLICTS)
async def test_a_conflict_is_refused_before_any_statement(engine: AsyncEngine, operations: str) -> None:
    api = Api(Base, engine)
    with record_statements(engine) as statements:
        (error,) = await failed(api, "updateHouse", patch("guests", operations))

    message, path = CONFLICTS[operations]
    assert error == ("CONFLICTING_OPERATIONS", message, f"patch.guests.{path}")
    assert statements == []


async def test_the_same_record_by_two_keys_is_a_conflict_before_anything_is_written(engine: AsyncEngine) -> None:
    api = Api(Base, engine)
    with record_statements(engine) as statements:
        errors = await failed(api, "updateHouse", patch("guests", '{connect: [{name: "c"}], disconnect: [{rowId: 3}]}'))

    assert errors == [("CONFLICTING_OPERATIONS", TWICE, "patch.guests.connect.0")]
    assert {sql.split()[0] for sql, _ in statements} <= {"SELECT", "PRAGMA", "BEGIN"}


def two_houses(first: str, second: str) -> str:
    houses = ", ".join(f'{{name: "{name}", guests: {text}}}' for name, text in (("X", first), ("Y", second)))
    return f'{{data: {{name: "S", houses: {{create: [{houses}]}}}}}}'


async def test_a_child_of_one_parent_cannot_be_given_to_two(engine: AsyncEngine) -> None:
    either = '{connectOrCreate: [{by: {name: "c"}, create: {name: "c"}}]}'
    errors = await failed(Api(Base, engine), "createStreet", two_houses('{connect: [{name: "c"}]}', either))

    message = "The same Guest is connected to two records, and can belong to one only."
    assert errors == [("CONFLICTING_OPERATIONS", message, "data.houses.create.1.guests.connectOrCreate.0.by")]
    assert await family(engine) == START


async def test_one_parent_cannot_delete_what_another_one_names(engine: AsyncEngine) -> None:
    updates = """{update: [{by: {name: "H"}, patch: {guests: {delete: [{name: "a"}]}}},
                           {by: {name: "I"}, patch: {guests: {connect: [{name: "a"}]}}}]}"""
    await save(engine, Street(name="S"))
    api = Api(Base, engine)
    await written(api, "updateStreet", '{by: {name: "S"}, patch: {houses: {connect: [{name: "H"}, {name: "I"}]}}}')
    errors = await failed(api, "updateStreet", f'{{by: {{name: "S"}}, patch: {{houses: {updates}}}}}')

    path = "patch.houses.update.1.patch.guests.connect.0"
    assert errors == [("CONFLICTING_OPERATIONS", "This record is deleted by another operation.", path)]


async def test_a_child_goes_from_one_parent_to_another_in_one_mutation(engine: AsyncEngine) -> None:
    updates = """{update: [{by: {name: "H"}, patch: {guests: {disconnect: [{name: "a"}]}}},
                           {by: {name: "I"}, patch: {guests: {connect: [{name: "a"}]}}}]}"""
    await save(engine, Street(name="S"))
    api = Api(Base, engine)
    await written(api, "updateStreet", '{by: {name: "S"}, patch: {houses: {connect: [{name: "H"}, {name: "I"}]}}}')
    await written(api, "updateStreet", f'{{by: {{name: "S"}}, patch: {{houses: {updates}}}}}')

    assert (await family(engine))["guest"] == {"a": "I", "b": "H", "c": "I", "d": None}


async def test_a_new_key_under_two_parents_makes_one_record(engine: AsyncEngine) -> None:
    either = '{connectOrCreate: [{by: {name: "x"}, create: {name: "x"}, edge: {rank: 1}}]}'
    await written(Api(Base, engine), "createStreet", two_houses(either, either).replace("guests", "tags"))

    found = await family(engine)
    assert found["tag"] == dict.fromkeys("abcdx")
    assert found["house_tag"] == {**START["house_tag"], ("X", "x"): 1, ("Y", "x"): 1}


# ---------- what the database refuses ----------


async def test_only_what_is_missing_is_told_of_records_made_along_with_others(engine: AsyncEngine) -> None:
    """The house is gone again when the database is asked who is missing."""
    api = Api(Base, engine)
    guests = '{create: [{name: "x"}, {name: "y", roomId: "Um9vbTo5OQ"}]}'
    houses = f'{{create: [{{name: "X", guests: {guests}}}]}}'
    errors = await failed(api, "createStreet", f'{{data: {{name: "S", houses: {houses}}}}}')

    assert errors == [("FOREIGN_KEY", "There is no Room with this id.", "data.houses.create.0.guests.create.1.roomId")]


async def test_a_key_that_the_same_input_has_taken_before_is_told(engine: AsyncEngine) -> None:
    guests = 'guests: {create: [{name: "x"}]}'
    first = f'connectOrCreate: [{{by: {{name: "Y"}}, create: {{name: "Y", {guests}}}}}]'
    houses = f'{{{first}, create: [{{name: "X", {guests}}}]}}'
    errors = await failed(Api(Base, engine), "createStreet", f'{{data: {{name: "S", houses: {houses}}}}}')

    path = "data.houses.create.0.guests.create.0.name"
    assert errors == [("UNIQUE", "Another Guest in this input has the name 'x'.", path)]
    assert await family(engine) == START


# ---------- statements ----------

MANY: dict[str, Callable[[str], str]] = {
    "create": lambda name: f'{{name: "{name}"}}',
    "connect": lambda name: f'{{name: "{name}"}}',
    "disconnect": lambda name: f'{{name: "{name}"}}',
    "delete": lambda name: f'{{name: "{name}"}}',
    "update": lambda name: f'{{by: {{name: "{name}"}}, patch: {{name: "{name}!"}}}}',
    "upsert": lambda name: f'{{by: {{name: "{name}"}}, create: {{name: "{name}"}}, update: {{name: "{name}!"}}}}',
    "connectOrCreate": lambda name: f'{{by: {{name: "{name}"}}, create: {{name: "{name}"}}}}',
    "set": lambda name: f'{{name: "{name}"}}',
}
KINDS: dict[str, Any] = {"guests": Guest, "notes": Note, "tags": Tag}
ROOMY = Limits(max_write_items=10_000, max_tokens=100_000)


def linked(operation: str, item: str) -> str:
    """The item of an operation on a list whose links have edges."""
    edge = "edge: {rank: 3}"
    if operation in ("connect", "set"):
        return f"{{by: {item}, {edge}}}"
    if operation == "create":
        return f"{{node: {item}, {edge}}}"
    return item if operation in ("disconnect", "delete") else f"{item[:-1]}, {edge}}}"


async def cost(engine: AsyncEngine, mutation: str, data: str) -> int:
    """How many statements a mutation takes.

    SQLAlchemy inserts rows that SQLite numbers one by one, as it cannot tell their numbers otherwise: they count as one.
    """
    with record_statements(engine) as statements:
        await written(Api(Base, engine, limits=ROOMY), mutation, data)
    texts = [sql for sql, _ in statements]
    numbered = engine.dialect.name == "sqlite"
    repeated = [now == before and now.startswith("INSERT") for before, now in pairwise(texts)]
    return len(texts) - (sum(repeated) if numbered else 0)


@pytest.mark.parametrize("relation", KINDS)
@pytest.mark.parametrize("operation", MANY)
async def test_200_children_cost_as_many_statements_as_2(
    make_engine: MakeEngine, relation: str, operation: str
) -> None:
    """Those that are connected belong to another one before."""
    counts = []
    for count in (2, 200):
        engine = await make_engine(Base.metadata)
        names = [f"n{place}" for place in range(count)]
        children = [KINDS[relation](name=name) for name in names] if operation != "create" else []
        house, other = House(name="H"), House(name="I")
        getattr(other if operation in ("connect", "set", "connectOrCreate") else house, relation).extend(children)
        await save(engine, house, other)
        items = [MANY[operation](name) for name in names]
        text = ", ".join(linked(operation, item) if relation == "tags" else item for item in items)
        counts.append(await cost(engine, "updateHouse", patch(relation, f"{{{operation}: [{text}]}}")))

    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "operations", ["{deleteWhere: {}}", "{set: []}", "{updateWhere: [{where: {}, patch: {size: 1}}]}"]
)
@pytest.mark.parametrize("relation", KINDS)
async def test_200_children_that_nobody_names_cost_as_many_statements_as_2(
    make_engine: MakeEngine, relation: str, operations: str
) -> None:
    counts = []
    for count in (2, 200):
        engine = await make_engine(Base.metadata)
        house = House(name="H")
        getattr(house, relation).extend(KINDS[relation](name=f"n{place}") for place in range(count))
        await save(engine, house)
        counts.append(await cost(engine, "updateHouse", patch(relation, operations)))

    assert counts[0] == counts[1]


async def test_200_parents_cost_as_many_statements_as_2(make_engine: MakeEngine) -> None:
    counts = []
    for count in (2, 200):
        engine = await make_engine(Base.metadata)
        houses = ", ".join(
            f'{{name: "h{place}", guests: {{create: [{{name: "a{place}"}}, {{name: "b{place}"}}]}},'
            f' garden: {{create: {{name: "g{place}"}}}},'
            f' tags: {{connectOrCreate: [{{by: {{name: "t"}}, create: {{name: "t"}}}}]}}}}'
            for place in range(count)
        )
        counts.append(await cost(engine, "createStreet", f'{{data: {{name: "S", houses: {{create: [{houses}]}}}}}}'))

    assert counts[0] == counts[1]
