"""The names of a file in, what each of them stands for out: a column, or a part of the key of a related record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gqlcrud.catalog import Catalog, Column, Key, Model, Relation, Source
from gqlcrud.crud.members import listed_by_ids
from gqlcrud.files.failures import FileError


@dataclass(frozen=True, slots=True, eq=False)
class ColumnField:
    """A column that takes the value."""

    column: Column


@dataclass(frozen=True, slots=True, eq=False)
class KeyField:
    """A column of a unique key of the record that a relation leads to: `author.email`."""

    relation: Relation
    column: Column


@dataclass(frozen=True, slots=True, eq=False)
class NestedField:
    """A relation with operations, or a list of primary keys such as `tag_ids`, as `Crud` takes them. Files of JSON alone
    have them."""

    relation: Relation


@dataclass(frozen=True, slots=True)
class LeftField:
    """A name whose values are not taken. known: it is a column, which no caller sets."""

    known: bool


FileField: TypeAlias = ColumnField | KeyField | NestedField | LeftField


def field_of(name: str, model: Model, catalog: Catalog) -> FileField:
    """What a name stands for; a `LeftField` if it is none of the model's."""
    member = model.members.get(name)
    if isinstance(member, Column):
        return ColumnField(member) if is_given(member) else LeftField(known=True)
    if isinstance(member, Relation):
        return NestedField(member)
    relation = listed_by_ids(model, name)
    if relation is not None:
        return NestedField(relation)
    before, _, after = name.partition(".")
    member = model.members.get(before)
    if isinstance(member, Relation) and not member.many:
        columns = key_columns(catalog.model(member.target))
        if after in columns:
            return KeyField(member, columns[after])
    return LeftField(known=False)


def is_given(column: Column) -> bool:
    """Whether files give the column's value: it is stored, and nobody but the caller sets it."""
    return column.offered and column.source is Source.STORED and not column.read_only


def key_columns(target: Model) -> dict[str, Column]:
    """The columns of a model's unique keys, by attribute."""
    return {column.key: column for key in target.keys for column in key.columns}


def known_names(model: Model, catalog: Catalog, *, nested: bool) -> list[str]:
    """What a file may give: columns, keys of related records, and with `nested` relations themselves."""
    names = [column.key for column in model.columns if is_given(column)]
    for relation in model.relations:
        if relation.writable and not relation.many:
            names += [f"{relation.key}.{name}" for name in key_columns(catalog.model(relation.target))]
        if relation.writable and nested:
            names.append(relation.key)
    return names


# ---------- headers ----------


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a file of CSV. names: as they stand in the file; fields: what they stand for, one by one.

    keys: for each relation that the file leads to, the unique key and where its columns stand. left: the names whose
    values are not taken.
    """

    names: tuple[str, ...]
    fields: tuple[FileField, ...]
    keys: tuple[tuple[Relation, Key, tuple[int, ...]], ...]
    left: tuple[str, ...]


def read_header(
    names: Sequence[str],
    model: Model,
    catalog: Catalog,
    *,
    renamed: Mapping[str, str] | None = None,
    skipped: int = 0,
    ignore_unknown: bool = False,
) -> Header:
    """The meaning of a header. renamed: name in the file -> name of the model. skipped: how many columns to begin with are
    not the model's. Raises FileError for names that are unknown, stand there twice, or do not make up a unique key."""
    renamed = renamed or {}
    _check_renamed(renamed, names)
    wanted = [renamed.get(name, name) for name in names]
    _check_once(wanted[skipped:])
    fields: list[FileField] = [
        LeftField(known=True) if place < skipped else field_of(name, model, catalog)
        for place, name in enumerate(wanted)
    ]
    unknown = [
        name
        for name, field in zip(names, fields, strict=True)
        if isinstance(field, NestedField) or (isinstance(field, LeftField) and not field.known)
    ]
    if unknown and not ignore_unknown:
        known = ", ".join(known_names(model, catalog, nested=False))
        listed = ", ".join(map(repr, unknown))
        raise FileError(
            f"{model.name} has nothing called {listed} to be read from a file. It has: {known}. Name the columns with "
            "--map column=field, or leave them out with --ignore-unknown.",
            1,
        )
    taken = tuple(LeftField(known=False) if isinstance(field, NestedField) else field for field in fields)
    left = tuple(n for n, f in zip(names[skipped:], taken[skipped:], strict=True) if isinstance(f, LeftField))
    if len(left) == len(names) - skipped:
        raise FileError(f"The header names nothing of {model.name}.", 1)
    return Header(tuple(names), taken, _keys(taken, catalog), left)


def _check_renamed(renamed: Mapping[str, str], names: Sequence[str]) -> None:
    missing = [name for name in renamed if name not in names]
    if missing:
        raise FileError(f"The file has no column {missing[0]!r}, which --map names. It has: {', '.join(names)}.", 1)


def _check_once(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise FileError(f"The header has {name!r} twice.", 1)
        seen.add(name)


def _keys(fields: Sequence[FileField], catalog: Catalog) -> tuple[tuple[Relation, Key, tuple[int, ...]], ...]:
    """The unique keys that the columns of each relation make up. Raises FileError."""
    places: dict[Relation, dict[str, int]] = {}
    for place, field in enumerate(fields):
        if isinstance(field, KeyField):
            places.setdefault(field.relation, {})[field.column.key] = place
    given = {field.column.key for field in fields if isinstance(field, ColumnField)}
    found = []
    for relation, by_name in places.items():
        key = named_by(catalog.model(relation.target), by_name)
        if key is None:
            raise FileError(f"{_listed(relation, by_name)} is no unique key. {_possible(relation, catalog)}", 1)
        twice = [column.key for column in relation.local if relation.owns_key and column.key in given]
        if twice:
            raise FileError(
                f"{_listed(relation, by_name)} and {twice[0]} say the same thing: leave out one of them.", 1
            )
        found.append((relation, key, tuple(by_name[column.key] for column in key.columns)))
    return tuple(found)


def named_by(target: Model, names: Iterable[str]) -> Key | None:
    """The unique key whose columns have just these names."""
    wanted = set(names)
    return next((key for key in target.keys if {column.key for column in key.columns} == wanted), None)


def _listed(relation: Relation, names: Iterable[str]) -> str:
    return ", ".join(f"{relation.key}.{name}" for name in names)


def _possible(relation: Relation, catalog: Catalog) -> str:
    keys = [_listed(relation, [c.key for c in key.columns]) for key in catalog.model(relation.target).keys]
    return f"These are: {'; '.join(keys)}."
