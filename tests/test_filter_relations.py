"""Filters by related records, nested, over every kind of relation, compared with what SQLAlchemy's joins give."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api
from gqlcrud.catalog import Catalog, CatalogSettings, Column, Model, Relation, mapped_classes, read_catalog
from tests import shelf, tangle, zoo
from tests.databases import MakeEngine
from tests.filling import TEXTS, fill, made_rows
from tests.graphs import Graph, Record, global_id, read_graph
from tests.running import save
from tests.wheres import COMPARISONS, Filter, all_of, any_of, compares, matches, negation, side_by_side

BASES: dict[str, Any] = {
    "shelf": shelf.Base,
    "composite keys": zoo.Composites,
    "plain": zoo.Plain,
    "many to many": zoo.ManyToMany,
    "custom joins": zoo.Joins,
    "tangle": tangle.Base,
    "joined inheritance": zoo.Joined,
    "single table inheritance": zoo.SingleTable,
}


@dataclass(frozen=True, slots=True)
class World:
    """An API over a database with records in it."""

    api: Api
    graph: Graph

    async def check(self, model: str, terms: Sequence[Filter]) -> None:
        """Each filter finds the records for which it holds, each once, in the order of the primary key."""
        found = await matches(self.api, model, terms)
        declared = self.api.catalog.by_name[model]
        expected = [
            sorted(global_id(declared, each.key) for each in self.graph.records(model) if term.holds(each))
            for term in terms
        ]
        assert [sorted(each) for each in found] == expected

    async def check_with_negations(self, model: str, terms: Sequence[Filter]) -> None:
        """A filter and its negation find all records between them, and none twice."""
        await self.check(model, [each for term in terms for each in (term, negation(term))])


async def fill_garage(engine: AsyncEngine) -> None:
    one, other = zoo.Garage(id=1), zoo.Garage(id=2)
    truck = zoo.Truck(id=3, wheels=3, load=1, garage=one, trailers=[zoo.Trailer(id=1), zoo.Trailer(id=2)])
    fire_engine = zoo.FireEngine(id=4, wheels=4, load=2, ladder=None, garage=one)
    await save(engine, truck, fire_engine, zoo.Vehicle(id=1, wheels=2, garage=other), zoo.Vehicle(id=2, wheels=3))
    await save(engine, zoo.Truck(id=5, wheels=3, load=3, garage=other, trailers=[zoo.Trailer(id=3)]), zoo.Garage(id=3))


async def fill_zoo(engine: AsyncEngine) -> None:
    ada, bea = zoo.Keeper(id=1, name="a"), zoo.Keeper(id=2, name="b")
    await save(
        engine,
        zoo.Animal(id=1, name="a", keeper=ada),
        zoo.Bird(id=2, name="b", keeper=ada, wing_span=3),
        zoo.Owl(id=3, name="a", wing_span=None, hoots=True),
        zoo.Bat(id=4, name="error", wing_span=3, keeper=bea),
        zoo.Keeper(id=3, name=""),
    )


@pytest.fixture(scope="module")
async def world(make_module_engine: MakeEngine, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """The world of `BASES` that the test names."""
    base = BASES[request.param]
    engine = await make_module_engine(base.metadata)
    by_hand = {"joined inheritance": fill_garage, "single table inheritance": fill_zoo}.get(request.param)
    await (fill(engine, made_rows(base.metadata)) if by_hand is None else by_hand(engine))
    api = Api(base, engine)
    yield World(api, await read_graph(api, engine))


# ---------- generated filters ----------

POOLS: dict[str, Sequence[Any]] = {
    "Int": range(-1, 16),
    "String": [*TEXTS, "x02", "x03"],
    "Boolean": [True, False],
}
COUNTS = ("eq", "ne", "gt", "gte", "lt", "lte")
QUANTIFIERS: dict[str, Any] = {"some": any, "is": any, "every": all}


@dataclass(frozen=True, slots=True)
class Drawing:
    """Filters of one catalog, drawn step by step."""

    draw: st.DrawFn
    catalog: Catalog

    def pick(self, options: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(options))

    def some(self, options: Sequence[Any], size: int = 3) -> list[Any]:
        return self.draw(st.lists(st.sampled_from(options), min_size=1, max_size=size))

    def filter(self, model: Model, relations: int = 3, branches: int = 2) -> Filter:
        """A filter that nests at most so many relations and combinators."""
        kind = self.pick(["condition", "condition", "not", "and", "or", "fields"] if branches else ["condition"])
        if kind == "condition":
            return self.condition(model, relations, branches)
        if kind == "not":
            return negation(self.filter(model, relations, branches - 1))
        number = self.pick([0, 1, 2, 2, 3])
        combine = {"and": all_of, "or": any_of, "fields": side_by_side}[kind]
        return combine([self.filter(model, relations, branches - 1) for _ in range(number)])

    def condition(self, model: Model, relations: int, branches: int) -> Filter:
        columns = [each for each in model.columns if each.filterable and (each.references or each.scalar.name in POOLS)]
        related = [each for _ in range(2) for each in model.relations] if relations else []
        found = self.pick([*columns, model, *related])
        match found:
            case Relation():
                return self.related(found, relations - 1, branches)
            case Column() if found.references is not None:
                return self.referring(found, self.catalog.model(found.references))
            case Column():
                return self.compared(found)
            case _:
                return self.identified(model)

    def compared(self, column: Column) -> Filter:
        values = POOLS[column.scalar.name]
        name = self.pick([each.value for each in column.operators if each.value in (*COMPARISONS, "isNull")])
        return comparison(column.name, column.key, name, self.operand(name, values))

    def operand(self, name: str, values: Sequence[Any]) -> Any:
        if name == "isNull":
            return self.pick([True, False])
        return self.some(values) if name in ("in", "notIn") else self.pick(values)

    def referring(self, column: Column, target: Model) -> Filter:
        """A foreign key, compared by global id."""
        name = self.pick(IDENTITY)
        operand = self.operand(name, range(17))
        keys = operand if isinstance(operand, list) else [operand]
        ids = [global_id(target, (key,)) for key in keys]
        given = operand if name == "isNull" else ids if isinstance(operand, list) else ids[0]
        return Filter({column.name: {name: given}}, lambda record: compares(name, record[column.key], operand))

    def identified(self, model: Model) -> Filter:
        """The global id, of several columns or of one."""
        name = self.pick(IDENTITY)
        if name == "isNull":
            flag = self.pick([True, False])
            return Filter({"id": {name: flag}}, lambda record: not flag)
        keys = [
            tuple(self.pick(POOLS[each.scalar.name]) for each in model.primary_key) for _ in range(self.pick([1, 2, 3]))
        ]
        ids = [global_id(model, each) for each in keys]
        listed = name in ("in", "notIn")
        operand, given = (keys, ids) if listed else (keys[0], ids[0])
        return Filter({"id": {name: given}}, lambda record: compares(name, record.key, operand))

    def related(self, relation: Relation, relations: int, branches: int) -> Filter:
        name = self.pick(["some", "every", "none", "count"] if relation.many else ["is", "isNot", "isNull"])
        if name == "isNull":
            return missing(relation, self.pick([True, False]))
        if name == "count":
            return counted(relation, self.pick(COUNTS), self.pick(range(-1, 6)))
        return quantified(relation, name, self.filter(self.catalog.model(relation.target), relations, branches))


IDENTITY = ("eq", "ne", "in", "notIn", "isNull")


def comparison(name: str, key: str, operator: str, operand: Any) -> Filter:
    return Filter({name: {operator: operand}}, lambda record: compares(operator, record[key], operand))


def quantified(relation: Relation, name: str, term: Filter) -> Filter:
    def holds(record: Record) -> bool:
        found = [term.holds(each) for each in record.related(relation.key)]
        return bool(QUANTIFIERS[name](found)) if name in QUANTIFIERS else not any(found)

    return Filter({relation.name: {name: term.where}}, holds)


def missing(relation: Relation, flag: bool) -> Filter:
    return Filter({relation.name: {"isNull": flag}}, lambda record: (not record.related(relation.key)) is flag)


def counted(relation: Relation, operator: str, number: int) -> Filter:
    return Filter(
        {relation.name: {"count": {operator: number}}},
        lambda record: compares(operator, len(record.related(relation.key)), number),
    )


CATALOGS = {name: read_catalog(mapped_classes(base), CatalogSettings()) for name, base in BASES.items()}
"""The same for both databases; the strategies need them before there is one."""

Batch = tuple[str, list[Filter]]


@st.composite
def batches(draw: st.DrawFn, world: str) -> Batch:
    """A model of a world and several filters of it, which share a document."""
    drawing = Drawing(draw, CATALOGS[world])
    model = drawing.pick(drawing.catalog.models)
    return model.name, [drawing.filter(model) for _ in range(drawing.pick([1, 2, 3, 4]))]


def over(name: str) -> Callable[[Any], Any]:
    """A property of one world."""

    def decorate(test: Any) -> Any:
        slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
        generated = given(batch=batches(name))(test)
        return pytest.mark.parametrize("world", [name], indirect=True)(
            settings(max_examples=20, deadline=None, suppress_health_check=slow)(generated)
        )

    return decorate


@over("shelf")
async def test_filters_over_plain_keys_and_a_link_with_columns(world: World, batch: Batch) -> None:
    await world.check_with_negations(*batch)


@over("composite keys")
async def test_filters_over_keys_of_several_columns_that_may_be_null_in_part(world: World, batch: Batch) -> None:
    await world.check_with_negations(*batch)


@over("plain")
async def test_filters_over_one_to_one_and_several_and_self_referencing_keys(world: World, batch: Batch) -> None:
    await world.check_with_negations(*batch)


@over("many to many")
async def test_filters_over_links_to_the_same_table_and_association_objects(world: World, batch: Batch) -> None:
    await world.check_with_negations(*batch)


@over("custom joins")
async def test_filters_over_joins_by_conditions(world: World, batch: Batch) -> None:
    await world.check_with_negations(*batch)


@over("tangle")
async def test_filters_over_joins_by_conditions_to_the_same_table_and_repeated_links(
    world: World, batch: Batch
) -> None:
    await world.check_with_negations(*batch)


@over("joined inheritance")
async def test_filters_over_classes_of_several_tables(world: World, batch: Batch) -> None:
    await world.check_with_negations(*batch)


@over("single table inheritance")
async def test_filters_over_classes_of_one_table(world: World, batch: Batch) -> None:
    await world.check_with_negations(*batch)
