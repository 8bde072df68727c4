"""Values that a column cannot hold: missing ones, long texts, large numbers, odd characters. Rows in, errors out.

It asks no database: the columns' types tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.sql.elements import Null

from gqlcrud.catalog import Catalog, Model, Relation
from gqlcrud.diagnosis.violations import ViolationKind
from gqlcrud.diagnosis.written_rows import (
    StoredColumn,
    WrittenRow,
    attribute_of,
    field_names,
    model_of,
    offered_column,
    place,
    rows_of,
)
from gqlcrud.errors import ErrorCode, UserError
from gqlcrud.values import has_room

_UNPLACED = {
    ViolationKind.TOO_LONG: "A text is too long.",
    ViolationKind.OUT_OF_RANGE: "A value is out of range.",
    ViolationKind.INVALID_TEXT: "A text holds a character that the database cannot store.",
}


# ---------- NULL where there has to be a value ----------


def null_errors(
    table: sa.Table, columns: Sequence[StoredColumn], rows: Sequence[WrittenRow], catalog: Catalog
) -> list[UserError]:
    """One error for each row that has no value for one of the columns; one for them all, if it is none of them.

    Deleting a record takes the value from those that refer to it, which are not among the rows then.
    """
    found = [
        _required(row.model, column, [row]) for row in rows_of(rows, table) for column in columns if _lacks(row, column)
    ]
    model = model_of(catalog, table)
    return found or ([] if model is None else [_required(model, column, rows, told=False) for column in columns])


def _lacks(row: WrittenRow, column: StoredColumn) -> bool:
    attribute = row.attribute(column)
    if row.deleted or attribute is None:
        return False
    value = row.values.get(attribute, ... if row.key is not None else None)
    generated = column.server_default is not None or column.default is not None or column.primary_key
    # SQLAlchemy leaves a None out of an INSERT: the default of the column takes its place.
    return isinstance(value, Null) or (value is None and not (row.key is None and generated))


def _required(model: Model, column: StoredColumn, rows: Sequence[WrittenRow], *, told: bool = True) -> UserError:
    """told: whether the field is one of the input's record."""
    attribute = attribute_of(model, column)
    relation = next((each for each in model.relations if not each.many and _leads_from(each, attribute)), None)
    fields = field_names(model, [column]) or (() if relation is None else (relation.name,))
    if relation is not None:
        code, message = ErrorCode.REQUIRED_RELATION, f"{model.name}.{relation.name} is required."
    else:
        name = f"{model.name}.{fields[0]}" if fields else f"A value of {model.name} that the API does not offer"
        code, message = ErrorCode.VALIDATION, f"{name} is required."
    return UserError(code, message, place(rows, fields if told else ()), fields)


def _leads_from(relation: Relation, attribute: str | None) -> bool:
    """Whether the attribute is the foreign key of a relation."""
    return [column.key for column in relation.local] == [attribute]


# ---------- values that do not fit ----------


def misfit_errors(kind: ViolationKind, rows: Sequence[WrittenRow], dialect: str) -> list[UserError]:
    """One error for each value that the type of its column has no room for.

    If there is none, the value is one that the database computes: the only one of its sort, or it is not known which.
    """
    describe = _DESCRIPTIONS[kind]
    found: list[UserError] = []
    computed: list[tuple[WrittenRow, StoredColumn]] = []
    for row in rows:
        for column, value in _written(row):
            if isinstance(value, sa.ClauseElement):
                computed.append((row, column))
            elif (limit := describe(column, value, dialect)) is not None:
                found.append(_misfit(kind, row, column, limit))
    if not found and len(computed) == 1:
        row, column = computed[0]
        found.append(_misfit(kind, row, column, _COMPUTED[kind]))
    return found or [UserError(ErrorCode.VALIDATION, _UNPLACED[kind], place(rows, ()))]


def uncomputable(rows: Sequence[WrittenRow]) -> UserError:
    """An operator makes a value that the database cannot compute or store."""
    message = "The database cannot compute or store a value of this record."
    return UserError(ErrorCode.VALIDATION, message, place(rows, ()))


def _written(row: WrittenRow) -> Iterator[tuple[StoredColumn, object]]:
    for attribute in row.mapper.column_attrs if not row.deleted else ():
        if attribute.key in row.values and isinstance(attribute.columns[0], sa.Column):
            yield attribute.columns[0], row.values[attribute.key]


def _misfit(kind: ViolationKind, row: WrittenRow, column: StoredColumn, limit: str) -> UserError:
    offered = offered_column(row.model, column)
    if offered is None:
        return UserError(ErrorCode.VALIDATION, _UNPLACED[kind], row.path)
    return UserError(
        ErrorCode.VALIDATION, f"{row.model.name}.{offered.name} {limit}.", (*row.path, offered.name), (offered.name,)
    )


def _length(column: StoredColumn, value: object, _dialect: str) -> str | None:
    kind = column.type
    if not isinstance(kind, sa.String) or isinstance(kind, sa.Enum) or not isinstance(value, str):
        return None
    too_long = kind.length is not None and len(value) > kind.length
    return f"may have at most {kind.length} characters" if too_long else None


def _range(column: StoredColumn, value: object, dialect: str) -> str | None:
    kind = column.type
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    if isinstance(kind, sa.Integer):
        top = 2 ** (_bits(kind, dialect) - 1)
        return None if -top <= value < top else f"must be between {-top} and {top - 1}"
    if isinstance(kind, sa.Numeric) and kind.precision is not None:
        scale = kind.scale or 0
        fits = has_room(kind.precision, scale, Decimal(str(value)))
        return None if fits else f"may have at most {kind.precision - scale} digits before the decimal point"
    return None


def _bits(kind: sa.Integer, dialect: str) -> int:
    if dialect == "sqlite" or isinstance(kind, sa.BigInteger):
        return 64
    return 16 if isinstance(kind, sa.SmallInteger) else 32


def _characters(_column: StoredColumn, value: object, _dialect: str) -> str | None:
    odd = isinstance(value, str) and any(each == "\0" or "\ud800" <= each <= "\udfff" for each in value)
    return "holds a character that the database cannot store" if odd else None


_DESCRIPTIONS: dict[ViolationKind, Callable[[StoredColumn, object, str], str | None]] = {
    ViolationKind.TOO_LONG: _length,
    ViolationKind.OUT_OF_RANGE: _range,
    ViolationKind.INVALID_TEXT: _characters,
}
_COMPUTED = {
    ViolationKind.TOO_LONG: "becomes too long",
    ViolationKind.OUT_OF_RANGE: "leaves its range",
    ViolationKind.INVALID_TEXT: "would hold a character that the database cannot store",
}
