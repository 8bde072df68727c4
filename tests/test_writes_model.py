"""Generated nested inputs, compared with a model of the rules: what the database holds then, or which error there is.

The model knows nothing of how writes are done. It is a dictionary of children and their owners, and the phases.
"""

from collections.abc import AsyncIterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gqlcrud import Api
from tests.databases import MakeEngine
from tests.family import Base, Guest, House, Note, Person, Room, Street, Tag, house_tag
from tests.running import run

NAMES = "abcdefg"
FIELDS = {
    "guests": ("updateHouse", "Guest", Guest),
    "rooms": ("updateHouse", "Room", Room),
    "notes": ("updateHouse", "Note", Note),
    "tags": ("updateHouse", "Tag", Tag),
    "children": ("updatePerson", "Person", Person),
}


class Refused(Exception):
    """The write fails with this code."""


# ---------- the model ----------


@dataclass
class Lists:
    """The children of parents H and I. sizes: of all records. owners: name -> parents, each with the rank of the link.

    orphans: what becomes of a child that is taken out: "keep", "delete" or "refuse". shared: it may have many parents.
    """

    sizes: dict[str, int | None]
    owners: dict[str, dict[str, int | None]]
    orphans: str
    shared: bool

    def apply(self, inputs: dict[str, dict[str, Any]]) -> None:
        self._refuse_conflicts(inputs)
        for phase in ("delete", "delete_where", "disconnect", "update_where", "update", "upsert", "connect", "either"):
            getattr(self, f"_{phase}")(inputs)
        self._make([(parent, item) for parent, each in inputs.items() for item in each.get("create", ())])

    def _refuse_conflicts(self, inputs: dict[str, dict[str, Any]]) -> None:
        for each in inputs.values():
            names = [name for operation in each for name in named(each, operation)]
            if len(names) != len(set(names)) or ("set" in each and {"connect", "disconnect"} & each.keys()):
                raise Refused("CONFLICTING_OPERATIONS")
        for each in inputs.values():
            for operation in ("delete", "update", "connect", "set"):
                if any(name not in self.sizes for name in named(each, operation)):
                    raise Refused("NOT_FOUND")
        for parent, each in inputs.items():
            for other, others in inputs.items():
                every = {name for operation in others if operation != "delete" for name in named(others, operation)}
                claims = [
                    {name for operation in ("set", "connect", "connectOrCreate") for name in named(which, operation)}
                    for which in (each, others)
                ]
                if parent != other and set(named(each, "delete")) & every:
                    raise Refused("CONFLICTING_OPERATIONS")
                if parent != other and not self.shared and claims[0] & claims[1]:
                    raise Refused("CONFLICTING_OPERATIONS")

    def _children(self, parent: str) -> list[str]:
        return [name for name in self.sizes if parent in self.owners[name]]

    def _meeting(self, parent: str, most: int) -> list[str]:
        return [name for name in self._children(parent) if (size := self.sizes[name]) is not None and size <= most]

    def _remove(self, name: str) -> None:
        self.sizes.pop(name, None)
        self.owners.pop(name, None)

    def _own(self, parent: str, name: str) -> None:
        if name not in self._children(parent):
            raise Refused("NOT_FOUND")

    def _delete(self, inputs: dict[str, dict[str, Any]]) -> None:
        pairs = [(parent, name) for parent, each in inputs.items() for name in named(each, "delete")]
        for parent, name in pairs:
            self._own(parent, name)
        for _, name in pairs:
            self._remove(name)

    def _delete_where(self, inputs: dict[str, dict[str, Any]]) -> None:
        for parent, each in inputs.items():
            if "deleteWhere" in each:
                for name in self._meeting(parent, each["deleteWhere"]):
                    self._remove(name)

    def _disconnect(self, inputs: dict[str, dict[str, Any]]) -> None:
        out = [(parent, name) for parent, each in inputs.items() for name in named(each, "disconnect")]
        for parent, each in inputs.items():
            if "set" in each:
                if any(name not in self.sizes for name in named(each, "set")):
                    raise Refused("NOT_FOUND")
                out += [(parent, name) for name in self._children(parent) if name not in named(each, "set")]
        for parent, name in out:
            if name in self._children(parent):
                if self.orphans == "refuse":
                    raise Refused("REQUIRED_RELATION")
                if self.orphans == "delete":
                    self._remove(name)
                else:
                    del self.owners[name][parent]

    def _update_where(self, inputs: dict[str, dict[str, Any]]) -> None:
        for parent, each in inputs.items():
            if "updateWhere" in each:
                most, size = each["updateWhere"]
                self.sizes |= dict.fromkeys(self._meeting(parent, most), size)

    def _update(self, inputs: dict[str, dict[str, Any]]) -> None:
        items = [(parent, item) for parent, each in inputs.items() for item in each.get("update", ())]
        for parent, (name, *_) in items:
            self._own(parent, name)
        for parent, (name, size, *rank) in items:
            self.sizes[name] = size
            self._rank(parent, name, rank)

    def _upsert(self, inputs: dict[str, dict[str, Any]]) -> None:
        items = [(parent, item) for parent, each in inputs.items() for item in each.get("upsert", ())]
        own = [name in self._children(parent) for parent, (name, *_) in items]
        for (parent, (name, size, *rank)), is_own in zip(items, own, strict=True):
            if is_own:
                self.sizes[name] = size
                self._rank(parent, name, rank)
        self._make([item for item, is_own in zip(items, own, strict=True) if not is_own])

    def _connect(self, inputs: dict[str, dict[str, Any]]) -> None:
        pairs = [
            (parent, item)
            for parent, each in inputs.items()
            for item in (*each.get("set", ()), *each.get("connect", ()))
        ]
        if any(name not in self.sizes for _, (name, *_) in pairs):
            raise Refused("NOT_FOUND")
        for parent, (name, *rank) in pairs:
            self._tie(parent, name, rank)

    def _either(self, inputs: dict[str, dict[str, Any]]) -> None:
        for parent, each in inputs.items():
            for name, size, *rank in each.get("connectOrCreate", ()):
                if name not in self.sizes:
                    self.sizes[name], self.owners[name] = size, {}
                self._tie(parent, name, rank)

    def _make(self, items: list[tuple[str, Any]]) -> None:
        for parent, (name, size, *rank) in items:
            if name in self.sizes:
                raise Refused("UNIQUE")
            self.sizes[name], self.owners[name] = size, {}
            self._tie(parent, name, rank)

    def _tie(self, parent: str, name: str, rank: list[int]) -> None:
        if not self.shared:
            self.owners[name] = {parent: None}
        else:
            self.owners[name].setdefault(parent, None)
            self._rank(parent, name, rank)

    def _rank(self, parent: str, name: str, rank: list[int]) -> None:
        if rank:
            self.owners[name][parent] = rank[0]


def named(operations: dict[str, Any], operation: str) -> list[str]:
    """The names of the records that an operation names, less those that it makes whatever there is."""
    if operation in ("delete", "disconnect"):
        return list(operations.get(operation, ()))
    if operation in ("set", "connect", "update", "upsert", "connectOrCreate"):
        return [name for name, *_ in operations.get(operation, ())]
    return []


# ---------- inputs ----------


def inputs(shared: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Operations of one list, most of them without a conflict."""
    name, size = st.sampled_from(NAMES), st.integers(0, 9)
    rank = st.lists(size, max_size=1) if shared else st.just([])
    plain = st.tuples(name, rank).map(lambda each: (each[0], *each[1]))
    sized = st.tuples(name, size, rank).map(lambda each: (each[0], each[1], *each[2]))

    def few(item: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.lists(item, max_size=2)

    kinds = {
        "set": few(plain),
        "delete": few(name),
        "deleteWhere": size,
        "disconnect": few(name),
        "updateWhere": st.tuples(size, size),
        "update": few(sized),
        "upsert": few(sized),
        "connect": few(plain),
        "connectOrCreate": few(sized),
        "create": few(sized),
    }
    chosen = st.lists(st.sampled_from(sorted(kinds)), unique=True, max_size=4)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({each: kinds[each] for each in names}))


def as_graphql(operations: dict[str, Any], *, linked: bool) -> dict[str, Any]:
    """The operations as the API takes them."""

    def edge(rank: list[int]) -> dict[str, Any]:
        return {"edge": {"rank": rank[0]}} if rank else {}

    def by(name: str) -> dict[str, Any]:
        return {"by": {"name": name}}

    found: dict[str, Any] = {}
    for operation, value in operations.items():
        match operation:
            case "delete" | "disconnect":
                found[operation] = [{"name": name} for name in value]
            case "set" | "connect":
                found[operation] = [by(n) | edge(rank) if linked else {"name": n} for n, *rank in value]
            case "deleteWhere":
                found[operation] = {"size": {"lte": value}}
            case "updateWhere":
                found[operation] = [{"where": {"size": {"lte": value[0]}}, "patch": {"size": value[1]}}]
            case "update":
                found[operation] = [by(n) | {"patch": {"size": size}} | edge(rank) for n, size, *rank in value]
            case "upsert":
                found[operation] = [
                    by(n) | {"create": {"name": n, "size": size}, "update": {"size": size}} | edge(rank)
                    for n, size, *rank in value
                ]
            case "connectOrCreate":
                found[operation] = [
                    by(n) | {"create": {"name": n, "size": size}} | edge(rank) for n, size, *rank in value
                ]
            case _:
                made = [({"name": n, "size": size}, rank) for n, size, *rank in value]
                found[operation] = [{"node": node} | edge(rank) if linked else node for node, rank in made]
    return found


# ---------- the database ----------


@pytest.fixture(scope="module")
async def api(make_module_engine: MakeEngine) -> AsyncIterator[tuple[Api, AsyncEngine]]:
    engine = await make_module_engine(Base.metadata)
    yield Api(Base, engine), engine


async def fill(engine: AsyncEngine, relation: str, lists: Lists) -> None:
    """What `lists` holds, and nothing else."""
    kind: Any = FIELDS[relation][2]
    async with AsyncSession(engine) as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name == "person":
                await session.execute(table.update().values(parent_id=None))
            await session.execute(table.delete())
        street = Street(name="S")
        owner: Any = Person if relation == "children" else House
        parents = {name: owner(name=name) for name in "HI"}
        for parent in parents.values():
            if relation != "children":
                parent.street = street
        session.add_all(parents.values())
        await session.flush()
        children = {name: kind(name=name, size=size) for name, size in lists.sizes.items()}
        key = "parent_id" if relation == "children" else "house_id"
        for name, owners in lists.owners.items():
            for parent_name in owners if relation != "tags" else ():
                setattr(children[name], key, parents[parent_name].id)
        session.add_all(children.values())
        await session.flush()
        links = [
            {"house_id": parents[parent_name].id, "tag_id": children[name].id, "rank": rank}
            for name, owners in lists.owners.items()
            for parent_name, rank in owners.items()
        ]
        if relation == "tags" and links:
            await session.execute(house_tag.insert(), links)
        await session.commit()


async def read(engine: AsyncEngine, relation: str) -> tuple[dict[str, int | None], dict[str, dict[str, int | None]]]:
    """Sizes and owners, as `Lists` has them."""
    kind: Any = FIELDS[relation][2]
    owner: Any = Person if relation == "children" else House
    async with AsyncSession(engine) as session:
        parents = {each.id: each.name for each in await session.scalars(select(owner))}
        rows = [each for each in await session.scalars(select(kind)) if each.name not in ("H", "I")]
        owners: dict[str, dict[str, int | None]] = {each.name: {} for each in rows}
        if relation == "tags":
            names = {each.id: each.name for each in rows}
            for house, tag, rank in await session.execute(select(house_tag)):
                owners[names[tag]][parents[house]] = rank
        else:
            for each in rows:
                parent = each.parent_id if relation == "children" else each.house_id
                owners[each.name] = {} if parent is None else {parents[parent]: None}
        return {each.name: each.size for each in rows}, owners


def starts(relation: str) -> st.SearchStrategy[Lists]:
    orphans = {"rooms": "refuse", "notes": "delete"}.get(relation, "keep")
    shared = relation == "tags"
    owners: Any = st.sampled_from([{}, {"H": None}, {"I": None}])
    if orphans != "keep":
        owners = st.sampled_from([{"H": None}, {"I": None}])
    if shared:
        owners = st.dictionaries(st.sampled_from("HI"), st.none() | st.integers(0, 9))
    child = st.tuples(st.none() | st.integers(0, 9), owners)
    return st.dictionaries(st.sampled_from(NAMES), child).map(
        lambda children: Lists(
            {name: size for name, (size, _) in children.items()},
            {name: dict(each) for name, (_, each) in children.items()},
            orphans,
            shared,
        )
    )


SCENES = st.sampled_from(sorted(FIELDS)).flatmap(
    lambda relation: st.tuples(st.just(relation), starts(relation), inputs(relation == "tags"))
)


FAMILIES = st.sampled_from(sorted(FIELDS.keys() - {"children"})).flatmap(
    lambda relation: st.tuples(
        st.just(relation), starts(relation), inputs(relation == "tags"), inputs(relation == "tags")
    )
)


async def check(
    api: Api, engine: AsyncEngine, relation: str, lists: Lists, wanted: dict[str, Any], document: str, patch: Any
) -> None:
    """The write does what the model does, or fails as it does and leaves everything as it was."""
    await fill(engine, relation, lists)
    after = deepcopy(lists)
    code = None
    try:
        after.apply(wanted)
    except Refused as error:
        code, after = str(error), lists
    data = await run(api, document, patch=patch)
    (payload,) = data.values()

    assert {each["code"] for each in payload["errors"]} == ({code} if code else set()), payload
    assert await read(engine, relation) == (after.sizes, after.owners)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scene=SCENES)
async def test_operations_of_one_parent_do_what_the_rules_say(
    api: tuple[Api, AsyncEngine], scene: tuple[str, Lists, dict[str, Any]]
) -> None:
    relation, lists, operations = scene
    field, _, _ = FIELDS[relation]
    owner = field.removeprefix("update")
    document = f"""mutation ($patch: {owner}Patch) {{
      {field}(input: {{by: {{name: "H"}}, patch: $patch}}) {{ errors {{ code message path }} }}
    }}"""
    patch = {relation: as_graphql(operations, linked=relation == "tags")}
    await check(*api, relation, lists, {"H": operations}, document, patch)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scene=FAMILIES)
async def test_operations_of_two_parents_go_through_the_phases_together(
    api: tuple[Api, AsyncEngine], scene: tuple[str, Lists, dict[str, Any], dict[str, Any]]
) -> None:
    relation, lists, first, second = scene
    wanted = {"H": first, "I": second}
    document = """mutation ($patch: StreetPatch) {
      updateStreet(input: {by: {name: "S"}, patch: $patch}) { errors { code message path } }
    }"""
    items = [
        {"by": {"name": parent}, "patch": {relation: as_graphql(operations, linked=relation == "tags")}}
        for parent, operations in wanted.items()
    ]
    await check(*api, relation, lists, wanted, document, {"houses": {"update": items}})
