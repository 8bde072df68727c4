"""Names of attributes in, the columns that clients may know out: what an option keeps from them is no parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy.orm import InstrumentedAttribute

from gqlcrud.catalog import Catalog, Column, Model, Relation
from gqlcrud.errors import ConfigurationError

Attribute: TypeAlias = str | InstrumentedAttribute[Any] | tuple[str | InstrumentedAttribute[Any], ...]
"""`"price"`, `Book.price`; or what relations lead to: `"author.last_name"`, `(Book.author, Author.last_name)`."""


@dataclass(frozen=True, slots=True)
class Path:
    """A column, and the relations that lead to it from the model of the list. Without a column it is the number of records
    that the last relation leads to. names: the column names a record, its own or a related one."""

    relations: tuple[Relation, ...]
    column: Column | None
    names: bool = False

    @property
    def name(self) -> str:
        last = "count" if self.column is None else self.column.key
        return ".".join([*(each.key for each in self.relations), last])


@dataclass(frozen=True, slots=True)
class Offered:
    """What clients may know of a model. catalog: in Python's names. clients: with the options that hold for clients; the
    same one where there are none."""

    model: Model
    catalog: Catalog
    clients: Catalog

    def own(self) -> list[Path]:
        """Every column of the model itself."""
        known = {each.key for each in self._shown(self.model).columns if each.offered}
        return [_path((), each, self.model) for each in self.model.columns if each.key in known]

    def path(self, attribute: Attribute) -> Path:
        """Raises ConfigurationError for what leads to no column that clients may know."""
        *steps, last = _keys(attribute)
        name = ".".join([*steps, last])
        model = self.model
        relations: list[Relation] = []
        for step in steps:
            relation = next((each for each in model.relations if each.key == step), None)
            if relation is None or step not in {each.key for each in self._shown(model).relations}:
                raise self._unknown(name, step, model, relation)
            relations.append(relation)
            model = self.catalog.model(relation.target)
        if last == "count" and relations and relations[-1].many and "count" not in model.members:
            return Path(tuple(relations), None)
        column = next((each for each in model.columns if each.key == last), None)
        if column is None or last not in {each.key for each in self._shown(model).columns if each.offered}:
            raise self._unknown(name, last, model, column)
        return _path(tuple(relations), column, model)

    def filterable(self, path: Path) -> bool:
        """Whether clients may filter by the column."""
        return all(each.filterable for each in self._members(path)) and path.column is not None

    def sortable(self, path: Path) -> bool:
        """Whether clients may order by the column, or by the number of records."""
        many = [each for each in path.relations if each.many]
        counted = path.relations[-1:] if path.column is None else ()
        return many == list(counted) and all(each.sortable for each in self._members(path))

    def _members(self, path: Path) -> Sequence[Column | Relation]:
        """The same attributes as clients know them."""
        model = self.model
        found: list[Column | Relation] = []
        for relation in path.relations:
            found.append(next(each for each in self._shown(model).relations if each.key == relation.key))
            model = self.catalog.model(relation.target)
        if path.column is not None:
            found.append(next(each for each in self._shown(model).columns if each.key == path.column.key))
        return found

    def _shown(self, model: Model) -> Model:
        return self.clients.model(model.entity)

    def _unknown(self, name: str, step: str, model: Model, member: object) -> ConfigurationError:
        shown = self._shown(model)
        if member is not None:
            return ConfigurationError(
                f"{name!r} leads to {model.entity.__name__}.{step}, which the options of the model keep from clients. Offer "
                "the attribute, or leave it out of the parameters."
            )
        known = [*(each.key for each in shown.columns), *(each.key for each in shown.relations)]
        return ConfigurationError(
            f"{name!r} leads to no column: {model.entity.__name__} has no attribute {step!r}. It has: {', '.join(known)}."
        )


def _path(relations: tuple[Relation, ...], column: Column, model: Model) -> Path:
    keys = [*model.primary_key, *(each for relation in model.relations if relation.owns_key for each in relation.local)]
    return Path(relations, column, column.key in {each.key for each in keys})


def _keys(attribute: Attribute) -> Sequence[str]:
    parts = attribute if isinstance(attribute, tuple) else (attribute,)
    found: list[str] = []
    for part in parts:
        if not isinstance(part, str | InstrumentedAttribute):
            raise ConfigurationError(f"A parameter is for an attribute, such as 'price' or Book.price, not {part!r}.")
        if isinstance(part, str):
            found += part.split(".")
        else:
            found.append(part.key)
    return found
