"""Tables and foreign keys in, names of classes, columns and relations out; reads no database and maps nothing."""

import keyword
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

import inflection
from sqlalchemy import Column, Table

_RESERVED = {"metadata", "registry"}
# Words that inflection gets wrong.
_UNCHANGED = (
    "apparatus,atlas,bus,canvas,chaos,corpus,cors,data,dns,focus,gas,genus,gps,https,iris,media,radius,sms,status,tls"
)
_REGULAR = "cache,calorie,cave,cookie,curve,headache,movie,nerve,niche,olive,pie,selfie,slave,tie,valve,zombie"
_PLURALS = {word: f"{word}s" for word in _REGULAR.split(",")} | {
    "bonus": "bonuses",
    "campus": "campuses",
    "criterion": "criteria",
    "hero": "heroes",
    "lens": "lenses",
    "leaf": "leaves",
    "virus": "viruses",
}
_SINGULARS = {plural: word for word, plural in _PLURALS.items()} | {word: word for word in _PLURALS}


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A foreign key from one table that is read to another (or itself).

    `pairs` holds each column with the one it refers to. `unique`: at most one child has a given parent.
    """

    child: Table
    pairs: tuple[tuple[Column[Any], Column[Any]], ...]
    unique: bool

    @property
    def parent(self) -> Table:
        return self.pairs[0][1].table

    @property
    def columns(self) -> tuple[Column[Any], ...]:
        return tuple(column for column, _ in self.pairs)

    @property
    def words(self) -> str:
        return "_and_".join(snake(column.name).removesuffix("_id") for column in self.columns)


class Names:
    """The names in each table's class. A class is given its columns first; relations take what is left."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self.classes: dict[Table, str] = {}
        self.columns: dict[Table, dict[str, Column[Any]]] = {}
        self._taken: dict[Table, set[str]] = {}
        taken: set[str] = set()
        for table in tables:
            self.classes[table] = _claim(taken, pascal(singular(_words(table.name, "table"))), separator="")
            own = self._taken[table] = set()
            self.columns[table] = {_claim(own, _words(column.name, "column")): column for column in table.columns}

    def of_keys(self, keys: Sequence[Key]) -> Iterator[tuple[Key, str, str]]:
        """Each key with the names of its relation, the child's and the parent's. All to-one names are given first."""
        forward = {key: self._claim(key.child, self._forward(key, keys)) for key in keys}
        backward = {key: self._claim(key.parent, self._backward(key, keys)) for key in keys}
        return ((key, forward[key], backward[key]) for key in keys)

    def of_links(self, links: Sequence[tuple[Key, Key]]) -> Iterator[tuple[Key, Key, str, str]]:
        """Both directions of each link table: near key, far key, name of the relation, name of the opposite one."""
        ends = [frozenset((first.parent, second.parent)) for first, second in links]
        for first, second in links:
            several = ends.count(frozenset((first.parent, second.parent))) > 1
            there = self._claim(first.parent, self._across(first, second, several))
            back = self._claim(second.parent, self._across(second, first, several))
            yield first, second, there, back
            yield second, first, back, there

    def _forward(self, key: Key, keys: Iterable[Key]) -> list[str]:
        plain = self._one(key.parent)
        full = f"{plain}_by_{key.words}"
        if len(key.columns) == 1 and key.words != snake(key.columns[0].name):
            return [key.words, full]
        return [full] if _is_ambiguous(key, keys) else [plain, full]

    def _backward(self, key: Key, keys: Iterable[Key]) -> list[str]:
        plain = self._one(key.child) if key.unique else plural(self._one(key.child))
        full = f"{plain}_by_{key.words}"
        return [full] if _is_ambiguous(key, keys) else [plain, full]

    def _across(self, near: Key, far: Key, several: bool) -> list[str]:
        plain, table = plural(self._one(far.parent)), singular(_words(near.child.name, "table"))
        full = f"{plain}_by_{table}"
        if near.parent is far.parent:
            # As in one-to-many: users_by_friend are the users whose rows in the link table have this one as friend.
            plain, full = f"{plain}_by_{near.words}", f"{full}_and_{near.words}"
        return [full] if several else [plain, full]

    def _one(self, table: Table) -> str:
        return inflection.underscore(self.classes[table])

    def _claim(self, table: Table, candidates: Sequence[str]) -> str:
        return _claim(self._taken[table], *candidates)


def _is_ambiguous(key: Key, keys: Iterable[Key]) -> bool:
    same = [other for other in keys if other.child is key.child and other.parent is key.parent]
    return len(same) > 1 or key.child is key.parent


def _claim(taken: set[str], *candidates: str, separator: str = "_") -> str:
    """The first legal name not yet taken; the last one with a number if all are."""
    legal = [f"{name}_" if keyword.iskeyword(name) or name in _RESERVED else name for name in candidates]
    numbered = (f"{candidates[-1]}{separator}{number}" for number in count(2))
    name = next(name for name in chain(legal, numbered) if name not in taken)
    taken.add(name)
    return name


def _words(name: str, kind: str) -> str:
    """Snake case that starts with a letter: `kind` is put before a digit, and stands for a name without any letter."""
    words = snake(name)
    return words if words[:1].isalpha() else "_".join(filter(None, (kind, words)))


def snake(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", inflection.underscore(inflection.transliterate(name))).strip("_")


def pascal(words: str) -> str:
    return inflection.camelize(words)


def singular(words: str) -> str:
    """The last word in the singular; left as it is if it looks like one."""
    head, last = _last(words)
    if last in _SINGULARS:
        return head + _SINGULARS[last]
    return words if last in _UNCHANGED.split(",") or last.endswith("ss") else inflection.singularize(words)


def plural(words: str) -> str:
    head, last = _last(words)
    return head + _PLURALS[last] if last in _PLURALS else inflection.pluralize(words)


def _last(words: str) -> tuple[str, str]:
    """The last word, and what stands before it."""
    cut = words.rfind("_") + 1
    return words[:cut], words[cut:]
