"""Every mistake in models and options, with the whole message: it names what is wrong and says what to write."""

import enum
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import strawberry
from sqlalchemy import Column, Enum, ForeignKey, Integer, String, Table, create_engine, dialects
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, registry, relationship, sessionmaker

import gqlcrud
from gqlcrud import Api, ConfigurationError, Limits, ModelOptions, Scalar, custom_scalar
from tests import shelf, zoo
from tests.zoo import Colour

if TYPE_CHECKING:
    from collections.abc import Hashable


@pytest.fixture
def offline() -> AsyncEngine:
    """An engine that nobody connects to."""
    return create_async_engine("sqlite+aiosqlite://")


@pytest.fixture
def mistake(offline: AsyncEngine) -> Callable[..., str]:
    """`mistake(base, **arguments)`: why an Api cannot be made of these."""

    def tell(source: object, **arguments: Any) -> str:
        with pytest.raises(ConfigurationError) as caught:
            Api(source, **({"database": offline} | arguments))
        return str(caught.value)

    return tell


# ---------- what an Api is made of ----------


def test_models_are_a_base_a_registry_or_a_list(mistake: Callable[..., str], offline: AsyncEngine) -> None:
    takes = "Api takes a declarative base, a registry or a list of mapped classes"

    assert mistake("shelf") == f"{takes}, not 'shelf'."
    assert mistake(7) == f"{takes}, not 7."
    assert mistake(offline).startswith(f"{takes}, not <sqlalchemy.ext.asyncio.engine.AsyncEngine object at ")
    assert mistake(shelf.Book) == f"{takes}; Book is one mapped class. Write [Book] to offer it alone."
    assert mistake([shelf.Book, dict]) == f"<class 'dict'> is not a mapped class. {takes}."
    assert mistake([shelf.Book, "Author"]) == f"'Author' is not a mapped class. {takes}."


def test_a_registry_needs_mapped_classes(mistake: Callable[..., str]) -> None:
    class Empty(DeclarativeBase):
        pass

    after = " has no mapped classes; import the modules that define them before the Api is made."

    assert mistake(Empty) == f"{Empty!r}{after}"
    assert mistake([]) == f"[]{after}"
    empty = registry()
    assert mistake(empty) == f"{empty!r}{after}"


def test_two_classes_of_one_name_are_refused(mistake: Callable[..., str]) -> None:
    def book(module: str) -> type:
        class Library(DeclarativeBase):
            pass

        return type(
            "Book",
            (Library,),
            {"__tablename__": "book", "__module__": module, "id": mapped_column(Integer, primary_key=True)},
        )

    assert mistake([book("shop.models"), book("library.models")]) == (
        "The class shop.models.Book and the class library.models.Book are both named 'Book' in the schema. "
        "Name the model otherwise: models={Book: ModelOptions(name='...')}."
    )


# ---------- databases ----------


class OtherDialect(SQLiteDialect_aiosqlite):
    name = "othersql"
    supports_statement_cache = True


def test_the_database_is_asynchronous(mistake: Callable[..., str]) -> None:
    takes = (
        "Api takes an AsyncEngine (create_async_engine(...)), an async_sessionmaker or a FastAPI dependency that gives "
        "an AsyncSession, not "
    )

    assert mistake(shelf.Base, database="sqlite://") == f"{takes}'sqlite://'."
    assert mistake(shelf.Base, database=None) == f"{takes}None."
    assert mistake(shelf.Base, database=create_engine("sqlite://")) == f"{takes}Engine(sqlite://)."
    assert mistake(shelf.Base, database=sessionmaker()).startswith(f"{takes}sessionmaker(class_='Session', ")


def test_a_sessionmaker_needs_an_engine(mistake: Callable[..., str]) -> None:
    assert mistake(shelf.Base, database=async_sessionmaker()) == (
        "The async_sessionmaker has no bind; make it with async_sessionmaker(engine)."
    )


def test_other_databases_are_refused_before_anything_is_sent(mistake: Callable[..., str]) -> None:
    """A dialect of another name, whose driver is at hand: no connection is opened."""
    dialects.registry.register("othersql.aiosqlite", __name__, "OtherDialect")
    engine = create_async_engine("othersql+aiosqlite://")
    refusal = "gqlcrud works with PostgreSQL (postgresql+asyncpg) and SQLite (sqlite+aiosqlite), not with 'othersql'."

    assert mistake(shelf.Base, database=engine) == refusal
    assert mistake(shelf.Base, database=async_sessionmaker(engine)) == refusal


async def test_a_session_dependency_needs_sessions(offline: AsyncEngine) -> None:
    def get_session() -> AsyncSession:
        return AsyncSession(offline)

    api = Api(shelf.Base, get_session)
    with pytest.raises(ConfigurationError) as without:
        await api.execute("{ books { totalCount } }")
    with pytest.raises(ConfigurationError) as blocking:
        await api.execute("{ books { totalCount } }", session=Session())  # type: ignore[arg-type]  # the mistake

    assert str(without.value) == (
        "This Api was given a session dependency, and there is no session: hand one in, "
        "await api.execute(query, session=session), or serve it with api.router()."
    )
    assert str(blocking.value) == "The session dependency gives a Session, which blocks; let it give an AsyncSession."


# ---------- types ----------


def test_a_type_without_a_scalar_names_the_column_and_three_ways_out(mistake: Callable[..., str]) -> None:
    assert mistake(zoo.Unknown) == (
        "Place.position has the type Point(), which has no GraphQL scalar. Give it one: "
        "ModelOptions(scalars={'position': gqlcrud.custom_scalar(...)}), or for every column of this type "
        "Api(scalars={Point: ...}); or leave it out: ModelOptions(exclude={'position'})."
    )
    assert mistake(zoo.PgOnly) == (
        "Lists.matrix has the type ARRAY(Integer(), dimensions=2), which has no GraphQL scalar. Give it one: "
        "ModelOptions(scalars={'matrix': gqlcrud.custom_scalar(...)}), or for every column of this type "
        "Api(scalars={ARRAY: ...}); or leave it out: ModelOptions(exclude={'matrix'})."
    )


def test_a_hybrid_in_python_alone_needs_an_annotation(mistake: Callable[..., str]) -> None:
    class Hybrids(DeclarativeBase):
        pass

    class Bare(Hybrids):
        __tablename__ = "bare"
        id: Mapped[int] = mapped_column(primary_key=True)

        @hybrid_property
        def shouted(self):  # type: ignore[no-untyped-def]  # the mistake
            return f"{self.id}!"

    class Odd(Hybrids):
        __tablename__ = "bare_odd"
        id: Mapped[int] = mapped_column(primary_key=True)

        @hybrid_property
        def parts(self) -> "Hashable":
            return f"{self.id}!"

    after = (
        "is a hybrid property without a SQL expression, and what it returns has no GraphQL scalar. "
        "Annotate it, as in `def {name}(self) -> str`; or give it a scalar: "
        "ModelOptions(scalars={{'{name}': gqlcrud.custom_scalar(...)}}); or leave it out: ModelOptions(exclude={{'{name}'}})."
    )
    assert mistake([Bare]) == f"Bare.shouted {after.format(name='shouted')}"
    assert mistake([Odd]) == f"Odd.parts {after.format(name='parts')}"


def test_scalars_are_scalars_by_type(mistake: Callable[..., str]) -> None:
    after = "it takes a gqlcrud.Scalar, such as gqlcrud.custom_scalar(...) makes."

    assert mistake(zoo.Unknown, scalars={zoo.Point: str}) == f"Api(scalars=...) gives Point <class 'str'>; {after}"
    assert mistake(zoo.Unknown, scalars={"Point": Scalar("Point", str)}) == (
        "Api(scalars=...) takes types as keys, such as {MyType: ...}, not 'Point'."
    )
    assert mistake(zoo.Unknown, models={zoo.Place: ModelOptions(scalars={"position": strawberry.ID})}) == (  # type: ignore[dict-item]
        f"ModelOptions(scalars=...) of Place gives 'position' {strawberry.ID!r}; {after}"
    )


# ---------- options ----------


def test_options_are_for_models_of_the_api(mistake: Callable[..., str]) -> None:
    assert mistake(shelf.Base, models={zoo.Place: ModelOptions()}) == (
        "models={Place: ...} is for no model of this Api. Its models are: Author, Book, OrderItem, Tag."
    )
    assert mistake(shelf.Base, models={"Book": ModelOptions()}) == (
        "models={'Book': ...} is for no model of this Api. Its models are: Author, Book, OrderItem, Tag."
    )
    assert mistake(shelf.Base, models={shelf.Tag: {"name": "Keyword"}}) == (
        "models={Tag: ...} takes ModelOptions(...), not {'name': 'Keyword'}."
    )


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("include", {"labell"}),
        ("exclude", {"labell"}),
        ("rename", {"labell": "name"}),
        ("read_only", {"labell"}),
        ("hide_from_where", {"labell"}),
        ("hide_from_order", {"labell"}),
        ("operators", {"labell": {"like"}}),
        ("scalars", {"labell": Scalar("Label", str)}),
        ("enum_names", {"labell": {"a": "A"}}),
    ],
)
def test_a_misspelt_attribute_is_refused_in_every_option(mistake: Callable[..., str], option: str, value: Any) -> None:
    assert mistake(shelf.Base, models={shelf.Tag: ModelOptions(**{option: value})}) == (
        f"ModelOptions({option}=...) of Tag names 'labell', which the class does not have. "
        "Its attributes are: books, id, label."
    )


def test_a_misspelt_attribute_is_told_with_those_that_are_derived(mistake: Callable[..., str]) -> None:
    """`playlists` skips over the association object; it is no attribute of the class."""
    assert mistake(zoo.ManyToMany, models={zoo.Track: ModelOptions(exclude={"playlist", "entry"})}) == (
        "ModelOptions(exclude=...) of Track names 'entry', 'playlist', which the class does not have. "
        "Its attributes are: entries, id, playlists, title."
    )


@pytest.mark.parametrize("option", ["include", "exclude", "read_only", "hide_from_where", "hide_from_order"])
def test_one_name_is_no_collection_of_names(mistake: Callable[..., str], option: str) -> None:
    """It would be taken for its letters."""
    assert mistake(shelf.Base, models={shelf.Tag: ModelOptions(**{option: "label"})}) == (  # type: ignore[arg-type]
        f"ModelOptions({option}='label') of Tag takes a collection of names: {{'label'}}."
    )


def test_operators_are_known_and_for_texts(mistake: Callable[..., str]) -> None:
    def told(operators: Any) -> str:
        return mistake(shelf.Base, models={shelf.Book: ModelOptions(operators=operators)})

    assert told({"title": {"contains"}}) == (
        "ModelOptions(operators={'title': ...}) of Book names 'contains'; there are: like, regex, search."
    )
    assert told({"price": {"search", "like"}}) == (
        "ModelOptions(operators={'price': ...}) of Book: 'like', 'search' is for texts; the type of price is Decimal."
    )
    assert told({"author": {"like"}}) == (
        "ModelOptions(operators=...) of Book names 'author', which leads to other records; operators is for columns."
    )


def test_page_sizes_are_numbers_that_fit(mistake: Callable[..., str]) -> None:
    def told(**options: int) -> str:
        return mistake(shelf.Base, models={shelf.Tag: ModelOptions(**options)})  # type: ignore[arg-type]

    assert told(page_size=0) == "ModelOptions(page_size=0) of Tag takes a number from 1."
    assert told(max_page_size=-1) == "ModelOptions(max_page_size=-1) of Tag takes a number from 1."
    assert told(page_size=30, max_page_size=20) == (
        "ModelOptions(page_size=30) of Tag is larger than the largest page: ModelOptions(max_page_size=20)."
    )
    assert told(page_size=501) == (
        "ModelOptions(page_size=501) of Tag is larger than the largest page: Limits(max_page_size=500)."
    )


@pytest.mark.parametrize("value", [0, -1, None, "50", 1.5, True])
def test_limits_are_numbers(value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Limits(max_depth=value)

    assert str(caught.value) == f"Limits(max_depth={value!r}) takes a number from 1."


# ---------- clashes of members ----------


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            zoo.ClashOfColumns,
            "The column RowId.row_id and the column RowId.id are both named 'rowId' in the type RowId. "
            "Rename one of them: models={RowId: ModelOptions(rename={'row_id': 'anotherName'})}.",
        ),
        (
            zoo.ClashOfCases,
            "The column Cases.fooBar and the column Cases.foo_bar are both named 'fooBar' in the type Cases. "
            "Rename one of them: models={Cases: ModelOptions(rename={'fooBar': 'anotherName'})}.",
        ),
        (
            zoo.ClashOfReserved,
            "The column Reserved.and_ and the combinator 'and' are both named 'and' in the filter ReservedWhere. "
            "Rename one of them: models={Reserved: ModelOptions(rename={'and_': 'anotherName'})}.",
        ),
        (
            zoo.ClashOfModels,
            "The class tests.zoo.Node and the interface Node are both named 'Node' in the schema. "
            "Name the model otherwise: models={Node: ModelOptions(name='...')}.",
        ),
        (
            zoo.ClashOfEnums,
            "The values 'a-b' and 'a b' of Letters.letter are both named 'a_b' in GraphQL. "
            "Name one of them: ModelOptions(enum_names={'letter': {'a b': 'ANOTHER_NAME'}}).",
        ),
    ],
)
def test_clashes_name_both_origins(mistake: Callable[..., str], source: object, message: str) -> None:
    assert mistake(source) == message


def test_a_rename_must_not_clash_either(mistake: Callable[..., str]) -> None:
    def told(**rename: str) -> str:
        return mistake(shelf.Base, models={shelf.Book: ModelOptions(rename=rename)})

    assert told(title="isbn") == (
        "The column Book.title and the column Book.isbn are both named 'isbn' in the type Book. "
        "Rename one of them: models={Book: ModelOptions(rename={'title': 'anotherName'})}."
    )
    assert told(author="title") == (
        "The relation Book.author and the column Book.title are both named 'title' in the type Book. "
        "Rename one of them: models={Book: ModelOptions(rename={'author': 'anotherName'})}."
    )
    assert told(title="id") == (
        "The column Book.title and the global id of Book are both named 'id' in the type Book. "
        "Rename one of them: models={Book: ModelOptions(rename={'title': 'anotherName'})}."
    )
    assert told(tags="or") == (
        "The relation Book.tags and the combinator 'or' are both named 'or' in the filter BookWhere. "
        "Rename one of them: models={Book: ModelOptions(rename={'tags': 'anotherName'})}."
    )
    assert told(title="book title") == (
        "The column Book.title would be named 'book title' in the type Book, which is no GraphQL name. "
        "Rename one of them: models={Book: ModelOptions(rename={'title': 'anotherName'})}."
    )
    assert told(title="__title") == (
        "The column Book.title would be named '__title' in the type Book, which is no GraphQL name. "
        "Rename one of them: models={Book: ModelOptions(rename={'title': 'anotherName'})}."
    )


def test_names_of_unique_keys_must_not_clash(mistake: Callable[..., str]) -> None:
    class Keys(DeclarativeBase):
        pass

    class Pair(Keys):
        __tablename__ = "pair"

        foo: Mapped[int] = mapped_column(primary_key=True)
        bar: Mapped[int] = mapped_column(primary_key=True)
        foo_bar: Mapped[int] = mapped_column(unique=True)

    assert mistake(Keys) == (
        "The unique key (foo_bar) of Pair and the unique key (foo, bar) of Pair are both named 'fooBar' in the unique "
        "selector PairBy. Rename one of them: models={Pair: ModelOptions(rename={'foo_bar': 'anotherName'})}."
    )


def test_columns_of_a_link_must_not_take_names_of_the_edge(mistake: Callable[..., str]) -> None:
    def linked(*columns: Column[Any]) -> list[type]:
        class Links(DeclarativeBase):
            pass

        Table(
            "book_tag",
            Links.metadata,
            Column("book_id", ForeignKey("book.id"), primary_key=True),
            Column("tag_id", ForeignKey("tag.id"), primary_key=True),
            *columns,
        )

        class Tag(Links):
            __tablename__ = "tag"
            id: Mapped[int] = mapped_column(primary_key=True)

        class Book(Links):
            __tablename__ = "book"
            id: Mapped[int] = mapped_column(primary_key=True)
            tags: Mapped[list[Tag]] = relationship(Tag, secondary="book_tag")

        return [Book, Tag]

    assert mistake(linked(Column("cursor", Integer))) == (
        "The column book_tag.cursor and the cursor of the edge are both named 'cursor' in the edges of Book.tags. "
        "Give the column another key: Column('cursor', ..., key='another_name')."
    )
    assert mistake(linked(Column("Node", Integer))) == (
        "The column book_tag.Node and the record of the edge are both named 'node' in the edges of Book.tags. "
        "Give the column another key: Column('Node', ..., key='another_name')."
    )
    assert mistake(linked(Column("a_b", Integer), Column("aB", Integer))) == (
        "The column book_tag.aB and the column book_tag.a_b are both named 'aB' in the edges of Book.tags. "
        "Give the column another key: Column('aB', ..., key='another_name')."
    )
    assert mistake(linked(Column("spot", zoo.Point))) == (
        "book_tag.spot has the type Point(), which has no GraphQL scalar. Give it one: "
        "ModelOptions(scalars={'spot': gqlcrud.custom_scalar(...)}), or for every column of this type "
        "Api(scalars={Point: ...}); or leave it out: ModelOptions(exclude={'spot'})."
    )


def test_columns_of_an_association_object_are_renamed_by_its_options(
    mistake: Callable[..., str], offline: AsyncEngine
) -> None:
    class Links(DeclarativeBase):
        pass

    class Left(Links):
        __tablename__ = "left_end"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Right(Links):
        __tablename__ = "right_end"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Joint(Links):
        __tablename__ = "joint"
        left_id: Mapped[int] = mapped_column(ForeignKey("left_end.id"), primary_key=True)
        right_id: Mapped[int] = mapped_column(ForeignKey("right_end.id"), primary_key=True)
        cursor_: Mapped[int | None] = mapped_column("cursor")
        left: Mapped["Left"] = relationship()
        right: Mapped["Right"] = relationship()

    assert mistake([Left, Right, Joint]) == (
        "The column joint.cursor and the cursor of the edge are both named 'cursor' in the edges of Left.rights. "
        "Rename it: models={Joint: ModelOptions(rename={'cursor_': 'anotherName'})}."
    )
    assert Api([Left, Right, Joint], offline, models={Joint: ModelOptions(rename={"cursor_": "pointer"})})


# ---------- clashes of types and root fields ----------


def table(name: str, /, **attributes: Any) -> type:
    """A class with a base of its own."""

    class Own(DeclarativeBase):
        pass

    key = {"id": mapped_column(Integer, primary_key=True)}
    return type(name, (Own,), {"__tablename__": name.lower(), "__module__": "shop", **key, **attributes})


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Query", "the query root"),
        ("Mutation", "the mutation root"),
        ("Subscription", "the subscription root"),
        ("Node", "the interface Node"),
        ("PageInfo", "the type PageInfo"),
        ("Sort", "the enum Sort"),
        ("Int", "the scalar Int"),
        ("Date", "the scalar Date"),
        ("JSON", "the scalar JSON"),
    ],
)
def test_a_model_is_not_called_as_what_every_schema_has(mistake: Callable[..., str], name: str, other: str) -> None:
    assert mistake([table(name)]) == (
        f"The class shop.{name} and {other} are both named '{name}' in the schema. "
        f"Name the model otherwise: models={{{name}: ModelOptions(name='...')}}."
    )


def test_a_model_is_not_called_as_a_type_of_another(mistake: Callable[..., str]) -> None:
    after = "are both named {!r} in the schema. Give a model another name: ModelOptions(name='...')."

    def told(*names: str) -> str:
        return mistake([table(name) for name in names])

    assert told("Purchase", "PurchaseOrder") == (
        f"The order of Purchase and the class shop.PurchaseOrder {after.format('PurchaseOrder')}"
    )
    assert (
        told("Graph", "GraphEdge")
        == f"The connection of Graph and the class shop.GraphEdge {after.format('GraphEdge')}"
    )
    assert told("User", "UserBy") == (f"The unique selector of User and the class shop.UserBy {after.format('UserBy')}")
    assert told("User", "UserWhere") == f"The filter of User and the class shop.UserWhere {after.format('UserWhere')}"
    assert told("User", "CountFilter") == (
        f"The filter of counts and the class shop.CountFilter {after.format('CountFilter')}"
    )
    assert told("User", "IntFilter") == (
        "The filter of values of Int by eq, ne, gt, gte, lt, lte, in, notIn, isNull and the class shop.IntFilter are both named "
        "'IntFilter' in the schema. Give the scalar, or the model, another name."
    )


def test_a_model_is_not_called_as_an_input_or_a_mutation_of_another(mistake: Callable[..., str]) -> None:
    after = "are both named {!r} in the schema. Give a model another name: ModelOptions(name='...')."

    def told(*names: str) -> str:
        return mistake([table(name, count=mapped_column(String(9))) for name in names])

    for suffix, origin in (
        ("Create", "The values of a new Book"),
        ("UpdateItem", "The operations of Book"),
        ("Payload", "The payload of Book"),
    ):
        name = f"Book{suffix}"
        assert told("Book", name) == f"{origin} and the class shop.{name} {after.format(name)}"
    assert told("Book", "EachBook") == (
        "The input of updateEachBook for EachBook and the input of updateEachBook for Book "
        f"{after.format('UpdateEachBookInput')}"
    )


def test_root_fields_must_not_clash(mistake: Callable[..., str]) -> None:
    after = (
        "are both named {!r} in the type Query. "
        "Name the fields otherwise: models={{{}: ModelOptions(name='...', plural='...')}}."
    )

    assert mistake([table("Book"), table("book")]) == (
        f"One record of the class shop.book and one record of the class shop.Book {after.format('book', 'book')}"
    )
    assert mistake([table("Sheep"), table("SheepList")]) == (
        f"One record of the class shop.SheepList and the list of the class shop.Sheep {after.format('sheepList', 'SheepList')}"
    )
    assert mistake(shelf.Base, models={shelf.Tag: ModelOptions(plural="nodes")}) == (
        f"The list of the class tests.shelf.Tag and the root field nodes {after.format('nodes', 'Tag')}"
    )
    assert mistake(shelf.Base, models={shelf.Tag: ModelOptions(plural="all tags")}) == (
        "The list of the class tests.shelf.Tag would be named 'all tags' in the type Query, which is no GraphQL name. "
        "Name the fields otherwise: models={Tag: ModelOptions(name='...', plural='...')}."
    )
    assert mistake(shelf.Base, models={shelf.Tag: ModelOptions(name="Book Tag")}) == (
        "The class tests.shelf.Tag would be named 'Book Tag' in the schema, which is no GraphQL name. "
        "Name the model otherwise: models={Tag: ModelOptions(name='...')}."
    )


def test_a_link_is_not_called_as_a_model(mistake: Callable[..., str]) -> None:
    """`BookTag` is a model here, and so is `BookTags`: both names of the connection of `Book.tags` are taken."""
    tag = table("BookTag")
    plural = {tag: ModelOptions(plural="allBookTags")}

    assert mistake([*shelf_classes(), tag, table("BookTags")], models=plural) == (
        "The order of BookTags and the order of the relation Book.tags are both named 'BookTagsOrder' in the "
        "schema. Give a model another name: ModelOptions(name='...')."
    )


def shelf_classes() -> list[type]:
    return [shelf.Author, shelf.Book, shelf.OrderItem, shelf.Tag]


# ---------- clashes of enums and scalars ----------


def colour_enum(*names: str) -> Any:
    return enum.Enum("Colour", list(names))


def test_enums_of_one_name_are_refused(mistake: Callable[..., str]) -> None:
    one = table("Car", colour=mapped_column(Enum(Colour, name="a")))
    two = table("Wall", paint=mapped_column(Enum(colour_enum("WHITE"), name="b")))
    three = table("Door", paint=mapped_column(Enum("white", name="colour")))
    model = table("Colour", id=mapped_column(Enum(Colour), primary_key=True))
    after = (
        "are both named 'Colour' in the schema. "
        "Name one of them otherwise: @strawberry.enum(name='...') on a Python enum, Enum(..., name='...')."
    )

    assert mistake([one, two]) == f"The enum of Wall.paint and the enum of Car.colour {after}"
    assert mistake([one, three]) == f"The enum of Door.paint and the enum of Car.colour {after}"
    assert mistake([model]) == f"The enum of Colour.id and the class shop.Colour {after}"


def test_scalars_of_one_name_are_refused(mistake: Callable[..., str]) -> None:
    def point() -> Scalar:
        return custom_scalar("Point", serialize=str, parse=str)

    def told(one: Scalar, two: Scalar) -> str:
        models = {shelf.Book: ModelOptions(scalars={"title": one}), shelf.Tag: ModelOptions(scalars={"label": two})}
        return mistake(shelf.Base, models=models)

    after = "Give columns that share a name one scalar, or name one of the scalars otherwise."

    assert told(point(), point()) == (
        f"The scalar of Tag.label and the scalar of Book.title are both named 'Point' in the schema. {after}"
    )
    money = custom_scalar("Decimal", serialize=str, parse=str)
    assert told(money, money) == (
        f"The scalar of Book.title and the scalar Decimal are both named 'Decimal' in the schema. {after}"
    )
    equal = Scalar("String", str, operators=(gqlcrud.Operator.EQ,))
    assert told(Scalar("Text", str), equal) == (
        "The filter of values of String by eq and the filter of values of String by "
        "eq, ne, gt, gte, lt, lte, in, notIn, isNull, contains, startsWith, "
        "endsWith, iEq, iContains, iStartsWith, iEndsWith are both named 'StringFilter' in the schema. "
        "Give the scalar, or the model, another name."
    )


def test_names_of_enum_values_are_legal_and_known(mistake: Callable[..., str]) -> None:
    def told(**names: dict[str, str]) -> str:
        return mistake(zoo.Scalars, models={zoo.Everything: ModelOptions(enum_names=names)})

    assert told(binding={"e-book": "e book"}) == (
        "The value 'e-book' of Everything.binding cannot be named 'e book' in GraphQL: a name has letters of English, "
        "digits and underscores, begins with no digit and no two underscores, and is not true, false or null."
    )
    assert told(colour={"RED": "null"}) == (
        "The value 'RED' of Everything.colour cannot be named 'null' in GraphQL: a name has letters of English, "
        "digits and underscores, begins with no digit and no two underscores, and is not true, false or null."
    )
    assert told(colour={"#f00": "RED", "BLUE": "BLUE"}) == (
        "ModelOptions(enum_names=...) of Everything.colour names '#f00', 'BLUE'; the values are: 'RED', 'GREEN'."
    )
    assert told(string={"a": "A"}) == ("ModelOptions(enum_names=...) names Everything.string, which is no Enum column.")


def test_names_of_enum_values_agree(mistake: Callable[..., str]) -> None:
    one = table("Car", colour=mapped_column(Enum(Colour, name="a")))
    two = table("Wall", paint=mapped_column(Enum(Colour, name="a")))
    names = {
        one: ModelOptions(enum_names={"colour": {"RED": "ROUGE"}}),
        two: ModelOptions(enum_names={"paint": {"RED": "ROT"}}),
    }

    assert mistake([one, two], models=names) == (
        "Car.colour and Wall.paint have the same enum and name its value 'RED' differently in "
        "ModelOptions(enum_names=...): 'ROUGE' and 'ROT'. Name it once; that holds for both."
    )


def test_an_enum_of_strawberry_names_its_values_itself(mistake: Callable[..., str]) -> None:
    @strawberry.enum(name="Paint")
    class Decorated(enum.Enum):
        RED = strawberry.enum_value("red", name="ROUGE")

    car = table("Car", colour=mapped_column(Enum(Decorated, name="a")))

    assert mistake([car], models={car: ModelOptions(enum_names={"colour": {"RED": "ROT"}})}) == (
        "ModelOptions(enum_names=...) names Car.colour, whose enum is made by strawberry.enum: name its values there."
    )


# ---------- fields of one's own ----------


def test_fields_of_ones_own_are_written_as_they_must_be(mistake: Callable[..., str]) -> None:
    class Required:
        @gqlcrud.field(requires=["label", "lable", "nonsense"])
        def shouted(self: shelf.Tag) -> str:
            return self.label.upper()

    class Unannotated:
        @gqlcrud.field()
        def shouted(self):  # type: ignore[no-untyped-def]  # the mistake
            return ""

    class Unreadable:
        @gqlcrud.field()
        def shouted(self) -> "Hashable":
            return 1

    class UnreadableArgument:
        @gqlcrud.field()
        def shouted(self, times: "Hashable") -> str:
            return ""

    class Data:
        shouted: str = strawberry.field(description="No resolver.")

    class Clash:
        @gqlcrud.field()
        def label(self) -> str:
            return ""

    class Twice:
        @gqlcrud.field()
        def big_label(self) -> str:
            return ""

        @gqlcrud.field(name="bigLabel")
        def other(self) -> str:
            return ""

    def told(fields: Any) -> str:
        return mistake(shelf.Base, models={shelf.Tag: ModelOptions(fields=fields)})

    assert told(Required) == (
        "The field Required.shouted requires 'lable', 'nonsense', which Tag does not have. "
        "It can require: books, id, label."
    )
    assert told(Unannotated) == (
        "Unannotated.shouted has no return annotation; say what it gives: def shouted(self) -> str."
    )
    assert told(Unreadable) == (
        "The return annotation of Unreadable.shouted cannot be read: name 'Hashable' is not defined. "
        "Import what it names outside of `if TYPE_CHECKING`."
    )
    assert told(UnreadableArgument) == (
        "The annotation of the argument times of UnreadableArgument.shouted cannot be read: name 'Hashable' is not "
        "defined. Import what it names outside of `if TYPE_CHECKING`."
    )
    assert told(Data) == "Data.shouted has no resolver; write it as a method with @gqlcrud.field()."
    assert told(Clash) == (
        "The field Clash.label and the column Tag.label are both named 'label' in the type Tag. "
        "Give the field another name: @gqlcrud.field(name='anotherName')."
    )
    assert told(Twice) == (
        "The field Twice.other and the field Twice.big_label are both named 'bigLabel' in the type Tag. "
        "Give the field another name: @gqlcrud.field(name='anotherName')."
    )
    assert told(Required()).startswith("ModelOptions(fields=...) of Tag takes a class, not <")


def test_requires_takes_a_list_of_names() -> None:
    with pytest.raises(ConfigurationError) as caught:
        gqlcrud.field(requires="label")

    assert str(caught.value) == "gqlcrud.field(requires='label') takes a list of names: ['label']."


def test_root_fields_of_ones_own_are_written_as_they_must_be(mistake: Callable[..., str]) -> None:
    class Query:
        @gqlcrud.field()
        def books(self) -> str:
            return ""

    class Requiring:
        @gqlcrud.field(requires=["title"])
        def newest(self) -> str:
            return ""

    class One:
        @gqlcrud.field()
        def version(self) -> str:
            return "1"

    class Two:
        @gqlcrud.field(name="version")
        def release(self) -> str:
            return "1"

    assert mistake(shelf.Base, query=Query) == (
        "The field Query.books and a generated root field are both named 'books' in the type Query. "
        "Give it another name: @gqlcrud.field(name='anotherName')."
    )
    assert mistake(shelf.Base, query=[One, Two]) == (
        "The field Two.release and the field One.version are both named 'version' in the type Query. "
        "Give it another name: @gqlcrud.field(name='anotherName')."
    )
    assert mistake(shelf.Base, query=Requiring) == (
        "The root field Requiring.newest requires attributes, but it stands on no record. Leave `requires` out, and "
        "load records by gqlcrud.load_record or gqlcrud.load_records."
    )
    assert mistake(shelf.Base, query=One()).startswith(
        "Api(query=...) takes a class with fields, or several in a list, not <"
    )


def test_what_strawberry_cannot_build_is_told(mistake: Callable[..., str]) -> None:
    class Fields:
        @gqlcrud.field()
        def anything(self) -> object:
            return ""

    assert mistake(shelf.Base, models={shelf.Tag: ModelOptions(fields=Fields)}).startswith(
        "The schema cannot be built: Tag fields cannot be resolved. Unexpected type '<class 'object'>'"
    )


# ---------- what is asked of an Api afterwards ----------


def test_a_type_is_that_of_a_model(offline: AsyncEngine) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Api(shelf.Base, offline).type(zoo.Place)

    assert str(caught.value) == (
        "<class 'tests.zoo.Place'> is not a model of this API. Its models are: Author, Book, OrderItem, Tag."
    )


@pytest.mark.parametrize("length", [String(3), String()])
def test_no_mistake_is_found_where_there_is_none(offline: AsyncEngine, length: String) -> None:
    """The helpers of this module make classes that can be offered."""
    assert Api([table("Car", name=mapped_column(length)), table("Wall")], offline).catalog.left_out == ()
