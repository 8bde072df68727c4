"""What Python callers want of records in, the selection that planning takes out, and how records become what they want."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from gqlcrud.catalog import Catalog, Column, Model, Relation, Source
from gqlcrud.crud.members import listed_by_ids, member_of
from gqlcrud.errors import ConfigurationError, RequestError
from gqlcrud.execution import Record, python_value, related_of
from gqlcrud.selection import Selection

T = TypeVar("T")
NODES = "nodes"


@dataclass(frozen=True, slots=True, eq=False)
class Shape(Generic[T]):
    """What is fetched of each record, and what becomes of the records."""

    selections: tuple[Selection, ...]
    build: Callable[[Sequence[Record]], list[T]]


@dataclass(frozen=True, slots=True)
class _Part:
    """One value of a record: under which name it goes into the result, and how it is read."""

    name: str
    selection: Selection
    read: Callable[[Record], Any]


def record_shape(model: Model) -> Shape[Any]:
    """The records as they are, with every column that is not deferred."""
    columns = [
        each for each in model.columns if each.source in (Source.STORED, Source.EXPRESSION) and not each.deferred
    ]
    return Shape(tuple(Selection(each.name, each.name, {}) for each in columns), list)


def key_shape(model: Model) -> Shape[Any]:
    """The primary keys."""
    columns = model.primary_key
    selections = tuple(Selection(each.name, each.name, {}) for each in columns if each.name in model.members)
    return Shape(
        selections, lambda records: [tuple(getattr(each, column.key) for column in columns) for each in records]
    )


# ---------- names ----------


def named_shape(model: Model, catalog: Catalog, names: Sequence[str]) -> Shape[dict[str, Any]]:
    """Dicts of the attributes that dotted names lead to: `author.name` is in a dict of its own, `tags.label` in a list.

    Raises RequestError for a name that leads to nothing.
    """
    parts = _named_parts(model, catalog, [name.split(".") for name in names])
    return Shape(tuple(part.selection for part in parts), _dicts(parts))


def _named_parts(model: Model, catalog: Catalog, paths: Sequence[Sequence[str]]) -> list[_Part]:
    below: dict[str, list[Sequence[str]]] = {}
    for name, *rest in paths:
        below.setdefault(name, []).extend([rest] if rest else [])
    parts = []
    for name, rests in below.items():
        listed = listed_by_ids(model, name) if name not in model.members and not rests else None
        if listed is not None:
            parts.append(_ids_part(name, listed, catalog.model(listed.target)))
            continue
        member = member_of(model, name)
        if isinstance(member, Relation):
            if not rests:
                raise RequestError(f"{name} leads to other records; name what is wanted of them: '{name}.<attribute>'.")
            target = catalog.model(member.target)
            inner = _named_parts(target, catalog, rests)
            parts.append(_relation_part(name, name, member, inner, _dicts(inner)))
        elif rests:
            raise RequestError(f"{name} is a column and has no {rests[0][0]!r}.")
        else:
            parts.append(_column_part(name, member, model))
    return parts


def _dicts(parts: Sequence[_Part]) -> Callable[[Sequence[Record]], list[dict[str, Any]]]:
    readers = [(part.name, part.read) for part in parts]
    return lambda records: [{name: read(record) for name, read in readers} for record in records]


# ---------- Pydantic models ----------


def schema_shape(model: Model, catalog: Catalog, schema: type[T]) -> Shape[T]:
    """Instances of a Pydantic model, whose fields are called like attributes; those of nested models like relations.

    Raises ConfigurationError for a field that has to have a value and is called like none of them.
    """
    parts = _schema_parts(model, catalog, schema, ())
    dicts = _dicts(parts)
    adapter: TypeAdapter[list[Any]] = TypeAdapter(list[schema])  # type: ignore[valid-type]  # a type that is known when it runs
    return Shape(tuple(part.selection for part in parts), lambda records: adapter.validate_python(dicts(records)))


def _schema_parts(model: Model, catalog: Catalog, schema: Any, above: tuple[Any, ...]) -> list[_Part]:
    if schema in above:
        raise ConfigurationError(
            f"{schema.__name__} contains itself, so nothing says how deep its records are to be loaded. Write a model for "
            "each level."
        )
    schema.model_rebuild()  # fields of classes that were defined later
    parts: list[_Part] = []
    for name, info in schema.model_fields.items():
        attribute = _attribute(name, info, model)
        if attribute is not None:
            parts.append(_field_part(attribute, name, info, model, catalog, (*above, schema)))
        elif info.is_required():
            raise ConfigurationError(
                f"{schema.__name__}.{name} has no value: {model.name} has no attribute of this name. It has: "
                f"{', '.join(model.members)}. Give the field a default, or an alias that is one of them."
            )
    return parts


def _attribute(name: str, info: FieldInfo, model: Model) -> str | None:
    """The attribute that a field shows: called like it, or like its alias."""
    for each in (name, *_aliases(info)):
        if each in model.members or listed_by_ids(model, each) is not None:
            return each
    return None


def _aliases(info: FieldInfo) -> list[str]:
    alias = info.validation_alias or info.alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return [each for each in choices if isinstance(each, str)]


def _input_name(name: str, info: FieldInfo) -> str:
    """Under which name Pydantic takes the value."""
    return next(iter(_aliases(info)), name)


def _field_part(
    attribute: str, name: str, info: FieldInfo, model: Model, catalog: Catalog, above: tuple[Any, ...]
) -> _Part:
    given = _input_name(name, info)
    if attribute not in model.members:
        relation = listed_by_ids(model, attribute)
        assert relation is not None, "the attribute is one of these"
        return _ids_part(given, relation, catalog.model(relation.target))
    member = member_of(model, attribute)
    if isinstance(member, Column):
        return _column_part(given, member, model)
    nested = _nested_model(info.annotation)
    if nested is None or _is_listed(info.annotation) is not member.many:
        kind = f"list[{member.target.__name__}Read]" if member.many else f"{member.target.__name__}Read"
        raise ConfigurationError(
            f"{above[-1].__name__}.{name} shows the relation {model.name}.{attribute}: annotate it with a Pydantic model, as "
            f"in {kind}, not {info.annotation!r}."
        )
    parts = _schema_parts(catalog.model(member.target), catalog, nested, above)
    return _relation_part(given, attribute, member, parts, _dicts(parts))


def _nested_model(annotation: Any) -> type[BaseModel] | None:
    """The one Pydantic model in an annotation such as `list[TagRead]` or `AuthorRead | None`."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, BaseModel) else None
    return next(filter(None, map(_nested_model, get_args(annotation))), None)


def _is_listed(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return any(map(_is_listed, get_args(annotation)))
    return isinstance(origin, type) and issubclass(origin, Collection)


# ---------- values ----------


def _column_part(name: str, column: Column, model: Model) -> _Part:
    selection = Selection(column.name, column.name, {})
    if column.source is Source.PYTHON:
        return _Part(name, selection, lambda record: python_value(record, column, model))
    key = column.key
    return _Part(name, selection, lambda record: getattr(record, key))


def _relation_part(
    name: str,
    attribute: str,
    relation: Relation,
    parts: Sequence[_Part],
    build: Callable[[Sequence[Record]], list[Any]],
) -> _Part:
    inner = tuple(part.selection for part in parts)
    if relation.many:
        selection = Selection(attribute, relation.name, {}, (Selection(NODES, NODES, {}, inner),))
        return _Part(name, selection, lambda record: build(related_of(record)[attribute].records[(attribute, NODES)]))

    def one(record: Record) -> Any:
        found = related_of(record)[attribute]
        return None if found is None else build([found])[0]

    return _Part(name, Selection(attribute, relation.name, {}, inner), one)


def _ids_part(name: str, relation: Relation, target: Model) -> _Part:
    shape = key_shape(target)
    key = f"{relation.name}_ids"
    selection = Selection(key, relation.name, {}, (Selection(NODES, NODES, {}, shape.selections),))
    single = len(target.primary_key) == 1

    def ids(record: Record) -> list[Any]:
        found = shape.build(related_of(record)[key].records[(key, NODES)])
        return [each[0] for each in found] if single else found

    return _Part(name, selection, ids)


@functools.lru_cache(maxsize=512)
def _known_shape(model: Model, catalog: Catalog, select: Any) -> Shape[Any]:
    if select is None:
        return record_shape(model)
    if isinstance(select, tuple):
        return named_shape(model, catalog, select)
    return schema_shape(model, catalog, select)


def shape_of(model: Model, catalog: Catalog, select: Any) -> Shape[Any]:
    """What `select=` means: a Pydantic model, dotted names, or None for records of all columns.

    Raises ConfigurationError for a Pydantic model that does not fit, RequestError for names that lead to nothing.
    """
    if select is None or (isinstance(select, type) and issubclass(select, BaseModel)):
        return _known_shape(model, catalog, select)
    if isinstance(select, list | tuple) and select and all(isinstance(each, str) for each in select):
        return _known_shape(model, catalog, tuple(select))
    raise ConfigurationError(
        f"select= takes a Pydantic model, or names such as ['title', 'author.name'], not {select!r}."
    )
