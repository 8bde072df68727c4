"""Attributes and paths of them, as options name them, in, columns of the catalog and the relations to them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gqlcrud.catalog.column import Column
from gqlcrud.catalog.model import ColumnPath, Model, Relation
from gqlcrud.errors import ConfigurationError
from gqlcrud.options import Attribute, AttributePath, attribute_key


@dataclass(frozen=True, slots=True)
class PathReader:
    """Reads the paths that one option of a class names. option: as errors call it."""

    option: str
    models: Mapping[type, Model]

    def read(self, path: AttributePath, model: Model) -> ColumnPath:
        """Raises ConfigurationError for what leads to no column."""
        *steps, last = self._steps(path)
        relations: list[Relation] = []
        for step in steps:
            relation = self._member(step, model, path)
            if not isinstance(relation, Relation):
                raise ConfigurationError(
                    f"{self.option} goes through {model.entity.__name__}.{relation.key}, which is a column and leads to "
                    "no other records. A path has relations, and a column at its end."
                )
            relations.append(relation)
            model = self.models[relation.target]
        column = self._member(last, model, path)
        if isinstance(column, Relation):
            target = column.target.__name__
            raise ConfigurationError(
                f"{self.option} ends at {model.entity.__name__}.{column.key}, which is a relation. Say which column of "
                f"{target} is meant: ({', '.join(map(repr, [*map(attribute_key, steps), column.key]))}, '...')."
            )
        return ColumnPath(tuple(relations), column)

    def _steps(self, path: AttributePath) -> tuple[Attribute, ...]:
        if isinstance(path, str):
            return tuple(path.split("."))
        steps = path if isinstance(path, tuple) else (path,)
        if not steps or not all(isinstance(each, str) or isinstance(getattr(each, "key", None), str) for each in steps):
            raise ConfigurationError(
                f"{self.option} names {path!r}; it takes attributes, such as Book.title or 'title', and paths, such as "
                "(Book.author, Author.name) or 'author.name'."
            )
        return steps

    def _member(self, step: Attribute, model: Model, path: AttributePath) -> Column | Relation:
        """A column may be one that the API does not offer."""
        key, name = attribute_key(step), model.entity.__name__
        owner = getattr(step, "class_", model.entity)
        if not issubclass(model.entity, owner):
            raise ConfigurationError(
                f"{self.option} names {owner.__name__}.{key} where an attribute of {name} belongs. A path begins at the "
                "class that the option is for, and each relation leads to the class of the next attribute."
            )
        known = {each.key: each for each in (*model.stored.values(), *model.columns)}
        relations = {each.key: each for each in model.relations}
        found = relations.get(key) or known.get(key)
        if found is None:
            offered = sorted({*relations, *(each.key for each in known.values() if each.offered)})
            raise ConfigurationError(
                f"{self.option} names {key!r}, which {name} does not have, or does not offer. It has: {', '.join(offered)}."
            )
        return found
