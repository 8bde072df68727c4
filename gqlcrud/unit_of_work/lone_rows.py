"""The plan of a new record in, the INSERTs of its rows out, and of those nested in it, where rows are all there is to write.

One for all rows of a level that are alike, in the order in which the unit of work writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gqlcrud.catalog import Column, Model, Relation
from gqlcrud.plan import Always, WriteAction, WriteRules
from gqlcrud.statements import Database
from gqlcrud.unit_of_work.demands import is_unheard
from gqlcrud.unit_of_work.finding import is_assured
from gqlcrud.unit_of_work.inserts import Table, insert_statement, new_row, read_table
from gqlcrud.unit_of_work.lone_steps import (
    Borrowed,
    LinksStep,
    LoneRows,
    NewRow,
    RowsStep,
    RowStep,
    SessionNeededError,
    Step,
)
from gqlcrud.unit_of_work.making import assigned, stored_values
from gqlcrud.unit_of_work.plain_creates import makes_rows
from gqlcrud.unit_of_work.unnested import links_statement, rows_statement
from gqlcrud.write_plan import Connect, Create, CreateOne, Save, ToMany, ToOne

_WHOLE = Always(True)


def as_rows(plan: CreateOne, shown: Sequence[Column], database: Database, rules: WriteRules) -> LoneRows | None:
    """None where the unit of work has more to do, or to tell. shown: the columns of the record that are to be told of."""
    save = plan.save
    session = Session()  # one that the application would have no listeners on, unless it has them on all
    if rules.secured or not is_unheard(session):
        return None
    root = NewRow(save, assigned(save))
    planner = _Planner(session, database, rules)
    try:
        planner.create([root], shown)
    except SessionNeededError:
        return None
    return LoneRows(root, planner.steps)


@dataclass(frozen=True, slots=True)
class _Planner:
    """Plans the statements of one write; whatever is more than rows raises SessionNeededError."""

    session: Session
    database: Database
    rules: WriteRules
    steps: list[Step] = field(default_factory=list)

    def create(self, rows: Sequence[NewRow], lent: Iterable[Column] = ()) -> None:
        """New records of one model: what they refer to, they themselves, what refers to them. lent: the columns whose values
        are asked for."""
        saves = [row.save for row in rows]
        model = saves[0].model
        _demand(not any(save.changes or save.references for save in saves) and self._allows(model, "create"))
        self._targets(rows)
        relations = {one.relation: None for save in saves for one in save.to_one if not one.relation.owns_key}
        relations |= {many.relation: None for save in saves for many in save.to_many}
        lent = (*lent, *(column for relation in relations for column in relation.local))
        self._insert(model, rows, saves, dict.fromkeys(column.key for column in lent))
        self._belongings(rows)

    def _allows(self, model: Model, action: WriteAction) -> bool:
        """Whether nothing has to hold of the records."""
        return self.rules.rule(model, action) == _WHOLE

    # ---------- what they refer to ----------

    def _targets(self, rows: Sequence[NewRow]) -> None:
        """Foreign keys of records that the database sees to be there, and of new ones."""
        grouped: dict[Relation, list[tuple[NewRow, Connect | Create]]] = {}
        for row in rows:
            for one in row.save.to_one:
                relation, operation = one.relation, one.operation
                _demand(not relation.late and isinstance(operation, Connect | Create))
                assert isinstance(operation, Connect | Create), "demanded"
                if relation.owns_key:
                    grouped.setdefault(relation, []).append((row, operation))
        for relation, items in grouped.items():
            made: list[NewRow] = []
            for row, operation in items:
                if isinstance(operation, Connect):
                    _demand(is_assured(relation, operation.target))
                    _lend(row, zip(relation.local, operation.target.values, strict=True))
                else:
                    target = NewRow(operation.save, assigned(operation.save))
                    made.append(target)
                    _lend(row, zip(relation.local, _keys(target, relation.remote), strict=True))
            if made:
                self.create(made, relation.remote)

    # ---------- they themselves ----------

    def _insert(self, model: Model, rows: Sequence[NewRow], saves: Sequence[Save], lent: Iterable[str]) -> None:
        table = read_table(model)
        if table is None:
            raise SessionNeededError
        stored = stored_values(saves, [row.values for row in rows], self.database)
        _demand(makes_rows(self.session, model, saves, stored))
        for row, values in zip(rows, stored, strict=True):
            row.values = _completed(table, new_row(table, values, bulk=False))
        for names, group in groupby(rows, key=lambda row: tuple(row.values)):
            self.steps.append(self._step(model, names, list(group), lent))

    def _step(self, model: Model, names: tuple[str, ...], rows: Sequence[NewRow], lent: Iterable[str]) -> Step:
        key = [column.key for column in model.primary_key]
        if len(rows) == 1:
            returned = tuple(dict.fromkeys([*key, *lent]))
            insert = insert_statement(model, names, returned, self.database)
            return RowStep(rows[0], insert.statement, insert.names, insert.returned)
        missing = tuple(each for each in dict.fromkeys([*key, *lent]) if each not in names)
        many = rows_statement(model, names, missing)
        if many is None:
            raise SessionNeededError
        return RowsStep(rows, many.statement, many.names, missing)

    # ---------- what refers to them ----------

    def _belongings(self, rows: Sequence[NewRow]) -> None:
        """First the other side of one-to-one, then lists, each relation for all rows."""
        single: dict[Relation, list[tuple[NewRow, ToOne]]] = {}
        lists: dict[Relation, list[tuple[NewRow, ToMany]]] = {}
        for row in rows:
            for one in row.save.to_one:
                if not one.relation.owns_key:
                    single.setdefault(one.relation, []).append((row, one))
            for many in row.save.to_many:
                lists.setdefault(many.relation, []).append((row, many))
        for relation, ones in single.items():
            self._children(relation, [(row, one.operation) for row, one in ones if isinstance(one.operation, Create)])
            _demand(all(isinstance(one.operation, Create) for _, one in ones))
        for relation, manies in lists.items():
            _demand(all(map(_only_adds, (many for _, many in manies))))
            if relation.link is not None:
                self._linked(relation, manies)
            else:
                _demand(not any(many.connect for _, many in manies))
                self._children(relation, [(row, each) for row, many in manies for each in many.create])

    def _children(self, relation: Relation, items: Sequence[tuple[NewRow, Create]]) -> None:
        """New records with the key of the one that they belong to."""
        made = [NewRow(each.save, assigned(each.save)) for _, each in items]
        for (parent, _), child in zip(items, made, strict=True):
            # a value of its own says the same, or contradicts
            _demand(not any(column.key in child.values for column in relation.remote))
            _lend(child, zip(relation.remote, _keys(parent, relation.local), strict=True))
        if made:
            self.create(made)

    def _linked(self, relation: Relation, items: Sequence[tuple[NewRow, ToMany]]) -> None:
        """Records that the database sees to be there are linked, then new ones are made and linked."""
        _demand(self._allows(items[0][0].save.model, "update_check"))
        connects = [(parent, each) for parent, many in items for each in many.connect]
        _demand(all(is_assured(relation, each.target) and not each.edge for _, each in connects))
        self._link(relation, [(*_keys(parent, relation.local), *each.target.values) for parent, each in connects])
        creates = [(parent, each) for parent, many in items for each in many.create]
        _demand(not any(each.edge for _, each in creates))
        made = [NewRow(each.save, assigned(each.save)) for _, each in creates]
        if made:
            self.create(made, relation.remote)
        pairs = zip(creates, made, strict=True)
        self._link(
            relation, [(*_keys(parent, relation.local), *_keys(child, relation.remote)) for (parent, _), child in pairs]
        )

    def _link(self, relation: Relation, pairs: Sequence[Sequence[Any]]) -> None:
        if not pairs:
            return
        statement = links_statement(relation.link) if relation.link is not None else None
        if statement is None:
            raise SessionNeededError
        self.steps.append(LinksStep(pairs, statement.statement, statement.names))


def _demand(holds: bool) -> None:
    if not holds:
        raise SessionNeededError


def _only_adds(many: ToMany) -> bool:
    """Whether records are connected and made, and nothing else is done."""
    other = many.delete or many.disconnect or many.update_where or many.update or many.upsert or many.connect_or_create
    return not (other or many.referred or many.members is not None or many.delete_where is not None)


def _keys(row: NewRow, columns: Sequence[Column]) -> Iterator[Any]:
    """The values of a row that is written before they are needed."""
    return (Borrowed(row, column.key) for column in columns)


def _lend(row: NewRow, values: Iterable[tuple[Column, Any]]) -> None:
    """Give a row keys. A column may be part of several, which have to agree; what is borrowed agrees with nothing."""
    for column, value in values:
        _demand(row.values.setdefault(column.key, value) == value)


def _completed(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with the defaults that Python gives, unless one depends on the statement, or a value is SQL."""
    found = dict(row)
    for key, column in table.columns.items():
        default = column.default
        if key in row or not isinstance(default, sa.ColumnDefault) or default.is_clause_element:
            continue
        # SQLAlchemy wraps a function that takes no context of the statement
        _demand(not default.is_callable or hasattr(default.arg, "__wrapped__"))
        found[key] = default.arg(None) if default.is_callable else default.arg
    for key, value in found.items():
        # types for JSON take SQL's NULL as a value
        taken = isinstance(value, sa.Null) and isinstance(table.columns[key].type, sa.JSON)
        _demand(taken or not isinstance(value, sa.ClauseElement))
    return {key: found[key] for key in table.columns if key in found}
