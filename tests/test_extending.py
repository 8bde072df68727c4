"""Fields of the user's own on generated types and on Query, generated types in types and schemas of one's own."""

import asyncio
import enum
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Optional

import pytest
import strawberry
from sqlalchemy import Enum, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, selectinload
from strawberry.permission import BasePermission

import gqlcrud
from gqlcrud import Api, ConfigurationError, ModelOptions
from tests import shelf, zoo
from tests.databases import MakeEngine, record_statements
from tests.running import refused, run, save

PUBLISHED = datetime(2020, 1, 2, tzinfo=UTC)


@pytest.fixture
async def shelf_engine(make_engine: MakeEngine) -> AsyncEngine:
    """Two authors, three books, two tags, two lines of an order."""
    engine = await make_engine(shelf.Base.metadata)
    jane, fay = shelf.Author(name="Jane"), shelf.Author(name="Fay", email="fay@x.org")
    sea, war = shelf.Tag(label="sea"), shelf.Tag(label="war")
    await save(engine, jane, fay, sea, war)
    await save(
        engine,
        shelf.Book(id=1, title="Emma", price=Decimal("9.90"), author=jane, tags=[sea], published_at=PUBLISHED),
        shelf.Book(id=2, title="Persuasion", price=Decimal("5.00"), author=jane, tags=[sea, war]),
        shelf.Book(id=3, title="Ulysses", price=Decimal("7.50"), isbn="3"),
    )
    await save(engine, *(shelf.OrderItem(order_no=1001, line_no=line, quantity=line, book_id=1) for line in (1, 2)))
    return engine


def book_api(engine: AsyncEngine, fields: type, **arguments: Any) -> Api:
    return Api(shelf.Base, engine, models={shelf.Book: ModelOptions(fields=fields)}, **arguments)


# ---------- fields of a generated type ----------


class Discount(BasePermission):
    message = "Discounts are for staff."
    error_extensions = {"code": "FORBIDDEN"}  # noqa: RUF012  # Strawberry's attribute

    def has_permission(self, source: object, info: strawberry.Info, **_: object) -> bool:
        return bool(info.context and info.context["staff"])


class BookFields:
    """A plain class; `self` is a record of the book."""

    @gqlcrud.field(requires=["price"])
    def gross_price(self: shelf.Book, rate: Decimal = Decimal("0.07"), digits: int | None = None) -> Decimal:
        """The price with tax, to so many digits."""
        return (self.price * (1 + rate)).quantize(Decimal(1).scaleb(-2 if digits is None else -digits))

    @gqlcrud.field(requires=["title", "id"], name="headline", description="Said loudly.")
    async def loud(self: shelf.Book) -> str:
        await asyncio.sleep(0)
        return f"{self.id}. {self.title.upper()}"

    @gqlcrud.field(requires=["price"], permission_classes=[Discount])
    def cost(self: shelf.Book) -> Decimal | None:
        return self.price / 2

    @strawberry.field
    def always(self) -> str:
        """Any Strawberry field will do."""
        return "yes"

    @gqlcrud.field(requires=["title"])
    def unread(self: shelf.Book) -> str:
        return str(self.isbn)


def test_fields_of_ones_own_stand_in_the_schema_as_they_are_written(shelf_engine: AsyncEngine) -> None:
    schema = book_api(shelf_engine, BookFields).schema._schema
    book: Any = schema.type_map["Book"]
    own = list(book.fields)[-5:]

    assert {name: (str(book.fields[name].type), book.fields[name].description) for name in own} == {
        "grossPrice": ("Decimal!", "The price with tax, to so many digits."),
        "headline": ("String!", "Said loudly."),
        "cost": ("Decimal", None),
        "always": ("String!", "Any Strawberry field will do."),
        "unread": ("String!", None),
    }
    arguments = book.fields["grossPrice"].args
    assert {name: (str(each.type), each.default_value) for name, each in arguments.items()} == {
        "rate": ("Decimal!", Decimal("0.07")),
        "digits": ("Int", None),
    }


async def test_fields_of_ones_own_have_what_they_require(shelf_engine: AsyncEngine) -> None:
    """At every depth, whatever else is selected, in one statement with the rest."""
    api = book_api(shelf_engine, BookFields)
    with record_statements(shelf_engine) as statements:
        data = await run(
            api,
            """query ($rate: Decimal!) {
              books { nodes { grossPrice reduced: grossPrice(rate: $rate, digits: 1) headline always } }
              authors(first: 1) { nodes { books { nodes { headline } } } }
              node(id: "Qm9vazoz") { ... on Book { headline grossPrice(rate: "0") } }
            }""",
            rate="0.5",
        )

    assert data == {
        "books": {
            "nodes": [
                {"grossPrice": "10.59", "reduced": "14.8", "headline": "1. EMMA", "always": "yes"},
                {"grossPrice": "5.35", "reduced": "7.5", "headline": "2. PERSUASION", "always": "yes"},
                {"grossPrice": "8.02", "reduced": "11.2", "headline": "3. ULYSSES", "always": "yes"},
            ]
        },
        "authors": {"nodes": [{"books": {"nodes": [{"headline": "1. EMMA"}, {"headline": "2. PERSUASION"}]}}]},
        "node": {"headline": "3. ULYSSES", "grossPrice": "7.50"},
    }
    selects = [sql for sql, _ in statements if sql.lstrip().upper().startswith("SELECT")]
    assert len(selects) == 4


async def test_what_is_not_required_is_not_there(shelf_engine: AsyncEngine) -> None:
    """The error is for the developer: the client sees a fault."""
    api = book_api(shelf_engine, BookFields)

    assert await refused(api, "{ books(first: 1) { nodes { unread } } }") == [
        ("INTERNAL_ERROR", "An internal error occurred.")
    ]
    assert await run(api, "{ books(last: 1) { nodes { isbn unread } } }") == {
        "books": {"nodes": [{"isbn": "3", "unread": "3"}]}
    }


async def test_permissions_are_asked_for_each_field(shelf_engine: AsyncEngine) -> None:
    api = book_api(shelf_engine, BookFields)
    query = "{ book(by: {rowId: 1}) { title cost } }"
    allowed = await api.execute(query, context={"staff": True})
    denied = await api.execute(query, context={"staff": False})

    assert (allowed.data, allowed.errors) == ({"book": {"title": "Emma", "cost": "4.95"}}, None)
    assert denied.data == {"book": {"title": "Emma", "cost": None}}
    assert [(each.message, each.path, each.extensions) for each in denied.errors or ()] == [
        ("Discounts are for staff.", ["book", "cost"], {"code": "FORBIDDEN"})
    ]


def test_fields_can_come_from_bases_and_from_types_of_strawberry(shelf_engine: AsyncEngine) -> None:
    class Shared:
        @gqlcrud.field(requires=["title"])
        def size(self: shelf.Book) -> int:
            return len(self.title)

        @gqlcrud.field()
        def replaced(self) -> int:
            return 1

    class Own(Shared):
        @gqlcrud.field()
        def replaced(self) -> str:
            return "2"

    @strawberry.type
    class Decorated:
        @gqlcrud.field(requires=["title"])
        def title_size(self: shelf.Book) -> int:
            return len(self.title)

    def own_fields(fields: type) -> dict[str, str]:
        book: Any = book_api(shelf_engine, fields).schema._schema.type_map["Book"]
        return {name: str(each.type) for name, each in list(book.fields.items())[12:]}

    assert own_fields(Own) == {"size": "Int!", "replaced": "String!"}
    assert own_fields(Decorated) == {"titleSize": "Int!"}


async def test_a_decorated_class_keeps_what_its_fields_require(shelf_engine: AsyncEngine) -> None:
    @strawberry.type
    class Decorated:
        @gqlcrud.field(requires=["title", "author_id", "meta"])
        def summary(self: shelf.Book) -> str:
            return f"{self.title} {self.author_id} {self.meta}"

    assert await run(book_api(shelf_engine, Decorated), "{ books(first: 1) { nodes { summary } } }") == {
        "books": {"nodes": [{"summary": "Emma 1 None"}]}
    }


# ---------- generated types in annotations ----------


class Linked:
    """Mapped classes in annotations stand for the types that are generated for them."""

    @gqlcrud.field(requires=["author_id"])
    async def siblings(self: shelf.Book, info: strawberry.Info, most: int = 5) -> list[shelf.Book] | None:
        """The author's books, by `load_relation` of another record."""
        author = await gqlcrud.load_record(info, shelf.Author, self.author_id, columns=["id"])
        if author is None:
            return None
        books: list[shelf.Book] = await gqlcrud.load_relation(info, author, shelf.Author.books)
        return books[:most]

    @gqlcrud.field(requires=["author"])
    async def writer(self: shelf.Book, info: strawberry.Info) -> Optional[shelf.Author]:  # noqa: UP045  # as many write it
        found: shelf.Author | None = await gqlcrud.load_relation(info, self, shelf.Book.author)
        return found

    @gqlcrud.field()
    async def neighbours(self, info: strawberry.Info) -> Sequence[shelf.Book | None]:
        return await gqlcrud.load_records(info, shelf.Book, [1, 99, 3])

    @gqlcrud.field(requires=["id"])
    async def mapped(self: shelf.Book, info: strawberry.Info) -> list[shelf.Tag]:
        """Mapped instances, of a session of one's own."""
        async with AsyncSession(info.context["engine"]) as session:
            statement = select(shelf.Book).options(selectinload(shelf.Book.tags)).where(shelf.Book.id == self.id)
            return (await session.scalars(statement)).one().tags


async def test_a_field_of_ones_own_gives_records_with_all_generated_fields(shelf_engine: AsyncEngine) -> None:
    api = book_api(shelf_engine, Linked)
    result = await api.execute(
        """{
          books {
            nodes {
              title
              siblings(most: 1) { id title author { name } tags(first: 1) { edges { weight node { label } } } }
              writer { name books(orderBy: [{title: DESC}]) { totalCount nodes { title } } }
            }
          }
          book(by: {rowId: 3}) {
            neighbours { rowId authorId author { id } orderItems(last: 1) { nodes { quantity } } }
          }
          two: book(by: {rowId: 2}) { mapped { id label books(where: {price: {lt: "6"}}) { nodes { title } } } }
        }""",
        context={"engine": shelf_engine},
    )

    sibling = {
        "id": "Qm9vazox",
        "title": "Emma",
        "author": {"name": "Jane"},
        "tags": {"edges": [{"weight": None, "node": {"label": "sea"}}]},
    }
    jane = {"name": "Jane", "books": {"totalCount": 2, "nodes": [{"title": "Persuasion"}, {"title": "Emma"}]}}
    assert result.errors is None
    assert result.data == {
        "books": {
            "nodes": [
                {"title": "Emma", "siblings": [sibling], "writer": jane},
                {"title": "Persuasion", "siblings": [sibling], "writer": jane},
                {"title": "Ulysses", "siblings": None, "writer": None},
            ]
        },
        "book": {
            "neighbours": [
                {
                    "rowId": 1,
                    "authorId": "QXV0aG9yOjE",
                    "author": {"id": "QXV0aG9yOjE"},
                    "orderItems": {"nodes": [{"quantity": 2}]},
                },
                None,
                {"rowId": 3, "authorId": None, "author": None, "orderItems": {"nodes": []}},
            ]
        },
        "two": {
            "mapped": [
                {"id": "VGFnOjE", "label": "sea", "books": {"nodes": [{"title": "Persuasion"}]}},
                {"id": "VGFnOjI", "label": "war", "books": {"nodes": [{"title": "Persuasion"}]}},
            ]
        },
    }


def test_annotations_become_generated_types(shelf_engine: AsyncEngine) -> None:
    book: Any = book_api(shelf_engine, Linked).schema._schema.type_map["Book"]

    assert {name: str(book.fields[name].type) for name in ("siblings", "writer", "neighbours", "mapped")} == {
        "siblings": "[Book!]",
        "writer": "Author",
        "neighbours": "[Book]!",
        "mapped": "[Tag!]!",
    }


async def test_loading_for_many_records_shares_statements(shelf_engine: AsyncEngine) -> None:
    """As many statements for three books as for one: books, authors, their books."""
    api = book_api(shelf_engine, Linked)
    counts = []
    for first in (1, 3):
        with record_statements(shelf_engine) as statements:
            await run(api, f"{{ books(first: {first}) {{ nodes {{ siblings {{ title }} }} }} }}")
        counts.append(len([sql for sql, _ in statements if sql.lstrip().upper().startswith("SELECT")]))

    assert counts == [3, 3]


# ---------- types of Python in annotations ----------


class Mood(enum.Enum):
    """An enum that no column has."""

    CALM = "calm"
    WILD = "wild"


class EverythingFields:
    """The types of columns, and others, as results and as arguments."""

    @gqlcrud.field(requires=["colour"])
    def same_colour(self: zoo.Everything, colour: zoo.Colour) -> zoo.Colour:
        assert isinstance(colour, zoo.Colour)
        return self.colour or colour

    @gqlcrud.field()
    def colours(self, among: list[zoo.Colour] | None = None) -> list[zoo.Colour | None]:
        return [*(among or []), zoo.Colour.GREEN, None]

    @gqlcrud.field()
    def mood(self, mood: Mood = Mood.CALM) -> Mood:
        return mood

    @gqlcrud.field()
    def later(self, time: datetime, day: date, price: Decimal, key: uuid.UUID) -> str:
        kinds = [type(each).__name__ for each in (time, day, price, key)]
        return f"{kinds} {time + timedelta(days=1):%Y-%m-%d} {day} {price} {key}"

    @gqlcrud.field(requires=["datetime_naive", "numeric", "uuid_value"])
    def same_time(self: zoo.Everything) -> datetime | None:
        return self.datetime_naive

    @gqlcrud.field(requires=["size"])
    def size_name(self: zoo.Everything) -> Annotated[str, "metadata"] | None:
        return self.size and self.size.name


def everything_api(engine: AsyncEngine, **options: Any) -> Api:
    return Api(zoo.Scalars, engine, models={zoo.Everything: ModelOptions(fields=EverythingFields, **options)})


async def test_python_types_of_columns_serve_in_fields_of_ones_own(make_engine: MakeEngine) -> None:
    """The same enum, the same scalars: nothing is registered twice."""
    engine = await make_engine(zoo.Scalars.metadata)
    row = zoo.Everything(colour=zoo.Colour.RED, datetime_naive=datetime(2020, 1, 2), size=zoo.Size.SMALL)
    await save(engine, row, zoo.Everything())

    assert await run(
        everything_api(engine),
        """query ($colour: Colour!, $time: DateTime!) {
          everythings {
            nodes { colour sameColour(colour: $colour) colours(among: [RED]) mood other: mood(mood: WILD) sameTime sizeName }
          }
          everything(by: {rowId: 1}) {
            later(time: $time, day: "2020-02-03", price: "1.50", key: "00000000-0000-0000-0000-000000000005")
          }
        }""",
        colour="GREEN",
        time="2020-01-02T03:04:05+00:00",
    ) == {
        "everythings": {
            "nodes": [
                {
                    "colour": "RED",
                    "sameColour": "RED",
                    "colours": ["RED", "GREEN", None],
                    "mood": "CALM",
                    "other": "WILD",
                    "sameTime": "2020-01-02T00:00:00",
                    "sizeName": "SMALL",
                },
                {
                    "colour": None,
                    "sameColour": "GREEN",
                    "colours": ["RED", "GREEN", None],
                    "mood": "CALM",
                    "other": "WILD",
                    "sameTime": None,
                    "sizeName": None,
                },
            ]
        },
        "everything": {
            "later": "['datetime', 'date', 'Decimal', 'UUID'] 2020-01-03 2020-02-03 1.50 00000000-0000-0000-0000-000000000005"
        },
    }


async def test_enums_have_the_names_of_their_api_in_fields_of_ones_own(make_engine: MakeEngine) -> None:
    """Though the class of the enum, and the class with the fields, are shared by all of them."""
    engine = await make_engine(zoo.Scalars.metadata)
    await save(engine, zoo.Everything(colour=zoo.Colour.RED))
    plain, renamed = everything_api(engine), everything_api(engine, enum_names={"colour": {"RED": "ROUGE"}})
    query = "{ everythings { nodes { colour sameColour(colour: %s) colours(among: [%s]) } } }"

    for api, red in ((plain, "RED"), (renamed, "ROUGE"), (plain, "RED")):
        assert await run(api, query % (red, red)) == {
            "everythings": {"nodes": [{"colour": red, "sameColour": red, "colours": [red, "GREEN", None]}]}
        }


async def test_an_enum_of_strawberry_is_taken_as_it_is(make_engine: MakeEngine) -> None:
    class Enums(DeclarativeBase):
        pass

    @strawberry.enum(name="Weather", description="How it is outside.")
    class Sky(enum.Enum):
        SUN = strawberry.enum_value("sun", name="SUNNY", description="No cloud.")
        RAIN = "rain"

    class Day(Enums):
        __tablename__ = "extending_day"

        id: Mapped[int] = mapped_column(primary_key=True)
        sky: Mapped[Sky | None] = mapped_column(Enum(Sky, name="extending_sky"))

    class DayFields:
        @gqlcrud.field(requires=["sky"])
        def twice(self: Day, sky: Sky) -> list[Sky | None]:
            return [self.sky, sky]

    engine = await make_engine(Enums.metadata)
    await save(engine, Day(sky=Sky.SUN), Day(sky=Sky.RAIN), Day())
    api = Api(Enums, engine, models={Day: ModelOptions(fields=DayFields)})

    assert await run(
        api,
        """{
          days(orderBy: [{sky: DESC_NULLS_LAST}]) { nodes { sky twice(sky: SUNNY) } }
          found: days(where: {sky: {in: [SUNNY]}}) { nodes { rowId } }
        }""",
    ) == {
        "days": {
            "nodes": [
                {"sky": "RAIN", "twice": ["RAIN", "SUNNY"]},
                {"sky": "SUNNY", "twice": ["SUNNY", "SUNNY"]},
                {"sky": None, "twice": [None, "SUNNY"]},
            ]
        },
        "found": {"nodes": [{"rowId": 1}]},
    }
    assert (
        '"""How it is outside."""\nenum Weather {\n  """No cloud."""\n  SUNNY\n\n  """The value `RAIN`."""\n  RAIN\n}'
        in api.sdl()
    )


# ---------- root fields ----------


@strawberry.input
class Wish:
    title: str
    most: Decimal | None = None


@strawberry.type
class Shelfmark:
    """A type of the user's own, beside those that are generated."""

    text: str
    mood: Mood = Mood.WILD


class Query:
    @gqlcrud.field()
    async def cheapest(self, info: strawberry.Info, most: int = 1) -> list[shelf.Book]:
        """By a statement of one's own, on the connection of the operation."""
        statement = select(shelf.Book.id).order_by(shelf.Book.price).limit(most)
        async with gqlcrud.connection(shelf.Book) as connection:
            ids = (await connection.scalars(statement)).all()
        return [book for book in await gqlcrud.load_records(info, shelf.Book, ids) if book is not None]

    @gqlcrud.field()
    async def by_isbn(self, info: strawberry.Info, isbn: str) -> shelf.Book | None:
        return await gqlcrud.load_record(info, shelf.Book, isbn, by=["isbn"])

    @strawberry.field
    def instance(self) -> shelf.Author:
        """A mapped instance that is in no database."""
        return shelf.Author(id=1, name="Nobody", email=None)

    @strawberry.field
    def wish(self, wish: Wish) -> str:
        return f"{wish.title} {wish.most}"

    @strawberry.field
    def mark(self) -> Shelfmark:
        return Shelfmark(text="A 1")


class MoreQuery:
    @strawberry.field
    def version(self) -> str:
        return "1"


async def test_root_fields_are_added_to_query(shelf_engine: AsyncEngine) -> None:
    api = Api(shelf.Base, shelf_engine, query=[Query, MoreQuery])

    assert await run(
        api,
        """{
          cheapest(most: 2) { title author { name } tags { totalCount } }
          byIsbn(isbn: "3") { id orderItems { totalCount } }
          none: byIsbn(isbn: "4") { id }
          instance { id rowId name email books { nodes { title } } }
          wish(wish: {title: "Emma", most: "9.90"})
          mark { text mood }
          version
          books { totalCount }
        }""",
    ) == {
        "cheapest": [
            {"title": "Persuasion", "author": {"name": "Jane"}, "tags": {"totalCount": 2}},
            {"title": "Ulysses", "author": None, "tags": {"totalCount": 0}},
        ],
        "byIsbn": {"id": "Qm9vazoz", "orderItems": {"totalCount": 0}},
        "none": None,
        "instance": {
            "id": "QXV0aG9yOjE",
            "rowId": 1,
            "name": "Nobody",
            "email": None,
            "books": {"nodes": [{"title": "Emma"}, {"title": "Persuasion"}]},
        },
        "wish": "Emma 9.90",
        "mark": {"text": "A 1", "mood": "WILD"},
        "version": "1",
        "books": {"totalCount": 3},
    }


def test_one_class_of_root_fields_needs_no_list(shelf_engine: AsyncEngine) -> None:
    fields: Any = Api(shelf.Base, shelf_engine, query=MoreQuery).schema._schema.type_map["Query"]

    assert list(fields.fields)[-1] == "version"


# ---------- a schema of one's own ----------


def own_schema(api: Api, *extensions: Any) -> strawberry.Schema:
    """A schema with a type of one's own that has generated types in it."""
    Book, Author = api.type(shelf.Book), api.type(shelf.Author)  # they are types

    @strawberry.type
    class Window:
        theme: str
        owner: Optional[Author]  # type: ignore[valid-type]  # noqa: UP045  # known at run time only
        colour: zoo.Colour = zoo.Colour.RED

        @strawberry.field
        async def books(self, info: strawberry.Info) -> list[Optional[Book]]:  # type: ignore[valid-type]  # noqa: UP045
            return await gqlcrud.load_records(info, shelf.Book, [2, 1])

        @strawberry.field
        def plain(self) -> Book:  # type: ignore[valid-type]
            return shelf.Book(id=3, title="Not loaded", price=Decimal(1), version=1)

    @strawberry.type
    class Root(api.query):  # type: ignore[name-defined,misc]
        @strawberry.field
        def window(self) -> Window:
            return Window(theme="Storms", owner=shelf.Author(id=1, name="Jane"))

    return strawberry.Schema(Root, extensions=list(extensions))


async def test_generated_types_serve_in_a_schema_of_ones_own(shelf_engine: AsyncEngine) -> None:
    api = Api(shelf.Base, shelf_engine)
    result = await own_schema(api, api.extension).execute(
        """{
          window {
            theme
            colour
            owner { name books { totalCount } }
            books { title author { name } tags { nodes { label } } }
            plain { title orderItems { totalCount } }
          }
          books(first: 1) { totalCount nodes { title } }
          node(id: "QXV0aG9yOjI") { ... on Author { name } }
        }"""
    )

    assert result.errors is None
    assert result.data == {
        "window": {
            "theme": "Storms",
            "colour": "RED",
            "owner": {"name": "Jane", "books": {"totalCount": 2}},
            "books": [
                {
                    "title": "Persuasion",
                    "author": {"name": "Jane"},
                    "tags": {"nodes": [{"label": "sea"}, {"label": "war"}]},
                },
                {"title": "Emma", "author": {"name": "Jane"}, "tags": {"nodes": [{"label": "sea"}]}},
            ],
            "plain": {"title": "Not loaded", "orderItems": {"totalCount": 0}},
        },
        "books": {"totalCount": 3, "nodes": [{"title": "Emma"}]},
        "node": {"name": "Fay"},
    }


async def test_a_schema_without_the_extension_says_what_is_missing(shelf_engine: AsyncEngine) -> None:
    schema = own_schema(Api(shelf.Base, shelf_engine))
    fields = await schema.execute("{ books { totalCount } }")
    relations = await schema.execute("{ window { plain { orderItems { totalCount } } } }")
    loading = await schema.execute("{ window { books { title } } }")
    columns = await schema.execute("{ window { plain { title price } } }")

    missing = (
        "Generated types are used in a schema without their API. Give it the extension: "
        "strawberry.Schema(query=Query, extensions=[api.extension])."
    )
    assert [each.message for each in fields.errors or ()] == [missing]
    assert [each.message for each in relations.errors or ()] == [missing]
    assert [each.message for each in loading.errors or ()] == [
        "No API that offers Book is running here: load records in resolvers of its schema only."
    ]
    assert (columns.errors, columns.data) == (None, {"window": {"plain": {"title": "Not loaded", "price": "1"}}})


async def test_a_schema_of_ones_own_reads_through_a_given_session(shelf_engine: AsyncEngine) -> None:
    """What the session has not committed yet is seen."""
    api = Api(shelf.Base, shelf_engine)
    schema = own_schema(api, api.extension)
    async with AsyncSession(shelf_engine) as session:
        session.add(shelf.Tag(label="new"))
        await session.flush()
        with api.using(session):
            inside = await schema.execute("{ tags { totalCount } }")
        await session.rollback()
    outside = await schema.execute("{ tags { totalCount } }")

    assert (inside.data, outside.data) == ({"tags": {"totalCount": 3}}, {"tags": {"totalCount": 2}})


# ---------- several APIs ----------


async def test_several_apis_run_at_the_same_time(shelf_engine: AsyncEngine, make_engine: MakeEngine) -> None:
    """Over the same classes with other options, and over another database; each finds its own operation."""
    other_engine = await make_engine(shelf.Base.metadata)
    await save(other_engine, shelf.Author(name="Zoe", books=[shelf.Book(title="Zen", price=Decimal(1))]))
    full = Api(shelf.Base, shelf_engine, models={shelf.Book: ModelOptions(fields=Linked)})
    public = Api(
        [shelf.Book, shelf.Author],
        shelf_engine,
        models={
            shelf.Book: ModelOptions(name="Volume", exclude={"price"}),
            shelf.Author: ModelOptions(rename={"name": "pen"}),
        },
    )
    other = book_api(other_engine, Linked)
    results = await asyncio.gather(
        *(
            run(api, query)
            for _ in range(5)
            for api, query in (
                (full, "{ books(first: 1) { nodes { price siblings { title } author { name } } } }"),
                (public, "{ volumes(first: 1) { nodes { id title author { pen books { totalCount } } } } }"),
                (other, "{ books { nodes { price siblings { title } author { name } } } }"),
            )
        )
    )

    assert results == 5 * [
        {
            "books": {
                "nodes": [
                    {
                        "price": "9.90",
                        "siblings": [{"title": "Emma"}, {"title": "Persuasion"}],
                        "author": {"name": "Jane"},
                    }
                ]
            }
        },
        {
            "volumes": {
                "nodes": [{"id": "Vm9sdW1lOjE", "title": "Emma", "author": {"pen": "Jane", "books": {"totalCount": 2}}}]
            }
        },
        {"books": {"nodes": [{"price": "1.00", "siblings": [{"title": "Zen"}], "author": {"name": "Zoe"}}]}},
    ]


async def test_one_api_can_be_asked_from_a_resolver_of_another(
    shelf_engine: AsyncEngine, make_engine: MakeEngine
) -> None:
    """Their operations are apart, and so are their connections."""
    other_engine = await make_engine(zoo.ManyToMany.metadata)
    await save(other_engine, zoo.Track(title="Sea Song"))
    music = Api(zoo.ManyToMany, other_engine)

    class Asking:
        @gqlcrud.field(requires=["title"])
        async def songs(self: shelf.Book) -> list[str]:
            data = await run(music, "{ tracks { nodes { title } } }")
            return [f"{track['title']} for {self.title}" for track in data["tracks"]["nodes"]]

    assert await run(book_api(shelf_engine, Asking), "{ books(first: 2) { nodes { songs author { name } } } }") == {
        "books": {
            "nodes": [
                {"songs": ["Sea Song for Emma"], "author": {"name": "Jane"}},
                {"songs": ["Sea Song for Persuasion"], "author": {"name": "Jane"}},
            ]
        }
    }


async def test_two_apis_serve_in_one_schema(shelf_engine: AsyncEngine, make_engine: MakeEngine) -> None:
    music_engine = await make_engine(zoo.ManyToMany.metadata)
    await save(music_engine, zoo.Track(title="Sea Song", entries=[]))
    books, music = Api([shelf.Author, shelf.Book], shelf_engine), Api([zoo.Track], music_engine)
    Book, Track = books.type(shelf.Book), music.type(zoo.Track)  # they are types

    @strawberry.type
    class Both:
        @strawberry.field
        async def book(self, info: strawberry.Info) -> Optional[Book]:  # type: ignore[valid-type]  # noqa: UP045
            return await gqlcrud.load_record(info, shelf.Book, 1)

        @strawberry.field
        async def track(self, info: strawberry.Info) -> Optional[Track]:  # type: ignore[valid-type]  # noqa: UP045
            return await gqlcrud.load_record(info, zoo.Track, 1)

    schema = strawberry.Schema(Both, extensions=[books.extension, music.extension])
    result = await schema.execute("{ book { title author { books { totalCount } } } track { id title } }")

    assert result.errors is None
    assert result.data == {
        "book": {"title": "Emma", "author": {"books": {"totalCount": 2}}},
        "track": {"id": "VHJhY2s6MQ", "title": "Sea Song"},
    }


async def test_records_are_loaded_in_a_running_operation_only(shelf_engine: AsyncEngine) -> None:
    with pytest.raises(ConfigurationError) as caught:
        gqlcrud.connection(shelf.Book)

    assert str(caught.value) == "No API that offers Book is running here: load records in resolvers of its schema only."
