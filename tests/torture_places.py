"""A GraphQL schema in, every place out in which a client may put a value, each in a document that is short and valid."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

from tests.torture_values import closed

Build: TypeAlias = Callable[[Any], Any]
_PLAIN: Mapping[str, Any] = {
    **{"String": "b", "Int": 1, "Float": 1.5, "BigInt": "1", "Decimal": "1", "Boolean": True, "Date": "2020-01-01"},
    **{"Time": "12:00", "DateTime": "2020-01-01T00:00:00", "Duration": "PT1H", "UUID": "f" * 32, "Base64": "AA=="},
    **{"JSON": {"a": 1}, "ID": closed("Crate:1")},
}
"""A value of each scalar that nobody minds, and that no record has."""
_FOUND = "a"
"""A text that is the key of records."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place for a value.

    walked: the same document with a directive that changes nothing, which leaves it to graphql-core even when it is known.
    variables: those of the document, with this value in its place.
    """

    root: str
    name: str
    text: str
    walked: str
    kind: str
    variables: Callable[[Any], dict[str, Any]]


def places(schema: GraphQLSchema, operation: str) -> Iterator[Place]:
    """Every place in an input of the roots, and in the arguments of the fields below those of the queries.

    schema: built of its text, in which inputs know that they are `@oneOf`. An input that leads to itself is entered once,
    all others wherever they stand.
    """
    root = schema.query_type if operation == "query" else schema.mutation_type
    assert root is not None
    seen: set[str] = set()
    for name, field in root.fields.items():
        for argument in field.args:
            yield from _of_argument(root, [name], argument, operation, seen)
    if operation == "query":
        yield from _below(schema, seen)


def _below(schema: GraphQLSchema, seen: set[str]) -> Iterator[Place]:
    """Arguments of fields of records, of lists, and of what is counted of lists."""
    for path, owner in [
        (["crates", "nodes"], "Crate"),
        (["stamps", "nodes"], "Stamp"),
        (["labels", "nodes"], "Label"),
        (["crates", "facets"], "CrateFacets"),
    ]:
        found = schema.type_map[owner]
        assert isinstance(found, GraphQLObjectType)
        for name, field in found.fields.items():
            for argument in field.args:
                yield from _of_argument(found, [*path, name], argument, "query", seen)


def _of_argument(
    owner: GraphQLObjectType, path: Sequence[str], argument: str, operation: str, seen: set[str]
) -> Iterator[Place]:
    field = owner.fields[path[-1]]
    needed = [name for name, each in field.args.items() if is_required_argument(each) or name == argument]
    declared = ", ".join(f"${name}: {field.args[name].type}" for name in needed)
    given = ", ".join(f"{name}: ${name}" for name in needed)
    root, *inner = [*path[:-1], f"{path[-1]}({given})"]
    text, walked = (
        f"{operation} ({declared}) {{ {' { '.join([head, *inner])} {_shown(get_named_type(field.type))} {'}' * len(path)}"
        for head in (root, f"{root} @include(if: true)")
    )
    rest = {name: _plain(field.args[name].type) for name in needed if name != argument}
    for build, kind, label in _leaves(argument, field.args[argument].type, seen):
        yield Place(
            path[0], f"{'.'.join(path)}({argument}{label})", text, walked, kind, _variables(rest, argument, build)
        )


def _variables(rest: Mapping[str, Any], argument: str, build: Build) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {**rest, argument: build(value)}


def _leaves(name: str, kind: GraphQLInputType, seen: set[str]) -> Iterator[tuple[Build, str, str]]:
    """How an input is built around a value in each place, the kind of the value, and the way to it."""
    match kind:
        case GraphQLNonNull():
            yield from _leaves(name, kind.of_type, seen)
        case GraphQLList():
            for build, leaf, label in _leaves(name, kind.of_type, seen):
                yield _in_list(build), leaf, f"[]{label}"
        case GraphQLInputObjectType():
            if _is_circular(kind):
                if kind.name in seen:
                    return
                seen.add(kind.name)
            rest = {} if kind.is_one_of else _plain(kind)
            # shallow ones first, so that a circle is entered by the shortest way
            for each in sorted(kind.fields, key=lambda each: _is_deep(kind.fields[each].type)):
                for build, leaf, label in _leaves(each, kind.fields[each].type, seen):
                    yield _in_object(rest, each, build), leaf, f".{each}{label}"
        case GraphQLEnumType():
            yield _itself, "enum", ""
        case _:
            yield _itself, "cursor" if name in ("after", "before") else get_named_type(kind).name, ""


def _itself(value: Any) -> Any:
    return value


def _in_list(build: Build) -> Build:
    return lambda value: [build(value)]


def _in_object(rest: Mapping[str, Any], name: str, build: Build) -> Build:
    return lambda value: {**rest, name: build(value)}


def _is_deep(kind: GraphQLInputType) -> bool:
    return isinstance(get_named_type(kind), GraphQLInputObjectType)


def _is_circular(kind: GraphQLInputObjectType) -> bool:
    """Whether an input leads to itself."""
    open_types, seen = [kind], set[str]()
    while open_types:
        for each in open_types.pop().fields.values():
            named = get_named_type(each.type)
            if named.name == kind.name:
                return True
            if isinstance(named, GraphQLInputObjectType) and named.name not in seen:
                seen.add(named.name)
                open_types.append(named)
    return False


def _plain(kind: GraphQLInputType, *, key: bool = False) -> Any:
    """A value of an input type that is as small as may be. key: whether it names a record that is there."""
    match kind:
        case GraphQLNonNull():
            return _plain(kind.of_type, key=key)
        case GraphQLList():
            return [_plain(kind.of_type, key=key)]
        case GraphQLEnumType():
            return next(iter(kind.values))
        case GraphQLInputObjectType():
            if kind.is_one_of:
                shallow = [name for name, each in kind.fields.items() if name != "id" and not _is_deep(each.type)]
                name = (shallow or list(kind.fields))[0]
                return {name: _plain(kind.fields[name].type, key=kind.name.endswith("By"))}
            return {
                name: _plain(each.type, key=key) for name, each in kind.fields.items() if is_required_input_field(each)
            }
    name = get_named_type(kind).name
    return _FOUND if key and name == "String" else _PLAIN[name]


def _shown(kind: Any) -> str:
    """What is asked of a field: of a payload its errors and all that needs no argument."""
    if isinstance(kind, GraphQLInterfaceType):
        return "{ id __typename }"
    if not isinstance(kind, GraphQLObjectType):
        return ""
    if "nodes" in kind.fields:
        return "{ nodes { id } edges { cursor } }"
    if "value" in kind.fields:
        return "{ value count }"
    if "errors" not in kind.fields:
        return "{ id }"
    parts = ["errors { code message path ... on UniqueError { fields } }"]
    for name, field in kind.fields.items():
        named = get_named_type(field.type)
        if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            parts.append(name)
        elif isinstance(named, GraphQLObjectType) and "id" in named.fields:
            parts.append(f"{name} {{ id }}")
    return f"{{ {' '.join(parts)} }}"
