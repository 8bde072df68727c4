"""How a relation joins: the condition between an alias of the owner, or a batch of its keys, and an alias of the target."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlalchemy.orm import join as orm_join
from sqlalchemy.sql.selectable import FromClause, NamedFromClause
from sqlalchemy.types import TypeEngine

from gqlcrud.catalog import Column, Relation
from gqlcrud.statements.binding import holds_bytes, json_encoder
from gqlcrud.statements.columns import Columns, attribute
from gqlcrud.statements.dialect import Database


@dataclass(frozen=True, slots=True)
class Target:
    """An alias of a relation's target. `source` is what to select from: the alias, joined to that of the link table or
    of the owner where they are needed. `condition` ties it to the owner or to its keys."""

    entity: Any
    link: NamedFromClause | None
    source: Any
    condition: sa.ColumnElement[bool]


def new_alias(entity: type) -> Any:
    """A fresh alias of a mapped class; a joined subclass becomes a plain join, not a subquery."""
    return aliased(entity, flat=True)


def join_owner(relation: Relation, owner: Any) -> Target:
    """The target's records for each row of `owner`, an alias of the relation's owning class."""
    target = new_alias(relation.target)
    if relation.custom and _has_link(relation):
        return _linked_once(relation, target, [attribute(column, owner) for column in relation.local], owner)
    if relation.custom:
        # SQLAlchemy's own rendering of the join condition between two aliases
        return Target(target, None, target, sa.and_(getattr(owner, relation.key).of_type(target)))
    return _join_values(relation, target, [attribute(column, owner) for column in relation.local])


def join_keys(relation: Relation, keys: Keys) -> Target:
    """The target's records for each key of a batch."""
    target = new_alias(relation.target)
    if not relation.custom:
        return _join_values(relation, target, keys.columns)
    if _has_link(relation):
        return _linked_once(relation, target, keys.columns, keys.table)
    source, same = _custom_join(relation, target, keys.columns)
    return Target(target, None, source, sa.and_(*same))


def _custom_join(
    relation: Relation, target: Any, values: Sequence[sa.ColumnElement[Any]]
) -> tuple[Any, list[sa.ColumnElement[bool]]]:
    """An alias of the owner joined to the target as SQLAlchemy does it, and the condition that its key equals `values`."""
    owner = new_alias(relation.owner)
    same = [attribute(column, owner) == value for column, value in zip(relation.local, values, strict=True)]
    return orm_join(owner, target, getattr(owner, relation.key).of_type(target)), same


def _join_values(relation: Relation, target: Any, values: Sequence[sa.ColumnElement[Any]]) -> Target:
    """The target's records whose key, directly or through the link table, equals `values`."""
    link = relation.link
    if link is None:
        equal = [attribute(column, target) == value for column, value in zip(relation.remote, values, strict=True)]
        return Target(target, None, target, sa.and_(*equal))
    table = link.table.alias()
    here = [table.c[key] == value for key, value in zip(link.local, values, strict=True)]
    if link.deletion is not None:
        here.append(_is_there(table.c[link.deletion.key], link.deletion.alive))
    there = [
        table.c[key] == attribute(column, target) for key, column in zip(link.remote, relation.remote, strict=True)
    ]
    if link.unique:
        return Target(target, table, orm_join(table, target, sa.and_(*there)), sa.and_(*here))
    # a pair may be linked twice: IN keeps each record once
    linked = sa.select(*(table.c[key] for key in link.remote)).where(*here).correlate_except(table)
    remote = [attribute(column, target) for column in relation.remote]
    one_of = remote[0].in_(linked) if len(remote) == 1 else sa.tuple_(*remote).in_(linked)
    return Target(target, None, target, one_of)


def _is_there(mark: sa.ColumnElement[Any], alive: bool | None) -> sa.ColumnElement[bool]:
    """A link is not marked as deleted; a flag that is NULL marks nothing."""
    if alive is None:
        return mark.is_(None)
    return mark.is_not(sa.false() if alive else sa.true())


def _has_link(relation: Relation) -> bool:
    """Whether a custom join goes through a link table, which may link two records more than once."""
    return sa.inspect(relation.owner).relationships[relation.key].secondary is not None


def _linked_once(relation: Relation, target: Any, values: Sequence[sa.ColumnElement[Any]], outer: Any) -> Target:
    """The target's records that a custom join leads to from the owner whose key is `values`, of `outer`: each once."""
    inner = new_alias(relation.target)
    source, same = _custom_join(relation, inner, values)
    linked = sa.select(*primary_key(inner)).select_from(source).where(*same).correlate(outer)
    key = primary_key(target)
    one_of = key[0].in_(linked) if len(key) == 1 else sa.tuple_(*key).in_(linked)
    return Target(target, None, target, one_of)


def join_after(keys: FromClause, target: Target) -> Any:
    """`keys JOIN target`: one table after the other, the condition in ON, so that no other condition can hide it."""
    source = target.source
    if isinstance(source, sa.Join):
        return sa.join(sa.join(keys, source.left, target.condition), source.right, source.onclause)
    return sa.join(keys, source, target.condition)


def primary_key(entity: Any) -> list[sa.ColumnElement[Any]]:
    """The primary key of an alias."""
    mapper = sa.inspect(entity).mapper
    return [getattr(entity, mapper.get_property_by_column(column).key) for column in mapper.primary_key]


# ---------- batches of keys ----------


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a batch as a table: one row a key. `place` is the row's number; the text of the statement is the
    same for any number of keys, so that one prepared statement serves. source: the table; None where the one key of a
    batch stands for itself."""

    source: FromClause | None
    place: sa.ColumnElement[int]
    columns: tuple[sa.ColumnElement[Any], ...]

    @property
    def table(self) -> FromClause:
        assert self.source is not None, "keys of a batch are selected from"
        return self.source


def keys_of(columns: Sequence[Column], database: Database) -> Keys:
    """The bound keys: arrays `key0`, `key1` ... on PostgreSQL, one JSON text `keys` on SQLite.

    SQLAlchemy calls literals after columns, and a number behind `_`: no parameter is called like that.
    """
    types = [Columns(database).bind_type(column) for column in columns]
    if database is Database.POSTGRESQL:
        return _unnested([sa.bindparam(f"key{i}", type_=sa.ARRAY(each)) for i, each in enumerate(types)], types)
    return _json_rows(sa.bindparam("keys", type_=sa.Text()), types)


def one_key(columns: Sequence[Column], database: Database) -> Keys:
    """A batch of one key, bound as `key0`, `key1` ... There is nothing to select from: its values stand in conditions, and
    the database plans the statement once."""
    types = [Columns(database).bind_type(column) for column in columns]
    place = sa.literal_column("1" if database is Database.POSTGRESQL else "0", sa.Integer())
    return Keys(None, place, tuple(sa.bindparam(f"key{i}", type_=each) for i, each in enumerate(types)))


def can_be_one(columns: Sequence[Column], relation: Relation | None) -> bool:
    """Whether `one_key` will do: for keys of plain types, and relations that join by nothing but the key."""
    plain = all(
        isinstance(column.sql_type, sa.Integer | sa.String | sa.Uuid) and not isinstance(column.sql_type, sa.Enum)
        for column in columns
    )
    return bool(columns) and plain and (relation is None or not relation.custom)


def bound_keys(columns: Sequence[Column], keys: Sequence[tuple[Any, ...]], database: Database) -> Keys:
    """The same with the keys in it, for UPDATE and DELETE: they take the names of parameters for those of columns."""
    types = [Columns(database).bind_type(column) for column in columns]
    values = key_parameters(columns, keys, database)
    if database is Database.POSTGRESQL:
        arrays = [sa.literal(values[f"key{i}"], sa.ARRAY(sql_type)) for i, sql_type in enumerate(types)]
        return _unnested(arrays, types)
    return _json_rows(sa.literal(values["keys"], sa.Text()), types)


def _unnested(arrays: Sequence[sa.ColumnElement[Any]], types: Sequence[TypeEngine[Any]]) -> Keys:
    names = [f"key_{i}" for i in range(len(arrays))]
    table = (
        sa.func.unnest(*arrays).table_valued(*names, with_ordinality="place", name="keys").render_derived(name="keys")
    )
    typed = [sa.type_coerce(table.c[name], sql_type) for name, sql_type in zip(names, types, strict=True)]
    return Keys(table, table.c.place, tuple(typed))


def _json_rows(text: sa.ColumnElement[Any], types: Sequence[TypeEngine[Any]]) -> Keys:
    rows = sa.func.json_each(text).table_valued("key", "value", name="keys")
    values = [sa.func.json_extract(rows.c.value, sa.literal_column(f"'$[{i}]'")) for i in range(len(types))]
    cells = [
        sa.func.gqlcrud_bytes(value) if holds_bytes(sql_type) else value
        for value, sql_type in zip(values, types, strict=True)
    ]
    return Keys(rows, rows.c.key, tuple(cells))


def key_parameters(
    columns: Sequence[Column], keys: Sequence[tuple[Any, ...]], database: Database, *, single: bool = False
) -> dict[str, Any]:
    """The keys of a batch as `keys_of` declares them; single: as `one_key` does."""
    if not columns:
        return {}
    if single:
        return {f"key{i}": value for i, value in enumerate(keys[0])}
    if database is Database.POSTGRESQL:
        return {f"key{i}": [key[i] for key in keys] for i in range(len(columns))}
    encode = [json_encoder(Columns(database).bind_type(column)) for column in columns]
    return {"keys": json.dumps([[each(value) for each, value in zip(encode, key, strict=True)] for key in keys])}
