"""Fields of documents in, their selections out: what the values of variables do not change is read once for each document."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    SelectionSetNode,
    VariableNode,
)

from gqlcrud.selection import FieldInfo, Selection, SelectionTree, read_tree, variable_values

T = TypeVar("T")
KEPT = 512
"""Fields that are kept: a few kB each."""
KEPT_VARIANTS = 16
"""Trees that are kept of one field, one for each combination of the variables that its directives use."""


@dataclass(frozen=True, slots=True)
class _Variant:
    """What is selected below a field, and what was made of it, by what it is."""

    tree: SelectionTree
    made: dict[object, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Known:
    """A field of a document. nodes: held, so that nothing else takes their place in memory. switches: the variables that
    directives use below it. variants: by the values of those."""

    nodes: Sequence[FieldNode]
    schema: GraphQLSchema
    switches: tuple[str, ...]
    variants: dict[tuple[Any, ...], _Variant] = field(default_factory=dict)


_Key: TypeAlias = tuple[object, ...]


@dataclass(slots=True)
class KnownSelections:
    """The selections of one API, those that were read last. Only arguments with variables in them are read for each request.

    It depends on documents and on the variables that their directives use, never on who asks.
    """

    _known: OrderedDict[_Key, _Known] = field(default_factory=OrderedDict)

    def read(self, info: FieldInfo, type_name: str | None = None) -> Selection:
        """As `read_selection` does."""
        return self._variant(info, type_name).tree.bind(variable_values(info))

    def made_of(
        self, info: FieldInfo, type_name: str | None, kind: object, depends_on: Collection[str], make: Callable[[], T]
    ) -> T:
        """What `make` gives for the selection of a field, made once for all requests whose selections are alike but for
        other arguments than those that it depends on. kind: tells it from others."""
        variant = self._variant(info, type_name)
        if kind in variant.made:
            found: T = variant.made[kind]
            return found
        made = make()
        if not variant.tree.varies_by(depends_on):
            variant.made[kind] = made
        return made

    def _variant(self, info: FieldInfo, type_name: str | None) -> _Variant:
        known = self._find(info, type_name)
        given = variable_values(info).coerced
        values = tuple(given.get(name) for name in known.switches)
        variant = known.variants.get(values)
        if variant is None:
            variant = _Variant(read_tree(info, type_name))
            if len(known.variants) < KEPT_VARIANTS:
                known.variants[values] = variant
        return variant

    def _find(self, info: FieldInfo, type_name: str | None) -> _Known:
        key = (type_name, *map(id, info.field_nodes))
        known = self._known.get(key)
        if known is not None and known.schema is info.schema:
            self._known.move_to_end(key)
            return known
        nodes = tuple(info.field_nodes)
        known = self._known[key] = _Known(nodes, info.schema, _switches(nodes, info.fragments))
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return known


def _switches(nodes: Sequence[FieldNode], fragments: Mapping[str, FragmentDefinitionNode]) -> tuple[str, ...]:
    """The variables that stand in directives below a field."""
    sets = [node.selection_set for node in nodes if node.selection_set is not None]
    found = {
        argument.value.name.value: None
        for node in _below(sets, fragments, set())
        for directive in node.directives or ()
        if directive.name.value in ("skip", "include")
        for argument in directive.arguments or ()
        if isinstance(argument.value, VariableNode)
    }
    return tuple(found)


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
