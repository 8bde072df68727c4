"""What operators on JSON values and on arrays make of a stored value, compared with Python."""

import copy
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import String, Text, bindparam, cast, insert, select, text, type_coerce, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud.statements.changes import changed
from gqlcrud.statements.columns import Columns
from gqlcrud.statements.dialect import Database
from tests.changing import NOTHING, Amount, Refused, change, columns_of, make_amounts, value_after
from tests.databases import MakeEngine


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    yield await make_amounts(make_module_engine)


# ---------- the operators in Python ----------


def slot(holder: Any, step: str) -> Any:
    """Where in an object or an array a step leads; an item is added to an array that does not reach so far."""
    if isinstance(holder, dict):
        holder.setdefault(step, NOTHING)
        return step
    if not isinstance(holder, list) or not re.fullmatch(r"\s*[+-]?\d+", step, re.ASCII) or abs(int(step)) >= 2**31:
        raise Refused
    index = int(step)
    if index >= len(holder):
        holder.append(NOTHING)
        return -1
    if index < -len(holder):
        holder.insert(0, NOTHING)
        return 0
    return index


def replaced(document: Any, path: Sequence[str], make: Callable[[Any], Any]) -> Any:
    """The document with what stands at the path made anew, and the objects made that lead there."""
    root = [copy.deepcopy(document) if document is not NOTHING else NOTHING]
    holder: Any = root
    place: Any = 0
    for step in path:
        if holder[place] is NOTHING or holder[place] is None:
            holder[place] = {}
        holder = holder[place]
        place = slot(holder, step)
    holder[place] = make(holder[place])
    return root[0]


def deleted(document: Any, path: Sequence[str]) -> Any:
    document = copy.deepcopy(document) if document is not NOTHING else NOTHING
    holder = document
    for step in path[:-1]:
        holder = holder[key] if (key := known(holder, step)) is not None else NOTHING
    if (key := known(holder, path[-1])) is not None:
        del holder[key]
    return document


def known(holder: Any, step: str) -> Any:
    """The key or index of what stands at a step, None if nothing does."""
    if isinstance(holder, dict):
        return step if step in holder else None
    try:
        place = slot([*holder], step) if isinstance(holder, list) else None
    except Refused:
        return None
    return place if place is not None and -len(holder) <= int(step) < len(holder) else None


def filled(value: Any, empty: Any) -> Any:
    if value is NOTHING or value is None:
        return empty
    if type(value) is not type(empty):
        raise Refused
    return value


def after(document: Any, operator: str, operand: Any, path: Sequence[str]) -> Any:
    """What an operator makes of a JSON value. Raises Refused."""
    match operator:
        case "merge":
            return filled(document, {}) | operand
        case "delete":
            return deleted(document, path)
        case "set":
            return replaced(document, path, lambda _: operand)
        case "append":
            return replaced(document, path, lambda found: [*filled(found, []), operand])
        case _:
            return replaced(document, path, lambda found: [operand, *filled(found, [])])


def test_the_operators_in_python() -> None:
    document = {"a": [1, {"b": None}]}
    assert after(document, "set", 2, ["a", "-1", "b", "c"]) == {"a": [1, {"b": {"c": 2}}]}
    assert after(document, "delete", None, ["a", "-2"]) == {"a": [{"b": None}]}
    assert after(document, "delete", None, ["a", "2"]) == after(document, "delete", None, ["a", "b", "c"]) == document
    assert after(NOTHING, "append", 1, ["a"]) == {"a": [1]}
    with pytest.raises(Refused):
        after(document, "set", 2, ["a", "b"])


# ---------- JSON ----------

SCALARS: Sequence[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    0.5,
    1e-7,
    2**53 + 1,
    2**62,
    "",
    "a",
    "1",
    "null",
    "é\"\\'",
    "%s:$1",
]
KEYS = ["a", "b", "c", "", "0", "1", "-1", "é", 'q"t', "b\\s", "a.b", "$", "{", ","]
STEPS = [
    *KEYS,
    "a",
    "b",
    "0",
    "1",
    "-1",
    "-2",
    "2",
    "7",
    "-7",
    " 1",
    "+1",
    "01",
    "1 ",
    "2147483647",
    "2147483648",
    "--1",
]


def documents() -> st.SearchStrategy[Any]:
    return st.recursive(
        st.sampled_from(SCALARS),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*"aabbc0", *KEYS]), inner, max_size=3)
        ),
        max_leaves=8,
    )


@st.composite
def operations(draw: st.DrawFn) -> tuple[str, Any, list[str]]:
    operator = draw(st.sampled_from(["merge", "set", "delete", "append", "prepend"]))
    path = draw(st.lists(st.sampled_from(STEPS), min_size=operator == "delete", max_size=3))
    if operator == "merge":
        return operator, draw(st.dictionaries(st.sampled_from(KEYS), documents(), max_size=2)), []
    return operator, None if operator == "delete" else draw(documents()), path


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    key=st.sampled_from(["json", "document"]),
    stored=st.just(NOTHING) | documents() | st.dictionaries(st.sampled_from("abc"), documents(), min_size=1),
    steps=st.lists(operations(), min_size=1, max_size=4),
)
async def test_a_document_becomes_what_it_becomes_in_python(
    engine: AsyncEngine, key: str, stored: Any, steps: list[tuple[str, Any, list[str]]]
) -> None:
    stored = NOTHING if stored is None and key == "json" else stored
    changes = [change(key, operator, operand, *path) for operator, operand, path in steps]
    expected = stored
    try:
        for operator, operand, path in steps:
            expected = after(expected, operator, operand, path)
    except Refused:
        with pytest.raises(Refused):
            await value_after(engine, stored, changes)
        return
    assert as_text(await value_after(engine, stored, changes)) == as_text(expected)


def as_text(value: Any) -> str:
    return "nothing" if value is NOTHING else json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("key", ["json", "document"])
@pytest.mark.parametrize(
    ("stored", "operation", "expected"),
    [
        (NOTHING, ("merge", {"a": 1}), {"a": 1}),
        (NOTHING, ("set", 1, "a", "b"), {"a": {"b": 1}}),
        (NOTHING, ("set", None), None),
        (NOTHING, ("delete", None, "a"), NOTHING),
        (NOTHING, ("append", 1), [1]),
        (NOTHING, ("prepend", 1, "a", "b"), {"a": {"b": [1]}}),
        ({"a": {"x": 1}, "b": 1}, ("merge", {"a": {"y": 2}, "b": None}), {"a": {"y": 2}, "b": None}),
        ([1], ("merge", {"a": 1}), Refused),
        (1, ("merge", {}), Refused),
        ({"a": None}, ("set", 1, "a", "b"), {"a": {"b": 1}}),
        ({"a": 1}, ("set", 1, "a", "b"), Refused),
        ("text", ("set", 1, "a"), Refused),
        ({"a": [1]}, ("set", 2, "a", "b"), Refused),
        ([1, 2, 3], ("set", 0, "-1"), [1, 2, 0]),
        ([1], ("set", 0, "5"), [1, 0]),
        ([1], ("set", 0, "-5"), [0, 1]),
        ([[1], 2], ("set", 0, "7", "b"), [[1], 2, {"b": 0}]),
        ([], ("set", 0, "0"), [0]),
        ({"a": [1, 2]}, ("delete", None, "a", "0"), {"a": [2]}),
        ({"a": [1, 2]}, ("delete", None, "a", "x"), {"a": [1, 2]}),
        ({"a": 1}, ("delete", None, "a", "b", "c"), {"a": 1}),
        (5, ("delete", None, "a"), 5),
        ({"a": [1]}, ("append", [2], "a"), {"a": [1, [2]]}),
        ({"a": {}}, ("append", 2, "a"), Refused),
        ("text", ("prepend", 2), Refused),
    ],
    ids=repr,
)
async def test_an_operator_makes_a_document_of_another(
    engine: AsyncEngine, key: str, stored: Any, operation: tuple[Any, ...], expected: Any
) -> None:
    operator, operand, *path = operation
    if expected is Refused:
        with pytest.raises(Refused):
            await value_after(engine, stored, [change(key, operator, operand, *path)])
    else:
        found = await value_after(engine, stored, [change(key, operator, operand, *path)])
        # a column with none_as_null reads as None what is the JSON value null
        assert as_text(found) == as_text(expected)


async def test_numbers_keep_their_digits(engine: AsyncEngine) -> None:
    """Those of the operand, and those of what is left alone."""
    digits = "0.100000000000000000000001"
    column = Amount.__table__.c.json
    async with engine.connect() as connection:
        document = bindparam("document", f'{{"a": {digits}}}', Text())
        stored = cast(document, column.type) if engine.dialect.name == "postgresql" else document
        await connection.execute(insert(Amount).values(id=1, json=stored))
        expression = changed([change("json", "set", 10**25, "b")], column, columns_of(engine))
        await connection.execute(update(Amount).values(json=expression))
        found = await connection.scalar(select(type_coerce(cast(column, Text), String)))
        await connection.rollback()
    assert str(found).replace(" ", "") == f'{{"a":{digits},"b":{10**25}}}'


# ---------- arrays ----------

ITEMS: Mapping[str, Sequence[Any]] = {
    "integers": [0, 1, -(2**31), 2**31 - 1],
    "texts": ["", "a", "A", "é", '"', "null", "NULL", "{", "1"],
    "doubles": [0.0, 0.1, 1e300, -1.5],
    "moods": ["so-so", "happy"],
}


@st.composite
def list_changes(draw: st.DrawFn) -> tuple[str, Any, list[tuple[str, Any]]]:
    key = draw(st.sampled_from(sorted(ITEMS)))
    items = st.sampled_from(ITEMS[key])
    stored = draw(st.just(NOTHING) | st.lists(items | st.none(), max_size=4))
    added = st.lists(items, max_size=3).map(tuple)
    operation = st.tuples(st.sampled_from(["append", "prepend"]), added) | st.tuples(st.just("remove"), items)
    return key, stored, draw(st.lists(operation, min_size=1, max_size=4))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=list_changes())
async def test_an_array_becomes_what_it_becomes_in_python(
    engine: AsyncEngine, case: tuple[str, Any, list[tuple[str, Any]]]
) -> None:
    key, stored, steps = case
    expected = stored
    for operator, operand in steps:
        if operator == "remove":
            expected = expected if expected is NOTHING else [each for each in expected if each != operand]
        else:
            rest = [] if expected is NOTHING else expected
            expected = [*rest, *operand] if operator == "append" else [*operand, *rest]
    assert await value_after(engine, stored, [change(key, *step) for step in steps]) == expected


async def test_a_list_kept_as_json_may_be_null_or_something_else(engine: AsyncEngine) -> None:
    if engine.dialect.name == "sqlite":
        assert await value_after(engine, text("'null'"), [change("integers", "append", (1,))]) == [1]
        assert await value_after(engine, text("'null'"), [change("integers", "remove", 1)]) is None
        with pytest.raises(Refused):
            await value_after(engine, text("'{}'"), [change("integers", "append", (1,))])


# ---------- statements ----------


def sql(database: Database, key: str, *operation: Any) -> str:
    """The expression of one change, with its values in it."""
    dialect = postgresql.dialect() if database is Database.POSTGRESQL else sqlite.dialect()  # type: ignore[no-untyped-call]
    expression = changed([change(key, *operation)], Amount.__table__.c[key], Columns(database))
    return " ".join(str(expression.compile(dialect=dialect, compile_kwargs={"literal_binds": True})).split())


def test_statements() -> None:
    pg, lite = Database.POSTGRESQL, Database.SQLITE
    assert sql(pg, "integer", "increment", 1) == "CAST(amount.integer + 1 AS INTEGER)"
    assert sql(lite, "integer", "increment", 1) == "gqlcrud_integer_changed(amount.integer, 'increment', 1, 32)"
    assert sql(lite, "free", "divide", 3) == "gqlcrud_decimal_changed(amount.free, 'divide', '3', NULL, 0)"
    assert sql(pg, "document", "delete", None, "a", "0") == (
        "CAST(CASE WHEN ((CAST(amount.document AS JSONB) #> ARRAY['a', '0']) IS NOT NULL) "
        "THEN CAST(amount.document AS JSONB) #- ARRAY['a', '0'] ELSE CAST(amount.document AS JSONB) END AS JSONB)"
    )
    assert sql(lite, "document", "set", 1, "a") == 'gqlcrud_json_changed(amount.document, \'[["set", ["a"], 1]]\')'
    assert sql(pg, "texts", "append", ("a",)) == "array_cat(amount.texts, ARRAY['a'])"
    assert sql(lite, "texts", "remove", "a") == 'gqlcrud_list_changed(amount.texts, \'[["remove", "a"]]\')'
