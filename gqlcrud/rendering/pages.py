"""The rows of pages and the records in them in, connections out, as the response has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gqlcrud.errors import RequestError
from gqlcrud.execution import Cut, PageRows
from gqlcrud.plan import PagePlan
from gqlcrud.rendering.dicts import dicts
from gqlcrud.rendering.leaves import NotRendered
from gqlcrud.rendering.rows import id_values
from gqlcrud.rendering.shapes import (
    ConnectionShape,
    CursorShape,
    EdgesShape,
    FacetShape,
    FacetsShape,
    IdShape,
    LeafShape,
    NodesShape,
    PageInfoShape,
    TotalShape,
    Typename,
)
from gqlcrud.rendering.texts import Values

Records = Mapping[tuple[str, ...], list[dict[str, Any]]]


def render_pages(
    plan: PagePlan, key: str, shape: ConnectionShape, fetched: PageRows, records: Records
) -> list[dict[str, Any]]:
    """A connection for each page. records: by the path of their view, those of all pages one after the other."""
    try:
        cursors = fetched.cursors(plan) if plan.need.cursors else []
    except RequestError as error:
        raise NotRendered from error
    parts = [_part(plan, key, part, fetched, records, cursors) for part in shape.parts]
    return dicts(tuple(part.key for part in shape.parts), parts, len(fetched.cuts))


def _part(
    plan: PagePlan, key: str, part: Any, fetched: PageRows, records: Records, cursors: Sequence[str]
) -> Sequence[Any]:
    match part:
        case NodesShape(name, _):
            return _sliced(fetched, records[(key, name)])
        case EdgesShape():
            return _sliced(fetched, _edges(plan, key, part, fetched, records, cursors))
        case TotalShape():
            return [cut.total for cut in fetched.cuts]
        case PageInfoShape():
            return _page_infos(part, fetched, cursors)
        case FacetsShape():
            return [_facets(part, cut) for cut in fetched.cuts]
        case Typename(_, name):
            return [name] * len(fetched.cuts)
        case _:
            raise AssertionError("every part of a connection is one of these")


def _sliced(fetched: PageRows, values: Sequence[Any]) -> list[Sequence[Any]]:
    """The values of each page, of those of all pages."""
    found: list[Sequence[Any]] = []
    position = 0
    for cut in fetched.cuts:
        found.append(values[position : position + len(cut.rows)])
        position += len(cut.rows)
    return found


def _edges(
    plan: PagePlan, key: str, shape: EdgesShape, fetched: PageRows, records: Records, cursors: Sequence[str]
) -> list[dict[str, Any]]:
    count = len(fetched.shown)
    columns: list[Values] = []
    for part in shape.parts:
        match part:
            case NodesShape(name, _):
                columns.append(records[(key, shape.key, name)])
            case CursorShape():
                columns.append(cursors)
            case LeafShape(_, column, leaf, _):
                columns.append(leaf.values(fetched.edge_values(plan, column)) if count else [])
            case IdShape(_, owned, type_name, nullable):
                values = [fetched.edge_values(plan, owned[0])] if count else [[]]
                columns.append(id_values(type_name, owned, values, nullable=nullable))
            case Typename(_, name):
                columns.append([name] * count)
    return dicts(tuple(part.key for part in shape.parts), columns, count)


def _facets(shape: FacetsShape, cut: Cut) -> dict[str, Any]:
    return {part.key: part.name if isinstance(part, Typename) else _facet(part, cut) for part in shape.parts}


def _facet(shape: FacetShape, cut: Cut) -> list[dict[str, Any]]:
    counts = cut.facets[shape.shown.name][: shape.limit]
    values: Values = [each.value for each in counts]
    if shape.shown.target is not None and counts:
        values = id_values(shape.shown.target, [shape.shown.column], [values], nullable=True)
    columns: list[Values] = []
    for part in shape.parts:
        if isinstance(part, Typename):
            columns.append([part.name] * len(counts))
        else:
            _, leaf = part
            columns.append([each.count for each in counts] if leaf is None else leaf.values(values))
    keys = tuple(part.key if isinstance(part, Typename) else part[0] for part in shape.parts)
    return dicts(keys, columns, len(counts))


def _page_infos(shape: PageInfoShape, fetched: PageRows, cursors: Sequence[str]) -> list[dict[str, Any]]:
    pages = _sliced(fetched, cursors) if cursors else [()] * len(fetched.cuts)
    found: list[dict[str, Any]] = []
    for cut, shown in zip(fetched.cuts, pages, strict=True):
        values = {
            "hasNextPage": cut.has_next,
            "hasPreviousPage": cut.has_previous,
            "startCursor": shown[0] if shown else None,
            "endCursor": shown[-1] if shown else None,
            "__typename": "PageInfo",
        }
        found.append({key: values[name] for key, name in shape.parts})
    return found
