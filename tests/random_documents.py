"""Random queries, valid by the schema: fields under aliases, fragments, directives, variables, pages with all their arguments."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

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
    is_composite_type,
    is_required_argument,
    is_required_input_field,
)

Ids = Mapping[str, Sequence[str]]
"""Global ids that are there, by type."""
VALUES: Mapping[str, Sequence[Any]] = {
    "Int": [0, 1, 2, 3],
    "Float": [0.5, 2, 0.1],
    "String": ["a", "", "e", "%", "ü", "_\\"],
    "Boolean": [True, False],
    "BigInt": ["1", "1152921504606846976"],
    "Decimal": ["1.5", "0", "9.90", "0.1000000000000000055511151231257827"],
    "Date": ["2020-01-02", "0001-01-01", "9999-12-31"],
    "Time": ["01:02:03", "00:00:00"],
    "DateTime": ["2020-01-02T03:04:05Z", "2024-01-01T00:00:00Z"],
    "Duration": ["PT2H", "P1D"],
    "UUID": ["00000000-0000-0000-0000-000000000005"],
    "Bytes": ["YWI="],
    "Base64": ["YWI="],
    "JSON": [{"a": 1}, [1], "x", 1, None, {"x": [1]}],
}
PATHS = [["a"], ["x", "0"], [], ["nothing"]]
ROOTS, FIELDS, DEPTH = 2, 4, 5


@dataclass(frozen=True, slots=True)
class Selected:
    """A field of a document. on: the type of the fragment in which it stands, where its owner is an interface."""

    key: str
    name: str
    owner: str
    arguments: Mapping[str, Any]
    children: tuple["Selected", ...] = ()
    on: str | None = None


@dataclass(frozen=True, slots=True)
class Trees:
    """Makes trees of fields. values: of each scalar."""

    schema: GraphQLSchema
    random: Random
    ids: Ids
    values: Mapping[str, Sequence[Any]] = field(default_factory=lambda: VALUES)

    def tree(self) -> tuple[Selected, ...]:
        query = self.schema.query_type
        assert query is not None
        names = [name for name in query.fields if not name.startswith("_")]
        chosen = [self.random.choice(names) for _ in range(self.random.randint(1, ROOTS))]
        return tuple(self._selected(f"root{place}", name, query, 0) for place, name in enumerate(chosen))

    def _selected(self, key: str, name: str, owner: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> Selected:
        if name == "__typename":
            return Selected(key, name, owner.name, {})
        output = owner.fields[name]
        arguments = {
            each: self._argument(each, argument.type, name)
            for each, argument in output.args.items()
            if is_required_argument(argument) or self._wants(each)
        }
        if "offset" in arguments or len({"first", "last"} & arguments.keys()) == 2:
            arguments = {each: value for each, value in arguments.items() if each not in ("last", "before")}
        named = get_named_type(output.type)
        children: tuple[Selected, ...] = ()
        if isinstance(named, GraphQLObjectType):
            children = self._children(named, depth + 1)
        elif isinstance(named, GraphQLInterfaceType):
            children = self._of_interface(named, depth + 1)
        return Selected(key, name, owner.name, arguments, children)

    def _wants(self, argument: str) -> bool:
        likely = {"where": 0.3, "orderBy": 0.4, "first": 0.3, "last": 0.2, "offset": 0.15, "path": 0.5, "search": 0.15}
        return self.random.random() < likely.get(argument, 0)

    def _children(self, owner: GraphQLObjectType, depth: int) -> tuple[Selected, ...]:
        names = [*owner.fields, "__typename"]
        if depth >= DEPTH:
            names = [each for each in names if each == "__typename" or not is_composite_type(_named(owner, each))]
        if {"nodes", "edges"} & owner.fields.keys() and self.random.random() < 0.8:
            names = [each for each in names if each in ("nodes", "edges", "pageInfo", "totalCount", "facets")]
        chosen = [self.random.choice(names) for _ in range(self.random.randint(1, FIELDS))]
        found: dict[str, Selected] = {}
        for name in chosen:
            key = name if name not in found and self.random.random() < 0.7 else f"{name.strip('_')}_{len(found)}"
            found.setdefault(key, self._selected(key, name, owner, depth))
            if self.random.random() < 0.1:
                found.setdefault(f"again_{key}", replace(found[key], key=f"again_{key}"))
        return tuple(found.values())

    def _of_interface(self, owner: GraphQLInterfaceType, depth: int) -> tuple[Selected, ...]:
        kinds = list(self.schema.get_possible_types(owner))
        chosen = self.random.sample(kinds, min(len(kinds), self.random.randint(0, 3)))
        found = [self._selected(name, name, owner, depth) for name in self.random.sample(["id", "__typename"], 1)]
        for kind in chosen:
            # one response key of two types would have to be of one shape
            found += [
                replace(each, key=f"{kind.name}_{each.key}", on=kind.name) for each in self._children(kind, depth)
            ]
        return tuple(found)

    # ---------- arguments ----------

    def _argument(self, name: str, kind: GraphQLInputType, field_name: str) -> Any:
        match name:
            case "first" | "last":
                return self.random.randint(0, 4)
            case "offset":
                return self.random.randint(0, 2)
            case "path":
                return self.random.choice(PATHS)
            case "by":
                return self._selector(kind)
            case "ids":
                return [self._id() for _ in range(self.random.randint(0, 4))]
            case "id":
                return self._id()
            case _:
                return self.value(kind, 0)

    def _selector(self, kind: GraphQLInputType) -> Any:
        named = get_named_type(kind)
        assert isinstance(named, GraphQLInputObjectType)
        ids = self.ids.get(named.name.removesuffix("By"))
        if ids and "id" in named.fields and self.random.random() < 0.9:
            return {"id": self.random.choice(ids)}
        return self.value(kind, 0)

    def _id(self) -> str:
        return self.random.choice([*(each for ids in self.ids.values() for each in ids), "nothing"])

    def value(self, kind: GraphQLInputType, depth: int = 0) -> Any:
        match kind:
            case GraphQLNonNull():
                return self.value(kind.of_type, depth)
            case GraphQLList():
                return [self.value(kind.of_type, depth + 1) for _ in range(self.random.choice([0, 1, 1, 2]))]
            case GraphQLInputObjectType():
                return self._object(kind, depth)
            case GraphQLEnumType():
                return self.random.choice(list(kind.values))
        named = get_named_type(kind)
        return self._id() if named.name == "ID" else self.random.choice(self.values.get(named.name, ["a"]))

    def _object(self, kind: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        names = [name for name, each in kind.fields.items() if depth < 3 or not _is_deep(each.type)]
        if not names:
            return {}
        required = [name for name, each in kind.fields.items() if is_required_input_field(each)]
        chosen = {*required, self.random.choice(names)}
        return {name: self.value(kind.fields[name].type, depth + 1) for name in kind.fields if name in chosen}


def _named(owner: GraphQLObjectType, name: str) -> Any:
    return get_named_type(owner.fields[name].type)


def _is_deep(kind: GraphQLInputType) -> bool:
    return isinstance(get_named_type(kind), GraphQLInputObjectType)


# ---------- pages that go on ----------


def continued(tree: Iterable[Selected], data: Any, random: Random) -> tuple[Selected, ...]:
    """The tree with a cursor of what was found, wherever a list showed any: the pages after it, or before it."""
    return tuple(_continued(each, _below(data, each.key), random) for each in tree)


def _continued(selected: Selected, values: Sequence[Any], random: Random) -> Selected:
    children = tuple(
        _continued(each, [value for found in values for value in _below(found, each.key)], random)
        for each in selected.children
    )
    cursors = [each for value in values for each in _cursors(selected, value)]
    arguments = {**selected.arguments}
    if cursors:
        name = "before" if "last" in arguments or random.random() < 0.3 else "after"
        arguments[name] = random.choice(cursors)
        if name == "before":
            arguments.pop("offset", None)
    return replace(selected, arguments=arguments, children=children)


def _below(value: Any, key: str) -> list[Any]:
    """What stands at a key of an object, or of each object of a list."""
    if isinstance(value, list):
        return [found for each in value for found in _below(each, key)]
    found = value.get(key) if isinstance(value, dict) else None
    return [] if found is None else [found]


def _cursors(selected: Selected, value: Any) -> Iterator[str]:
    for part in selected.children:
        for field_ in part.children:
            if field_.name in ("cursor", "startCursor", "endCursor"):
                for each in _below(value, part.key):
                    yield from _below(each, field_.key)


# ---------- documents ----------


@dataclass(slots=True)
class Writer:
    """Writes a tree as a document: what it means stays the same, however it is written."""

    schema: GraphQLSchema
    random: Random
    declared: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)

    def document(self, tree: Sequence[Selected]) -> tuple[str, dict[str, Any]]:
        query = self.schema.query_type
        assert query is not None
        body = self._body(tree, query.name)
        head = f"query ({', '.join(self.declared)}) " if self.declared else "query "
        return "\n".join([head + body, *self.fragments]), self.variables

    def _body(self, fields: Sequence[Selected], owner: str) -> str:
        parts: list[str] = []
        rest = list(fields)
        while rest:
            taken = [rest.pop(0)]
            while rest and rest[0].on == taken[0].on and self.random.random() < 0.5:
                taken.append(rest.pop(0))
            parts.append(self._group(taken, taken[0].on or owner, fragment=taken[0].on is not None))
        return f"{{ {' '.join(parts)} }}"

    def _group(self, fields: Sequence[Selected], owner: str, *, fragment: bool) -> str:
        """Fields as they are, or in a fragment."""
        shown = " ".join(map(self._field, fields))
        way = self.random.random()
        if all(each.name in ("id", "__typename") for each in fields) and owner in self._nodes() and way < 0.3:
            return f"... on {owner} {{ ... on Node {{ {shown} }} }}"
        if way < 0.15 or (fragment and way < 0.7):
            return f"... on {owner}{self._directive()} {{ {shown} }}"
        if way < 0.3 or fragment:
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {owner} {{ {shown} }}")
            twice = f" ...{name}" if self.random.random() < 0.2 else ""
            return f"...{name}{self._directive()}{twice}"
        return shown

    def _nodes(self) -> set[str]:
        interface = self.schema.type_map["Node"]
        assert isinstance(interface, GraphQLInterfaceType)
        return {each.name for each in self.schema.get_possible_types(interface)}

    def _field(self, selected: Selected) -> str:
        head = selected.key if selected.key == selected.name else f"{selected.key}: {selected.name}"
        arguments = ", ".join(
            f"{name}: {self._given(value, self._kind(selected, name))}" for name, value in selected.arguments.items()
        )
        head += f"({arguments})" if arguments else ""
        if not selected.children:
            return head + self._directive()
        inner = self._inner(selected)
        place = self.random.randint(1, len(selected.children))
        if place < len(selected.children) and self.random.random() < 0.2:  # said in two parts, which are merged
            one, two = selected.children[:place], selected.children[place:]
            return f"{head} {self._body(one, inner)} {head} {self._body(two, inner)}"
        return f"{head}{self._directive()} {self._body(selected.children, inner)}"

    def _inner(self, selected: Selected) -> str:
        owner: Any = self.schema.type_map[selected.owner]
        return str(get_named_type(owner.fields[selected.name].type).name)

    def _kind(self, selected: Selected, argument: str) -> GraphQLInputType:
        owner: Any = self.schema.type_map[selected.owner]
        kind: GraphQLInputType = owner.fields[selected.name].args[argument].type
        return kind

    def _directive(self) -> str:
        way = self.random.random()
        if way > 0.12:
            return ""
        name, holds = self.random.choice([("include", True), ("skip", False), ("include", False), ("skip", True)])
        return f" @{name}(if: {self._given(holds, self.schema.type_map['Boolean'])})"

    def _given(self, value: Any, kind: Any) -> str:
        """A value as a literal, as a variable, or as the default of one."""
        name = f"v{len(self.declared)}"
        if self.random.random() < 0.4 or _has_json(kind):
            self.declared.append(f"${name}: {kind}" if str(kind) != "Boolean" else f"${name}: Boolean!")
            self.variables[name] = value
            return f"${name}"
        if self.random.random() < 0.3:
            self.declared.append(f"${name}: {kind} = {_literal(value, kind)}")
            return f"${name}"
        return _literal(value, kind)


def _has_json(kind: Any, seen: frozenset[str] = frozenset()) -> bool:
    """Whether any JSON may stand in it, whose keys need not be names."""
    named = get_named_type(kind)
    if named.name in seen or not isinstance(named, GraphQLInputObjectType):
        return bool(named.name == "JSON")
    return any(_has_json(each.type, seen | {named.name}) for each in named.fields.values())


def _literal(value: Any, kind: Any) -> str:
    if isinstance(kind, GraphQLNonNull):
        return _literal(value, kind.of_type)
    if value is None:
        return "null"
    if isinstance(kind, GraphQLList) and isinstance(value, list):
        return f"[{', '.join(_literal(each, kind.of_type) for each in value)}]"
    if isinstance(kind, GraphQLInputObjectType):
        return f"{{{', '.join(f'{name}: {_literal(each, kind.fields[name].type)}' for name, each in value.items())}}}"
    return str(value) if isinstance(kind, GraphQLEnumType) else json.dumps(value)
