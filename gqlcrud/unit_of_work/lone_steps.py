"""Rows that are to be written in, one INSERT for all that are alike out, with what it takes and what it tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sqlalchemy as sa

from gqlcrud.write_plan import Save


class SessionNeededError(Exception):
    """The rows are for the unit of work to write, or to tell what is wrong with them."""


@dataclass(slots=True, eq=False)
class NewRow:
    """A row that is to be written. values: by attribute; a `Borrowed` stands where another row gives the value, and those that
    the database tells are there once it is written. borrows: the attributes that another row gives."""

    save: Save
    values: dict[str, Any]
    borrows: list[str] = field(default_factory=list)

    def lend(self, key: str, value: Any) -> None:
        """Give an attribute a value that the row has from another one. Raises SessionNeededError if it has another value, or
        if only writing tells whether it has."""
        if self.values.setdefault(key, value) != value:
            raise SessionNeededError
        if isinstance(value, Borrowed):
            self.borrows.append(key)

    def settle(self) -> None:
        """Put the values in that it borrows, from rows that are written."""
        for key in self.borrows:
            self.values[key] = self.values[key].value()


@dataclass(slots=True, eq=False)
class Borrowed:
    """The value that an attribute of another row has when that is written; it equals no other, since it is not known."""

    row: NewRow
    key: str

    def value(self) -> Any:
        """Raises SessionNeededError for NULL, which leads nowhere."""
        found = self.row.values[self.key]
        if found is None:
            raise SessionNeededError
        return found


@dataclass(frozen=True, slots=True, eq=False)
class RowStep:
    """An INSERT of one row. names: of its parameters, one for each value; returned: the attributes that it tells."""

    row: NewRow
    statement: sa.Insert
    names: tuple[str, ...]
    returned: tuple[str, ...]

    def given(self) -> dict[str, Any]:
        """The values of the parameters, once all rows before are written."""
        self.row.settle()
        return dict(zip(self.names, self.row.values.values(), strict=True))

    def take(self, answer: Sequence[Sequence[Any]]) -> None:
        """What the statement has told. Raises SessionNeededError where the row is not written, or not as a row."""
        if self.returned:
            _check_count(answer, 1)
            self.row.values.update(zip(self.returned, answer[0], strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class RowsStep:
    """An INSERT of several rows with the same columns, otherwise as of one. The first of `returned` is a number that grows in
    the order of the rows."""

    rows: Sequence[NewRow]
    statement: sa.Insert
    names: tuple[str, ...]
    returned: tuple[str, ...]

    def given(self) -> dict[str, Any]:
        for row in self.rows:
            row.settle()
        columns = zip(*(row.values.values() for row in self.rows), strict=True)
        return dict(zip(self.names, map(list, columns), strict=True))

    def take(self, answer: Sequence[Sequence[Any]]) -> None:
        if self.returned:
            _check_count(answer, len(self.rows))
            for row, told in zip(self.rows, sorted(answer, key=_number), strict=True):
                row.values.update(zip(self.returned, told, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class LinksStep:
    """An INSERT of rows of a link table. pairs: the keys of what each of them links."""

    pairs: Sequence[Sequence[Any]]
    statement: sa.Insert
    names: tuple[str, ...]

    def given(self) -> dict[str, Any]:
        columns = zip(*self.pairs, strict=True)
        return {name: list(map(_settled, column)) for name, column in zip(self.names, columns, strict=True)}

    def take(self, answer: Sequence[Sequence[Any]]) -> None:
        """A link that is there already is as good."""


Step: TypeAlias = RowStep | RowsStep | LinksStep


@dataclass(frozen=True, slots=True, eq=False)
class LoneRows:
    """New records that are rows and nothing else. steps: the statements that write them, one after the other; root: the record
    that all others belong to."""

    root: NewRow
    steps: Sequence[Step]

    @property
    def told(self) -> Mapping[str, Any]:
        """The attributes of the root once all is written, as the database has stored them where it has told."""
        return self.root.values

    @property
    def key(self) -> tuple[Any, ...]:
        """Its primary key."""
        return tuple(self.root.values[column.key] for column in self.root.save.model.primary_key)


def _settled(value: Any) -> Any:
    return value.value() if isinstance(value, Borrowed) else value


def _check_count(answer: Sequence[Sequence[Any]], count: int) -> None:
    if len(answer) != count:
        raise SessionNeededError


def _number(told: Sequence[Any]) -> Any:
    return told[0]
