"""Placeholder until the branch of operators lands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gqlcrud.catalog import Model
from gqlcrud.write_plan import Change, Path


def plan_changes(ops: Mapping[str, Any], model: Model, path: Path) -> tuple[Change, ...]:
    return ()
