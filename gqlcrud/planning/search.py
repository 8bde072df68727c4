"""The arguments `search` and `searchFields` in, a `Condition` out: words that all stand somewhere, or a full text match."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from gqlcrud.catalog import Catalog, Column, ColumnPath, Model, Relation, Search
from gqlcrud.errors import ErrorCode, RequestError
from gqlcrud.options import Limits
from gqlcrud.plan import Always, Compare, Condition, Or, Quantifier, Related, TextMatch, conjunction
from gqlcrud.planning.visibility import Visibility
from gqlcrud.scalars import Operator
from gqlcrud.values import check_text

_WORD = re.compile(r'"([^"]*)"|([^\s"]+)')
_MAX_WORD_LENGTH = 400
"""PostgreSQL takes words of 2046 bytes, and a character has up to four."""


@dataclass(frozen=True, slots=True)
class SearchPlanner:
    """Plans the searches of one request."""

    catalog: Catalog
    limits: Limits
    visibility: Visibility

    def plan(self, arguments: Mapping[str, Any], model: Model) -> Condition:
        """What a search of `model` asks for; true for none, and for one without a word. Raises RequestError with the path
        from the field."""
        text: str | None = arguments.get("search")
        fields: Sequence[str | Enum] | None = arguments.get("searchFields")
        if text is None and fields is None:
            return Always(True)
        if model.search is None:
            name = model.entity.__name__
            raise RequestError(
                f"{name} has no search: ModelOptions(searchable=...) says what is searched.", path=("search",)
            )
        chosen = self._allowed(_chosen(model.search, fields), model, named=fields is not None)
        words = self._words(text or "")
        if not words:
            return Always(True)
        if not chosen:
            return Always(False)
        found = [self._places([(field.relations, field.column) for field in chosen], each) for each in words]
        if model.search.text is not None:
            assert text is not None, "it has words"
            columns = tuple(each.column for each in chosen) if model.search.text.vector is None else ()
            return TextMatch(model.search.text, text.strip(), columns, tuple(found))
        return conjunction([each[0] if len(each) == 1 else Or(each) for each in found])

    def _allowed(self, fields: Sequence[ColumnPath], model: Model, *, named: bool) -> tuple[ColumnPath, ...]:
        """The fields that the caller may filter by. Raises RequestError FORBIDDEN for any other that is named, and for all
        that a vector holds, if it is one of them."""
        assert model.search is not None, "it is searched"
        vector = model.search.text.vector if model.search.text is not None else None
        if vector is not None and not self.visibility.may("filter", vector, model):
            raise RequestError(f"You may not search {model.name} records.", ErrorCode.FORBIDDEN, ("search",))
        found: list[ColumnPath] = []
        for each in fields:
            models = [model, *(self.catalog.model(relation.target) for relation in each.relations)]
            try:
                self.visibility.check_path("filter", each, models)
                found.append(each)
            except RequestError as error:
                if named:
                    raise error.below("searchFields") from None
        return tuple(found)

    def _words(self, text: str) -> list[str]:
        """The words and phrases of a text, each once. A quotation mark that has no other one is passed over."""
        try:
            check_text(text)
        except ValueError as error:
            raise RequestError(str(error), path=("search",)) from None
        longest = self.limits.max_search_words * (_MAX_WORD_LENGTH + 3)  # quotation marks and a blank
        if len(text) > longest:
            message = f"A search has at most {longest} characters; this one has {len(text)}."
            raise RequestError(message, ErrorCode.LIMIT, ("search",))
        words = list(
            dict.fromkeys(word for match in _WORD.finditer(text) if (word := (match[1] or match[2] or "").strip()))
        )
        if len(words) > self.limits.max_search_words:
            raise RequestError(
                f"A search has at most {self.limits.max_search_words} words; this one has {len(words)}.",
                ErrorCode.LIMIT,
                ("search",),
            )
        if any(len(each) > _MAX_WORD_LENGTH for each in words):
            message = f"A word of a search has at most {_MAX_WORD_LENGTH} characters."
            raise RequestError(message, ErrorCode.LIMIT, ("search",))
        return words

    def _places(self, fields: Sequence[tuple[tuple[Relation, ...], Column]], word: str) -> tuple[Condition, ...]:
        """Where the word may stand: in a column each; in those of one related record together, which is looked for once."""
        found: list[Condition] = [Compare(column, Operator.I_CONTAINS, word) for path, column in fields if not path]
        first = dict.fromkeys(path[0] for path, _ in fields if path)
        for relation in first:
            rest = self._places([(path[1:], column) for path, column in fields if path and path[0] is relation], word)
            among = self.visibility.condition(self.catalog.model(relation.target))
            found.append(Related(relation, Quantifier.SOME, rest[0] if len(rest) == 1 else Or(rest), among))
        return tuple(found)


def _chosen(search: Search, names: Sequence[str | Enum] | None) -> tuple[ColumnPath, ...]:
    """The fields that a request names; null stands for all."""
    if names is None:
        return search.fields
    if not search.has_choice:
        raise RequestError("This search has no fields to choose from; leave searchFields out.", path=("searchFields",))
    known = {each.name: each for each in search.fields}
    wanted = [each.value if isinstance(each, Enum) else each for each in names]
    for place, each in enumerate(wanted):
        if each not in known:
            message = f"There is no search field {each!r}; there are: {', '.join(known)}."
            raise RequestError(message, path=("searchFields", place))
    return tuple(each for name, each in known.items() if name in wanted)
