"""A plan in, the statement for it and for all that differ from it in values alone out, and the values.

Building a statement takes SQLAlchemy ten times as long as looking for one. What is kept depends on plans alone, never on
who asks: of a condition that holds for one caller the form is a part of the plan, and the values are bound as any others.
A plan that is equal to itself alone, since the application's own code gave a part of it, is built and forgotten.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from gqlcrud.identity import ByIdentity
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
    PagePlan,
    Parameter,
    RecordPlan,
    Related,
    RelatedCount,
    Stated,
    Window,
)
from gqlcrud.scalars import JsonScalar, Operator
from gqlcrud.statements.columns import Columns, SortKey
from gqlcrud.statements.dialect import Database
from gqlcrud.statements.pages import (
    CUT_ALONE,
    LIMIT,
    OFFSET,
    Around,
    PageStatement,
    fetch_limit,
    ordered_by,
    page_statement,
    summarized_page_statement,
    summary_statement,
)
from gqlcrud.statements.predicates import ARRAY, COMPARISONS, is_arrayed
from gqlcrud.statements.records import record_statement
from gqlcrud.statements.text import TEXT_OPERATORS, given_text

KEPT = 256
"""Statements of each kind that are kept; one takes some 100 kB with what SQLAlchemy compiles of it."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """The statements of a page and the values for this one; see `page_statement` and `summary_statement`.

    together: whether the rows of the page hold the summary too. lasting: whether the statements are kept, to serve again.
    """

    page: PageStatement
    summary: sa.Select[Any] | None
    values: Values
    lasting: bool
    together: bool = False


@dataclass(frozen=True, slots=True)
class PreparedRecords:
    """The statement of single records, and its values beside the keys."""

    select: sa.Select[Any]
    values: Values
    lasting: bool


def prepared_page(
    plan: PagePlan,
    database: Database,
    *,
    summarized: bool,
    single: bool = False,
    together: bool = False,
    around: Around = CUT_ALONE,
) -> PreparedPage:
    """summarized: whether anything is asked about the list around the page; together: whether this is to be read with the
    rows, if it can be had by a statement that is kept. single: whether it is for one key."""
    template, splitter = _page_template(plan, database)
    values, around = splitter.values, replace(around, folds=tuple(map(splitter.fold, around.folds)))
    page, summary, sort_keys = (_page, _summary, _sort_keys) if splitter.lasting else _PASSING
    for name, position in (("after", plan.window.after), ("before", plan.window.before)):
        if position is not None:
            values |= _position_values(name, position, sort_keys(template, database))
    asked = summary(template, database, single=single) if summarized else None
    if asked is not None and together and splitter.lasting:
        return PreparedPage(_summarized_page(template, database, around=around), asked, values, True, together=True)
    return PreparedPage(page(template, database, single=single, around=around), asked, values, splitter.lasting)


def prepared_records(
    plan: RecordPlan, database: Database, *, single: bool = False, folds: tuple[Fold, ...] = ()
) -> PreparedRecords:
    """single: whether it is for one key. folds: what is read with each record; for a lasting plan the very same each time."""
    if plan.lasting:
        made_of = plan, database, single, folds
        return _known_records.made_of(made_of, lambda: _prepared_records(plan, database, single=single, folds=folds))
    return _prepared_records(plan, database, single=single, folds=folds)


_known_records: ByIdentity[PreparedRecords] = ByIdentity(maximum=KEPT)


def _prepared_records(
    plan: RecordPlan, database: Database, *, single: bool, folds: tuple[Fold, ...]
) -> PreparedRecords:
    splitter = _Splitter(Columns(database))
    template = replace(plan, where=splitter.condition(plan.where), views=())
    joined = tuple(map(splitter.fold, folds))
    statement = _records if splitter.lasting else record_statement
    select = statement(template, database, single=single, folds=joined)
    return PreparedRecords(select, splitter.values, splitter.lasting)


def prepared_condition(condition: Condition, database: Database) -> tuple[Condition, Values, bool]:
    """A condition with parameters for its values, the values, and whether equal conditions may come again."""
    splitter = _Splitter(Columns(database))
    return splitter.condition(condition), splitter.values, splitter.lasting


_page = functools.lru_cache(maxsize=KEPT)(page_statement)
_summarized_page = functools.lru_cache(maxsize=KEPT)(summarized_page_statement)
_summary = functools.lru_cache(maxsize=KEPT)(summary_statement)
_records = functools.lru_cache(maxsize=KEPT)(record_statement)
_sort_keys = functools.lru_cache(maxsize=KEPT)(ordered_by)
_PASSING = (page_statement, summary_statement, ordered_by)


def _page_template(plan: PagePlan, database: Database) -> tuple[PagePlan, _Splitter]:
    """The plan with parameters for its values, and without what the statement does not show; and what took them out."""
    splitter = _Splitter(Columns(database))
    where = splitter.condition(plan.where)
    order = tuple(map(splitter.order, plan.order))
    window = plan.window
    splitter.values |= {LIMIT: fetch_limit(window), **({OFFSET: window.offset} if window.offset else {})}
    template = Window(
        first=None if window.first is None else 0,
        last=None if window.last is None else 0,
        offset=1 if window.offset else 0,
        after=_places("after", window.after),
        before=_places("before", window.before),
    )
    return replace(plan, where=where, order=order, window=template, views=(), facets=()), splitter


def _places(name: str, position: Sequence[Any] | None) -> tuple[Any, ...] | None:
    """Parameters for a position; a NULL makes another statement.

    `after0`, not `after_0`: SQLAlchemy calls literals like that where a column is called `after`.
    """
    if position is None:
        return None
    return tuple(None if value is None else Parameter(f"{name}{place}") for place, value in enumerate(position))


def _position_values(name: str, position: Sequence[JsonScalar | Parameter], keys: Sequence[SortKey]) -> dict[str, Any]:
    return {
        f"{name}{place}": key.decode(value)
        for place, (value, key) in enumerate(zip(position, keys, strict=True))
        if value is not None
    }


@dataclass(slots=True)
class _Splitter:
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
