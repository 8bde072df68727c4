"""Rows of a batch in, each with the place of its key in the first cell; rows by that place out."""

from __future__ import annotations

from typing import Any

from gqlcrud.execution.driver import Rows
from gqlcrud.statements import Database


def first_place(database: Database) -> int:
    """What the first key of a batch is numbered: WITH ORDINALITY counts from 1, json_each from 0."""
    return 1 if database is Database.POSTGRESQL else 0


def first_rows(rows: Rows, first: int) -> dict[int, Any]:
    """The row of each place; of several the first."""
    found: dict[int, Any] = {}
    for row in rows:
        found.setdefault(row[0] - first, row)
    return found


def by_key(rows: Rows, first: int, count: int) -> list[Any]:
    """The row of each place, of `count`; of several the first, None of a place without one."""
    found = first_rows(rows, first)
    return [found.get(place) for place in range(count)]


def by_place(rows: Rows, first: int, count: int) -> list[Rows]:
    """The rows of each place, of `count`."""
    grouped: list[Rows] = [[] for _ in range(count)]
    for row in rows:
        grouped[row[0] - first].append(row)
    return grouped
