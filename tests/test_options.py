"""What options of single models do to the API, from the schema to the answers."""

from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, get_named_type
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import gqlcrud
from gqlcrud import Api, Limits, ModelOptions
from tests import shelf, zoo
from tests.catalog_text import columns
from tests.databases import MakeEngine
from tests.running import refused, run, save


@pytest.fixture
def offline() -> AsyncEngine:
    """An engine that nobody connects to."""
    return create_async_engine("sqlite+aiosqlite://")


def fields(api: Api, name: str) -> dict[str, str]:
    """The fields of a type, each with its type."""
    found = api.schema._schema.type_map[name]
    assert isinstance(found, GraphQLObjectType | GraphQLInputObjectType)
    return {name: str(field.type) for name, field in found.fields.items()}


def description(api: Api, name: str) -> str | None:
    return api.schema._schema.type_map[name].description


def book_api(engine: AsyncEngine, **options: Any) -> Api:
    return Api(shelf.Base, engine, models={shelf.Book: ModelOptions(**options)})


# ---------- names ----------


def test_a_model_can_be_named_otherwise(offline: AsyncEngine) -> None:
    """Everything that is named after it follows."""
    api = book_api(offline, name="Volume", plural="stock", description="What is for sale.")

    assert description(api, "Volume") == "What is for sale."
    assert fields(api, "Author") == {
        "id": "ID!",
        "rowId": "Int!",
        "name": "String!",
        "email": "String",
        "books": "VolumeConnection!",
    }
    assert {name: type_name for name, type_name in fields(api, "Query").items() if "Volume" in type_name} == {
        "volume": "Volume",
        "stock": "VolumeConnection!",
    }
    assert sorted(name for name in api.schema._schema.type_map if name.startswith("Book")) == []
    reading = Api(shelf.Base, offline, models={shelf.Book: ModelOptions(name="Volume", plural="stock")}, read_only=True)
    assert sorted(name for name in reading.schema._schema.type_map if "Volume" in name or "Book" in name) == [
        "TagBookConnection",
        "TagBookEdge",
        "TagBookOrder",
        "Volume",
        "VolumeBy",
        "VolumeConnection",
        "VolumeEdge",
        "VolumeListRel",
        "VolumeOrder",
        "VolumeRel",
        "VolumeTagConnection",
        "VolumeTagEdge",
        "VolumeTagOrder",
        "VolumeWhere",
    ]
    assert api.schema._schema.type_map["Author"].fields["books"].description == (  # type: ignore[attr-defined]  # an object type
        "The Volume records that belong to this Author."
    )


async def test_a_model_of_another_name_is_read_by_that_name(make_engine: MakeEngine) -> None:
    engine = await make_engine(shelf.Base.metadata)
    await save(engine, shelf.Book(title="Emma", price=Decimal(9), author=shelf.Author(name="Jane")))
    api = book_api(engine, name="Volume", plural="stock", rename={"title": "heading", "author": "writer"})

    assert await run(
        api,
        """{
          stock(where: {heading: {eq: "Emma"}}, orderBy: [{writer: {name: ASC}}, {heading: ASC}]) {
            nodes { id __typename heading writer { name books { nodes { heading } } } authorId }
          }
          node(id: "Vm9sdW1lOjE") { ... on Volume { heading } }
        }""",
    ) == {
        "stock": {
            "nodes": [
                {
                    "id": "Vm9sdW1lOjE",
                    "__typename": "Volume",
                    "heading": "Emma",
                    "writer": {"name": "Jane", "books": {"nodes": [{"heading": "Emma"}]}},
                    "authorId": "QXV0aG9yOjE",
                }
            ]
        },
        "node": {"heading": "Emma"},
    }


def test_attributes_can_be_renamed(offline: AsyncEngine) -> None:
    """Columns, the primary key, relations and unique keys; also a private attribute, which is offered by that."""
    api = book_api(
        offline, rename={"id": "number", "isbn": "ISBN", "author": "writer", "author_id": "writerId", "tags": "labels"}
    )

    assert list(fields(api, "Book")) == [
        "id",
        "number",
        "ISBN",
        "title",
        "price",
        "meta",
        "publishedAt",
        "version",
        "writerId",
        "writer",
        "labels",
        "orderItems",
    ]
    assert fields(api, "BookBy") == {"id": "ID", "number": "Int", "ISBN": "String"}
    assert fields(api, "BookLabelEdge") == {"cursor": "String!", "node": "Tag!", "weight": "Int"}
    odd = Api(zoo.Odd, offline, models={zoo.OddName: ModelOptions(rename={"_leading": "leading"})})
    assert fields(odd, "OddName")["leading"] == "Int"


# ---------- which attributes ----------


def test_attributes_are_left_out_of_everything(offline: AsyncEngine) -> None:
    api = book_api(offline, exclude={"id", "isbn", "price", "author", "tags"})

    assert fields(api, "Book") == {
        "id": "ID!",
        "title": "String!",
        "meta": "JSON",
        "publishedAt": "DateTime",
        "version": "Int!",
        "authorId": "ID",
        "orderItems": "OrderItemConnection!",
    }
    assert list(fields(api, "BookWhere")) == [
        "and",
        "or",
        "not",
        "id",
        "title",
        "meta",
        "publishedAt",
        "version",
        "authorId",
        "orderItems",
    ]
    assert list(fields(api, "BookOrder")) == ["title", "publishedAt", "version", "orderItems"]
    assert fields(api, "BookBy") == {"id": "ID"}
    assert "BookTagConnection" not in api.schema._schema.type_map


def test_only_what_is_included_is_offered(offline: AsyncEngine) -> None:
    """`exclude` counts besides, and a private attribute is offered if it is named."""
    api = Api(
        zoo.Odd, offline, models={zoo.OddName: ModelOptions(include={"_leading", "first", "count"}, exclude={"count"})}
    )

    assert fields(api, "OddName") == {"id": "ID!", "first": "Int", "leading": "Int"}


async def test_the_primary_key_can_be_left_out(make_engine: MakeEngine) -> None:
    """The global id, pages and `node` still work by it."""
    engine = await make_engine(shelf.Base.metadata)
    await save(engine, *(shelf.Tag(label=label) for label in ("b", "a", "c")))
    api = Api(shelf.Base, engine, models={shelf.Tag: ModelOptions(include={"label"})})
    data = await run(api, "{ tags(first: 2) { nodes { id label } pageInfo { endCursor } } }")

    assert data["tags"]["nodes"] == [{"id": "VGFnOjE", "label": "b"}, {"id": "VGFnOjI", "label": "a"}]
    assert await run(
        api,
        'query ($after: String) { tags(after: $after) { nodes { label } } node(id: "VGFnOjI") { ... on Tag { label } } }',
        after=data["tags"]["pageInfo"]["endCursor"],
    ) == {"tags": {"nodes": [{"label": "c"}]}, "node": {"label": "a"}}


def test_attributes_can_be_hidden_from_filters_and_from_orders(offline: AsyncEngine) -> None:
    """They are read all the same. A unique key with a hidden column selects nothing: that would be a filter."""
    api = book_api(
        offline,
        hide_from_where={"id", "isbn", "author_id", "author", "tags"},
        hide_from_order={"title", "author", "tags", "version"},
    )

    assert list(fields(api, "Book")) == [
        "id",
        "rowId",
        "isbn",
        "title",
        "price",
        "meta",
        "publishedAt",
        "version",
        "authorId",
        "author",
        "tags",
        "orderItems",
    ]
    assert list(fields(api, "BookWhere")) == [
        "and",
        "or",
        "not",
        "id",
        "title",
        "price",
        "meta",
        "publishedAt",
        "version",
        "orderItems",
    ]
    assert list(fields(api, "BookOrder")) == ["rowId", "isbn", "price", "publishedAt", "orderItems"]
    assert fields(api, "BookBy") == {"id": "ID"}


def test_a_list_that_cannot_be_ordered_has_no_order(offline: AsyncEngine) -> None:
    """Nor has a relation to it. A list with columns on its edges can still be ordered by those."""
    api = Api(shelf.Base, offline, models={shelf.Tag: ModelOptions(hide_from_order={"id", "label", "books"})})
    lists = api.schema._schema.type_map["Query"].fields  # type: ignore[attr-defined]  # an object type
    of_book = api.schema._schema.type_map["Book"].fields  # type: ignore[attr-defined]

    assert list(lists["tags"].args) == ["first", "after", "last", "before", "offset", "where"]
    assert list(of_book["tags"].args) == ["first", "after", "last", "before", "offset", "where", "orderBy"]
    assert fields(api, "BookTagOrder") == {"weight": "Sort"}
    assert "TagOrder" not in api.schema._schema.type_map


def test_an_edge_can_be_hidden_from_orders(offline: AsyncEngine) -> None:
    """With nothing to order by on either side, the list of the relation has no order at all."""
    options: dict[type, ModelOptions] = {
        zoo.Track: ModelOptions(hide_from_order={"id", "title", "entries", "playlists"}),
        zoo.PlaylistEntry: ModelOptions(hide_from_order={"position", "playlist", "track"}),
    }
    api = Api(zoo.ManyToMany, offline, models=options)
    of_playlist = api.schema._schema.type_map["Playlist"].fields  # type: ignore[attr-defined]  # an object type

    assert list(of_playlist["tracks"].args) == ["first", "after", "last", "before", "offset", "where"]
    assert fields(api, "PlaylistTrackEdge") == {"cursor": "String!", "node": "Track!", "position": "Int!"}
    assert "PlaylistTrackOrder" not in api.schema._schema.type_map


def test_read_only_attributes_are_marked(offline: AsyncEngine) -> None:
    some = book_api(offline, read_only={"version", "price"}).catalog.model(shelf.Book)
    every = book_api(offline, read_only=True).catalog.model(shelf.Book)

    assert [each.key for each in some.columns if each.read_only] == ["price", "version"]
    assert all(each.read_only for each in every.columns)
    assert columns(some)[3] == "price: Decimal! = price, read only"


# ---------- filters ----------


def test_operators_are_switched_on_by_column(offline: AsyncEngine) -> None:
    api = book_api(offline, operators={"title": {"like", "search"}, "isbn": ["regex"]})
    where = fields(api, "BookWhere")

    assert (where["title"], where["isbn"]) == ("StringLikeSearchFilter", "StringRegexFilter")
    assert fields(api, "AuthorWhere")["name"] == "StringFilter"
    assert [name for name in fields(api, "StringLikeSearchFilter") if name not in fields(api, "StringFilter")] == [
        "like",
        "iLike",
        "search",
    ]
    assert [name for name in fields(api, "StringRegexFilter") if name not in fields(api, "StringFilter")] == [
        "regex",
        "iRegex",
    ]


# ---------- pages ----------


async def test_page_sizes_are_those_of_the_model(make_engine: MakeEngine) -> None:
    engine = await make_engine(shelf.Base.metadata)
    await save(engine, *(shelf.Tag(label=str(number)) for number in range(5)))
    await save(engine, *(shelf.Author(name=str(number)) for number in range(5)))
    api = Api(
        shelf.Base,
        engine,
        limits=Limits(page_size=4, max_page_size=4),
        models={shelf.Tag: ModelOptions(page_size=2, max_page_size=3)},
    )
    data = await run(
        api, "{ tags { nodes { label } } three: tags(last: 3) { nodes { label } } authors { nodes { name } } }"
    )

    assert {name: len(page["nodes"]) for name, page in data.items()} == {"tags": 2, "three": 3, "authors": 4}
    assert await refused(api, "{ tags(first: 4) { totalCount } }") == [
        ("LIMIT", "first is 4; a page of tags has at most 3 records.")
    ]
    arguments = api.schema._schema.type_map["Query"].fields["tags"].args  # type: ignore[attr-defined]  # an object type
    assert (
        arguments["first"].description == "The first records of the list, at most 3; 2 if `last` is not given either."
    )


def test_a_largest_page_below_the_usual_one_is_the_usual_one(offline: AsyncEngine) -> None:
    book = book_api(offline, max_page_size=20).catalog.model(shelf.Book)
    every = Api(shelf.Base, offline, limits=Limits(max_page_size=10)).catalog.model(shelf.Book)

    assert (book.page_size, book.max_page_size) == (20, 20)
    assert (every.page_size, every.max_page_size) == (10, 10)


# ---------- enums ----------


def test_values_of_enums_can_be_named(offline: AsyncEngine) -> None:
    api = Api(zoo.ClashOfEnums, offline, models={zoo.Letters: ModelOptions(enum_names={"letter": {"a b": "A_AND_B"}})})
    letters = get_named_type(api.schema._schema.type_map["Letters"].fields["letter"].type)  # type: ignore[attr-defined]

    assert isinstance(letters, GraphQLEnumType)
    assert {name: (value.value, value.description) for name, value in letters.values.items()} == {
        "a_b": ("a-b", "`a-b` in the database."),
        "A_AND_B": ("a b", "`a b` in the database."),
    }


# ---------- clashes of the zoo, resolved ----------


def test_clashes_are_resolved_by_options(offline: AsyncEngine) -> None:
    row_id = Api(zoo.ClashOfColumns, offline, models={zoo.RowId: ModelOptions(rename={"row_id": "rowNumber"})})
    cases = Api(zoo.ClashOfCases, offline, models={zoo.Cases: ModelOptions(rename={"fooBar": "foo_bar"})})
    hidden = Api(zoo.ClashOfReserved, offline, models={zoo.Reserved: ModelOptions(hide_from_where={"and_", "not_"})})
    renamed = Api(
        zoo.ClashOfReserved, offline, models={zoo.Reserved: ModelOptions(rename={"and_": "also", "not_": "never"})}
    )
    node = Api(zoo.ClashOfModels, offline, models={zoo.Node: ModelOptions(name="GraphNode")})
    underscores = Api(
        zoo.ClashOfUnderscores, offline, models={zoo.Underscores: ModelOptions(rename={"__type": "type"})}
    )

    assert fields(row_id, "RowId") == {"id": "ID!", "rowId": "Int!", "rowNumber": "Int!"}
    assert fields(cases, "Cases") == {"id": "ID!", "rowId": "Int!", "fooBar": "Int!", "foo_bar": "Int!"}
    assert fields(hidden, "Reserved") == {"id": "ID!", "rowId": "Int!", "and": "Int", "not": "Int"}
    assert list(fields(hidden, "ReservedWhere")) == ["and", "or", "not", "id", "rowId"]
    assert list(fields(renamed, "ReservedWhere")) == ["and", "or", "not", "id", "rowId", "also", "never"]
    assert list(fields(node, "Query")) == ["node", "nodes", "graphNode", "graphNodes"]
    assert fields(underscores, "Underscores") == {"id": "ID!", "rowId": "Int!", "type": "String"}


def test_private_attributes_are_not_offered(offline: AsyncEngine) -> None:
    assert fields(Api(zoo.ClashOfUnderscores, offline), "Underscores") == {"id": "ID!", "rowId": "Int!"}


# ---------- fields of one's own ----------


async def test_a_field_of_ones_own_can_take_the_place_of_a_column(make_engine: MakeEngine) -> None:
    class TagFields:
        @gqlcrud.field(requires=["label"])
        def label(self: shelf.Tag) -> str:
            """The label in capitals."""
            return self.label.upper()

    engine = await make_engine(shelf.Base.metadata)
    await save(engine, shelf.Tag(label="sea"))
    api = Api(shelf.Base, engine, models={shelf.Tag: ModelOptions(exclude={"label"}, fields=TagFields)})

    assert await run(api, "{ tags { nodes { label } } }") == {"tags": {"nodes": [{"label": "SEA"}]}}
    assert list(fields(api, "TagWhere")) == ["and", "or", "not", "id", "rowId", "books"]
