"""Bulk writes as frozen values: what is written of many records of one model at once. They know neither GraphQL nor SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from gqlcrud.catalog import Column, Key, Model, Relation
from gqlcrud.errors import UserError
from gqlcrud.plan import Always, Condition
from gqlcrud.write_plan import Assignment, Connect, Named, Path, Save, ToOne


def set_by_api(model: Model) -> set[str]:
    """The attributes of new records that no client sets."""
    marks = () if model.soft_deletion is None else (model.soft_deletion.column.key,)
    return {*marks, *(each.column.key for each in model.presets)}


@dataclass(frozen=True, slots=True)
class OnConflict:
    """What becomes of a new record whose values of `key` a record of the database has.

    update: the columns that the record in the database takes from the new one, of those that the new one gives; None
    for all that it gives, less the key's own; () for none. condition: which records may be changed; the others are left
    as they are. among: what holds for the records that there are; the key of any other is taken. presets: what the API
    sets of a record that takes anything.
    """

    key: Key
    update: tuple[Column, ...] | None = None
    condition: Condition = field(default_factory=lambda: Always(True))
    among: Condition = field(default_factory=lambda: Always(True))
    presets: tuple[Assignment, ...] = ()

    def taken(self, save: Save) -> tuple[str, ...]:
        """The attributes that a record in the database takes from a new one; what the API sets of new ones
        stays, and so does what the new one does not give."""
        own = set_by_api(save.model)
        given = [each.column for each in save.assignments if not (each.by_default or each.column.key in own)]
        given += [column for each in save.to_one if each.relation.owns_key for column in each.relation.local]
        wanted = [column for column in given if column not in self.key.columns] if self.update is None else self.update
        primary = save.model.primary_key
        return tuple(dict.fromkeys(each.key for each in given if each in wanted and each not in primary))


@dataclass(frozen=True, slots=True)
class CreateMany:
    """New records, in the order of the input.

    saves: None for an item that is refused already, of which `errors` tells. apart: an item that fails leaves the others
    alone.
    """

    model: Model
    saves: tuple[Save | None, ...]
    on_conflict: OnConflict | None = None
    apart: bool = False
    errors: tuple[UserError, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateItem:
    """One record and its changes. version: what its `version_id_col` must be."""

    target: Named
    save: Save
    version: int | None = None


@dataclass(frozen=True, slots=True)
class UpdateEach:
    """Records with changes of their own. items, apart, errors: as in `CreateMany`."""

    model: Model
    items: tuple[UpdateItem | None, ...]
    apart: bool = False
    errors: tuple[UserError, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateMany:
    """The same changes of every record for which `where` holds; of more than `maximum` none is changed.

    maximum_path: the place that is told if there are more.
    """

    where: Condition
    save: Save
    maximum: int
    maximum_path: Path


@dataclass(frozen=True, slots=True)
class DeleteMany:
    """Every record for which `where` holds is deleted; of more than `maximum` none is."""

    model: Model
    where: Condition
    maximum: int
    maximum_path: Path


@dataclass(frozen=True, slots=True)
class PlainRows:
    """Records of one model that are rows of values: all of them give the same columns, and nothing else.

    places: of the records in what was given, in their order; the path of a record is its place. columns: the attributes
    that are set. values: a list for each of the columns, with a value for each of the records.
    """

    model: Model
    places: Sequence[int]
    columns: tuple[Column, ...]
    values: Sequence[Sequence[Any]]

    def value_of(self, attribute: str) -> Sequence[Any]:
        """The values of one of the columns."""
        return next(each for column, each in zip(self.columns, self.values, strict=True) if column.key == attribute)

    def only(self, chosen: Sequence[int]) -> PlainRows:
        """Some of the records: `chosen` are their numbers within these."""
        return replace(
            self,
            places=[self.places[each] for each in chosen],
            values=[[values[each] for each in chosen] for values in self.values],
        )

    def without(self, attributes: Collection[str]) -> PlainRows:
        """The same records without some of the columns."""
        kept = [place for place, column in enumerate(self.columns) if column.key not in attributes]
        return replace(
            self,
            columns=tuple(self.columns[each] for each in kept),
            values=[self.values[each] for each in kept],
        )

    def saves(self) -> list[Save]:
        """The records as the unit of work takes them."""
        return [
            Save(self.model, (place,), tuple(map(Assignment, self.columns, values)))
            for place, values in zip(self.places, self.by_record(), strict=True)
        ]

    def by_record(self) -> list[tuple[Any, ...]]:
        """The values of each record, in the order of the columns."""
        return list(zip(*self.values, strict=True)) if self.columns else [()] * len(self.places)


@dataclass(frozen=True, slots=True)
class Connected:
    """What a to-one relation of many records leads to: for each one that is there, named by a key.

    values: a list for each column of the key, with a value for each of the records. among: as of `Named`.
    """

    relation: Relation
    target: Model
    key: Key
    values: Sequence[Sequence[Any]]
    among: Condition = field(default_factory=lambda: Always(True))

    def by_record(self) -> list[tuple[Any, ...]]:
        """The values of the key for each of the records."""
        return list(zip(*self.values, strict=True))

    def named(self, values: tuple[Any, ...], path: Path) -> Named:
        """What the record at `path` leads to."""
        return Named(self.target, self.key, values, (*path, self.relation.name, "connect"), self.among)

    def only(self, chosen: Sequence[int]) -> Connected:
        return replace(self, values=[[values[each] for each in chosen] for values in self.values])


@dataclass(frozen=True, slots=True)
class NewRows:
    """New records that give the same columns and connect the same relations, and nothing else.

    path: of the list that the records stand in, each at its place.
    """

    rows: PlainRows
    connected: tuple[Connected, ...] = ()
    path: Path = ()

    def only(self, chosen: Sequence[int]) -> NewRows:
        """Some of the records: `chosen` are their numbers within these."""
        connected = tuple(each.only(chosen) for each in self.connected)
        return replace(self, rows=self.rows.only(chosen), connected=connected)

    def saves(self) -> list[tuple[int, Save]]:
        """The records as the unit of work takes them, with their places."""
        keys = [(each, each.by_record()) for each in self.connected]
        found: list[tuple[int, Save]] = []
        for number, (place, values) in enumerate(zip(self.rows.places, self.rows.by_record(), strict=True)):
            path = (*self.path, place)
            assignments = tuple(map(Assignment, self.rows.columns, values))
            to_one = tuple(
                ToOne(
                    each.relation,
                    Connect(each.named(key[number], path)),
                    (*path, each.relation.name),
                    each.among,
                )
                for each, key in keys
            )
            found.append((place, Save(self.rows.model, path, assignments, to_one=to_one)))
        return found


@dataclass(frozen=True, slots=True)
class CreateRows:
    """New records that are rows of values; all of them are valid.

    groups: those that give the same. count: of all. apart: as of `CreateMany`.
    """

    model: Model
    groups: tuple[NewRows, ...]
    count: int
    apart: bool = False

    def only(self, places: Collection[int]) -> CreateRows:
        """The records at some of the places."""
        chosen = set(places)
        groups = [
            group.only([number for number, place in enumerate(group.rows.places) if place in chosen])
            for group in self.groups
        ]
        return replace(self, groups=tuple(group for group in groups if group.rows.places))

    def as_saves(self) -> CreateMany:
        """The same as records of which each is written for itself."""
        saves = dict(each for group in self.groups for each in group.saves())
        return CreateMany(self.model, tuple(saves[place] for place in range(self.count)), apart=self.apart)


WriteMany: TypeAlias = CreateMany | CreateRows | UpdateEach | UpdateMany | DeleteMany
