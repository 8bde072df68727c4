"""What the unit of work is just writing, so that a failure of the database can be traced back to the input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gqlcrud.catalog import Model
from gqlcrud.write_plan import Path


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A record that is made, changed or deleted.

    values: what is to be stored, by attribute. key: its primary key, if it exists already. path: its place in the input.
    """

    model: Model
    values: Mapping[str, Any]
    key: tuple[Any, ...] | None
    path: Path
    deleted: bool = False
