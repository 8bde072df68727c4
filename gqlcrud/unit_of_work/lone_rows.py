"""The plan of a new record in, the INSERTs of its rows out, and of those nested in it, where rows are all there is to write.

One for all rows of a level that are alike, in the order in which the unit of work writes.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from gqlcrud.catalog import Column, Model, Relation
from gqlcrud.plan import EVERY, WriteAction, WriteRules
from gqlcrud.statements import Database
from gqlcrud.unit_of_work.demands import inserts_plainly, is_unheard
from gqlcrud.unit_of_work.finding import is_assured
from gqlcrud.unit_of_work.inserts import Table, insert_statement, read_table
from gqlcrud.unit_of_work.instances import stored_otherwise, stored_value
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
from gqlcrud.unit_of_work.row_forms import complete
from gqlcrud.unit_of_work.unnested import links_statement, rows_statement
from gqlcrud.write_plan import Connect, Create, CreateOne, Save, ToMany, ToOne


def as_rows(plan: CreateOne, shown: Sequence[Column], database: Database, rules: WriteRules) -> LoneRows | None:
    """None where the unit of work has more to do, or to tell. shown: the columns of the record that are to be told of."""
    session = _any_session()
    if rules.secured or not is_unheard(session):
        return None
    root = _new(plan.save)
    planner = _Planner(session, database, rules)
    try:
        planner.create([root], shown)
    except SessionNeededError:
        return None
    return LoneRows(root, planner.steps)


@functools.cache
def _any_session() -> Session:
    """One that the application has no listeners on, unless it has them on all, since or from now on."""
    return Session()


@dataclass(frozen=True, slots=True)
class _Planner:
    """Plans the statements of one write; whatever is more than rows raises SessionNeededError."""

    session: Session
    database: Database
    rules: WriteRules
    steps: list[Step] = field(default_factory=list)
    _tables: dict[Model, Table] = field(default_factory=dict)

    def create(self, rows: Sequence[NewRow], lent: Iterable[Column] = ()) -> None:
        """New records of one model: what they refer to, they themselves, what refers to them. lent: the columns whose values
        are asked for."""
        for row in rows:
            _demand(not (row.save.changes or row.save.references))
        self._targets(rows)
        wanted = dict.fromkeys([column.key for column in lent])
        for row in rows:
            relations = [one.relation for one in row.save.to_one] + [many.relation for many in row.save.to_many]
            for relation in relations:
                if not relation.owns_key:
                    wanted.update(dict.fromkeys([column.key for column in relation.local]))
        self._insert(rows, wanted)
        self._belongings(rows)

    def _allows(self, model: Model, action: WriteAction) -> bool:
        """Whether nothing has to hold of the records."""
        return self.rules.rule(model, action) == EVERY

    def _table(self, model: Model) -> Table:
        """The table of a model whose new records are rows."""
        found = self._tables.get(model)
        if found is None:
            table = read_table(model)
            if table is None or not (inserts_plainly(self.session, model) and self._allows(model, "create")):
                raise SessionNeededError
            found = self._tables[model] = table
        return found

    # ---------- what they refer to ----------

    def _targets(self, rows: Sequence[NewRow]) -> None:
        """Foreign keys of records that the database sees to be there, and of new ones."""
        grouped: dict[Relation, list[tuple[NewRow, ToOne]]] = {}
        for row in rows:
            for one in row.save.to_one:
                _demand(not one.relation.late)
                if one.relation.owns_key:
                    grouped.setdefault(one.relation, []).append((row, one))
        for relation, items in grouped.items():
            made: list[NewRow] = []
            for row, one in items:
                match one.operation:
                    case Connect(target) if is_assured(relation, target):
                        _lend(row, relation.local, target.values)
                    case Create(save):
                        made.append(_new(save))
                        _lend(row, relation.local, _keys(made[-1], relation.remote))
                    case _:
                        raise SessionNeededError
            if made:
                self.create(made, relation.remote)

    # ---------- they themselves ----------

    def _insert(self, rows: Sequence[NewRow], lent: Iterable[str]) -> None:
        model = rows[0].save.model
        table, otherwise = self._table(model), stored_otherwise(model)
        for row in rows:
            values = row.values
            for key in otherwise & values.keys():
                values[key] = stored_value(model.stored[key], values[key], self.database)
            completed = complete(model, table, values)
            if completed is None:
                raise SessionNeededError
            row.values = completed
        for names, group in groupby(rows, key=_names):
            self.steps.append(self._step(model, names, list(group), lent))

    def _step(self, model: Model, names: tuple[str, ...], rows: Sequence[NewRow], lent: Iterable[str]) -> Step:
        wanted = tuple(dict.fromkeys([*[column.key for column in model.primary_key], *lent]))
        if len(rows) == 1:
            insert = insert_statement(model, names, wanted, self.database)
            return RowStep(rows[0], insert.statement, insert.names, wanted)
        missing = tuple(key for key in wanted if key not in names)
        many = rows_statement(model, names, missing)
        if many is None:
            raise SessionNeededError
        return RowsStep(rows, many.statement, many.names, missing)

    # ---------- what refers to them ----------

    def _belongings(self, rows: Sequence[NewRow]) -> None:
        """First the other side of one-to-one, then lists, each relation for all rows."""
        single: dict[Relation, list[tuple[NewRow, Save]]] = {}
        lists: dict[Relation, list[tuple[NewRow, ToMany]]] = {}
        for row in rows:
            for one in row.save.to_one:
                if not one.relation.owns_key:
                    if not isinstance(one.operation, Create):
                        raise SessionNeededError
                    single.setdefault(one.relation, []).append((row, one.operation.save))
            for many in row.save.to_many:
                _demand(_only_adds(many))
                lists.setdefault(many.relation, []).append((row, many))
        for relation, ones in single.items():
            self._children(relation, ones)
        for relation, manies in lists.items():
            if relation.link is not None:
                self._linked(relation, manies)
            else:
                _demand(not any(many.connect for _, many in manies))
                self._children(relation, [(row, each.save) for row, many in manies for each in many.create])

    def _children(self, relation: Relation, items: Sequence[tuple[NewRow, Save]]) -> None:
        """New records with the key of the one that they belong to."""
        made: list[NewRow] = []
        for parent, save in items:
            made.append(_new(save))
            _lend(made[-1], relation.remote, _keys(parent, relation.local))
        if made:
            self.create(made)

    def _linked(self, relation: Relation, items: Sequence[tuple[NewRow, ToMany]]) -> None:
        """Records that the database sees to be there are linked, then new ones are made and linked."""
        _demand(self._allows(items[0][0].save.model, "update_check"))
        parents = [(_keys(parent, relation.local), many) for parent, many in items]
        for _, many in parents:
            for each in many.connect:
                _demand(is_assured(relation, each.target) and not each.edge)
            for create in many.create:
                _demand(not create.edge)
        self._link(relation, [(*keys, *each.target.values) for keys, many in parents for each in many.connect])
        made = [(keys, _new(each.save)) for keys, many in parents for each in many.create]
        if made:
            self.create([child for _, child in made], relation.remote)
        self._link(relation, [(*keys, *_keys(child, relation.remote)) for keys, child in made])

    def _link(self, relation: Relation, pairs: Sequence[Sequence[Any]]) -> None:
        if not pairs:
            return
        statement = links_statement(relation.link) if relation.link is not None else None
        if statement is None:
            raise SessionNeededError
        self.steps.append(LinksStep(pairs, statement.statement, statement.names))


def _demand(holds: object) -> None:
    if not holds:
        raise SessionNeededError


def _new(save: Save) -> NewRow:
    return NewRow(save, {each.column.key: each.value for each in save.assignments})


def _names(row: NewRow) -> tuple[str, ...]:
    return tuple(row.values)


def _only_adds(many: ToMany) -> bool:
    """Whether records are connected and made, and nothing else is done."""
    other = many.delete or many.disconnect or many.update_where or many.update or many.upsert or many.connect_or_create
    return not (other or many.referred or many.members is not None or many.delete_where is not None)


def _keys(row: NewRow, columns: Sequence[Column]) -> tuple[Any, ...]:
    """The values that a row has when it is written."""
    return tuple([Borrowed(row, column.key) for column in columns])


def _lend(row: NewRow, columns: Sequence[Column], values: Sequence[Any]) -> None:
    """Give a row a foreign key."""
    for column, value in zip(columns, values, strict=True):
        row.lend(column.key, value)
