"""Response keys and columns of values in, a dict for each row out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

Rows: TypeAlias = Any
"""The values of each row, in the order of the keys."""
Dicts: TypeAlias = list[dict[str, Any]]


def dicts(keys: tuple[str, ...], columns: Sequence[Sequence[Any]], count: int) -> Dicts:
    """A dict for each row of `columns`, of which there are `count`. Columns of other lengths are an error."""
    if not keys:
        return [{} for _ in range(count)]
    rows = zip(*columns, strict=True)
    if len(keys) <= len(_MAKERS):
        return _MAKERS[len(keys) - 1](keys, rows)
    return [dict(zip(keys, row, strict=True)) for row in rows]


# A dict that is written out takes Python a third of `dict(zip(...))`: 0.25 us in place of 0.8 for seven keys.


def _of_1(keys: tuple[str, ...], rows: Rows) -> Dicts:
    (k0,) = keys
    return [{k0: a} for (a,) in rows]


def _of_2(keys: tuple[str, ...], rows: Rows) -> Dicts:
    k0, k1 = keys
    return [{k0: a, k1: b} for a, b in rows]


def _of_3(keys: tuple[str, ...], rows: Rows) -> Dicts:
    k0, k1, k2 = keys
    return [{k0: a, k1: b, k2: c} for a, b, c in rows]


def _of_4(keys: tuple[str, ...], rows: Rows) -> Dicts:
    k0, k1, k2, k3 = keys
    return [{k0: a, k1: b, k2: c, k3: d} for a, b, c, d in rows]


def _of_5(keys: tuple[str, ...], rows: Rows) -> Dicts:
    k0, k1, k2, k3, k4 = keys
    return [{k0: a, k1: b, k2: c, k3: d, k4: e} for a, b, c, d, e in rows]


def _of_6(keys: tuple[str, ...], rows: Rows) -> Dicts:
    k0, k1, k2, k3, k4, k5 = keys
    return [{k0: a, k1: b, k2: c, k3: d, k4: e, k5: f} for a, b, c, d, e, f in rows]


def _of_7(keys: tuple[str, ...], rows: Rows) -> Dicts:
    k0, k1, k2, k3, k4, k5, k6 = keys
    return [{k0: a, k1: b, k2: c, k3: d, k4: e, k5: f, k6: g} for a, b, c, d, e, f, g in rows]


def _of_8(keys: tuple[str, ...], rows: Rows) -> Dicts:
    k0, k1, k2, k3, k4, k5, k6, k7 = keys
    return [{k0: a, k1: b, k2: c, k3: d, k4: e, k5: f, k6: g, k7: h} for a, b, c, d, e, f, g, h in rows]


def _of_9(keys: tuple[str, ...], rows: Rows) -> Dicts:
    k0, k1, k2, k3, k4, k5, k6, k7, k8 = keys
    return [{k0: a, k1: b, k2: c, k3: d, k4: e, k5: f, k6: g, k7: h, k8: i} for a, b, c, d, e, f, g, h, i in rows]


def _of_10(keys: tuple[str, ...], rows: Rows) -> Dicts:
    k0, k1, k2, k3, k4, k5, k6, k7, k8, k9 = keys
    return [
        {k0: a, k1: b, k2: c, k3: d, k4: e, k5: f, k6: g, k7: h, k8: i, k9: j} for a, b, c, d, e, f, g, h, i, j in rows
    ]


def _of_11(keys: tuple[str, ...], rows: Rows) -> Dicts:
    k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10 = keys
    return [
        {k0: a, k1: b, k2: c, k3: d, k4: e, k5: f, k6: g, k7: h, k8: i, k9: j, k10: k}
        for a, b, c, d, e, f, g, h, i, j, k in rows
    ]


def _of_12(keys: tuple[str, ...], rows: Rows) -> Dicts:
    k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11 = keys
    return [
        {k0: a, k1: b, k2: c, k3: d, k4: e, k5: f, k6: g, k7: h, k8: i, k9: j, k10: k, k11: m}
        for a, b, c, d, e, f, g, h, i, j, k, m in rows
    ]


_MAKERS: tuple[Callable[[tuple[str, ...], Rows], Dicts], ...] = (
    _of_1,
    _of_2,
    _of_3,
    _of_4,
    _of_5,
    _of_6,
    _of_7,
    _of_8,
    _of_9,
    _of_10,
    _of_11,
    _of_12,
)
