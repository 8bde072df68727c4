"""The sample databases, loaded from the folder GQLCRUD_SAMPLES (default: ../shared/data beside the repository)."""

import io
import os
import re
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.databases import connected


def sample(path: str) -> Path:
    """The path of a sample file; skips the test where the samples are missing."""
    default = Path(__file__).parent.parent / ".." / "shared" / "data"
    found = Path(os.environ.get("GQLCRUD_SAMPLES") or default).resolve() / path
    if not found.exists():
        pytest.skip(f"sample data is missing: {found} (set GQLCRUD_SAMPLES to its folder)")
    return found


async def load_chinook(url: URL) -> None:
    script = sample("chinook/Chinook_PostgreSql_SerialPKs.sql").read_text("utf-8")
    script = re.sub(r"^(DROP DATABASE|CREATE DATABASE|\\c ).*$", "", script, flags=re.MULTILINE)
    async with connected(url) as connection:
        await connection.execute(script)


async def load_pagila(url: URL) -> None:
    """Needs a superuser, since the script turns triggers off. Everything belongs to the one who loads it."""
    schema = sample("pagila/pagila-schema.sql").read_text("utf-8")
    data = sample("pagila/pagila-data.sql").read_text("utf-8")
    copy = re.compile(r"^COPY (\w+)\.(\w+) \(([^)\n]+)\) FROM stdin;\n(.*?)^\\\.$", re.MULTILINE | re.DOTALL)
    # re.split gives what stands between the blocks, and the four groups of each block.
    first, *blocks = copy.split(data)
    async with connected(url) as connection:
        await connection.execute(re.sub(r"^ALTER .* OWNER TO postgres;$", "", schema, flags=re.MULTILINE))
        await connection.execute(first)
        for schema_name, table, columns, rows, rest in zip(*[iter(blocks)] * 5, strict=True):
            await connection.copy_to_table(
                table,
                schema_name=schema_name,
                columns=columns.split(", "),
                source=io.BytesIO(rows.encode()),
                format="text",
            )
            await connection.execute(rest)
