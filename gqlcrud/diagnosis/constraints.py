"""Violations in, the broken constraint in terms of SQLAlchemy's tables out.

PostgreSQL is asked by the constraint's name, since the database may have made the name, or the constraint. SQLite tells
the columns; the rest is what the metadata declares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gqlcrud.catalog import Catalog, check_constraints, condition_text
from gqlcrud.diagnosis.violations import Violation
from gqlcrud.diagnosis.written_rows import StoredColumn, WrittenRow, tables_of


@dataclass(frozen=True, slots=True)
class Uniqueness:
    """No two rows of a table may have columns that are equal, or whose values the operators hold for.

    operators: one for each column; "=" for UNIQUE. nulls_equal: NULLS NOT DISTINCT.
    whole: False if it regards some rows only, or expressions; `columns` are those of them that are known.
    """

    table: sa.Table
    columns: tuple[StoredColumn, ...]
    operators: tuple[str, ...]
    nulls_equal: bool = False
    whole: bool = True

    @property
    def excludes(self) -> bool:
        return any(operator != "=" for operator in self.operators)


@dataclass(frozen=True, slots=True)
class Check:
    """A condition on the rows of a table, or the values of a domain.

    name: that which the user gave it, less what a naming convention puts before it. condition: SQL of the schema, over
    the bare column names, of a domain over VALUE; None if only the database knows it.
    """

    table: sa.Table
    columns: tuple[StoredColumn, ...] = ()
    name: str | None = None
    condition: str | None = None
    of_domain: bool = False


_INDEX = sa.text("""
    SELECT array(
             SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
             WHERE k.place <= i.indnkeyatts ORDER BY k.place),
           array(
             SELECT o.oprname::text FROM unnest(x.conexclop) WITH ORDINALITY AS e(number, place)
             JOIN pg_operator o ON o.oid = e.number ORDER BY e.place),
           coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false),
           i.indpred IS NULL AND i.indexprs IS NULL
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_constraint x ON x.conindid = i.indexrelid AND x.contype = 'x'
    WHERE n.nspname = :schema AND c.relname = :constraint
""")
"""The index behind a constraint has its name, and the schema of its table. PostgreSQL 14 has no NULLS NOT DISTINCT."""

_CONSTRAINT = sa.text("""
    SELECT array(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (x.conkey)),
           pg_get_expr(x.conbin, x.conrelid)
    FROM pg_constraint x
    JOIN pg_class c ON c.oid = x.conrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema AND c.relname = :table AND x.conname = :constraint
""")

_OF_DOMAIN = sa.text("""
    SELECT cn.nspname::text, c.relname::text, a.attname::text,
           (SELECT pg_get_expr(x.conbin, 0) FROM pg_constraint x WHERE x.contypid = t.oid AND x.conname = :constraint)
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace cn ON cn.oid = c.relnamespace
    JOIN pg_type t ON t.oid = a.atttypid
    JOIN pg_namespace tn ON tn.oid = t.typnamespace
    WHERE tn.nspname = :schema AND t.typname = :domain AND NOT a.attisdropped
""")

_ANCESTORS = sa.text("""
    SELECT an.nspname::text, a.relname::text
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL pg_partition_ancestors(c.oid) AS p(relid)
    JOIN pg_class a ON a.oid = p.relid
    JOIN pg_namespace an ON an.oid = a.relnamespace
    WHERE n.nspname = :schema AND c.relname = :table
""")
"""The tables that a partition is a part of: an error names the partition."""

_SQLITE_INDEX = sa.text("SELECT tbl_name FROM sqlite_master WHERE type = 'index' AND name = :constraint")
"""SQLite names an index on expressions without its table."""


def broken_table(
    connection: sa.Connection, violation: Violation, rows: Sequence[WrittenRow], catalog: Catalog
) -> sa.Table | None:
    """The table of a violation, as the metadata has it; None if it is not told, or none of the API's."""
    name = violation.table
    if name is None and violation.constraint is not None and connection.dialect.name == "sqlite":
        name = connection.execute(_SQLITE_INDEX, _names(violation)).scalar()
    if name is None:
        return None
    known = known_tables(rows, catalog)
    found = _named_table(connection, violation.schema, name, known)
    if found is None and violation.schema is not None:
        ancestors = connection.execute(_ANCESTORS, _names(violation)).all()
        tables = [_named_table(connection, schema, name, known) for schema, name in ancestors]
        found = next((table for table in tables if table is not None), None)
    return found


def known_tables(rows: Iterable[WrittenRow], catalog: Catalog) -> list[sa.Table]:
    """Every table of the metadata that the models' tables belong to, those of the rows first."""
    mapped = [table for row in rows for table in row.tables]
    mapped += [table for model in catalog.models for table in tables_of(model)]
    others = [table for metadata in {table.metadata: None for table in mapped} for table in metadata.tables.values()]
    return list(dict.fromkeys([*mapped, *others]))


def _named_table(
    connection: sa.Connection, schema: str | None, name: str, known: Sequence[sa.Table]
) -> sa.Table | None:
    """Only PostgreSQL tells a schema. A table without one is in the default schema, or in that of a translate map."""
    named = [table for table in known if table.name == name]
    if schema is not None:
        exact = [table for table in named if (table.schema or connection.dialect.default_schema_name) == schema]
        named = exact or [table for table in named if table.schema is None]
    return named[0] if named else None


def read_uniqueness(connection: sa.Connection, violation: Violation, table: sa.Table) -> Uniqueness | None:
    """The constraint or unique index that a UNIQUE or EXCLUSION violation is about; None if it cannot be found."""
    if connection.dialect.name != "postgresql":
        return _declared_uniqueness(violation, table)
    found = connection.execute(_INDEX, _names(violation)).first()
    if found is None:
        return None
    names, operators, nulls_equal, whole = found
    columns = columns_named(table, names) or _indexed(violation, table)
    operators = tuple(operators[: len(columns)]) or ("=",) * len(columns)
    return Uniqueness(table, columns, operators, nulls_equal, whole and len(columns) == len(names))


def _declared_uniqueness(violation: Violation, table: sa.Table) -> Uniqueness:
    """SQLite names the columns, of a partial index too, or an index on expressions."""
    if not violation.columns:
        columns = _indexed(violation, table)
        return Uniqueness(table, columns, ("=",) * len(columns), whole=False)
    columns = columns_named(table, violation.columns)
    partial = {
        tuple(index.columns)
        for index in table.indexes
        if index.unique and index.dialect_options["sqlite"]["where"] is not None
    }
    return Uniqueness(table, columns, ("=",) * len(columns), whole=columns not in partial)


def _indexed(violation: Violation, table: sa.Table) -> tuple[StoredColumn, ...]:
    """The columns that the expressions of an index are made of."""
    index = next((each for each in table.indexes if each.name == violation.constraint), None)
    return () if index is None else tuple(dict.fromkeys(index.columns))


def read_check(connection: sa.Connection, violation: Violation, table: sa.Table) -> Check | None:
    """The check of a table that PostgreSQL names; None if it has none of this name."""
    found = connection.execute(_CONSTRAINT, _names(violation)).first()
    if found is None:
        return None
    names, condition = found
    return Check(table, columns_named(table, names), _own_name(violation.constraint, table.name), condition)


def declared_check(violation: Violation, rows: Iterable[WrittenRow]) -> Check | None:
    """The check that SQLite names, without a table, or whose condition it tells."""
    for table in dict.fromkeys(table for row in rows for table in row.tables):
        for constraint in check_constraints(table):
            condition = condition_text(constraint)
            if violation.constraint is not None and violation.constraint in (constraint.name, condition):
                name = _own_name(str(constraint.name), table.name) if constraint.name == violation.constraint else None
                return Check(table, _columns_in(condition, table), name, condition)
    return None


def domain_checks(connection: sa.Connection, violation: Violation, rows: Iterable[WrittenRow]) -> list[Check]:
    """The check of a domain of PostgreSQL, once for each column of the rows' tables that is of it."""
    found: list[Check] = []
    own_name = _own_name(violation.constraint, violation.domain or "")
    tables = list(dict.fromkeys(table for row in rows for table in row.tables))
    for schema, name, column, condition in connection.execute(_OF_DOMAIN, _names(violation)):
        table = _named_table(connection, schema, name, tables)
        if table is not None:
            found.append(Check(table, columns_named(table, [column]), own_name, condition, of_domain=True))
    return found


def columns_named(table: sa.Table, names: Sequence[str]) -> tuple[StoredColumn, ...]:
    """The columns of a table by their names in the database, in that order; those that the metadata knows."""
    by_name = {str(column.name): column for column in table.columns}
    return tuple(by_name[name] for name in names if name in by_name)


def _names(violation: Violation) -> dict[str, str | None]:
    return {
        "schema": violation.schema,
        "table": violation.table,
        "constraint": violation.constraint,
        "domain": violation.domain,
    }


def _own_name(name: str | None, owner: str) -> str | None:
    """The name of a check as its author put it; None for one that PostgreSQL made up (`book_price_check`).

    Of `ck_book_price_positive`, which is the naming convention that SQLAlchemy's documentation gives, the last part.
    """
    if name is None or re.fullmatch(rf"{re.escape(owner)}_(.+_)?check\d*", name):
        return None
    return name.removeprefix("ck_").removeprefix(f"{owner}_") or name


def _columns_in(condition: str | None, table: sa.Table) -> tuple[StoredColumn, ...]:
    """The columns whose names are words of a condition, outside of its texts."""
    words = set(re.findall(r"\w+", re.sub(r"'[^']*'", "", condition or "")))
    return tuple(column for column in table.columns if column.name in words)
