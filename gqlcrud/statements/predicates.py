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

from gqlcrud.catalog import Column
from gqlcrud.plan import (
    Always,
    And,
    Compare,
    Condition,
    JsonAt,
    KeyIn,
    Not,
    Or,
    Quantifier,
    Related,
    RelatedCount,
)
from gqlcrud.scalars import DATETIME_TZ, Operator
from gqlcrud.statements.columns import Columns
from gqlcrud.statements.dialect import Database
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
                return sa.and_(*(self.build(term, source) for term in terms))
            case Or(terms):
                return sa.or_(*(self.build(term, source) for term in terms))
            case Not(term):
                return is_not_true(self.build(term, source))
            case Related(_, quantifier, term):
                return self._related(condition, quantifier, term, source)
            case RelatedCount(relation, operator, operand):
                return boolean(
                    COMPARISONS[operator](self.related_count(relation, source), sa.literal(operand, sa.BigInteger()))
                )
            case _:
                assert_never(condition)

    def related_count(self, relation: Any, source: Any) -> sa.ColumnElement[int]:
        """How many records a relation of `source` has, as a scalar subquery."""
        target = join_owner(relation, source)
        return sa.select(sa.func.count()).select_from(target.source).where(target.condition).scalar_subquery()

    def _related(self, related: Related, quantifier: Quantifier, term: Condition, source: Any) -> Predicate:
        target = join_owner(related.relation, source)
        where = [target.condition]
        if quantifier is Quantifier.EVERY:
            where.append(is_not_true(self.build(term, target.entity)))
        elif term != Always(True):
            where.append(self.build(term, target.entity))
        found = sa.select(sa.literal_column("1")).select_from(target.source).where(*where).exists()
        return found if quantifier is Quantifier.SOME else ~found

    def _key_in(self, columns: Sequence[Column], values: Sequence[tuple[Any, ...]], source: Any) -> Predicate:
        if len(columns) == 1:
            return self._in(columns[0], source, [row[0] for row in values])
        rows = [
            sa.and_(
                *(
                    self.columns.raw(column, source) == self.columns.bind(column, each)
                    for column, each in zip(columns, row, strict=True)
                )
            )
            for row in values
        ]
        return sa.or_(*rows)

    def _compare(self, column: Column, source: Any, operator: Operator, operand: Any) -> Predicate:
        expression = self.columns.raw(column, source)
        if column.scalar.name == "JSON":
            return JsonPredicates(self.columns).compare(expression, operator, operand)
        if operator is Operator.IS_NULL:
            return expression.is_(None) if operand else expression.is_not(None)
        if column.scalar.item is not None:
            return self._array(column, expression, operator, operand)
        if operator in TEXT_OPERATORS:
            return text_predicate(expression, operator, operand, self.columns.database)
        if self.columns.stores_text_time(column):
            return _text_time(sa.type_coerce(expression, sa.String()), operator, operand, column.scalar is DATETIME_TZ)
        if operator is Operator.IN:
            return self._in(column, source, operand) if operand else sa.false()
        if operator is Operator.NOT_IN:
            return sa.not_(self._in(column, source, operand)) if operand else expression.is_not(None)
        return boolean(COMPARISONS[operator](expression, self.columns.bind(column, operand)))

    def _in(self, column: Column, source: Any, values: Sequence[Any]) -> Predicate:
        """Membership; PostgreSQL takes the list as one array, so that its length does not change the statement."""
        expression = self.columns.raw(column, source)
        if len(values) == 1:
            return boolean(expression == self.columns.bind(column, values[0]))
        plain = column.scalar.name in _ARRAYED and not isinstance(column.sql_type, TypeDecorator)
        if self.columns.database is Database.POSTGRESQL and plain:
            return boolean(expression == sa.any_(sa.literal(list(values), sa.ARRAY(self.columns.bind_type(column)))))
        return expression.in_([self.columns.bind(column, value) for value in values])

    def _array(self, column: Column, expression: Any, operator: Operator, operand: Any) -> Predicate:
        if self.columns.database is Database.SQLITE:
            return _json_array(sa.type_coerce(expression, sa.String()), operator, operand)
        array_type: Any = column.sql_type
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


def boolean(predicate: Any) -> Predicate:
    """What a comparison operator gives, as the predicate it is."""
    result: Predicate = predicate
    return result


def _text_time(expression: Any, operator: Operator, operand: Any, aware: bool) -> Predicate:
    """Compare a time that SQLite keeps as text. Whole seconds are found with and without their six zeros,
    since other programs write them without."""
    if operator in (Operator.IN, Operator.NOT_IN):
        forms = [form for value in operand for form in _time_forms(value, aware)]
        if not forms:
            return sa.false() if operator is Operator.IN else boolean(expression.is_not(None))
        return boolean(expression.in_(forms) if operator is Operator.IN else expression.not_in(forms))
    short, long = _time_forms(operand, aware)
    match operator:
        case Operator.EQ:
            return boolean(expression.in_([short, long]))
        case Operator.NE:
            return boolean(expression.not_in([short, long]))
        case Operator.GT | Operator.LTE:
            return boolean(COMPARISONS[operator](expression, long))
        case _:
            return boolean(COMPARISONS[operator](expression, short))


def _time_forms(value: dt.datetime | dt.time, aware: bool) -> tuple[str, str]:
    """The shortest and the standard text of a time; the same where there are microseconds."""
    if isinstance(value, dt.time):
        long = value.isoformat("microseconds")
    else:
        plain = value.astimezone(dt.UTC).replace(tzinfo=None) if aware else value
        long = plain.isoformat(" ", "microseconds")
    return (long, long) if value.microsecond else (long[: -len(".000000")], long)


def _json_array(expression: Any, operator: Operator, operand: Any) -> Predicate:
    """Array operators over a list that SQLite keeps as JSON."""
    if operator is Operator.IS_EMPTY:
        empty = sa.func.json_array_length(expression) == 0
        return empty if operand else sa.not_(empty)
    if operator in (Operator.EQ, Operator.NE):
        same = sa.func.gqlcrud_json_equal(expression, json.dumps(list(operand)))
        return boolean(same == sa.literal_column("1" if operator is Operator.EQ else "0"))
    wanted = [operand] if operator is Operator.HAS else list(operand)
    found = [_json_holds(expression, value) for value in wanted]
    combine = sa.or_ if operator is Operator.HAS_ANY else sa.and_
    present = expression.is_not(None)
    return (
        sa.and_(present, combine(*found))
        if found
        else (sa.and_(present, sa.true()) if operator is Operator.HAS_ALL else sa.false())
    )


def _json_holds(expression: Any, value: Any) -> Predicate:
    items = sa.func.json_each(expression).table_valued("value")
    return sa.select(sa.literal_column("1")).select_from(items).where(items.c.value == sa.literal(value)).exists()
