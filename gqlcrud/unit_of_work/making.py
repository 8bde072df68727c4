"""What new records are given in, the records made out: rows of their table, or instances that are flushed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gqlcrud.catalog import Column, Model
from gqlcrud.diagnosis.written_rows import WrittenRow
from gqlcrud.hooks import WriteKind
from gqlcrud.statements import Database
from gqlcrud.unit_of_work.finding import Instance
from gqlcrud.unit_of_work.instances import stored_otherwise, stored_value
from gqlcrud.unit_of_work.plain_creates import RowMaker, makes_rows
from gqlcrud.unit_of_work.record_hooks import Subject
from gqlcrud.unit_of_work.refusals import new_instances
from gqlcrud.unit_of_work.saver import New, RecordSaver, contradiction
from gqlcrud.unit_of_work.targets import Owner
from gqlcrud.write_plan import Path, Save


@dataclass(frozen=True, slots=True)
class Made:
    """Records that are made. values: what each was given; instances: they, or what stands for them where they are plain
    rows."""

    values: Sequence[Mapping[str, Any]]
    instances: Sequence[Instance]
    plain: bool


def make_records(
    saver: RecordSaver,
    saves: Sequence[Save],
    owners: Sequence[Owner],
    *,
    bulk: bool,
    shown: Sequence[Column] = (),
) -> Made:
    """Make records, as rows where they are nothing else; these have `shown` as the database has stored it.

    bulk: all that are alike by one statement, whatever their order, and null is NULL even where there is a default.
    """
    model, given = saves[0].model, [owner.values for owner in owners]
    values = stored_values(saves, given, saver.database)
    if makes_rows(saver.session, model, saves, values):
        rows = _new_rows(saves, values, owners)
        saver.writing[:] = rows
        made = RowMaker(saver.session, saver.database, saver.catalog, model).make(values, bulk=bulk, shown=shown)
        saver.writing.clear()
        keys = [column.key for column in model.primary_key]
        saver.written += [
            WrittenRow(model, {**value, **{key: getattr(one, key) for key in keys}}, None, save.path)
            for save, value, one in zip(saves, values, made, strict=True)
        ]
        return Made(values, made, plain=True)
    wanted = [Subject(save.model, save.path, value, None, save) for save, value in zip(saves, given, strict=True)]
    values = stored_values(saves, saver.hooks.before(WriteKind.CREATE, wanted), saver.database)
    with saver.session.no_autoflush:
        made = new_instances(list(zip(saves, values, strict=True)))
    saver.session.add_all(made)
    rows = _new_rows(saves, values, owners)
    saver.flush(rows)
    saver.written[len(saver.written) - len(rows) :] = [
        row.keyed(row.mapper.primary_key_from_instance(one)) for row, one in zip(rows, made, strict=True)
    ]
    return Made(values, made, plain=False)


def _new_rows(saves: Sequence[Save], values: Sequence[Mapping[str, Any]], owners: Sequence[Owner]) -> list[WrittenRow]:
    return [
        WrittenRow(save.model, value, None, save.path, assumed=tuple(owner.assumed))
        for save, value, owner in zip(saves, values, owners, strict=True)
    ]


def assigned(save: Save) -> dict[str, Any]:
    """What the assignments of a record set, by attribute, before the database's types."""
    return {each.column.key: each.value for each in save.assignments}


def initial(item: New) -> dict[str, Any]:
    """What a new record is given, by its parent and by the input, which may not say otherwise."""
    chosen = assigned(item.save)
    for key in item.given.keys() & chosen.keys():
        if item.given[key] != chosen[key]:
            message = "This contradicts the record that the new one belongs to; leave it out."
            raise contradiction(message, (*item.save.path, *_field(key, item.save.model)))
    return {**item.given, **chosen}


def _field(key: str, model: Model) -> Path:
    """The GraphQL field of an attribute, where it has one."""
    return tuple(column.name for column in model.columns if column.key == key)


def subjects_of(
    saves: Sequence[Save], values: Sequence[Mapping[str, Any]], instances: Sequence[Instance]
) -> list[Subject]:
    """The records that are there, for hooks."""
    return [
        Subject(save.model, save.path, value, instance, save)
        for save, value, instance in zip(saves, values, instances, strict=True)
    ]


def stored_values(
    saves: Sequence[Save], values: Sequence[Mapping[str, Any]], database: Database
) -> list[dict[str, Any]]:
    """The values as attributes take them for this database."""
    found = [dict(value) for value in values]
    for save, value in zip(saves, found, strict=True):
        for key in value.keys() & stored_otherwise(save.model):
            value[key] = stored_value(save.model.stored[key], value[key], database)
    return found
