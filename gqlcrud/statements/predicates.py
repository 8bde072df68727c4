"""Conditions in, SQL predicates out; one meaning on every database."""

from __future__ import annotations

import datetime as dt
import json
import operator as op
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from gqlcrud.catalog import Column, Relation
from gqlcrud.plan import (
    Always,
    And,
    Compare,
    Condition,
    Expression,
    JsonAt,
    KeyIn,
    Not,
    Or,
    Parameter,
    Quantifier,
    Related,
    RelatedCount,
    Stated,
    TextMatch,
)
from gqlcrud.scalars import Operator
from gqlcrud.statements.binding import Nearest, bound, utc_datetime, utc_time
from gqlcrud.statements.columns import Columns
from gqlcrud.statements.dialect import Database
from gqlcrud.statements.expressions import given_predicate, stated_clause
from gqlcrud.statements.full_text import matches
from gqlcrud.statements.joins import join_owner
from gqlcrud.statements.json import JsonPredicates
from gqlcrud.statements.text import TEXT_OPERATORS, text_predicate

Predicate = sa.ColumnElement[bool]

COMPARISONS: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.EQ: op.eq,
    Operator.NE: op.ne,
    Operator.GT: op.gt,
    Operator.GTE: op.ge,
    Operator.LT: op.lt,
    Operator.LTE: op.le,
}
_ARRAYED = {"Int", "BigInt", "String", "Decimal", "Float", "Date", "UUID"}
ARRAY = "array"
"""The form of a parameter that is a list of values, in one array."""


def is_arrayed(column: Column) -> bool:
    """Whether PostgreSQL takes a list of values of a column as one array."""
    return column.scalar.name in _ARRAYED and not isinstance(column.sql_type, TypeDecorator)


@dataclass(frozen=True, slots=True)
class Predicates:
    """Builds the predicates of one database."""

    columns: Columns

    def build(self, condition: Condition, source: Any) -> Predicate:
        """`condition` over the rows of `source`, an alias of the class that it was planned for."""
        match condition:
            case Always(value):
                return sa.true() if value else sa.false()
            case Compare(column, operator, operand):
                return self._compare(column, source, operator, operand)
            case KeyIn(columns, values):
                return self._key_in(columns, values, source)
            case JsonAt():
                return JsonPredicates(self.columns).at(condition, source)
            case And(terms):
                return combined(sa.and_, [self.build(term, source) for term in terms])
            case Or(terms):
                return combined(sa.or_, [self.build(term, source) for term in terms])
            case Not(term):
                return is_not_true(self.build(term, source))
            case Related():
                return self._related(condition, source)
            case Expression(clause):
                return given_predicate(clause, source)
            case Stated():
                return given_predicate(stated_clause(condition), source)
            case RelatedCount(relation, operator, operand, among):
                count = self.related_count(relation, source, among)
                return boolean(COMPARISONS[operator](count, bound(operand, sa.BigInteger())))
            case TextMatch(words=words):
                if self.columns.database is Database.POSTGRESQL:
                    return matches(condition, self.columns, source)
                return self.build(And(tuple(Or(each) for each in words)), source)
            case _:
                assert_never(condition)

    def related_count(self, relation: Relation, source: Any, among: Condition) -> sa.ColumnElement[int]:
        """How many records a relation of `source` has, as a scalar subquery: of those that `among` holds for."""
        target = join_owner(relation, source)
        where = [target.condition, *self.given(among, target.entity)]
        return sa.select(sa.func.count()).select_from(target.source).where(*where).scalar_subquery()

    def given(self, condition: Condition, source: Any) -> list[Predicate]:
        """The predicate of a condition; none at all where it is true anyway."""
        return [] if condition == Always(True) else [self.build(condition, source)]

    def _related(self, related: Related, source: Any) -> Predicate:
        target = join_owner(related.relation, source)
        where = [target.condition, *self.given(related.among, target.entity)]
        if related.quantifier is Quantifier.EVERY:
            where.append(is_not_true(self.build(related.term, target.entity)))
        else:
            where += self.given(related.term, target.entity)
        found = sa.select(sa.literal_column("1")).select_from(target.source).where(*where).exists()
        return found if related.quantifier is Quantifier.SOME else ~found

    def _key_in(self, columns: Sequence[Column], values: Sequence[tuple[Any, ...]], source: Any) -> Predicate:
        if len(columns) == 1:
            return self._in(columns[0], source, [row[0] for row in values])
        rows = [
            sa.and_(
                *(self._compare(column, source, Operator.EQ, each) for column, each in zip(columns, row, strict=True))
            )
            for row in values
        ]
        return combined(sa.or_, rows)

    def _compare(self, column: Column, source: Any, operator: Operator, operand: Any) -> Predicate:
        expression = self.columns.raw(column, source)
        if column.scalar.name == "JSON":
            return JsonPredicates(self.columns).compare(expression, operator, operand)
        if operator is Operator.IS_NULL:
            return self._is_null(column, expression, missing=operand)
        if column.scalar.item is not None:
            return self._array(column, expression, operator, operand)
        if operator in TEXT_OPERATORS:
            return text_predicate(expression, operator, operand, self.columns.database)
        if self.columns.stores_text_time(column):
            return _text_time(sa.type_coerce(expression, sa.String()), operator, operand)
        if isinstance(operand, Parameter) and operand.form == ARRAY:
            found = self._in_array(column, expression, operand)
            return found if operator is Operator.IN else sa.not_(found)
        if operator is Operator.IN:
            return self._in(column, source, operand) if operand else sa.false()
        if operator is Operator.NOT_IN:
            return sa.not_(self._in(column, source, operand)) if operand else expression.is_not(None)
        return _compared(expression, operator, self.columns.nearest(column, operand))

    def _is_null(self, column: Column, expression: Any, *, missing: bool) -> Predicate:
        if column.scalar.item is not None and self.columns.database is Database.SQLITE:
            return JsonPredicates(self.columns).compare(expression, Operator.IS_NULL, missing)
        return boolean(expression.is_(None) if missing else expression.is_not(None))

    def _in(self, column: Column, source: Any, values: Sequence[Any]) -> Predicate:
        """Membership; PostgreSQL takes the list as one array, so that its length does not change the statement."""
        if len(values) == 1:
            return self._compare(column, source, Operator.EQ, values[0])
        expression = self.columns.raw(column, source)
        operands = [self.columns.nearest(column, value) for value in values]
        if any(each.beyond for each in operands):
            return combined(sa.or_, [_compared(expression, Operator.EQ, each) for each in operands])
        if self.columns.database is Database.POSTGRESQL and is_arrayed(column):
            return self._in_array(column, expression, list(values))
        found = [each for each in operands if each.side == 0]
        return expression.in_([sa.literal(each.value, each.sql_type) for each in found]) if found else never(expression)

    def _in_array(self, column: Column, expression: Any, values: Any) -> Predicate:
        return boolean(expression == sa.any_(bound(values, sa.ARRAY(self.columns.bind_type(column)))))

    def _array(self, column: Column, expression: Any, operator: Operator, operand: Any) -> Predicate:
        if self.columns.database is Database.SQLITE:
            test = sa.func.gqlcrud_json_list(sa.type_coerce(expression, sa.String()), operator.value, _json(operand))
            return boolean(test == 1)
        array_type: Any = self.columns.bind_type(column)
        if operator is Operator.IS_EMPTY:
            empty = sa.func.cardinality(expression) == 0
            return empty if operand else sa.not_(empty)
        if operator is Operator.HAS:
            return boolean(sa.literal(operand, array_type.item_type) == sa.any_(expression))
        values = sa.literal(list(operand), array_type)
        match operator:
            case Operator.HAS_ANY:
                return boolean(expression.bool_op("&&")(values))
            case Operator.HAS_ALL:
                return boolean(expression.bool_op("@>")(values))
            case _:
                return boolean(COMPARISONS[operator](expression, values))


def is_not_true(predicate: Predicate) -> Predicate:
    """Two-valued NOT: true where the predicate is false or NULL."""
    return sa.not_(sa.func.coalesce(predicate, sa.false()))


def never(expression: Any) -> Predicate:
    """False for any value, NULL for NULL: what a comparison with a value that the database cannot hold gives."""
    return boolean(expression != expression)


def boolean(predicate: Any) -> Predicate:
    """What a comparison operator gives, as the predicate it is."""
    result: Predicate = predicate
    return result


def _compared(expression: Any, operator: Operator, operand: Nearest) -> Predicate:
    """A comparison with an operand that the database may not be able to hold, but knows the nearest value to."""
    value = bound(operand.value, operand.sql_type)
    if operand.beyond:
        return _compared_at_the_end(expression, operator, value, operand.beyond > 0)
    if operand.side == 0:
        return boolean(COMPARISONS[operator](expression, value))
    match operator:
        case Operator.EQ:
            return never(expression)
        case Operator.NE:
            return boolean(expression.is_not(None))
        case Operator.GT | Operator.GTE:
            return boolean(expression > value if operand.side > 0 else expression >= value)
        case _:
            return boolean(expression <= value if operand.side > 0 else expression < value)


def _compared_at_the_end(expression: Any, operator: Operator, end: Any, last: bool) -> Predicate:
    """A comparison with the last value that can be shown, as which all greater ones are; or with the first."""
    beyond, strictly = (Operator.GTE, Operator.GT) if last else (Operator.LTE, Operator.LT)
    if operator in (Operator.EQ, beyond):
        return boolean(COMPARISONS[beyond](expression, end))
    if operator is strictly:
        return never(expression)
    if operator in (Operator.NE, Operator.LT, Operator.GT):
        return boolean(expression < end if last else expression > end)
    return boolean(expression.is_not(None))


def _json(operand: Any) -> str:
    """An operand as JSON; what JSON has no form for is a text, as the usual serializers write it."""
    return json.dumps(list(operand) if isinstance(operand, tuple) else operand, default=str)


def _text_time(expression: Any, operator: Operator, operand: Any) -> Predicate:
    """Compare a time that SQLite keeps as text. Whole seconds are found with and without their six zeros,
    since other programs write them without."""
    if operator in (Operator.IN, Operator.NOT_IN):
        forms = [form for value in operand for form in _time_forms(value)]
        if not forms:
            return sa.false() if operator is Operator.IN else boolean(expression.is_not(None))
        return boolean(expression.in_(forms) if operator is Operator.IN else expression.not_in(forms))
    short, long = _time_forms(operand)
    match operator:
        case Operator.EQ:
            return boolean(expression.in_([short, long]))
        case Operator.NE:
            return boolean(expression.not_in([short, long]))
        case Operator.GT | Operator.LTE:
            return boolean(COMPARISONS[operator](expression, long))
        case _:
            return boolean(COMPARISONS[operator](expression, short))


def _time_forms(value: dt.datetime | dt.time) -> tuple[str, str]:
    """The shortest and the standard text of a time; the same where there are microseconds."""
    if isinstance(value, dt.time):
        long = utc_time(value).isoformat("microseconds")
    else:
        long = utc_datetime(value).isoformat(" ", "microseconds")
    return (long, long) if value.microsecond else (long[: -len(".000000")], long)


def combined(combine: Callable[..., Predicate], terms: Sequence[Predicate]) -> Predicate:
    """`terms` joined by AND or OR. SQLite takes an expression of at most 1000 levels, and a chain has a level for each
    term: long chains are built of short ones."""
    if len(terms) <= _CHAIN:
        return combine(*terms)
    middle = len(terms) // 2
    halves = (combined(combine, terms[:middle]), combined(combine, terms[middle:]))
    # COALESCE keeps SQLAlchemy from making one chain of both; NULL may be false here, as every NOT is two-valued
    return combine(*(sa.func.coalesce(half, sa.false()) for half in halves))


_CHAIN = 32
