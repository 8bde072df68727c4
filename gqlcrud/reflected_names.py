"""Tables and foreign keys in, names of classes, columns and relations out; reads no database and maps nothing."""

import keyword
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

import inflection
from sqlalchemy import Column, Table

from gqlcrud.naming import (
    COMBINATORS,
    RESERVED_FIELDS,
    RESERVED_TYPES,
    SHARED_INPUTS,
    ascii_text,
    camel_name,
    list_field_name,
    member_name,
    model_types,
    plural,
    singular,
)

_RESERVED = {"metadata", "registry"}


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
    """The names in each table's class. A class is given its columns first; relations take what is left.

    Names that differ here and would be one name in GraphQL, such as `id` and `row_id`, count as taken.
    """

    def __init__(self, tables: Iterable[Table]) -> None:
        self.classes: dict[Table, str] = {}
        self.columns: dict[Table, dict[str, Column[Any]]] = {}
        self._taken: dict[Table, set[str]] = {}
        schema = _SchemaNames()
        for table in tables:
            self.classes[table] = schema.claim(pascal(singular(_words(table.name, "table"))))
            own = self._taken[table] = set(COMBINATORS)
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


class _SchemaNames:
    """The types and root fields that the classes lead to."""

    def __init__(self) -> None:
        self._classes: set[str] = set()
        self._types = {*RESERVED_TYPES, *SHARED_INPUTS}
        self._fields = set(RESERVED_FIELDS)

    def claim(self, name: str) -> str:
        """The class name itself; where it is a class already, with a number; where its types or root fields are, as
        `NodeRecord`."""
        name = _legal(name)
        first = [name] if name in self._classes else [name, f"{name}Record"]
        numbered = (f"{first[-1]}{number}" for number in count(2))
        found = next(each for each in chain(first, numbered) if self._is_free(each))
        self._classes.add(found)
        self._types |= model_types(found)
        self._fields |= _fields(found)
        return found

    def _is_free(self, name: str) -> bool:
        return self._types.isdisjoint(model_types(name)) and self._fields.isdisjoint(_fields(name))


def _fields(name: str) -> set[str]:
    return {camel_name(name), list_field_name(name)}


def _claim(taken: set[str], *candidates: str) -> str:
    """The first legal name not yet taken; the last one with a number if all are."""
    legal = [_legal(name) for name in candidates]
    numbered = (f"{candidates[-1]}_{number}" for number in count(2))
    name = next(name for name in chain(legal, numbered) if member_name(name) not in taken)
    taken.add(member_name(name))
    return name


def _legal(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) or name in _RESERVED else name


def _words(name: str, kind: str) -> str:
    """Snake case that starts with a letter: `kind` is put before a digit, and stands for a name without any letter."""
    words = snake(name)
    return words if words[:1].isalpha() else "_".join(filter(None, (kind, words)))


def snake(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", inflection.underscore(ascii_text(name))).strip("_")


def pascal(words: str) -> str:
    return inflection.camelize(words)
