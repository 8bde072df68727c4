"""Keys in, those that are not among them out, for more keys than memory should hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeenKeys:
    """A set of texts in a database of SQLite's own making, which is in memory as long as it is small, and otherwise in a
    temporary file that nobody else can open."""

    connection: sqlite3.Connection

    def add(self, key: str, line: int) -> int | None:
        """The line that the key has been seen in before, None if it has not."""
        done = self.connection.execute("INSERT INTO seen VALUES (?, ?) ON CONFLICT DO NOTHING", (key, line))
        if done.rowcount:
            return None
        (before,) = self.connection.execute("SELECT line FROM seen WHERE key = ?", (key,)).fetchone()
        return int(before)

    def missing(self, keys: Sequence[str]) -> set[str]:
        """Those that have not been seen."""
        return set(keys) - set(self._known(keys))

    def _known(self, keys: Iterable[str]) -> Iterator[str]:
        for key in keys:
            found = self.connection.execute("SELECT key FROM seen WHERE key = ?", (key,)).fetchone()
            if found is not None:
                yield found[0]


@contextmanager
def seen_keys() -> Iterator[SeenKeys]:
    """An empty set, gone when the block is left."""
    # the empty name is that of a temporary database. Source: https://sqlite.org/inmemorydb.html, section 3
    with closing(sqlite3.connect("", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID")
        connection.execute("BEGIN")
        yield SeenKeys(connection)
