"""The nightly sync: `python -m example.nightly prices.csv` brings the shop up to a supplier's price list.

The list is CSV with the columns isbn, title, price, publisher and in_print, or a JSON array of objects with these names.
Books that the shop has get the title, the price and whether they are delivered; the others are stocked. A line that cannot
be taken is told, and the rest goes on.
"""

import asyncio
import csv
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from example.app import api, engine
from example.models import Book
from gqlcrud import Crud, Summary

KNOWN_BETTER = ["title", "price", "in_print"]
"""What the supplier knows better than the shop."""


def read_prices(path: Path) -> Iterator[dict[str, Any]]:
    """The entries of a price list, one after the other."""
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".json":
            yield from json.load(file)
        else:
            for row in csv.DictReader(file):
                yield {**row, "in_print": row["in_print"] == "yes"}


async def sync_prices(books: Crud[Book], session: AsyncEngine | None, path: Path) -> Summary:
    """What became of the entries: they are written in batches, and one that is refused is no other's concern."""
    entries = (stocked(entry) for entry in read_prices(path))
    return await books.upsert_multi(session, entries, on=["isbn"], update=KNOWN_BETTER, on_error="continue")


def stocked(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What a book is made of that the shop does not have."""
    known = {name: entry[name] for name in ("isbn", *KNOWN_BETTER)}
    return {**known, "publisher": {"connect": {"name": entry["publisher"]}}}


async def main(path: Path) -> int:
    """The exit code: 1 if any entry was refused, so that the job that runs this tells somebody."""
    summary = await sync_prices(api.crud(Book), engine, path)
    await engine.dispose()
    for failed in summary.failed_items:
        for error in failed.errors:
            place = ".".join(map(str, error.path[1:]))  # the first step is the number of the entry
            print(f"entry {failed.index + 1}, {place}: {error.message}", file=sys.stderr)
    changes = f"{summary.inserted} stocked, {summary.updated} changed, {summary.unchanged} as they were"
    print(f"{changes}, {summary.failed} refused")
    return 1 if summary.failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]))))
