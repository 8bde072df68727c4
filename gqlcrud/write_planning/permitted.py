"""What an input writes in, what the caller may not write told as its mistakes: before any SQL, whatever is in the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from gqlcrud.catalog import Column, Key, Model, Relation
from gqlcrud.errors import ErrorCode
from gqlcrud.plan import NONE, WriteAction
from gqlcrud.planning import Planner
from gqlcrud.write_plan import Path
from gqlcrud.write_planning.problems import Problems


def check_action(action: WriteAction, model: Model, path: Path, planner: Planner, problems: Problems) -> None:
    """What may be done with no record at all."""
    if planner.visibility.rule(model, action) == NONE:
        problems.add(f"You may not {action} {model.name} records.", path, ErrorCode.FORBIDDEN)


def is_writable(column: Column, model: Model, path: Path, planner: Planner, problems: Problems) -> bool:
    """Whether a column may be given a value; path: of the record."""
    if model.policy is None or planner.visibility.may("write", column, model):
        return True
    problems.add(f"You may not write {column.name} of {model.name}.", (*path, column.name), ErrorCode.FORBIDDEN)
    return False


def check_changed(ops: Collection[str], model: Model, path: Path, planner: Planner, problems: Problems) -> None:
    """The columns that operators change."""
    for name in ops:
        column = model.members.get(name)
        if isinstance(column, Column):
            is_writable(column, model, path, planner, problems)


def check_edge(
    names: Collection[str],
    columns: Mapping[str, Column],
    relation: Relation,
    path: Path,
    planner: Planner,
    problems: Problems,
) -> None:
    """The columns of a link that are given; path: of the edge."""
    for name in names:
        if name in columns:
            with problems.at(*path, name):
                planner.visibility.check_edges("write", relation, [columns[name]], planner.catalog)


def check_version(version: Any, model: Model, path: Path, planner: Planner, problems: Problems) -> None:
    """To say which version a record has is to filter by it: the answer tells whether it is true."""
    if version is not None and model.version is not None:
        with problems.at(*path):
            planner.visibility.check("filter", [model.version], model)


def check_key(key: Key, model: Model, path: Path, planner: Planner, problems: Problems) -> None:
    """To name a record by a key is to filter by it."""
    with problems.at(*path):
        planner.visibility.check("filter", key.columns, model)
