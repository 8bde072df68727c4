"""The schema as text: what it says of the sample models, that everything in it is described, and how large it is."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    is_introspection_type,
    is_specified_scalar_type,
    print_schema,
    validate_schema,
)
from sqlalchemy import Boolean, DateTime, ForeignKey, Integer, Numeric, String
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, mapped_column, relationship

import example.models
from gqlcrud import Api, ModelOptions
from tests import shelf, zoo, zoo_sqlmodel
from tests.golden import CheckGolden
from tests.zoo_rows import SECTIONS


@pytest.fixture
def offline() -> AsyncEngine:
    """An engine that nobody connects to."""
    return create_async_engine("sqlite+aiosqlite://")


def plain(sdl: str) -> str:
    """The same schema without descriptions, in alphabetical order of its types."""
    schema = build_schema(sdl)
    for named in schema.type_map.values():
        named.description = None
        for member in _members(named):
            member.description = None
            for argument in getattr(member, "args", {}).values():
                argument.description = None
    return f"{print_schema(schema)}\n"


def _members(named: object) -> Iterator[Any]:
    if isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        yield from named.fields.values()
    if isinstance(named, GraphQLEnumType):
        yield from named.values.values()


# ---------- what it says ----------


def test_the_schema_of_the_shelf_is_kept(offline: AsyncEngine, check_golden: CheckGolden) -> None:
    check_golden("sdl/shelf.graphql", Api(shelf.Base, offline).sdl())


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("many_to_many", zoo.ManyToMany),
        ("composites", zoo.Composites),
        ("one_to_one", [zoo.Person, zoo.Passport, zoo.Locker]),
        ("joined", zoo.Joined),
        ("scalars", zoo.Scalars),
    ],
)
def test_the_schemas_of_the_zoo_are_kept(
    offline: AsyncEngine, check_golden: CheckGolden, name: str, source: object
) -> None:
    check_golden(f"sdl/{name}.graphql", plain(Api(source, offline).sdl()))


# ---------- that it is well made ----------


SOURCES = {name: source for name, (source, _) in SECTIONS.items()} | {"example": example.models.Base}


@pytest.mark.parametrize("name", SOURCES)
def test_the_schema_is_valid_and_can_be_read_again(offline: AsyncEngine, name: str) -> None:
    api = Api(SOURCES[name], offline)
    sdl = api.sdl()
    read = build_schema(sdl)

    assert validate_schema(api.schema._schema) == []
    assert validate_schema(read) == []
    assert api.sdl() == sdl
    assert Api(SOURCES[name], offline).sdl() == sdl
    assert sdl.endswith("}\n") and not sdl.endswith("\n\n")
    assert sorted(read.type_map) == sorted(build_schema(print_schema(read)).type_map)


def _undescribed(schema: GraphQLSchema) -> Iterator[str]:
    for named in schema.type_map.values():
        if is_introspection_type(named) or is_specified_scalar_type(named):
            continue
        if not named.description:
            yield named.name
        for name, member in {**getattr(named, "fields", {}), **getattr(named, "values", {})}.items():
            if not member.description:
                yield f"{named.name}.{name}"
            for argument_name, argument in getattr(member, "args", {}).items():
                if not argument.description:
                    yield f"{named.name}.{name}({argument_name}:)"


@pytest.mark.parametrize("name", SOURCES)
def test_everything_has_a_description(offline: AsyncEngine, name: str) -> None:
    """Types, fields, arguments, input fields and enum values."""
    api = Api(SOURCES[name], offline)

    assert list(_undescribed(api.schema._schema)) == []
    assert list(_undescribed(build_schema(api.sdl()))) == []


def test_everything_has_a_description_whatever_the_options(offline: AsyncEngine) -> None:
    options = ModelOptions(operators={"string": {"like", "regex", "search"}}, enum_names={"size": {"SMALL": "S"}})
    scalars = Api(zoo.Scalars, offline, models={zoo.Everything: options})
    arrays = Api(zoo.PgOnly, offline, skip_unknown=True)

    assert list(_undescribed(scalars.schema._schema)) == []
    assert list(_undescribed(arrays.schema._schema)) == []


def test_descriptions_begin_with_a_capital_and_end_with_a_stop(offline: AsyncEngine) -> None:
    """Those that gqlcrud writes; a comment of the user's is shown as it is, and Relay's types are Strawberry's."""
    schema = Api(shelf.Base, offline).schema._schema
    texts = {
        text
        for named in schema.type_map.values()
        if not is_introspection_type(named)
        and not is_specified_scalar_type(named)
        and named.name not in ("Node", "PageInfo")
        for text in [named.description, *(member.description for member in _members(named))]
        if text
    }

    assert [text for text in sorted(texts) if not text[0].isupper() or not text.endswith(".")] == []
    assert [text for text in sorted(texts) if "\n" in text or "  " in text] == []


# ---------- how large it is ----------


def models(count: int) -> type[DeclarativeBase]:
    """So many classes of eight columns and three relations each, in a ring."""

    class Ring(DeclarativeBase):
        kept: list[type] = []  # noqa: RUF012  # SQLAlchemy holds its classes weakly

    for place in range(count):
        after, before, far = ((place + step) % count for step in (1, -1, 7))
        Ring.kept.append(
            type(
                f"Model{place}",
                (Ring,),
                {
                    "__tablename__": f"model_{place}",
                    "id": mapped_column(Integer, primary_key=True),
                    "name": mapped_column(String(50)),
                    "code": mapped_column(String(20), unique=True),
                    "price": mapped_column(Numeric(10, 2)),
                    "made_at": mapped_column(DateTime),
                    "active": mapped_column(Boolean),
                    "next_id": mapped_column(ForeignKey(f"model_{after}.id")),
                    "other_id": mapped_column(ForeignKey(f"model_{far}.id")),
                    "next": relationship(
                        f"Model{after}", foreign_keys=f"Model{place}.next_id", remote_side=f"Model{after}.id"
                    ),
                    "previous": relationship(f"Model{before}", foreign_keys=f"Model{before}.next_id", viewonly=True),
                    "other": relationship(
                        f"Model{far}", foreign_keys=f"Model{place}.other_id", remote_side=f"Model{far}.id"
                    ),
                },
            )
        )
    Ring.registry.configure()
    return Ring


def test_fifty_models_stay_small(offline: AsyncEngine) -> None:
    """A model that is read has 8 types; one that is written 26 more, of which each writable relation to one has 2."""
    reading, writing = Api(models(50), offline, read_only=True), Api(models(50), offline)

    sizes = [sum("Model" in name for name in api.schema._schema.type_map) for api in (reading, writing)]
    assert sizes == [50 * 8, 50 * 34]
    assert len(reading.sdl()) / 50 < 9_000
    assert len(writing.sdl()) / 50 < 20_000


def test_a_model_costs_eight_types_and_a_link_three(offline: AsyncEngine) -> None:
    """The shared ones are made once, whatever the number of models."""
    names = Api(shelf.Base, offline, read_only=True).schema._schema.type_map

    assert sorted(name for name in names if name.startswith("Author")) == [
        "Author",
        "AuthorBy",
        "AuthorConnection",
        "AuthorEdge",
        "AuthorOrder",
        "AuthorRel",
        "AuthorWhere",
    ]
    assert sorted(name for name in names if name.startswith("BookTag")) == [
        "BookTagConnection",
        "BookTagEdge",
        "BookTagOrder",
    ]
    assert sorted(name for name in names if not name.startswith(("Author", "Book", "Tag", "OrderItem", "__"))) == [
        "Boolean",
        "BooleanFilter",
        "CountFilter",
        "DateTime",
        "DateTimeFilter",
        "Decimal",
        "DecimalFilter",
        "ID",
        "IDFilter",
        "Int",
        "IntFilter",
        "JSON",
        "JSONAtFilter",
        "JSONFilter",
        "ListOrder",
        "Node",
        "PageInfo",
        "Query",
        "Sort",
        "String",
        "StringFilter",
    ]


def test_what_nobody_can_reach_is_not_in_the_schema(offline: AsyncEngine) -> None:
    """No relation leads to a list of authors, so nothing filters by one."""
    names = Api(shelf.Base, offline).schema._schema.type_map

    assert "AuthorRel" in names
    assert "AuthorListRel" not in names
    assert "Power" in Api(zoo_sqlmodel.Models, offline).schema._schema.type_map
