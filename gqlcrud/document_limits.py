"""The text of a document in, the document out, once its size and its shape are found to be within the limits.

What it asks for is looked at later. Each fragment is counted once and multiplied, never expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeGuard

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_operation_ast,
    parse,
)

from gqlcrud.errors import ErrorCode
from gqlcrud.options import Limits

_TOKEN = re.compile(
    r'''
    """(?:[^"\\]++|\\"""|\\|"(?!""))*+"""
    | "(?:[^"\\\r\n]++|\\.)*+"
    | \#[^\r\n]*+
    | (?P<open>[{\[(])
    | (?P<close>[}\])])
    | \.\.\.
    | [A-Za-z_][A-Za-z_0-9]*+
    | -?[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?
    | [^\s,\ufeff]
    ''',
    re.VERBOSE,
)
"""A token or a comment. Source: GraphQL specification, section 2.1.6 "Lexical Tokens"."""


def parse_within(text: str, limits: Limits, options: Mapping[str, Any]) -> DocumentNode:
    """Raises GraphQLError for a syntax error, and with the code LIMIT for too many tokens, too much nesting, and what
    `check_document` refuses. options: what else graphql-core's parser is given."""
    check_text(text, limits)
    document = parse(text, **options)
    check_document(document, limits)
    return document


def check_text(text: str, limits: Limits) -> None:
    """Raises GraphQLError for too many tokens, and for brackets that stand too deep in each other; nothing is parsed."""
    nesting = 0
    for count, token in enumerate(_TOKEN.finditer(text), 1):
        if count > limits.max_tokens:
            raise _exceeded(f"A document has at most {limits.max_tokens} tokens; this one has more.")
        if token.lastgroup == "open":
            nesting += 1
            if nesting > limits.max_nesting:
                raise _exceeded(f"A document nests at most {limits.max_nesting} levels deep; this one nests deeper.")
        elif token.lastgroup == "close":
            nesting -= 1


def without_values(text: str) -> str:
    """A document without the strings and numbers that stand in it, and without comments: nobody knows what they say."""
    return _TOKEN.sub(lambda token: _without_value(token[0]), text)


def _without_value(token: str) -> str:
    if token[0] in '"-0123456789':
        return "?"
    return "" if token[0] == "#" else token


@dataclass(slots=True)
class _Part:
    """What stands in an operation or a fragment, and what with the fragments that it spreads. depth: of its fields.

    keys: response keys of the fields at its top. spreads: names of fragments, each with the depth at which it stands.
    """

    fields: int = 0
    aliases: int = 0
    directives: int = 0
    most_directives: int = 0
    depth: int = 0
    keys: set[str] = field(default_factory=set)
    spreads: list[tuple[str, int]] = field(default_factory=list)

    def add(self, other: _Part, depth: int) -> None:
        """What a fragment shows, spread at a depth."""
        self.fields += other.fields
        self.depth = max(self.depth, depth + other.depth)
        if depth == 0:
            self.keys |= other.keys


@dataclass(frozen=True, slots=True)
class DocumentSize:
    """What is counted of a document, and of the operation that runs. nesting: of brackets, and of fields with the fragments
    spread. mutates: whether it is a mutation."""

    tokens: int = 0
    nesting: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    root_fields: int = 0
    mutates: bool = False


def document_size(text: str, document: DocumentNode, operation_name: str | None) -> DocumentSize:
    """The size of a document that is within the limits. text: of it."""
    tokens, nesting, deepest = 0, 0, 0
    for token in _TOKEN.finditer(text):
        tokens += 1
        nesting += {"open": 1, "close": -1}.get(token.lastgroup or "", 0)
        deepest = max(deepest, nesting)
    parts = [(each, _part(each)) for each in document.definitions if _is_executable(each)]
    fragments = {node.name.value: part for node, part in parts if isinstance(node, FragmentDefinitionNode)}
    counted = [part for _, part in parts]
    aliases, directives = sum(each.aliases for each in counted), sum(each.directives for each in counted)
    operation = get_operation_ast(document, operation_name)
    found = next((part for node, part in parts if node is operation), _Part())
    if not _include_all(fragments):
        return DocumentSize(tokens, deepest, aliases, directives)
    _include(found, fragments)
    return DocumentSize(
        *(tokens, max(deepest, found.depth), aliases, directives, found.fields, len(found.keys)),
        mutates=operation is not None and operation.operation is OperationType.MUTATION,
    )


def check_document(document: DocumentNode, limits: Limits) -> None:
    """Raises GraphQLError with the code LIMIT. Fragments that spread each other in a circle are left to validation."""
    parts = [(each, _part(each)) for each in document.definitions if _is_executable(each)]
    counted = [part for _, part in parts]
    _check("aliases", sum(each.aliases for each in counted), limits.max_aliases)
    _check("directives", sum(each.directives for each in counted), limits.max_directives)
    most = max((each.most_directives for each in counted), default=0)
    if most > limits.max_field_directives:
        raise _exceeded(f"A field has at most {limits.max_field_directives} directives; one here has {most}.")
    fragments = {node.name.value: part for node, part in parts if isinstance(node, FragmentDefinitionNode)}
    if not _include_all(fragments):
        return
    for node, part in parts:
        if isinstance(node, OperationDefinitionNode):
            _include(part, fragments)
            _check_operation(node, part, limits)


def _check_operation(node: OperationDefinitionNode, part: _Part, limits: Limits) -> None:
    mutation = node.operation is OperationType.MUTATION
    roots = limits.max_root_mutations if mutation else limits.max_root_fields
    if len(part.keys) > roots:
        kind = "mutation" if mutation else "query"
        raise _exceeded(f"A {kind} has at most {roots} root fields; this one has {len(part.keys)}.")
    if part.depth > limits.max_nesting:
        raise _exceeded(f"A document nests at most {limits.max_nesting} levels deep; this one nests {part.depth}.")
    if part.fields > limits.max_fields:
        count = part.fields if part.fields < 10**9 else "many more"
        raise _exceeded(
            f"An operation selects at most {limits.max_fields} fields, fragments included; this one {count}."
        )


def _part(definition: OperationDefinitionNode | FragmentDefinitionNode) -> _Part:
    part = _Part()
    variables = () if isinstance(definition, FragmentDefinitionNode) else definition.variable_definitions or ()
    for each in (definition, *variables):
        part.directives += len(each.directives or ())
    open_sets: list[tuple[SelectionSetNode, int]] = [(definition.selection_set, 0)]
    while open_sets:
        selections, depth = open_sets.pop()
        for node in selections.selections:
            count = len(node.directives or ())
            part.directives += count
            part.most_directives = max(part.most_directives, count)
            if isinstance(node, FragmentSpreadNode):
                part.spreads.append((node.name.value, depth))
            elif isinstance(node, InlineFragmentNode):
                open_sets.append((node.selection_set, depth))
            elif isinstance(node, FieldNode):
                _add_field(part, node, depth)
                if node.selection_set is not None:
                    open_sets.append((node.selection_set, depth + 1))
    return part


def _add_field(part: _Part, node: FieldNode, depth: int) -> None:
    part.fields += 1
    part.depth = max(part.depth, depth + 1)
    part.aliases += node.alias is not None
    if depth == 0:
        part.keys.add(node.alias.value if node.alias is not None else node.name.value)


def _include_all(fragments: Mapping[str, _Part]) -> bool:
    """Add to each fragment what those that it spreads show. False where they spread each other in a circle."""
    try:
        order = list(
            TopologicalSorter({name: _spread(part, fragments) for name, part in fragments.items()}).static_order()
        )
    except CycleError:
        return False
    for name in order:
        _include(fragments[name], fragments)
    return True


def _include(part: _Part, fragments: Mapping[str, _Part]) -> None:
    """Add what the spread fragments show, which have been added to before."""
    for name, depth in part.spreads:
        if name in fragments:
            part.add(fragments[name], depth)


def _spread(part: _Part, fragments: Mapping[str, _Part]) -> Iterator[str]:
    return (name for name, _ in part.spreads if name in fragments)


def _is_executable(definition: object) -> TypeGuard[OperationDefinitionNode | FragmentDefinitionNode]:
    return isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode)


def _check(what: str, count: int, maximum: int) -> None:
    if count > maximum:
        raise _exceeded(f"A document has at most {maximum} {what}; this one has {count}.")


def _exceeded(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": ErrorCode.LIMIT.value})
