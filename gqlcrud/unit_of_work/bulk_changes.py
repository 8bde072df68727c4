"""Changes and deletions of many records in, their primary keys out: by one statement for all, or by the unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, lazyload, selectinload
from sqlalchemy.orm.interfaces import LoaderOption

from gqlcrud.bulk_plan import DeleteMany, UpdateItem, UpdateMany
from gqlcrud.catalog import Column, Model
from gqlcrud.diagnosis.assumptions import not_found
from gqlcrud.diagnosis.written_rows import WrittenRow, mapper_of
from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.plan import Always, Condition
from gqlcrud.statements.bulk import (
    chosen_statement,
    delete_statement,
    key_names,
    update_each_statement,
    update_statement,
)
from gqlcrud.unit_of_work.applying import RecordKey
from gqlcrud.unit_of_work.demands import deletes_along, deletes_plainly, updates_plainly
from gqlcrud.unit_of_work.finding import Instance, identity
from gqlcrud.unit_of_work.given_keys import check_references
from gqlcrud.unit_of_work.lists import stale
from gqlcrud.unit_of_work.making import assigned
from gqlcrud.unit_of_work.saving import Saver
from gqlcrud.write_plan import Path, Save

# ---------- one change of many ----------


def update_chosen(saver: Saver, plan: UpdateMany) -> list[RecordKey]:
    """Change the records for which the condition holds."""
    save = plan.save
    model = save.model
    values = {**saver.values_of(save), **saver.changes_of(save)}
    # which foreign keys stay as they are is seen of instances
    nested = save.to_one or save.to_many or save.references
    if nested or not updates_plainly(saver.session, model, values):
        instances: list[Instance] = _chosen(saver, model, plan.where, plan.maximum, plan.maximum_path, whole=True)
        if instances and not save.is_empty:
            saver.update([(instance, save) for instance in instances])
        return [saver.key_of(instance, model) for instance in instances]
    keys: list[RecordKey] = _chosen(saver, model, plan.where, plan.maximum, plan.maximum_path, whole=False)
    if keys and values:
        path = save.path if save.assignments else save.ops_path
        rows = [WrittenRow(model, values, key, path) for key in keys]
        saver.execute(update_statement(model, values, keys, saver.database), rows)
        saver.session.expire_all()
    return keys


def _chosen(
    saver: Saver, model: Model, where: Condition, maximum: int, path: Path, *, whole: bool, options: Sequence[Any] = ()
) -> list[Any]:
    """The records for which a condition holds, or their keys, locked. Raises WriteError for too many, before a write."""
    if where == Always(False):
        return []
    statement = chosen_statement(model, where, maximum + 1, saver.database, whole=whole)
    if whole:
        statement = statement.options(*options, lazyload("*")).execution_options(populate_existing=True)
        found: list[Any] = list(saver.session.scalars(statement).unique())
    else:
        found = [tuple(row) for row in saver.session.execute(statement)]
    if len(found) > maximum:
        raise WriteError([UserError(ErrorCode.LIMIT, f"These are more than {maximum} {model.name} records.", path)])
    return found


# ---------- a change of each ----------


def update_all(saver: Saver, model: Model, items: Sequence[UpdateItem]) -> list[RecordKey]:
    """Change records that are named, each by changes of its own."""
    instances = _named(saver, model, items)
    keys = [saver.key_of(instance, model) for instance in instances]
    changed = [(instance, item.save) for instance, item in zip(instances, items, strict=True) if not item.save.is_empty]
    if all(_is_flat(save) for _, save in changed):
        attributes = {each.column.key for _, save in changed for each in save.assignments}
        if updates_plainly(saver.session, model, attributes, alike=False):
            placed = [(saver.key_of(instance, model), save.path) for instance, save in changed]
            saver.permissions.check_before(model, "update", placed)
            check_references(saver.finder, [(save, instance, assigned(save)) for instance, save in changed])
            _update_rows(saver, model, changed)
            return keys
    saver.update(changed)
    return keys


def _named(saver: Saver, model: Model, items: Sequence[UpdateItem]) -> list[Instance]:
    """The records, locked. Raises WriteError for all that are missing, named twice, or of another version."""
    found = saver.finder.named([item.target for item in items], lock=True)
    errors: list[UserError] = []
    seen: dict[int, UpdateItem] = {}
    for item in items:
        instance = found.get(identity(item.target))
        if instance is None:
            errors.append(not_found(item.target))
            continue
        first = seen.setdefault(id(instance), item)
        if first is not item:
            message = f"The same {model.name} is named by item {first.target.path[2]} already."
            errors.append(UserError(ErrorCode.CONFLICTING_OPERATIONS, message, item.target.path))
        elif _is_stale(instance, item.version, model.version):
            errors.append(stale(model, saver.key_of(instance, model), item.target.path))
    if errors:
        raise WriteError(errors)
    return [found[identity(item.target)] for item in items]


def _is_stale(instance: Instance, version: int | None, column: Column | None) -> bool:
    return version is not None and column is not None and getattr(instance, column.key) != version


def _is_flat(save: Save) -> bool:
    """Whether the changes are parameters of one statement. SQL's NULL for JSON is one only to SQLAlchemy's own types."""
    return not (save.changes or save.to_one or save.to_many) and not any(
        each.value is None and each.column.scalar.name == "JSON" and isinstance(each.column.sql_type, sa.TypeDecorator)
        for each in save.assignments
    )


def _update_rows(saver: Saver, model: Model, items: Sequence[tuple[Instance, Save]]) -> None:
    """One UPDATE for all that change the same columns, with a set of parameters for each record.

    The unit of work takes a statement for each record that has a version, to see that it was still there; these are
    locked.
    """
    mapper = mapper_of(model)
    groups: dict[tuple[str, ...], list[tuple[dict[str, Any], WrittenRow]]] = {}
    for instance, save in items:
        values = saver.values_of(save)
        key = saver.key_of(instance, model)
        row = {mapper.column_attrs[each].columns[0].key: value for each, value in values.items()}
        generator = mapper.version_id_generator
        if mapper.version_id_col is not None and generator:
            attribute = mapper.get_property_by_column(mapper.version_id_col).key
            row[str(mapper.version_id_col.key)] = generator(getattr(instance, attribute))
        row |= dict(zip(key_names(model), key, strict=True))
        groups.setdefault(tuple(sorted(row)), []).append((row, WrittenRow(model, values, key, save.path)))
    connection = saver.session.connection(bind_arguments={"mapper": mapper})
    for members in groups.values():
        saver.writing[:] = [row for _, row in members]
        connection.execute(update_each_statement(model), [parameters for parameters, _ in members])
        saver.done()
    saver.session.expire_all()


# ---------- deletions ----------


def delete_chosen(saver: Saver, plan: DeleteMany) -> list[RecordKey]:
    """Delete the records for which the condition holds, with what the mapper deletes or releases along with them."""
    model, path = plan.model, ("input", "where")
    if deletes_plainly(saver.session, model):
        keys: list[RecordKey] = _chosen(saver, model, plan.where, plan.maximum, plan.maximum_path, whole=False)
        if keys:
            rows = [WrittenRow(model, {}, key, path, deleted=True) for key in keys]
            saver.execute(delete_statement(model, keys, saver.database), rows)
            saver.session.expire_all()
        return keys
    options = loaded_along(mapper_of(model)) if model.soft_deletion is None else []
    instances: list[Instance] = _chosen(
        saver, model, plan.where, plan.maximum, plan.maximum_path, whole=True, options=options
    )
    keys = [saver.key_of(instance, model) for instance in instances]
    saver.delete([(instance, path) for instance in instances], model)
    return keys


def loaded_along(mapper: Mapper[Any], above: tuple[Mapper[Any], ...] = ()) -> list[LoaderOption]:
    """What deletions go on to, loaded for all records at once: else it would be loaded for one after the other."""
    options: list[LoaderOption] = []
    for relationship in mapper.relationships:
        if deletes_along(relationship):
            load = selectinload(relationship.class_attribute)
            below = relationship.mapper
            deeper = relationship.cascade.delete and below not in (*above, mapper)
            nested = loaded_along(below, (*above, mapper)) if deeper else []
            options.append(load.options(*nested) if nested else load)  # type: ignore[arg-type]  # loads of the target
    return options
