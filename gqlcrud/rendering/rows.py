"""Rows of one level and what belongs to them in, response values out: column by column, then a dict for each row."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gqlcrud.catalog import Column
from gqlcrud.keys import encode_id
from gqlcrud.rendering.dicts import dicts
from gqlcrud.rendering.leaves import NotRendered
from gqlcrud.rendering.shapes import IdShape, LeafShape, ManyShape, OneShape, RecordShape, Typename
from gqlcrud.rendering.texts import Values
from gqlcrud.statements import value_at


@dataclass(slots=True)
class Table:
    """Rows of a statement as columns. places: of each column of the record by its key."""

    rows: Sequence[Any]
    places: Mapping[str, int]
    _columns: Sequence[Values] | None = None

    def column(self, key: str) -> Values:
        """The values of one column."""
        return self.cell(self.places[key])

    def cell(self, place: int) -> Values:
        """The values of one cell of the rows."""
        if self._columns is None:
            self._columns = list(zip(*self.rows, strict=True))
        return self._columns[place]


def render_records(
    shape: RecordShape, table: Table, related: Mapping[str, Values], *, keys: Sequence[Column]
) -> list[dict[str, Any]]:
    """A dict for each row. related: what relations lead to, by response key, one value for each row.

    keys: columns of the primary key, whose NULL is an error. Raises NotRendered where graphql-core would tell of one.
    """
    for part in shape.parts:
        if (
            isinstance(part, LeafShape)
            and part.leaf.nullable
            and part.column in keys
            and None in table.column(part.column.key)
        ):
            raise NotRendered
    count = len(table.rows)
    columns = [_values(part, table, related, count) for part in shape.parts]
    return dicts(tuple(part.key for part in shape.parts), columns, count)


def _values(part: Any, table: Table, related: Mapping[str, Values], count: int) -> Values:
    match part:
        case LeafShape(_, column, leaf, None):
            return leaf.values(table.column(column.key))
        case LeafShape(_, column, leaf, list(path)):
            return leaf.values([value_at(value, path) for value in table.column(column.key)])
        case IdShape(_, columns, type_name, nullable):
            return id_values(type_name, columns, [table.column(each.key) for each in columns], nullable=nullable)
        case OneShape(key, _, nullable):
            found = related[key]
            if not nullable and None in found:
                raise NotRendered
            return found
        case ManyShape(key, _):
            return related[key]
        case Typename(_, name):
            return [name] * count
        case _:
            raise AssertionError("every part of a record is one of these")


def id_values(type_name: str, columns: Sequence[Column], values: Sequence[Values], *, nullable: bool) -> Values:
    """Global ids, null where a part of the key is."""
    if any(None in each for each in values):
        if not nullable:
            raise NotRendered
        return [None if None in key else encode_id(type_name, columns, key) for key in zip(*values, strict=True)]
    if len(columns) == 1 and columns[0].scalar.name == "Int" and set(map(type, values[0])) == {int}:
        return [urlsafe_b64encode(b"%s:%d" % (type_name.encode(), key)).decode().rstrip("=") for key in values[0]]
    return [encode_id(type_name, columns, key) for key in zip(*values, strict=True)]
