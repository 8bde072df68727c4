"""Rows in, records and pages out: the immutable values that GraphQL's fields are read from."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import class_mapper
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.types import TypeDecorator

from gqlcrud.catalog import Column, Model, Source
from gqlcrud.statements.columns import CONVERTED
from gqlcrud.statements.unreadable import Unreadable, readable


class Record(tuple[Any, ...]):
    """One row of a model: its fetched columns, as attributes named like those of the mapped class.

    The last item holds what `related_of` gives.
    """

    __slots__ = ()
    _gqlcrud_model: ClassVar[Model]
    _gqlcrud_names: ClassVar[tuple[str, ...]]

    def __getattr__(self, name: str) -> Any:
        model = model_of(self)
        how = (
            f"A field of your own names what it reads: @gqlcrud.field(requires=[{name!r}])."
            if model.global_id
            else "Say what is wanted, relations among it, by select=: a Pydantic model or names."
        )
        raise AttributeError(f"{name!r} of {model.name} is not fetched. {how}")

    def __repr__(self) -> str:
        values = zip(self._gqlcrud_names, self, strict=False)
        return f"{model_of(self).name}({', '.join(f'{name}={value!r}' for name, value in values)})"


def model_of(record: Record) -> Model:
    """The model of a record: not an attribute of it, since a column may have any name."""
    return record._gqlcrud_model


def related_of(record: Record) -> dict[str, Any]:
    """The related records by response key: those that the request selects."""
    related: dict[str, Any] = record[-1]
    return related


@functools.lru_cache(maxsize=2048)
def record_class(model: Model, columns: tuple[Column, ...]) -> type[Record]:
    """The class of the records of one model with these columns, in this order."""
    namespace: dict[str, Any] = {
        column.key: property(_getter(i, column, column in model.primary_key)) for i, column in enumerate(columns)
    }
    about = {"__slots__": (), "_gqlcrud_model": model, "_gqlcrud_names": tuple(namespace)}
    return type(model.name, (Record,), {**about, **namespace})


def _getter(place: int, column: Column, in_key: bool) -> Callable[[Record], Any]:
    """How an attribute is read; that of a type whose values may be unreadable raises RequestError for one. So does one of
    the key for a NULL, which SQLite lets be there."""
    if in_key:
        return lambda record: readable(Unreadable(None) if record[place] is None else record[place])
    if not isinstance(column.sql_type, _DOUBTFUL):
        return itemgetter(place)
    return lambda record: readable(record[place])


_DOUBTFUL = (*CONVERTED, postgresql.INTERVAL, sa.String, TypeDecorator)


@dataclass(frozen=True, slots=True)
class FacetCount:
    """A value of a facet, None for NULL, and how many records have it. It is Unreadable where Python has no such value."""

    value: Any
    count: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of records, as each view of its plan shows them.

    records: by the view's path. cursors: one for each record, if any was asked for. edges: the values of the link's
    columns, one mapping for each record, if any was asked for. facets: by name, the values that most records of the list
    have first.
    """

    records: Mapping[tuple[str, ...], Sequence[Record]]
    count: int
    cursors: Sequence[str]
    edges: Sequence[Mapping[str, Any]]
    has_next_page: bool
    has_previous_page: bool
    total_count: int | None
    facets: Mapping[str, Sequence[FacetCount]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Connection:
    """A page as the field with the response key `key` shows it."""

    page: Page
    key: str


@dataclass(frozen=True, slots=True)
class Edge:
    """One record of a connection. `path` leads to the edge's views."""

    page: Page
    index: int
    path: tuple[str, ...]


def python_value(source: Any, column: Column, model: Model) -> Any:
    """The value of a hybrid property that has no SQL form: computed by an instance of the class with the same values."""
    if not isinstance(source, Record):
        return getattr(source, column.key)
    instance: Any = class_mapper(model.entity).class_manager.new_instance()
    for each in model.columns:
        if each.source is Source.STORED and not each.deferred:
            set_committed_value(instance, each.key, getattr(source, each.key))
    return getattr(instance, column.key)
