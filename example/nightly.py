"""The nightly sync: `python -m example.nightly prices.csv` brings the shop up to a supplier's price list.

The list is CSV with the columns isbn, title, price, publisher and in_print, or a JSON array of objects with these names.
Books that the shop has get the title, the price and whether they are delivered; the others are stocked. A line that cannot
be taken is told, and the rest goes on.
"""

import asyncio
import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from example.app import api, engine
from example.models import Book
from gqlcrud import Crud, CrudError


def read_prices(path: Path) -> Iterator[dict[str, Any]]:
    """The entries of a price list, one after the other."""
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".json":
            yield from json.load(file)
        else:
            for row in csv.DictReader(file):
                yield {**row, "in_print": row["in_print"] == "yes"}


async def sync_prices(books: Crud[Book], session: AsyncEngine | None, path: Path) -> Counter[str]:
    """How many entries were taken, and how many were refused. Each is written by itself, so that one refusal is no other's."""
    counts = Counter({"taken": 0, "refused": 0})
    for number, entry in enumerate(read_prices(path), start=1):
        try:
            await books.upsert(session, stocked(entry), on=["isbn"], update=changed(entry))
            counts["taken"] += 1
        except CrudError as error:
            counts["refused"] += 1
            for each in dict.fromkeys(error.errors):  # a value may be wrong for a new book and for a known one
                print(f"entry {number}, {'.'.join(map(str, each.path))}: {each.message}", file=sys.stderr)
    return counts


def stocked(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What a book is made of that the shop does not have."""
    return {**changed(entry), "isbn": entry["isbn"], "publisher": {"connect": {"name": entry["publisher"]}}}


def changed(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What the supplier knows better than the shop."""
    return {"title": entry["title"], "price": entry["price"], "in_print": entry["in_print"]}


async def main(path: Path) -> int:
    """The exit code: 1 if any entry was refused, so that the job that runs this tells somebody."""
    counts = await sync_prices(api.crud(Book), engine, path)
    await engine.dispose()
    print(f"{counts['taken']} entries taken, {counts['refused']} refused")
    return 1 if counts["refused"] else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]))))
