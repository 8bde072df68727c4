"""New records that are rows of values in, rows of their table out: a column at a time, by one INSERT for all that are alike.

Only for classes of which the unit of work would do nothing else; see `unit_of_work.demands`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import lt
from typing import Any, TypeAlias

from gqlcrud.bulk_plan import Connected, CreateRows, NewRows
from gqlcrud.catalog import Column, Key, Model, Relation
from gqlcrud.diagnosis.assumptions import not_found
from gqlcrud.diagnosis.written_rows import WrittenBatch, WrittenRow, mapper_of
from gqlcrud.errors import WriteError
from gqlcrud.unit_of_work.demands import inserts_plainly
from gqlcrud.unit_of_work.finding import identity, is_assured, values_of
from gqlcrud.unit_of_work.inserts import Table, insert_rows_of, insert_statement, read_table
from gqlcrud.unit_of_work.plain_rows import is_deferrable, stored_values
from gqlcrud.unit_of_work.saving import Saver
from gqlcrud.write_plan import Named, Path

RecordKey: TypeAlias = tuple[Any, ...]
Targets: TypeAlias = Mapping[tuple[Relation, Key], Mapping[RecordKey, RecordKey]]
"""What the values of a key lead to, by relation and key: the foreign keys of those that have been looked for."""


def makes_new_rows(saver: Saver, plan: CreateRows) -> bool:
    """Whether new records are made by INSERTs, exactly as the unit of work would make them."""
    table = read_table(plan.model)
    return (
        table is not None
        and inserts_plainly(saver.session, plan.model)
        and all(_is_plain(table, group) for group in plan.groups)
    )


def _is_plain(table: Table, group: NewRows) -> bool:
    """Whether rows have keys, or something that makes them, and no value that is none to the type of its column: SQL's NULL
    for JSON is one only to SQLAlchemy's own types."""
    given = dict(zip(group.rows.columns, group.rows.values, strict=True))
    needed = {*table.given_keys, *table.defaulted_keys, *table.wrapped}
    if any(column.key in needed and _has_null(column, values, table) for column, values in given.items()):
        return False
    keys = {column.key for column in given}
    for each in group.connected:
        keys |= {column.key for column in each.relation.local}
        if any(column.key in needed and remote.nullable for column, remote in _pairs(each.relation)):
            return False
    return bool(keys) and keys.issuperset(table.given_keys)


def _has_null(column: Column, values: Sequence[Any], table: Table) -> bool:
    """Whether a value is null, in a column of a key or of JSON."""
    return (column.scalar.name == "JSON" or column.key not in table.wrapped) and any(value is None for value in values)


def _pairs(relation: Relation) -> list[tuple[Column, Column]]:
    return list(zip(relation.local, relation.remote, strict=True))


def create_rows(saver: Saver, plan: CreateRows, *, told: bool) -> dict[int, RecordKey | None]:
    """Make the records; their primary keys by their places. told: whether anybody asks for these; where nobody does, they
    may be None.

    Raises WriteError for connected records that are not there.
    """
    table = read_table(plan.model)
    assert table is not None, "asked for before"
    kept = saver.permissions.watches(plan.model, "create") or is_deferrable(plan.model)
    told = told or kept or _refers_to_itself(plan.model)
    targets = _targets(saver, plan)
    batches = _batches(saver, plan, table, targets)
    try:
        made = [_insert(saver, batch, told=told) for batch in batches]
    except Exception:
        refused = [row for batch in batches for row in batch.refused()]
        saver.writing[:] = sorted(refused, key=lambda row: row.path)
        raise
    found: dict[int, RecordKey | None] = {}
    for batch, keys in zip(batches, made, strict=True):
        saver.written += batch.written(keys) if kept else [WrittenBatch(batch.written)]
        found |= dict.fromkeys(batch.places) if keys is None else dict(zip(batch.places, keys, strict=True))
    return found


def _refers_to_itself(model: Model) -> bool:
    """Whether a record may refer to one of the same statement: one that tells keys inserts rows together."""
    return any(each.owns_key and issubclass(model.entity, each.target) for each in model.relations)


# ---------- what relations lead to ----------


def _targets(saver: Saver, plan: CreateRows) -> Targets:
    """The connected records, where nothing but looking tells that they are there.

    Raises WriteError for those of one relation that are not.
    """
    found: dict[tuple[Relation, Key], Mapping[RecordKey, RecordKey]] = {}
    for relation in dict.fromkeys(each.relation for group in plan.groups for each in group.connected):
        looked = [
            (group, each)
            for group in plan.groups
            for each in group.connected
            if each.relation is relation and not _is_assumed(saver, each)
        ]
        if looked:
            found |= _looked_up(saver, relation, looked)
    return found


def _is_assumed(saver: Saver, connected: Connected) -> bool:
    """Whether the foreign keys tell by themselves of targets that are not there."""
    first = tuple(values[0] for values in connected.values)
    return saver.holds_keys and is_assured(connected.relation, connected.named(first, ()))


def _looked_up(saver: Saver, relation: Relation, looked: Sequence[tuple[NewRows, Connected]]) -> Targets:
    wanted = {(each.key, values): each.named(values, ()) for _, each in looked for values in each.by_record()}
    instances = saver.finder.named(wanted.values())
    missing = [
        (place, each.named(values, (*group.path, place)))
        for group, each in looked
        for place, values in zip(group.rows.places, each.by_record(), strict=True)
        if (each.key, values) not in instances
    ]
    if missing:
        raise WriteError([not_found(named) for _, named in sorted(missing, key=lambda each: each[0])])
    found: dict[tuple[Relation, Key], dict[RecordKey, RecordKey]] = {}
    for (key, values), named in wanted.items():
        found.setdefault((relation, key), {})[values] = values_of(instances[identity(named)], relation.remote)
    return dict(found)


# ---------- rows ----------


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows of one INSERT. path: of the list that they stand in, at their places; rows: their values, in the order of the
    attributes `names`. assuming: the records that their foreign keys are to tell of."""

    model: Model
    path: Path
    names: tuple[str, ...]
    places: Sequence[int]
    rows: Sequence[tuple[Any, ...]]
    assuming: Sequence[tuple[NewRows, Connected]]

    def written(self, keys: Sequence[RecordKey] | None = None) -> list[WrittenRow]:
        """The rows once they are there. keys: their primary keys, where these are known."""
        primary = [column.key for column in self.model.primary_key]
        found: list[WrittenRow] = []
        for number, (place, row) in enumerate(zip(self.places, self.rows, strict=True)):
            values = dict(zip(self.names, row, strict=True))
            values |= {} if keys is None else dict(zip(primary, keys[number], strict=True))
            found.append(WrittenRow(self.model, values, None, (*self.path, place)))
        return found

    def refused(self) -> list[WrittenRow]:
        """The rows as a failure is told of them."""
        assumed: dict[int, list[Named]] = {}
        for group, each in self.assuming:
            for place, values in zip(group.rows.places, each.by_record(), strict=True):
                assumed.setdefault(place, []).append(each.named(values, (*self.path, place)))
        pairs = zip(self.places, self.written(), strict=True)
        return [replace(row, assumed=tuple(assumed.get(place, ()))) for place, row in pairs]


def _batches(saver: Saver, plan: CreateRows, table: Table, targets: Targets) -> list[_Batch]:
    """The rows of each INSERT; what some leave out that is NULL then is NULL for them."""
    columns = [_columns(saver, group, table, targets) for group in plan.groups]
    every = {key for each in columns for key in each}
    assuming = [
        (group, each) for group in plan.groups for each in group.connected if (each.relation, each.key) not in targets
    ]
    alike: dict[tuple[str, ...], tuple[list[int], list[tuple[Any, ...]]]] = {}
    for group, given in zip(plan.groups, columns, strict=True):
        missing = every.intersection(table.nulls).difference(given)
        filled = {**given, **{key: [None] * len(group.rows.places) for key in missing}}
        names = tuple(key for key in table.columns if key in filled)
        places, rows = alike.setdefault(names, ([], []))
        places += group.rows.places
        rows += zip(*(filled[key] for key in names), strict=True)
    path = plan.groups[0].path if plan.groups else ()
    return [_Batch(plan.model, path, names, *_in_order(*members), assuming) for names, members in alike.items()]


def _in_order(
    places: Sequence[int], rows: Sequence[tuple[Any, ...]]
) -> tuple[Sequence[int], Sequence[tuple[Any, ...]]]:
    """Rows in the order of the input, by which the database numbers them."""
    if all(map(lt, places, places[1:])):
        return places, rows
    order = sorted(range(len(places)), key=places.__getitem__)
    return [places[each] for each in order], [rows[each] for each in order]


def _columns(saver: Saver, group: NewRows, table: Table, targets: Targets) -> dict[str, Sequence[Any]]:
    """The values of a group by attribute: what is given, what relations lead to, and what the mapper sets."""
    rows = group.rows
    stored = stored_values(rows, saver.database)
    found = {column.key: values for column, values in zip(rows.columns, stored, strict=True)}
    for each in group.connected:
        known = targets.get((each.relation, each.key))
        keys = each.values if known is None else list(zip(*(known[key] for key in each.by_record()), strict=True))
        found |= {column.key: values for column, values in zip(each.relation.local, keys, strict=True)}
    for key, make in table.constants:
        if key not in found:
            found[key] = [make() for _ in rows.places]
    return found


def _insert(saver: Saver, batch: _Batch, *, told: bool) -> list[RecordKey] | None:
    """The primary keys of the rows that are made; None where nobody is told of them."""
    primary = [column.key for column in batch.model.primary_key]
    missing = tuple(key for key in primary if key not in batch.names) if told else ()
    insert = insert_statement(batch.model, batch.names, missing, saver.database)
    connection = saver.session.connection(bind_arguments={"mapper": mapper_of(batch.model)})
    result = insert_rows_of(insert, connection, batch.rows)
    if not told:
        return None
    found = result.fetchall() if missing else []
    made = sorted(found, key=lambda each: each[0]) if insert.by_keys else found
    columns: dict[str, Sequence[Any]] = dict(zip(missing, zip(*made, strict=True), strict=True)) if missing else {}
    columns |= {key: [row[place] for row in batch.rows] for place, key in enumerate(batch.names) if key in primary}
    return list(zip(*(columns[key] for key in primary), strict=True))
