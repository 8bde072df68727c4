"""Operators of `ops` as they are offered and planned, and what those on numbers make of a stored value."""

import operator as op
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Any

import pytest
import strawberry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from strawberry.schema.config import StrawberryConfig

from gqlcrud.errors import ConfigurationError, ErrorCode, UserError, WriteError
from gqlcrud.statements.changes import changed
from gqlcrud.types import SCALARS
from gqlcrud.types.changes import declare_ops
from gqlcrud.types.registry import Registry
from gqlcrud.write_plan import Change
from gqlcrud.write_planning.changes import MAX_CHANGES, MAX_STEPS, plan_changes
from tests.catalog_text import catalog_of
from tests.changing import (
    AMOUNT,
    NOTHING,
    Amount,
    Base,
    Refused,
    amount_model,
    change,
    columns_of,
    make_amounts,
    value_after,
)
from tests.databases import MakeEngine
from tests.golden import CheckGolden
from tests.running import save
from tests.zoo import ManyToMany

# ---------- types ----------


@strawberry.type
class Query:
    nothing: int


def test_each_column_has_the_operators_of_its_kind(check_golden: CheckGolden) -> None:
    registry = Registry(catalog_of(Base))
    declare_ops(registry, AMOUNT)
    config = StrawberryConfig(scalar_map=SCALARS)
    check_golden(
        "sdl/ops.graphql", strawberry.Schema(Query, types=[*registry.types.values()], config=config).as_str() + "\n"
    )


def test_a_model_without_operators_has_no_input_for_them() -> None:
    catalog = catalog_of(ManyToMany)
    registry = Registry(catalog)
    found = {model.name: declare_ops(registry, model) is not None for model in catalog.models}
    assert found == {
        **dict.fromkeys(["Account", "Course", "Playlist", "Student", "Track"], False),
        "PlaylistEntry": True,
    }
    assert sorted(registry.types) == ["IntOp", "PlaylistEntryOps"]


def test_a_name_that_is_taken_is_told_with_both_origins() -> None:
    for name, origin in (("AmountOps", "the operators of Amount"), ("JSONOp", "the operators of JSON values")):
        registry = Registry(catalog_of(Base))
        registry.names.take(name, "the class models.Other", "")
        with pytest.raises(ConfigurationError) as raised:
            declare_ops(registry, AMOUNT)
        assert f"{origin[0].upper()}{origin[1:]} and the class models.Other are both named {name!r}" in str(
            raised.value
        )


def test_keys_versions_and_what_is_read_only_have_none() -> None:
    assert [each.key for each in AMOUNT.columns if not each.changeable] == [
        *("id", "parent_id", "version", "fixed", "labels", "total")
    ]


# ---------- planning ----------


def test_changes_are_planned_in_their_order() -> None:
    ops = {
        "price": {"multiply": Decimal("1.5")},
        "big": {"increment": 2**63 - 1},
        "document": [
            {"merge": {"a": None}},
            {"set": {"path": ["a", "0"], "value": None}},
            {"delete": ["a"]},
            {"append": {"path": [], "value": [1]}},
        ],
        "texts": [{"prepend": ["a", "b"]}, {"remove": "c"}, {"append": []}],
    }
    assert plan_changes(ops, AMOUNT, ("input", "ops")) == (
        change("price", "multiply", Decimal("1.5")),
        change("big", "increment", 2**63 - 1),
        change("document", "merge", {"a": None}),
        change("document", "set", None, "a", "0"),
        change("document", "delete", None, "a"),
        change("document", "append", [1]),
        change("texts", "prepend", ("a", "b")),
        change("texts", "remove", "c"),
        change("texts", "append", ()),
    )
    assert plan_changes({}, AMOUNT, ()) == plan_changes(None, AMOUNT, ()) == ()


def test_a_renamed_column_is_found_by_its_field() -> None:
    model = amount_model(rename={"price": "cost"})
    (found,) = plan_changes({"cost": {"divide": Decimal(2)}}, model, ())
    assert found.column is model.members["cost"]


def refusal(message: str, *path: str | int, code: ErrorCode = ErrorCode.VALIDATION) -> UserError:
    return UserError(code, message, ("input", "ops", *path))


def test_all_that_is_wrong_is_told_at_its_place() -> None:
    no_nul = "A text cannot contain the NUL character."
    cases: Sequence[tuple[dict[str, Any], list[UserError]]] = [
        ({"price": None}, [refusal("price cannot be null; leave it out.", "price")]),
        (
            {"price": {"increment": None}},
            [refusal("increment cannot be null; leave it out.", "price", "increment")],
        ),
        ({"integer": {"divide": 0}}, [refusal("A number cannot be divided by zero.", "integer", "divide")]),
        ({"price": {"divide": Decimal("-0.0")}}, [refusal("A number cannot be divided by zero.", "price", "divide")]),
        ({"double": {"divide": -0.0}}, [refusal("A number cannot be divided by zero.", "double", "divide")]),
        ({"price": {"multiply": Decimal("NaN")}}, [refusal("A decimal must be a finite number.", "price", "multiply")]),
        ({"double": {"decrement": float("inf")}}, [refusal("A float must be a finite number.", "double", "decrement")]),
        ({"integer": {"increment": 2**31}}, [refusal("An integer of 32 bits is needed.", "integer", "increment")]),
        ({"big": {"multiply": -(2**63) - 1}}, [refusal("An integer of 64 bits is needed.", "big", "multiply")]),
        ({"document": [{"merge": [1]}]}, [refusal("Only an object can be merged.", "document", 0, "merge")]),
        (
            {"document": [{"delete": ["a"]}, {"merge": {"a": float("nan")}}, {"delete": []}, {"merge": None}]},
            [
                refusal("A JSON value has no NaN and no infinity.", "document", 1, "merge"),
                refusal(
                    "The path is empty; to take the whole value away, set the field to null.", "document", 2, "delete"
                ),
                refusal("merge cannot be null; leave it out.", "document", 3, "merge"),
            ],
        ),
        (
            {"json": [{"set": {"path": ["a", "\x00"], "value": "\x00"}}, {"append": {"path": ["a"]}}]},
            [
                refusal(no_nul, "json", 0, "set", "value"),
                refusal(no_nul, "json", 0, "set", "path", 1),
                refusal("value is missing; null stands for the JSON value null.", "json", 1, "append", "value"),
            ],
        ),
        (
            {"texts": [{"append": ["a", "\x00"]}, {"remove": "\x00"}], "integers": None},
            [
                refusal(no_nul, "texts", 0, "append", 1),
                refusal(no_nul, "texts", 1, "remove"),
                refusal("integers cannot be null; leave it out.", "integers"),
            ],
        ),
        (
            {"json": [{"delete": ["a"] * (MAX_STEPS + 1)}], "texts": [{"remove": "a"}] * (MAX_CHANGES + 1)},
            [
                refusal("A path has at most 16 items; this one has 17.", "json", 0, "delete", code=ErrorCode.LIMIT),
                refusal("A list of operators has at most 32 items; this one has 33.", "texts", code=ErrorCode.LIMIT),
            ],
        ),
    ]
    for ops, errors in cases:
        with pytest.raises(WriteError) as raised:
            plan_changes(ops, AMOUNT, ("input", "ops"))
        assert list(raised.value.errors) == errors
    with pytest.raises(WriteError) as raised:
        plan_changes({name: value for ops, _ in cases[3:6] for name, value in ops.items()}, AMOUNT, ("input", "ops"))
    assert [each.path for each in raised.value.errors] == [
        *(("input", "ops", "price", "multiply"), ("input", "ops", "double", "divide"))
    ]


# ---------- numbers ----------


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    yield await make_amounts(make_module_engine)


ARITHMETIC = {"increment": op.add, "decrement": op.sub, "multiply": op.mul, "divide": op.truediv}
BITS = {"small": 16, "integer": 32, "big": 64, "bounded": 32}
DIGITS: Mapping[str, tuple[int, int]] = {"price": (12, 3), "whole": (6, 0), "rate": (12, 3)}
EXACT = Context(prec=400)


def after(key: str, operator: str, value: Any, operand: Any) -> Any:
    """What an operator makes of a number in Python; None if the column cannot hold it."""
    if key == "double":
        result = ARITHMETIC[operator](value, operand)
        lost = result == 0 and value != 0 and operand != 0 and operator in ("multiply", "divide")
        return None if lost or abs(result) > sys.float_info.max else result
    exact = ARITHMETIC[operator](as_fraction(value), as_fraction(operand))
    if key in BITS:
        whole = abs(exact) // 1 * (1 if exact >= 0 else -1)
        return int(whole) if -(2 ** (BITS[key] - 1)) <= whole < 2 ** (BITS[key] - 1) else None
    precision, scale = DIGITS[key]
    rounded = EXACT.divide(Decimal(exact.numerator), Decimal(exact.denominator)).quantize(
        Decimal(1).scaleb(-scale), ROUND_HALF_UP, EXACT
    )
    fits = abs(rounded) < 10 ** (precision - scale)
    return (float(rounded) if key == "rate" else rounded) if fits else None


def as_fraction(value: Any) -> Fraction:
    return Fraction(Decimal(repr(value)) if isinstance(value, float) else value)


def numbers(key: str, *, stored: bool) -> st.SearchStrategy[Any]:
    """Values that a column holds, or operands."""
    if key in BITS:
        bits = BITS[key] if stored or key == "big" else 32
        near = [0, 1, -1, 2, 3, -3, 7]
        edges = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1]
        return st.sampled_from(near + edges) | st.integers(*edges)
    if key == "double":
        return st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, 0.1, 5e-324, 1.7e308, -3.0])
    precision, scale = DIGITS[key]
    limit = 10**precision - 1
    held = st.integers(-limit, limit) | st.integers(-2000, 2000)
    scaled = held.map(lambda units: Decimal(units).scaleb(-scale))
    if not stored:
        free = st.decimals("-1e12", "1e12", allow_nan=False, allow_infinity=False)
        scaled |= free | st.sampled_from([Decimal(text) for text in ("0.0005", "3", "7e-20", "1e20", "2.00", "-0.5")])
    return scaled.map(float) if key == "rate" else scaled


@st.composite
def computations(draw: st.DrawFn) -> tuple[str, Any, list[tuple[str, Any]]]:
    key = draw(st.sampled_from([*BITS, *DIGITS, "double"]))
    steps = [
        (operator, operand)
        for operator, operand in draw(
            st.lists(st.tuples(st.sampled_from(sorted(ARITHMETIC)), numbers(key, stored=False)), min_size=1, max_size=3)
        )
        if operator != "divide" or operand != 0
    ] or [("increment", 1)]
    return key, draw(numbers(key, stored=True)), steps


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(computation=computations())
async def test_a_number_becomes_what_it_becomes_in_python(
    engine: AsyncEngine, computation: tuple[str, Any, list[tuple[str, Any]]]
) -> None:
    key, stored, steps = computation
    expected = stored
    for operator, operand in steps:
        expected = None if expected is None else after(key, operator, expected, operand)
    changes = [change(key, operator, operand) for operator, operand in steps]
    if expected is None:
        with pytest.raises(Refused):
            await value_after(engine, stored, changes)
    else:
        assert await value_after(engine, stored, changes) == expected


@pytest.mark.parametrize("operator", ARITHMETIC)
@pytest.mark.parametrize(
    "key", ["small", "integer", "big", "bounded", "price", "whole", "free", "rate", "double", "single", "exact"]
)
async def test_a_null_stays_null(engine: AsyncEngine, key: str, operator: str) -> None:
    assert await value_after(engine, NOTHING, [change(key, operator, 2)]) is NOTHING


@pytest.mark.parametrize(
    ("key", "stored", "operator", "operand", "expected"),
    [
        ("price", "0.1", "increment", "0.2", "0.300"),
        ("price", "0.001", "divide", "2", "0.001"),
        ("price", "-0.001", "divide", "2", "-0.001"),
        # rounded twice, to 0.0005 and then to 0.001, it would be wrong
        ("price", "0.001", "divide", "2.00000000000000000000000000000000000001", "0.000"),
        ("price", "999999999.999", "increment", "0.0004", "999999999.999"),
        ("free", "0.1", "increment", "0.2", "0.3"),
        ("free", "12", "multiply", "0.25", "3"),
        ("free", "1", "divide", "8", "0.125"),
        ("whole", "5", "divide", "2", "3"),
        ("exact", "0.5", "multiply", "3", "1.5"),
        ("single", 0.5, "divide", 4.0, 0.125),
        ("integer", -7, "divide", 2, -3),
        ("big", 2**53 + 1, "increment", 1, 2**53 + 2),
    ],
)
async def test_an_operator_makes_a_number_of_another(
    engine: AsyncEngine, key: str, stored: Any, operator: str, operand: Any, expected: Any
) -> None:
    stored, operand, expected = (
        Decimal(each) if isinstance(each, str) else each for each in (stored, operand, expected)
    )
    found = await value_after(engine, stored, [change(key, operator, operand)])
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize(
    ("key", "stored", "operator", "operand"),
    [
        ("small", 2**15 - 1, "increment", 1),
        ("integer", 2**31 - 1, "increment", 1),
        ("integer", -(2**31), "divide", -1),
        ("big", 2**63 - 1, "increment", 1),
        ("big", 2**62, "multiply", 2),
        ("price", Decimal("999999999.999"), "increment", Decimal("0.0005")),
        ("double", 1e308, "multiply", 10.0),
        ("double", 5e-324, "divide", 2.0),
    ],
)
async def test_what_a_column_cannot_hold_is_refused(
    engine: AsyncEngine, key: str, stored: Any, operator: str, operand: Any
) -> None:
    with pytest.raises(Refused):
        await value_after(engine, stored, [change(key, operator, operand)])


# ---------- ways of writing ----------


def deep(key: str) -> list[Change]:
    """As many operators with as many steps as there can be."""
    steps = [str(number) for number in range(MAX_STEPS - 1)]
    return [change(key, "append", number, *steps, "a") for number in range(MAX_CHANGES)]


async def test_records_and_sets_of_records_are_changed(make_engine: MakeEngine) -> None:
    engine = await make_amounts(make_engine)
    columns = columns_of(engine)
    await save(engine, *(Amount(id=number, integer=number, texts=["a"], document={}) for number in range(3)))
    async with AsyncSession(engine) as session:
        amount = await session.get_one(Amount, 1)
        amount.integer = changed([change("integer", "multiply", 5)], Amount.integer, columns)
        amount.document = changed(deep("document"), Amount.document, columns)
        amount.texts = changed([change("texts", "append", ("b",))], Amount.texts, columns)
        await session.flush()
        await session.refresh(amount)
        assert (amount.integer, amount.texts, amount.version) == (5, ["a", "b"], 2)
        found = amount.document
        for number in range(MAX_STEPS - 1):
            found = found[str(number)]
        assert found == {"a": list(range(MAX_CHANGES))}
        values = {
            "integer": changed([change("integer", "increment", 1)], Amount.integer, columns),
            "document": changed(
                [change("document", "set", True, "a"), *deep("document")[:2]], Amount.document, columns
            ),
            "json": changed(deep("json"), Amount.json, columns),
        }
        await session.execute(update(Amount).where(Amount.id != 1).values(values))
        rows = (await session.execute(select(Amount.integer).order_by(Amount.id))).scalars()
        assert [*rows] == [1, 5, 3]
