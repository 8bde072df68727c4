"""One value of an input in, what its column is set to out: what passes here, the column can hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gqlcrud.catalog import Bounds, Catalog, Column
from gqlcrud.keys import decode_id
from gqlcrud.planning import canonical_json
from gqlcrud.values import has_room
from gqlcrud.write_plan import Assignment
from gqlcrud.write_planning.rules import check_rules


def plan_assignment(column: Column, value: Any, catalog: Catalog) -> Assignment:
    """Raises ValueError or RequestError for a value that the column cannot hold."""
    return checked_assignment(column, input_value(column, value, catalog))


def input_value(column: Column, value: Any, catalog: Catalog) -> Any:
    """The value as an attribute of the mapped class takes it. Raises ValueError or RequestError for one of another kind."""
    if value is None:
        return None
    if column.references is not None:
        return decode_id(value, catalog.model(column.references))[0]
    return _checked(column, value)


def checked_assignment(column: Column, value: Any) -> Assignment:
    """Null is NULL, and refused where NULL is not allowed. Raises ValueError or RequestError for what is out of bounds."""
    if value is None and not column.nullable and column.scalar.name != "JSON":
        raise ValueError(f"{column.name} cannot be null.")
    if value is not None and column.references is None:
        check_bounds(value, column.bounds, column.name)
        if column.rules:
            check_rules(value, column)
    return Assignment(column, value)


def _checked(column: Column, value: Any) -> Any:
    if column.scalar.name == "JSON":
        canonical_json(value)
        return value
    if column.scalar.item is not None:
        return [None if each is None else column.scalar.item.check(each) for each in value]
    return column.scalar.check(value)


def check_bounds(value: Any, bounds: Bounds, name: str) -> None:
    """Raises ValueError for a text that is too long and a decimal with too many digits before its point.

    Digits after the point are rounded, as databases do.
    """
    if isinstance(value, str) and bounds.length is not None and len(value) > bounds.length:
        raise ValueError(f"{name} has at most {bounds.length} characters; this text has {len(value)}.")
    if isinstance(value, Decimal) and bounds.precision is not None:
        scale = bounds.scale or 0
        if not has_room(bounds.precision, scale, value):
            raise ValueError(f"{name} has at most {bounds.precision - scale} digits before the point.")
