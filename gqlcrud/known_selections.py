"""Fields of documents in, their selections out: what no variable can change is read once for each document."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLResolveInfo,
    GraphQLSchema,
    SelectionSetNode,
    VariableNode,
)

from gqlcrud.selection import Selection, read_arguments, read_selection

T = TypeVar("T")
KEPT = 512
"""Fields that are kept: a few kB each."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is selected below a field. nodes: held, so that nothing else takes their place in memory. made: what was made of
    it, by what it is."""

    nodes: Sequence[FieldNode]
    schema: GraphQLSchema
    selection: Selection
    made: dict[object, Any] = field(default_factory=dict)


_Key: TypeAlias = tuple[object, ...]


@dataclass(slots=True)
class KnownSelections:
    """The selections of one API, those that were read last. Only the arguments of the field itself are read for each request.

    A selection with directives or variables below the field is another one each time, and is not kept.
    """

    _known: OrderedDict[_Key, _Known] = field(default_factory=OrderedDict)

    def read(self, info: GraphQLResolveInfo[Any], type_name: str | None = None) -> Selection:
        """As `read_selection` does."""
        known = self._find(info, type_name)
        if known is not None:
            return replace(known.selection, arguments=read_arguments(info))
        selection = read_selection(info, type_name)
        if _is_constant(info.field_nodes, info.fragments):
            key = _key(info, type_name)
            self._known[key] = _Known(tuple(info.field_nodes), info.schema, selection)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return selection

    def made_of(self, info: GraphQLResolveInfo[Any], type_name: str | None, kind: object, make: Callable[[], T]) -> T:
        """What `make` gives for the selection of a field, made once where the selection is kept. kind: tells it from others."""
        known = self._find(info, type_name)
        if known is None:
            return make()
        if kind not in known.made:
            known.made[kind] = make()
        found: T = known.made[kind]
        return found

    def _find(self, info: GraphQLResolveInfo[Any], type_name: str | None) -> _Known | None:
        key = _key(info, type_name)
        known = self._known.get(key)
        if known is None or known.schema is not info.schema:
            return None
        self._known.move_to_end(key)
        return known


def _key(info: GraphQLResolveInfo[Any], type_name: str | None) -> _Key:
    return (type_name, *map(id, info.field_nodes))


def _is_constant(nodes: Sequence[FieldNode], fragments: Mapping[str, FragmentDefinitionNode]) -> bool:
    """Whether what is selected below a field is the same for any variables."""
    sets = [node.selection_set for node in nodes if node.selection_set is not None]
    return all(
        not node.directives and not any(_has_variable(each.value) for each in getattr(node, "arguments", ()) or ())
        for node in _below(sets, fragments, set())
    )


def _below(
    sets: Sequence[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode], seen: set[str]
) -> Iterator[Any]:
    for selections in sets:
        for node in selections.selections:
            yield node
            if isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                yield from _below([fragments[node.name.value].selection_set], fragments, seen)
            inner: SelectionSetNode | None = getattr(node, "selection_set", None)
            if inner is not None:
                yield from _below([inner], fragments, seen)


def _has_variable(value: Any) -> bool:
    if isinstance(value, VariableNode):
        return True
    inner = [*(getattr(value, "values", None) or ()), *(each.value for each in getattr(value, "fields", None) or ())]
    return any(map(_has_variable, inner))
