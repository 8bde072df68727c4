"""Rows as files hold them: where each stands, its values as they were read, and what is wrong with its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Unit: TypeAlias = Literal["line", "item"]
"""What rows are counted by: the line that a row begins at, or, in an array of JSON, its number in it; both from 1."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of a file.

    line: its place, by `unit`. cells: the texts of a row of CSV, in the order of the header; None for a cell without a
    value. fields: the object of a row of JSON. One of the two is given. problem: why the row cannot be read, if so.
    """

    line: int
    unit: Unit = "line"
    cells: tuple[str | None, ...] | None = None
    fields: Mapping[str, Any] | None = None
    problem: str | None = None
    text: str = ""
    """What stands in the file: of rows of JSON, and of rows of CSV that cannot be taken apart."""
