"""Placeholder until the branch of operators lands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gqlcrud.statements.columns import Columns
from gqlcrud.write_plan import Change


def changed(changes: Sequence[Change], current: sa.ColumnElement[Any], columns: Columns) -> sa.ColumnElement[Any]:
    return current
