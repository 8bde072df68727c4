"""The page arguments in, a `Window` out: the only place that knows page sizes and their limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gqlcrud.catalog import Model
from gqlcrud.catalog.positions import PLACE, RANK, is_stored_value, position_scalar
from gqlcrud.errors import ErrorCode, RequestError
from gqlcrud.keys import decode_cursor
from gqlcrud.plan import ColumnKey, OrderKey, OrderTerm, RankKey, Window
from gqlcrud.scalars import JsonScalar, Scalar
from gqlcrud.values import check_float, check_text

_NO_CURSOR = "This is not a cursor."

CheckPosition = Callable[[Sequence[OrderTerm], Sequence[JsonScalar]], None]


def plan_window(
    arguments: Mapping[str, Any], model: Model, order: Sequence[OrderTerm], mark: str, check: CheckPosition
) -> Window:
    """Null arguments are as if absent; what is out of bounds is refused, never clamped.

    Source: Relay cursor connections, section 4.4 "Pagination algorithm".
    """
    first = _size(arguments, "first", model)
    last = _size(arguments, "last", model)
    offset = arguments.get("offset")
    if offset is not None and offset < 0:
        raise RequestError("offset cannot be negative.", path=("offset",))
    for other in ("last", "before"):
        if offset is not None and arguments.get(other) is not None:
            raise RequestError(
                f"offset counts from the start of the list; it cannot be used with {other}.", path=("offset",)
            )
    return Window(
        first=model.page_size if first is None and last is None else first,
        last=last,
        offset=offset or 0,
        after=_position(arguments, "after", order, mark, check),
        before=_position(arguments, "before", order, mark, check),
    )


def check_typed_position(order: Sequence[OrderTerm], position: Sequence[JsonScalar]) -> None:
    """Refuse a value that its column cannot hold: the database would, with an error of its own, or place it anywhere."""
    for term, value in zip(order, position, strict=True):
        if not (term.nullable if value is None else _is_typed_value(term, value)):
            raise RequestError(_NO_CURSOR)


def check_stored_position(order: Sequence[OrderTerm], position: Sequence[JsonScalar]) -> None:
    """Refuse a value that SQLite does not keep in its column. Stored values are compared as they are."""
    for term, value in zip(order, position, strict=True):
        if not (term.nullable if value is None else _is_stored_value(term, value)):
            raise RequestError(_NO_CURSOR)


def _is_typed_value(term: OrderTerm, value: JsonScalar) -> bool:
    """Whatever a scalar of the user's own makes of it."""
    scalar = _scalar(term.key)
    try:
        if isinstance(value, str):
            check_text(value)
        if isinstance(value, float):
            check_float(value)
        scalar.decode(value)
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
        return False
    return True


def _scalar(key: OrderKey) -> Scalar:
    match key:
        case ColumnKey():
            return position_scalar(key.column)
        case RankKey():
            return RANK
        case _:
            return PLACE


def _is_stored_value(term: OrderTerm, value: JsonScalar) -> bool:
    stored = is_stored_value(term.key.column, value) if isinstance(term.key, ColumnKey) else type(value) is int
    return stored and _has_64_bits(value)


def _has_64_bits(value: JsonScalar) -> bool:
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def _size(arguments: Mapping[str, Any], name: str, model: Model) -> int | None:
    size: int | None = arguments.get(name)
    if size is None:
        return None
    if size < 0:
        raise RequestError(f"{name} cannot be negative.", path=(name,))
    if size > model.max_page_size:
        message = f"{name} is {size}; a page of {model.many} has at most {model.max_page_size} records."
        raise RequestError(message, ErrorCode.LIMIT, (name,))
    return size


def _position(
    arguments: Mapping[str, Any], name: str, order: Sequence[OrderTerm], mark: str, check: CheckPosition
) -> tuple[JsonScalar, ...] | None:
    text = arguments.get(name)
    if text is None:
        return None
    try:
        position = decode_cursor(text, mark, len(order))
        check(order, position)
    except RequestError as error:
        raise error.below(name) from None
    return position
