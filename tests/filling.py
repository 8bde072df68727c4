"""Rows for the tables of any metadata: made up, always the same, with every foreign key satisfied or NULL."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Integer, MetaData, Numeric, String, Table, UniqueConstraint, insert
from sqlalchemy.ext.asyncio import AsyncEngine

Row = dict[str, Any]
TEXTS = ("a", "b", "é", "error", "")


def made_rows(metadata: MetaData, *, count: int = 14, seed: int = 1) -> dict[Table, list[Row]]:
    """Up to `count` rows of each table, by column names; integers and texts are few, so that many are equal.
    What is neither is NULL."""
    random = Random(seed)
    rows: dict[Table, list[Row]] = {}
    for table in metadata.sorted_tables:
        rows[table] = []
        for number in range(1, count + 1):
            row = _row(table, number, rows, random)
            if row is not None and not _is_taken(table, row, rows[table]):
                rows[table].append(row)
    return rows


async def fill(engine: AsyncEngine, rows: Mapping[Table, Sequence[Row]]) -> None:
    async with engine.begin() as connection:
        for table, each in rows.items():
            if each:
                await connection.execute(insert(table), list(each))


def _row(table: Table, number: int, rows: Mapping[Table, Sequence[Row]], random: Random) -> Row | None:
    """None where a foreign key must lead somewhere and nothing is there."""
    row: Row = {}
    for constraint in sorted(table.foreign_key_constraints, key=lambda each: [*each.column_keys]):
        if not _refer(constraint, row, rows, random):
            return None
    for column in table.columns:
        if column.name not in row and column.server_default is None:
            row[column.name] = _value(column, number, random)
    return row


def _refer(constraint: ForeignKeyConstraint, row: Row, rows: Mapping[Table, Sequence[Row]], random: Random) -> bool:
    """Point a foreign key at a row that agrees with what other foreign keys say; or at none, or at none by a part."""
    pairs = {element.parent: element.column.name for element in constraint.elements}
    nullable = [column.name for column in pairs if column.nullable and column.name not in row]
    agreeing = [
        target
        for target in rows[constraint.referred_table]
        if all(row.get(column.name, target[name]) == target[name] for column, name in pairs.items())
    ]
    if not agreeing and not nullable:
        return False
    target = random.choice(agreeing) if agreeing else {name: random.randrange(5) for name in pairs.values()}
    row.update({column.name: target[name] for column, name in pairs.items()})
    if nullable and (not agreeing or random.random() < 0.35):
        row.update(dict.fromkeys(random.sample(nullable, random.randint(1, len(nullable)))))
    return True


def _value(column: Column[Any], number: int, random: Random) -> Any:
    unique = column.primary_key or any(set(names) == {column.name} for names in _unique_sets(column.table))
    alone = len(column.table.primary_key) == 1 if column.primary_key else unique
    if column.nullable and random.random() < 0.3:
        return None
    match column.type:
        case Integer() | Numeric():
            return number if alone else random.randrange(5)
        case String():
            return f"x{number:02}" if alone else random.choice(TEXTS)
        case _:
            return None


def _unique_sets(table: Any) -> Iterator[list[str]]:
    yield [column.name for column in table.primary_key]
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield [column.name for column in constraint.columns]


def _is_taken(table: Table, row: Row, others: Sequence[Row]) -> bool:
    return any(
        all(row[name] is not None and row[name] == other[name] for name in names)
        for names in _unique_sets(table)
        for other in others
        if names
    )
