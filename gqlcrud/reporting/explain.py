"""Statements that were run in, how the database runs them out: it is asked for its plans, and runs nothing again."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection

from gqlcrud.execution import ConnectionSource, prepare_sqlite
from gqlcrud.execution.failures import is_driver_failure
from gqlcrud.observing import SeenStatement
from gqlcrud.reporting.shown import without
from gqlcrud.statements import Database

LARGE = 10_000
"""Rows of a table that a statement had better not go through one by one."""
MOST = 50
"""Statements of an operation that are explained, each text once."""
_EXPLAINED = re.compile(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_CONDITIONS = ("Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "Filter")


@dataclass(slots=True)
class Step:
    """A step of a plan of the database. rows, cost: what it expects; None on SQLite, which does not tell. scanned: the table
    that is gone through row by row, and size: how many rows it has, if that is known."""

    label: str
    rows: float | None = None
    cost: float | None = None
    condition: str | None = None
    scanned: str | None = None
    size: int | None = None
    children: list[Step] = field(default_factory=list)

    def all(self) -> Iterator[Step]:
        """It and all below it."""
        yield self
        for child in self.children:
            yield from child.all()

    def shown(self, hidden: Collection[str]) -> dict[str, Any]:
        """As JSON; docs/observability.md says what each key means."""
        return {
            "label": self.label,
            "rows": self.rows,
            "cost": self.cost,
            "condition": None if self.condition is None else without(self.condition, hidden),
            "children": [child.shown(hidden) for child in self.children],
        }


async def explained(
    statements: Sequence[SeenStatement], source: ConnectionSource, timeout: float | None
) -> dict[str, list[Step] | None]:
    """The steps by the text of the statement; None for one that the database does not explain. timeout: seconds for each."""
    found: dict[str, list[Step] | None] = {}
    for seen in statements:
        if seen.error is None and seen.sql not in found and len(found) < MOST and _EXPLAINED.match(seen.sql):
            try:
                async with asyncio.timeout(timeout), source.connect() as connection:
                    found[seen.sql] = await _explain(connection, source.database, seen)
            except (exc.SQLAlchemyError, OSError, TimeoutError, ValueError):
                found[seen.sql] = None
            except Exception as error:
                if not is_driver_failure(error):
                    raise
                found[seen.sql] = None
    return found


async def _explain(connection: AsyncConnection, database: Database, seen: SeenStatement) -> list[Step]:
    values = tuple(seen.parameters or ())
    if database is Database.SQLITE:
        await prepare_sqlite(await connection.get_raw_connection(), connection.engine.sync_engine)
        rows = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {seen.sql}", values)).all()
        steps = _sqlite_steps(rows, seen.sql)
    else:
        answer = (await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON, VERBOSE) {seen.sql}", values)).scalar_one()
        plans = json.loads(answer) if isinstance(answer, str | bytes) else answer
        steps = [_postgres_step(each["Plan"]) for each in plans]
    for root in steps:
        for step in root.all():
            if step.scanned is not None:
                step.size = await _size(connection, database, step)
    return steps


async def _size(connection: AsyncConnection, database: Database, step: Step) -> int | None:
    """About how many rows a table has, by what the database knows without counting."""
    if database is Database.SQLITE:
        try:
            return int((await connection.exec_driver_sql(f"SELECT max(rowid) FROM {step.scanned}")).scalar() or 0)
        except exc.SQLAlchemyError:  # a view, or a table without numbers
            return None
    asked = "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass($1::text)"
    known = (await connection.exec_driver_sql(asked, (step.scanned,))).scalar()
    return int(known) if known is not None and known >= 0 else None


# ---------- PostgreSQL ----------


def _postgres_step(node: Mapping[str, Any]) -> Step:
    kind, table = node["Node Type"], node.get("Relation Name")
    label = kind
    if "Index Name" in node:
        label += f" using {node['Index Name']}"
    if table is not None:
        label += f" on {table}"
    conditions = [f"{name}: {node[name]}" for name in _CONDITIONS if name in node]
    scanned = (
        f"{_quoted(node['Schema'])}.{_quoted(table)}" if kind == "Seq Scan" and table and "Schema" in node else None
    )
    below = [_postgres_step(each) for each in node.get("Plans", ())]
    return Step(
        *(label, node.get("Plan Rows"), node.get("Total Cost"), "; ".join(conditions) or None, scanned),
        children=below,
    )


# ---------- SQLite ----------

_SCAN = re.compile(r'SCAN "?(\w+)"?$')


def _sqlite_steps(rows: Sequence[Any], sql: str) -> list[Step]:
    """Each row has a number, that of the step above it, and a sentence. A scan in the order of the table that nothing has to
    be sorted for, and no condition holds back, ends with the page: it is not told as one of the whole table."""
    steps: dict[int, Step] = {}
    roots: list[Step] = []
    short = " WHERE " not in " ".join(sql.split()) and not any("TEMP B-TREE" in row[3] for row in rows)
    for number, above, _, detail in rows:
        scan = _SCAN.match(detail)
        scanned = _table(scan[1], sql) if scan is not None and not short else None
        step = steps[number] = Step(detail, scanned=scanned)
        (steps[above].children if above in steps else roots).append(step)
    return roots


def _table(alias: str, sql: str) -> str:
    """The table that a statement calls so."""
    found = re.search(rf'("[^"]+"|\w+) AS "?{alias}"?(?!\w)', sql)
    return found[1] if found is not None else _quoted(alias)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
