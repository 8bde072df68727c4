"""What options say of searches and facets in, the models with what it means out: every mistake is a ConfigurationError."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy.dialects import postgresql

from gqlcrud.catalog.column import Column, Source
from gqlcrud.catalog.model import ColumnPath, Model, Search, TextSearch
from gqlcrud.catalog.paths import PathReader
from gqlcrud.catalog.positions import stored_type
from gqlcrud.errors import ConfigurationError
from gqlcrud.options import FullText, ModelOptions, attribute_key
from gqlcrud.scalars import STRING, scalar_for

_LANGUAGE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?\Z", re.ASCII)


def with_searches(models: Iterable[Model], options: Mapping[type, ModelOptions]) -> list[Model]:
    """The models with their `search` and `facets`: once all of them are known, since paths lead from one to another."""
    known = {model.entity: model for model in models}
    readers = [_SearchReader(model, options[model.entity], known) for model in known.values()]
    return [
        replace(each.model, search=each.search(), facets=each.facets())
        if each.options.searchable or each.options.facets or each.options.full_text
        else each.model
        for each in readers
    ]


@dataclass(frozen=True, slots=True)
class _SearchReader:
    """Reads the options of one model."""

    model: Model
    options: ModelOptions
    models: Mapping[type, Model]

    @property
    def _class(self) -> str:
        return self.model.entity.__name__

    def search(self) -> Search | None:
        option = f"ModelOptions(searchable=...) of {self._class}"
        fields = self._paths(option, self.options.searchable)
        for each in fields:
            if not _is_text(each.column):
                raise ConfigurationError(
                    f"{option} names {each.name!r}, which is no text that a database can search, but {each.column.scalar.name}. "
                    "It takes columns of the type String or Text, and expressions that give texts."
                )
        full_text = self.options.full_text
        if full_text is None:
            return Search(fields) if fields else None
        if not fields:
            raise ConfigurationError(
                f"ModelOptions(full_text=...) of {self._class} searches nothing. Say what is searched: searchable=[...]; "
                "with a vector, what SQLite looks into, which has no full text."
            )
        return Search(fields, self._text(full_text, fields))

    def facets(self) -> tuple[ColumnPath, ...]:
        option = f"ModelOptions(facets=...) of {self._class}"
        found = self._paths(option, self.options.facets)
        for each in found:
            if not each.column.offered:
                raise ConfigurationError(
                    f"{option} names {each.name!r}, whose values it would show, but the API does not offer the column. Offer "
                    "it, or leave the facet out."
                )
            if not is_countable(each.column):
                raise ConfigurationError(
                    f"{option} names {each.name!r}, whose values cannot be counted: {each.column.scalar.name}. It takes "
                    "columns of single values that the database can compare: no JSON, no lists, no bytes, nothing that "
                    "Python computes."
                )
        return found

    def _paths(self, option: str, paths: object) -> tuple[ColumnPath, ...]:
        if isinstance(paths, str) or not isinstance(paths, Iterable):
            raise ConfigurationError(f"{option} takes a list of attributes and paths, such as [{paths!r}].")
        reader = PathReader(option, self.models)
        found = tuple(reader.read(each, self.model) for each in paths)
        names = [each.name for each in found]
        for each in names:
            if names.count(each) > 1:
                raise ConfigurationError(f"{option} names {each!r} more than once; name it once.")
        return found

    def _text(self, full_text: FullText, fields: tuple[ColumnPath, ...]) -> TextSearch:
        option = f"ModelOptions(full_text=...) of {self._class}"
        if not isinstance(full_text.language, str) or not _LANGUAGE.match(full_text.language):
            raise ConfigurationError(
                f"{option} has language={full_text.language!r}; it takes the name of a text search configuration of "
                "PostgreSQL, such as 'english' or 'simple'."
            )
        if full_text.vector is not None:
            return TextSearch(full_text.language, self._vector(option, full_text))
        related = [each.name for each in fields if each.relations]
        if related:
            raise ConfigurationError(
                f"{option} makes one text of the model's own columns; searchable names texts of other records: "
                f"{', '.join(map(repr, related))}. Leave them out; or keep all texts in a tsvector column, which a trigger "
                "fills, and name it: full_text=FullText(vector='search_vector')."
            )
        return TextSearch(full_text.language, None)

    def _vector(self, option: str, full_text: FullText) -> Column:
        assert full_text.vector is not None, "asked for where there is one"
        key = attribute_key(full_text.vector)
        column = self.model.stored.get(key)
        if column is None or not isinstance(stored_type(column, "postgresql"), postgresql.TSVECTOR):
            raise ConfigurationError(
                f"{option} has vector={key!r}, which is no tsvector column of the class. Map one: mapped_column(TSVECTOR), "
                "from sqlalchemy.dialects.postgresql; or leave `vector` out, and the texts of searchable are searched."
            )
        return column


def is_countable(column: Column) -> bool:
    """Whether a facet can count the values of a column: the database groups and sorts by them."""
    return column.source in (Source.STORED, Source.EXPRESSION) and column.scalar.item is None and column.scalar.sortable


def _is_text(column: Column) -> bool:
    if column.source not in (Source.STORED, Source.EXPRESSION) or column.scalar.name != STRING.name:
        return False
    return column.offered or scalar_for(column.sql_type, {}) is STRING
