"""What Python callers order by in, the `orderBy` that planning takes out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Mapper, class_mapper
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import UnaryExpression

from gqlcrud.catalog import Catalog, Column, Model
from gqlcrud.crud.members import member_of
from gqlcrud.errors import RequestError
from gqlcrud.plan import Sort

OrderBy: TypeAlias = Sequence[Any] | str | sa.SQLColumnExpression[Any] | None
"""Terms, most important first: names (`"title"`, `"-published_at"` descending, `"author.last_name"`, `"tags.count"`, each
with `nulls first` or `nulls last` after it), or attributes (`Book.title`, `Book.title.desc().nulls_last()`)."""

_TERM = re.compile(r"(?P<minus>[-+]?)(?P<path>[\w.]+)(?: +nulls +(?P<nulls>first|last))?\Z", re.IGNORECASE)
_DIRECTIONS = {operators.desc_op: "DESC", operators.asc_op: "ASC"}
_NULLS = {operators.nulls_first_op: "FIRST", operators.nulls_last_op: "LAST"}


def order_input(order_by: OrderBy, model: Model, catalog: Catalog) -> list[dict[str, Any]] | None:
    """The terms as planning takes them. Raises RequestError with the path from `order_by`."""
    if order_by is None:
        return None
    terms = [order_by] if isinstance(order_by, str) or not isinstance(order_by, Sequence) else order_by
    found = []
    for place, term in enumerate(terms):
        try:
            path, sort = _read(term, model)
            found.append(_nested(path, sort, model, catalog))
        except RequestError as error:
            raise error.below("order_by", place) from None
    return found


def _read(term: Any, model: Model) -> tuple[list[str], Sort]:
    """The path of a term, and how it sorts."""
    if not isinstance(term, str):
        return _read_expression(term, model)
    match = _TERM.match(term.strip())
    if match is None:
        raise RequestError(f"{term!r} is nothing to order by: write 'title', '-title' or 'author.name nulls last'.")
    return match["path"].split("."), _sort("DESC" if match["minus"] == "-" else "ASC", match["nulls"])


def _read_expression(term: Any, model: Model) -> tuple[list[str], Sort]:
    direction, nulls = "ASC", None
    while isinstance(term, UnaryExpression) and term.modifier is not None:
        direction = _DIRECTIONS.get(term.modifier, direction)
        nulls = _NULLS.get(term.modifier, nulls)
        term = term.element
    annotations = getattr(term, "_annotations", {})
    key = term.key if isinstance(term, InstrumentedAttribute) else annotations.get("proxy_key")
    if key is None:
        raise RequestError("An order has attributes of the class, or names of them, and no other expressions.")
    parent = term.parent if isinstance(term, InstrumentedAttribute) else annotations.get("parententity")
    if not isinstance(parent, Mapper) or not class_mapper(model.entity).isa(parent):
        owner = parent.class_.__name__ if isinstance(parent, Mapper) else "an alias"
        raise RequestError(
            f"{key} of {owner} is no attribute of {model.name}; a name leads through relations: '<relation>.{key}'."
        )
    return [str(key)], _sort(direction, nulls)


def _sort(direction: str, nulls: str | None) -> Sort:
    return Sort(direction if nulls is None else f"{direction}_NULLS_{nulls.upper()}")


def _nested(path: list[str], sort: Sort, model: Model, catalog: Catalog) -> dict[str, Any]:
    name, *rest = path
    member = member_of(model, name)
    if isinstance(member, Column):
        if rest or not member.sortable:
            raise RequestError(f"{name} is a column and has no {rest[0]}." if rest else f"{name} cannot be ordered by.")
        return {name: sort}
    if member.many:
        if rest != ["count"]:
            raise RequestError(f"{name} leads to many records; order by their number: '{name}.count'.")
        return {name: {"count": sort}}
    if not rest:
        raise RequestError(f"{name} leads to another record; order by a column of it: '{name}.<column>'.")
    return {name: _nested(rest, sort, catalog.model(member.target), catalog)}
