"""Conditions, orders and records that are read with others in, the same with parameters for their values out, and the values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from gqlcrud.plan import (
    Always,
    And,
    ColumnKey,
    Compare,
    Condition,
    CountKey,
    Fold,
    KeyIn,
    Not,
    Opaque,
    Or,
    OrderTerm,
    Parameter,
    Related,
    RelatedCount,
    Stated,
)
from gqlcrud.scalars import Operator
from gqlcrud.statements.columns import Columns
from gqlcrud.statements.dialect import Database
from gqlcrud.statements.predicates import ARRAY, COMPARISONS, is_arrayed
from gqlcrud.statements.text import TEXT_OPERATORS, given_text


@dataclass(slots=True)
class Splitter:
    """Puts parameters in place of operands. Those that a statement depends on stay where they are.

    lasting: whether equal conditions may come again.
    """

    columns: Columns
    values: dict[str, Any] = field(default_factory=dict)
    lasting: bool = True

    def condition(self, condition: Condition) -> Condition:
        match condition:
            case Compare():
                return self._compare(condition)
            case KeyIn(columns, (row,)):
                tests = [
                    self._compare(Compare(each, Operator.EQ, value)) for each, value in zip(columns, row, strict=True)
                ]
                found = tuple(test.operand if isinstance(test, Compare) else None for test in tests)
                return KeyIn(columns, (found,))
            case And(terms):
                return And(tuple(map(self.condition, terms)))
            case Or(terms):
                return Or(tuple(map(self.condition, terms)))
            case Not(term):
                return Not(self.condition(term))
            case Related(_, _, term, among):
                return replace(condition, term=self.condition(term), among=self.condition(among))
            case RelatedCount(operand=operand, among=among):
                return replace(condition, operand=self._parameter(operand), among=self.condition(among))
            case Stated(clause, operands) if clause.shared:
                return Stated(clause, tuple(map(self._stated, operands)))
            case Always():
                return condition
            case _:
                return self._passing(condition)

    def order(self, term: OrderTerm) -> OrderTerm:
        """Conditions hold for the records that a term leads over, too."""
        if isinstance(term.key, ColumnKey) and not term.key.path:
            return term
        path = tuple(replace(hop, among=self.condition(hop.among)) for hop in term.key.path)
        match term.key:
            case ColumnKey():
                return replace(term, key=replace(term.key, path=path))
            case CountKey(among=among):
                return replace(term, key=replace(term.key, path=path, among=self.condition(among)))
            case _:
                return term

    def fold(self, fold: Fold) -> Fold:
        plan = replace(fold.plan, where=self.condition(fold.plan.where))
        return Fold(fold.relation, plan, tuple(map(self.fold, fold.below)), fold.short)

    def _stated(self, operand: Any) -> Parameter:
        value = operand.value if isinstance(operand, Opaque) else operand
        parameter: Parameter = self._parameter(value)
        return parameter

    def _passing(self, condition: Condition) -> Condition:
        """A condition whose values stay in the statement, so that it serves for them alone: a list may have thousands."""
        self.lasting = False
        return condition

    def _compare(self, condition: Compare) -> Condition:
        column, operator, operand = condition.column, condition.operator, condition.operand
        if operator in _STRUCTURE:
            return condition
        if isinstance(operand, Opaque) or column.scalar.name == "JSON" or column.scalar.item is not None:
            return self._passing(condition)
        if operator in TEXT_OPERATORS:
            return self._text(condition, str(operand))
        if self.columns.stores_text_time(column):
            return self._passing(condition)
        if operator in COMPARISONS:
            return self._operand(condition)
        if operator in (Operator.IN, Operator.NOT_IN) and isinstance(operand, tuple):
            return self._list(condition, operand)
        return self._passing(condition)

    def _text(self, condition: Compare, operand: str) -> Condition:
        given = given_text(condition.operator, operand, self.columns.database)
        if given is None:
            return self._passing(condition)
        return replace(condition, operand=self._parameter(given))

    def _operand(self, condition: Compare) -> Condition:
        """A value that the database can hold as it is."""
        found = self.columns.nearest(condition.column, condition.operand)
        if found.side or found.beyond:
            return self._passing(condition)
        expected = type(self.columns.bind_type(condition.column))
        form = "" if type(found.sql_type) is expected else _FORMS.get(type(found.sql_type))
        if form is None:
            return self._passing(condition)
        return replace(condition, operand=self._parameter(found.value, form))

    def _list(self, condition: Compare, operand: tuple[Any, ...]) -> Condition:
        arrayed = self.columns.database is Database.POSTGRESQL and is_arrayed(condition.column) and len(operand) > 1
        found = [self.columns.nearest(condition.column, value) for value in operand] if arrayed else []
        if not found or any(each.side or each.beyond for each in found):
            return self._passing(condition)
        return replace(condition, operand=self._parameter([each.value for each in found], ARRAY))

    def _parameter(self, value: Any, form: str = "") -> Any:
        name = f"p{len(self.values)}"
        self.values[name] = value
        return Parameter(name, form)


_STRUCTURE = {Operator.IS_NULL, Operator.IS_EMPTY}
"""Operators whose operands say what the statement looks like."""
_FORMS: dict[type, str] = {sa.BigInteger: "integer", sa.Double: "double"}
"""What `Columns.nearest` binds by another type than the column's, by that type."""
