"""JSON operators in, SQL out: JSONB operators on PostgreSQL, functions of ours on SQLite."""

from __future__ import annotations

import json
import operator as op
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from gqlcrud.plan import JsonAt, JsonKind, JsonTest
from gqlcrud.scalars import Operator
from gqlcrud.statements.columns import Columns
from gqlcrud.statements.dialect import Database
from gqlcrud.statements.text import TEXT_OPERATORS, text_predicate

_COMPARISONS = {
    Operator.EQ: op.eq,
    Operator.NE: op.ne,
    Operator.GT: op.gt,
    Operator.GTE: op.ge,
    Operator.LT: op.lt,
    Operator.LTE: op.le,
}
_SQL_KINDS: dict[JsonKind, Any] = {
    JsonKind.STRING: sa.String(),
    JsonKind.NUMBER: sa.Numeric(),
    JsonKind.BOOLEAN: sa.Boolean(),
}


@dataclass(frozen=True, slots=True)
class JsonPredicates:
    """Builds the predicates over JSON columns of one database."""

    columns: Columns

    @property
    def _sqlite(self) -> bool:
        return self.columns.database is Database.SQLITE

    def compare(self, expression: Any, operator: Operator, operand: Any) -> sa.ColumnElement[bool]:
        """`eq` by value; `isNull` for SQL NULL and JSON null alike, since both are null in a response; `hasKey` of objects."""
        document = sa.type_coerce(expression, sa.String()) if self._sqlite else sa.cast(expression, JSONB)
        predicate: Any
        match operator:
            case Operator.EQ if self._sqlite:
                predicate = sa.func.gqlcrud_json_equal(document, operand.text) == 1
            case Operator.EQ:
                predicate = document == sa.cast(sa.literal(operand.text, sa.String()), JSONB)
            case Operator.IS_NULL:
                kind = sa.func.json_type(document) if self._sqlite else sa.func.jsonb_typeof(document)
                null = sa.or_(sa.type_coerce(expression, sa.String()).is_(None), kind == "null")
                predicate = null if operand else sa.not_(null)
            case _:
                predicate = self._has_key(document, operand)
        return _boolean(predicate)

    def at(self, condition: JsonAt, source: Any) -> sa.ColumnElement[bool]:
        """Every test of what stands at a path; a value of another kind than a test's fails it, as a NULL does."""
        expression = self.columns.raw(condition.column, source)
        found = [self._test(expression, condition.path, test) for test in condition.tests]
        if condition.exists is not None:
            exists = self._exists(expression, condition.path)
            found.append(exists if condition.exists else sa.not_(exists))
        return sa.and_(sa.true(), *found)

    def _has_key(self, document: Any, key: str) -> Any:
        if self._sqlite:
            items = sa.func.json_each(document).table_valued("key")
            held = sa.select(sa.literal_column("1")).select_from(items).where(items.c.key == key).exists()
            return sa.and_(sa.func.json_type(document) == "object", held)
        return sa.and_(sa.func.jsonb_typeof(document) == "object", document.has_key(key))

    def _exists(self, expression: Any, path: tuple[str, ...]) -> Any:
        if self._sqlite:
            return sa.func.gqlcrud_json_exists(sa.type_coerce(expression, sa.String()), json.dumps(path)) == 1
        return self._element(expression, path).is_not(None)

    def _element(self, expression: Any, path: tuple[str, ...]) -> Any:
        steps = sa.literal(list(path), sa.ARRAY(sa.Text()))
        return sa.type_coerce(sa.cast(expression, JSONB).op("#>")(steps), JSONB)

    def _test(self, expression: Any, path: tuple[str, ...], test: JsonTest) -> Any:
        if self._sqlite and test.kind is JsonKind.NUMBER:
            return _number_test(sa.type_coerce(expression, sa.String()), path, test)
        value = self._scalar(expression, path, test.kind)
        if test.operator is Operator.IS_NULL:
            return value.is_(None) if test.operand else value.is_not(None)
        if test.operator in TEXT_OPERATORS:
            assert isinstance(test.operand, str)
            return text_predicate(value, test.operator, test.operand, self.columns.database)
        if test.operator in (Operator.IN, Operator.NOT_IN):
            assert isinstance(test.operand, tuple)
            members = [sa.literal(each, _SQL_KINDS[test.kind]) for each in test.operand]
            return (
                value.in_(members)
                if test.operator is Operator.IN
                else sa.and_(value.is_not(None), value.not_in(members))
            )
        return _COMPARISONS[test.operator](value, sa.literal(test.operand, _SQL_KINDS[test.kind]))

    def _scalar(self, expression: Any, path: tuple[str, ...], kind: JsonKind) -> Any:
        """The scalar at a path if it is of this kind, else NULL."""
        if self._sqlite:
            found = sa.func.gqlcrud_json_scalar(sa.type_coerce(expression, sa.String()), json.dumps(path), kind.value)
            return sa.type_coerce(found, _SQL_KINDS[kind])
        element = self._element(expression, path)
        text = element.op("#>>")(sa.literal_column("'{}'"))
        return sa.case((sa.func.jsonb_typeof(element) == kind.value, sa.cast(text, _SQL_KINDS[kind])), else_=None)


def _number_test(document: Any, path: tuple[str, ...], test: JsonTest) -> Any:
    """A test of a number in SQLite, which has no exact decimals."""
    steps, operand = json.dumps(path), test.operand
    if test.operator is Operator.IS_NULL:
        found = sa.func.gqlcrud_json_number(document, steps, Operator.NOT_IN.value, "[]")
        return found.is_(None) if operand else found.is_not(None)
    operands = operand if isinstance(operand, tuple) else (operand,)
    texts = json.dumps([str(each) for each in operands])
    return sa.func.gqlcrud_json_number(document, steps, test.operator.value, texts) == 1


def _boolean(predicate: Any) -> sa.ColumnElement[bool]:
    result: sa.ColumnElement[bool] = predicate
    return result
