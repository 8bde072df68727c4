"""For resolvers of the user's own: records and relations by key, batched with those that the API loads itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar, cast

from graphql import get_named_type, is_abstract_type
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from strawberry.types import Info

from gqlcrud.catalog import Column, Model, Relation
from gqlcrud.context import Operation, column_named, operation_of_model
from gqlcrud.errors import ConfigurationError
from gqlcrud.execution import Record, model_of
from gqlcrud.plan import PagePlan, RecordPlan
from gqlcrud.selection import UNASKED, Selection, read_selection

T = TypeVar("T")
Attribute = str | InstrumentedAttribute[Any]


async def load_record(
    info: Info, entity: type[T], key: Any, *, by: Sequence[str] = (), columns: Sequence[str] = ()
) -> T | None:
    """The record of `entity` with this key, or None.

    key: the value of the primary key, a tuple if it has several columns; of the attributes `by`, if they are given. A
    key that is None, or has None in it, finds nothing. Of several records with the values of `by` one is given.
    What the field that is being resolved selects of the record is fetched, and the attributes `columns` besides.
    Calls of one operation that ask for the same thing share a statement. The record has the attributes of `entity`
    that were fetched, and nothing more of it.

    Raises ConfigurationError outside an operation of an API with `entity`, or for an attribute that it does not offer.
    """
    return (await load_records(info, entity, [key], by=by, columns=columns))[0]


async def load_records(
    info: Info, entity: type[T], keys: Sequence[Any], *, by: Sequence[str] = (), columns: Sequence[str] = ()
) -> list[T | None]:
    """The records with these keys, in their order, None where there is none; see `load_record`."""
    operation = operation_of_model(entity)
    model = operation.catalog.model(entity)
    key_columns = tuple(_stored(model, name) for name in by) if by else model.primary_key
    selection = _selection(info, model, columns)
    identity = ("record", model, key_columns, tuple(columns), *map(id, info._raw_info.field_nodes))
    plan = operation.plan_once(
        identity, lambda: operation.planner.record(selection, model, key_columns), at=info._raw_info
    )
    assert isinstance(plan, RecordPlan)
    values = [_values(key, key_columns, model) for key in keys]
    found = await operation.reader.records(plan, values)
    return [cast("T", views[selection.key]) if views is not None else None for views in found]


async def load_relation(info: Info, source: Any, attribute: Attribute, *, columns: Sequence[str] = ()) -> Any:
    """What a relation of `source` leads to: a record or None, or a list of records.

    source: a record, such as the `self` of a resolver; its field `requires` the relation. attribute: the mapped
    attribute (`Book.author`), or its name. A list has at most as many records as the largest page, in the
    relation's own order. See `load_record` for what is fetched, and what is raised.
    """
    owner = cast("type", attribute.class_) if isinstance(attribute, InstrumentedAttribute) else _entity_of(source)
    operation = operation_of_model(owner)
    name = attribute.key if isinstance(attribute, InstrumentedAttribute) else attribute
    relation = column_named(operation.catalog.model(owner), name)
    if not isinstance(relation, Relation):
        raise ConfigurationError(f"{owner.__name__}.{name} is a column; load_relation loads relations.")
    key = tuple(getattr(source, column.key) for column in relation.local)
    plan, response_key = _relation_plan(info, operation, relation, columns)
    if isinstance(plan, PagePlan):
        page = await operation.reader.related_page(plan, key)
        return list(page.records[(response_key, "nodes")])
    if None in key:
        return None
    (views,) = await operation.reader.records(plan, [key])
    return views[response_key] if views is not None else None


def connection(entity: type) -> AbstractAsyncContextManager[AsyncConnection]:
    """The connection of the running operation, for statements of one's own: `async with connection(Book) as c: ...`.

    No other statement of the operation runs meanwhile, so nothing else is loaded in the block. It is for reading: on
    PostgreSQL an engine's connection commits each statement by itself.
    """
    return operation_of_model(entity).connection.exclusive()


@asynccontextmanager
async def transaction(entity: type) -> AsyncIterator[AsyncSession]:
    """A session in a transaction of its own, for what a mutation of one's own writes.

    `async with transaction(Book) as session: ...` commits at the end of the block, and rolls back if it fails. What the
    operation reads after the block sees what was written. Raises ConfigurationError outside an operation of an API with
    `entity`.
    """
    operation = operation_of_model(entity)
    async with operation.writer.source.begin() as session:
        yield session
    operation.forget()


def _relation_plan(
    info: Info, operation: Operation, relation: Relation, columns: Sequence[str]
) -> tuple[PagePlan | RecordPlan, str]:
    target = operation.catalog.model(relation.target)
    selection = _selection(info, target, columns)
    identity = ("relation", relation, tuple(columns), *map(id, info._raw_info.field_nodes))

    def make() -> PagePlan | RecordPlan:
        if not relation.many:
            return operation.planner.record(selection, target, relation.remote, relation)
        nodes = Selection("nodes", "nodes", {}, selection.children)
        page = Selection(selection.key, relation.name, {"first": target.max_page_size}, (nodes,))
        return operation.planner.page(page, target, relation)

    return operation.plan_once(identity, make, at=info._raw_info), selection.key


def _selection(info: Info, model: Model, columns: Sequence[str]) -> Selection:
    """What the field selects of a `model`, if that is what it gives, and the attributes `columns`."""
    given = get_named_type(info._raw_info.return_type)
    fits = is_abstract_type(given) or given.name == model.name
    selection = read_selection(info._raw_info, model.name)
    further = tuple(Selection(f"{UNASKED}{name}", _stored(model, name).name, {}) for name in columns)
    return Selection(selection.key, selection.name, {}, (selection.children if fits else ()) + further)


def _values(key: Any, columns: Sequence[Column], model: Model) -> tuple[Any, ...]:
    values = key if isinstance(key, tuple) else (key,)
    if len(values) != len(columns) and key is not None:
        names = ", ".join(column.key for column in columns)
        raise ConfigurationError(f"{key!r} is no key of {model.name}: give a tuple of {names}, in this order.")
    return (None,) * len(columns) if key is None else values


def _stored(model: Model, name: str) -> Column:
    column = column_named(model, name)
    if not isinstance(column, Column):
        raise ConfigurationError(f"{model.name}.{name} is a relation; name columns here.")
    return column


def _entity_of(source: Any) -> type:
    return model_of(source).entity if isinstance(source, Record) else type(source)
