"""The same five records as a list in every place where a list can stand, so that one test speaks of all of them.

The records are called a to e, in the order of their list. Around each list are others of the same field, of other
parents: what belongs to them must never show.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase

from gqlcrud import Api, Limits
from tests import shelf, zoo
from tests.running import run, save

BASES: tuple[type[DeclarativeBase], ...] = (shelf.Base, zoo.Composites, zoo.ManyToMany, zoo.Joins)
LIMITS = Limits(page_size=3, max_page_size=5)


@dataclass(frozen=True, slots=True)
class Level:
    """Where a list stands.

    above: the fields that lead to it; the first record of each is the one meant. node: a column that tells its records
    apart; values: what it holds for a to e. on_edge: `orderBy` goes through `node`.
    """

    name: str
    base: type[DeclarativeBase]
    above: tuple[str, ...]
    field: str
    node: str
    values: tuple[str | int, ...]
    on_edge: bool = False

    def document(self, arguments: str, selection: str) -> str:
        called = f"({arguments})" if arguments else ""
        text = f"page: {self.field}{called} {{ {selection} }}"
        for above in reversed(self.above):
            text = f"{above} {{ nodes {{ {text} }} }}"
        return f"{{ {text} }}"

    def pages(self, data: Mapping[str, Any]) -> list[Any]:
        """The list of each parent, in the order of the document."""
        found = [data]
        for above in self.above:
            found = [node for each in found for node in each[above]["nodes"]]
        return [each["page"] for each in found]

    def order(self, sort: str) -> str:
        item = f"{{{self.node}: {sort}}}"
        return f"orderBy: [{{node: {item}}}]" if self.on_edge else f"orderBy: [{item}]"

    def where(self, letters: str) -> str:
        operands = json.dumps([self.values["abcde".index(letter)] for letter in letters])
        return f"where: {{{self.node}: {{in: {operands}}}}}"

    def letter(self, node: Mapping[str, Any]) -> str:
        """What a record is called; ? for one of another list."""
        value = node[self.node]
        return "abcde"[self.values.index(value)] if value in self.values else "?"


WORDS = ("ant", "bee", "cat", "dog", "eel")
LEVELS = (
    Level("root", shelf.Base, (), "tags", "label", WORDS),
    Level("one-to-many", shelf.Base, ("authors",), "books", "title", WORDS),
    Level("nested in nested", shelf.Base, ("authors", "books"), "orderItems", "quantity", (10, 20, 30, 40, 50)),
    Level("many-to-many with data on edges", shelf.Base, ("books",), "tags", "label", WORDS, on_edge=True),
    Level("many-to-many with itself", zoo.ManyToMany, ("accounts",), "following", "name", WORDS),
    Level("through an association object", zoo.ManyToMany, ("playlists",), "tracks", "title", WORDS, on_edge=True),
    Level("composite key", zoo.Composites, ("warehouses",), "bins", "number", (1, 2, 3, 4, 5)),
    Level("join with a condition", zoo.Joins, ("workers",), "errors", "rowId", (1, 3, 5, 7, 9)),
    Level("join by a range", zoo.Joins, ("bands",), "workers", "name", WORDS),
)


def level_rows() -> list[list[object]]:
    """In groups that are saved one after the other; first each list's own five, then others."""
    tags = [shelf.Tag(id=n, label=word) for n, word in enumerate(WORDS, 1)]
    books = [shelf.Book(id=n, title=word, price=1, version=1) for n, word in enumerate(WORDS, 1)]
    others = [shelf.Book(id=n, title="other", price=1, version=1) for n in (6, 7)]
    items = [shelf.OrderItem(order_no=1, line_no=n, quantity=10 * n, book=books[0]) for n in range(1, 6)]
    items += [shelf.OrderItem(order_no=0, line_no=n, quantity=n, book=books[1]) for n in (1, 2)]
    authors = [shelf.Author(id=1, name="Ada", books=books), shelf.Author(id=2, name="Bob", books=others)]
    books[0].tags, books[1].tags = tags, tags[:2]

    accounts = [zoo.Account(id=n, name=word) for n, word in enumerate(WORDS, 2)]
    owner = zoo.Account(id=1, name="owner", following=accounts)
    accounts[0].following = [owner, accounts[4]]
    tracks = [zoo.Track(id=n, title=word) for n, word in enumerate((*WORDS, "other"), 1)]
    playlists = [zoo.Playlist(id=n, name="") for n in (1, 2)]
    entries = [zoo.PlaylistEntry(playlist=playlists[0], track=track, position=9) for track in tracks[:5]]
    entries += [zoo.PlaylistEntry(playlist=playlists[1], track=track, position=9) for track in tracks[4:]]

    warehouses = [zoo.Warehouse(tenant_id=1, code="a"), zoo.Warehouse(tenant_id=1, code="b")]
    bins = [zoo.Bin(warehouse=warehouses[0], number=n) for n in range(1, 6)]
    bins += [zoo.Bin(warehouse=warehouses[1], number=n) for n in (6, 7)]

    bands = [zoo.Band(id=1, low=10, high=20), zoo.Band(id=2, low=20, high=30)]
    workers = [zoo.Worker(id=n, name=word, salary=9 + n) for n, word in enumerate(WORDS, 1)]
    workers.append(zoo.Worker(id=6, name="other", salary=20))
    lines = [
        zoo.LogLine(id=n, worker_id=1 if n < 11 else 2, severity="error" if n % 2 else "info") for n in range(1, 13)
    ]
    return [[*authors, *items, owner, *playlists, *entries, *warehouses, *bins, *bands, *workers], list(lines)]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows: its records by their letters, then hasNextPage, hasPreviousPage and totalCount."""

    records: str
    more: bool
    less: bool
    total: int = 5


SHOWN = "edges { cursor } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of all levels on one database."""

    apis: Mapping[type[DeclarativeBase], Api]
    known: dict[tuple[Level, str], dict[str, str]] = field(default_factory=dict)

    async def show(self, level: Level, arguments: str = "", order: str = "") -> Shown:
        """The page that `arguments` cut out of the list in the order `order`.

        Letters stand for cursors, and for the records that `where` lets through: `first: 2, after: b, where: abd`.
        """
        (found, *_) = await self.show_all(level, arguments, order)
        return found

    async def show_all(self, level: Level, arguments: str = "", order: str = "") -> list[Shown]:
        """The pages of all parents."""
        cursors = await self.cursors(level, order)
        text = ", ".join(part for part in (_filled(level, arguments, cursors), order) if part)
        data = await run(self.apis[level.base], level.document(text, f"nodes {{ {level.node} }} {SHOWN}"))
        return [_shown(level, page, cursors) for page in level.pages(data)]

    async def cursors(self, level: Level, order: str = "") -> dict[str, str]:
        """The cursors of a to e."""
        if (level, order) not in self.known:
            document = level.document(f"first: 5, {order}", f"edges {{ cursor node {{ {level.node} }} }}")
            edges = level.pages(await run(self.apis[level.base], document))[0]["edges"]
            self.known[(level, order)] = {level.letter(edge["node"]): edge["cursor"] for edge in edges}
        return self.known[(level, order)]

    async def errors(self, level: Level, arguments: str) -> list[Mapping[str, Any]]:
        """The extensions of the errors of a request with these arguments, and their messages."""
        result = await self.apis[level.base].execute(level.document(arguments, f"nodes {{ {level.node} }}"))
        return [{"message": each.message, **(each.extensions or {})} for each in result.errors or ()]


def _filled(level: Level, arguments: str, cursors: Mapping[str, str]) -> str:
    text = re.sub(r"where: ([a-e]*)(?=,|$)", lambda match: level.where(match[1]), arguments)
    return re.sub(r"(after|before): ([a-e])\b", lambda match: f'{match[1]}: "{cursors[match[2]]}"', text)


def _shown(level: Level, page: Mapping[str, Any], cursors: Mapping[str, str]) -> Shown:
    records = "".join(level.letter(node) for node in page["nodes"])
    info, edges = page["pageInfo"], [edge["cursor"] for edge in page["edges"]]
    if "?" not in records:
        assert edges == [cursors[letter] for letter in records]
    assert (info["startCursor"], info["endCursor"]) == ((edges[0], edges[-1]) if edges else (None, None))
    return Shown(records, info["hasNextPage"], info["hasPreviousPage"], page["totalCount"])


async def fill_levels(engine: AsyncEngine) -> Lists:
    for base in BASES:
        async with engine.begin() as connection:
            await connection.run_sync(base.metadata.create_all)
    for rows in level_rows():
        await save(engine, *rows)
    return Lists({base: Api(base, engine, limits=LIMITS) for base in BASES})
