"""What comes back: Pydantic models at any depth, dicts of dotted names, typed records; a statement for each level."""

import uuid
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, computed_field
from pydantic.alias_generators import to_camel
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import ConfigurationError, Crud
from tests import zoo, zoo_rows
from tests.databases import MakeEngine, record_statements
from tests.reading_room import reading_room
from tests.running import save
from tests.shelf import Author, Base, Book, OrderItem, Tag

BOOKS, AUTHORS = Crud(Book), Crud(Author)


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    yield await reading_room(make_module_engine)


# ---------- Pydantic models ----------


class TagRead(BaseModel):
    label: str


class BookRead(BaseModel):
    title: str
    price: Decimal
    tags: list[TagRead]


class AuthorRead(BaseModel):
    name: str
    books: list[BookRead]


class OwnedRead(BaseModel):
    title: str
    author: AuthorRead | None


async def test_nested_models_are_filled_at_any_depth(engine: AsyncEngine) -> None:
    owned = await BOOKS.get(engine, 8, select=OwnedRead)

    assert owned == OwnedRead(
        title="T08",
        author=AuthorRead(
            name="Bob",
            books=[
                BookRead(title="T07", price=Decimal(3), tags=[]),
                BookRead(title="T08", price=Decimal(4), tags=[TagRead(label="x")]),
                BookRead(title="T09", price=Decimal(4), tags=[]),
                BookRead(title="T10", price=Decimal(5), tags=[TagRead(label="x")]),
                BookRead(title="T11", price=Decimal(5), tags=[]),
            ],
        ),
    )
    assert await BOOKS.get(engine, 12, select=OwnedRead) == OwnedRead(title="T12", author=None)


async def test_every_method_gives_what_is_selected(engine: AsyncEngine) -> None:
    cid = AuthorRead(name="Cid", books=[])

    assert await AUTHORS.get(engine, 3, select=AuthorRead) == cid
    assert await AUTHORS.get_or_none(engine, 3, select=AuthorRead) == cid
    assert await AUTHORS.get_or_none(engine, 9, select=AuthorRead) is None
    assert await AUTHORS.first(engine, name="Cid", select=AuthorRead) == cid
    assert list(await AUTHORS.get_multi(engine, name="Cid", select=AuthorRead)) == [cid]
    assert list((await AUTHORS.paginate(engine, name="Cid", select=AuthorRead)).items) == [cid]
    assert [each async for each in AUTHORS.stream(engine, name="Cid", select=AuthorRead)] == [cid]


class Line(BaseModel):
    """Fields by alias, of every form; what is computed; what is not of the database."""

    model_config = ConfigDict(populate_by_name=True)

    number: int = Field(alias="id")
    isbn: str | None = Field(serialization_alias="ISBN")
    cost: Annotated[Decimal, Field(validation_alias="price")]
    by: int | None = Field(validation_alias=AliasChoices("author_id", "authorId"))
    tag_ids: list[int]
    words: list[TagRead] = Field(alias="tags")
    shop: str = "here"

    @computed_field
    def shown(self) -> str:
        return f"{self.number}: {self.cost}"


async def test_fields_are_called_like_attributes_or_their_aliases_are(engine: AsyncEngine) -> None:
    line = await BOOKS.get(engine, 1, select=Line)

    assert line.model_dump(by_alias=True) == {
        "id": 1,
        "ISBN": "i1",
        "cost": Decimal("0.00"),
        "by": 1,
        "tag_ids": [1, 2],
        "tags": [{"label": "x"}, {"label": "y"}],
        "shop": "here",
        "shown": "1: 0.00",
    }


class Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)

    author_id: int | None
    published_at: Any


async def test_aliases_that_are_generated_are_no_names_of_attributes(engine: AsyncEngine) -> None:
    assert (await BOOKS.get(engine, 3, select=Camel)).model_dump(by_alias=True) == {"authorId": 1, "publishedAt": None}


class TitleOnly(BaseModel):
    title: str


class Containers(BaseModel):
    books: Sequence[TitleOnly] | None
    names: tuple["TitleOnly", ...] = Field(alias="books")


async def test_lists_may_be_any_collection(engine: AsyncEngine) -> None:
    found = await AUTHORS.get(engine, 2, select=Containers)

    assert found.books is not None
    assert (
        [each.title for each in found.books]
        == [each.title for each in found.names]
        == [f"T{i:02}" for i in range(7, 12)]
    )


class InvoiceRead(BaseModel):
    number: str
    total: Decimal
    notes: str | None
    label: str
    is_large: bool
    price_name: str
    shouted: str


async def test_computed_attributes_are_selected_like_columns(make_engine: MakeEngine) -> None:
    """Of the database, of a column property, of hybrids with SQL and without; a deferred column."""
    engine = await make_engine(zoo.Made.metadata)
    for group in zoo_rows.made():
        await save(engine, *group)
    invoices, key = Crud(zoo.Invoice), uuid.UUID(int=1)
    expected = {
        "number": "A-1",
        "total": Decimal("250.00"),
        "notes": "Long.",
        "label": "No. A-1",
        "is_large": True,
        "price_name": "paid",
        "shouted": "A-1",
    }

    assert (await invoices.get(engine, key, select=InvoiceRead)).model_dump() == expected
    assert await invoices.get(engine, key, select=list(expected)) == expected
    record = await invoices.get(engine, key)
    assert (record.total, record.label, record.is_large) == (Decimal("250.00"), "No. A-1", True)
    with pytest.raises(AttributeError):
        _ = record.notes


class BinIds(BaseModel):
    code: str
    bin_ids: list[tuple[int, str, int]]


async def test_ids_of_several_columns_are_tuples(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Composites.metadata)
    bins = [zoo.Bin(tenant_id=1, warehouse_code="a", number=number) for number in (2, 1)]
    await save(engine, zoo.Warehouse(tenant_id=1, code="a", bins=bins))
    warehouses = Crud(zoo.Warehouse)

    assert await warehouses.get(engine, (1, "a"), select=BinIds) == BinIds(code="a", bin_ids=[(1, "a", 1), (1, "a", 2)])
    assert await warehouses.get(engine, (1, "a"), select=["bin_ids"]) == {"bin_ids": [(1, "a", 1), (1, "a", 2)]}


# ---------- names ----------


async def test_dotted_names_give_dicts(engine: AsyncEngine) -> None:
    names = (
        "id",
        "author.name",
        "author.books.title",
        "tag_ids",
        "tags.label",
        "tags.id",
        "order_items.quantity",
        "id",
    )

    assert await BOOKS.get(engine, 1, select=names) == {
        "id": 1,
        "author": {"name": "Ada", "books": [{"title": f"T{i:02}"} for i in range(1, 7)]},
        "tag_ids": [1, 2],
        "tags": [{"label": "x", "id": 1}, {"label": "y", "id": 2}],
        "order_items": [{"quantity": 1}],
    }
    assert await BOOKS.get(engine, 12, select=["author.name", "author.books.title"]) == {"author": None}


# ---------- statements ----------


@pytest.mark.parametrize(
    ("select", "statements"),
    [
        (None, 1),
        (TitleOnly, 1),
        (BookRead, 2),
        (OwnedRead, 4),
        (Line, 2),
        (["tag_ids", "tags.label", "author.name", "order_items.quantity"], 4),
    ],
    ids=["records", "columns", "one list", "three levels", "ids and records of one list", "names"],
)
async def test_two_parents_cost_as_many_statements_as_two_hundred(
    make_engine: MakeEngine, select: Any, statements: int
) -> None:
    engine = await make_engine(Base.metadata)
    tags = [Tag(id=i, label=str(i)) for i in range(1, 4)]
    await save(
        engine,
        *(
            Book(
                id=i,
                title=str(i),
                price=Decimal(1),
                author=Author(id=i, name=str(i)),
                tags=tags,
                order_items=[OrderItem(order_no=i, line_no=1, quantity=1)],
            )
            for i in range(1, 201)
        ),
    )

    for limit in (2, 200):
        with record_statements(engine) as recorded:
            assert len(await BOOKS.get_multi(engine, limit=limit, select=select)) == limit
        assert len(recorded) == statements


# ---------- mistakes ----------


class Recursive(BaseModel):
    name: str
    books: list["RecursiveBook"] = []


class RecursiveBook(BaseModel):
    author: Recursive | None


class Unknown(BaseModel):
    titel: str


class UnknownBelow(BaseModel):
    author: Unknown


class OneForMany(BaseModel):
    tags: TagRead


class ManyForOne(BaseModel):
    author: list[AuthorRead]


class NoModel(BaseModel):
    author: dict[str, Any]


class Ids(BaseModel):
    author_ids: list[int]


ATTRIBUTES = "id, isbn, title, price, meta, published_at, version, author_id, author, tags, order_items"


@pytest.mark.parametrize(
    ("select", "message"),
    [
        (
            Recursive,
            "Recursive.name has no value: Book has no attribute of this name. It has: "
            f"{ATTRIBUTES}. Give the field a default, or an alias that is one of them.",
        ),
        (
            RecursiveBook,
            "RecursiveBook contains itself, so nothing says how deep its records are to be loaded. Write a model for each "
            "level.",
        ),
        (
            Unknown,
            f"Unknown.titel has no value: Book has no attribute of this name. It has: {ATTRIBUTES}. Give the field a "
            "default, or an alias that is one of them.",
        ),
        (
            UnknownBelow,
            "Unknown.titel has no value: Author has no attribute of this name. It has: id, name, email, books. Give the "
            "field a default, or an alias that is one of them.",
        ),
        (
            OneForMany,
            "OneForMany.tags shows the relation Book.tags: annotate it with a Pydantic model, as in list[TagRead], not "
            f"{TagRead!r}.",
        ),
        (
            ManyForOne,
            "ManyForOne.author shows the relation Book.author: annotate it with a Pydantic model, as in AuthorRead, not "
            f"{list[AuthorRead]!r}.",
        ),
        (
            NoModel,
            "NoModel.author shows the relation Book.author: annotate it with a Pydantic model, as in AuthorRead, not "
            "dict[str, typing.Any].",
        ),
        (Ids, f"Ids.author_ids has no value: Book has no attribute of this name. It has: {ATTRIBUTES}. Give the field"),
        ("title", "select= takes a Pydantic model, or names such as ['title', 'author.name'], not 'title'."),
        ([], "select= takes a Pydantic model, or names such as ['title', 'author.name'], not []."),
        ([Book.title], "select= takes a Pydantic model, or names such as ['title', 'author.name'], not [<"),
        (TagRead(label="x"), "select= takes a Pydantic model, or names such as ['title', 'author.name'], not TagRead("),
        (Book, "select= takes a Pydantic model, or names such as ['title', 'author.name'], not <class"),
        (int, "select= takes a Pydantic model, or names such as ['title', 'author.name'], not <class 'int'>."),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
async def test_a_model_that_does_not_fit_is_refused_before_anything_is_read(
    engine: AsyncEngine, select: Any, message: str
) -> None:
    with record_statements(engine) as statements:
        for read in (BOOKS.get_multi, lambda engine, select: BOOKS.create(engine, {"title": "x"}, select=select)):
            with pytest.raises(ConfigurationError) as raised:
                await read(engine, select=select)
            assert str(raised.value).startswith(message)
    assert statements == []
