"""Query strings become conditions, orders and pages: every kind of parameter, and what is refused of each."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Query
from fastapi.security import APIKeyQuery
from pydantic import BaseModel, Field
from sqlalchemy import ARRAY, Enum, Integer, String
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gqlcrud import (
    Api,
    ConfigurationError,
    Crud,
    ListParams,
    ModelOptions,
    custom_scalar,
    install_error_handlers,
)
from gqlcrud.rest import Filter
from tests.databases import MakeEngine
from tests.listing import Author, Base, Book, fill, ids, listing_app, refusal
from tests.serving import client_of, unused_engine

EVERYTHING = {
    "filters": {
        "title": ["eq", "ne", "in", "not_in", "contains", "starts_with", "ends_with", "i_eq", "i_contains", "gt"],
        Book.price: ["eq", "lt", "gte", "in", "is_null"],
        "pages": ["eq", "in"],
        "sold": ["gt"],
        "weight": ["lt"],
        "in_print": ["eq", "ne"],
        "genre": ["eq", "in"],
        "published_on": ["lt"],
        "read_at": ["eq"],
        "changed_at": ["gte"],
        "length": ["eq"],
        "code": ["eq"],
        "cover": ["eq"],
        "notes": ["has_key"],
        "total": ["eq", "gt"],
        (Book.author, Author.name): ["eq", "i_contains"],
        "author.country": ["is_null"],
        "tags.label": ["eq", "in"],
    },
    "default_sort": "id",
}


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncEngine:
    return await fill(await make_module_engine(Base.metadata))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("title=Emma", [1]),
        ("title=emma", []),
        ("title__ne=Emma", [2, 3, 4, 5]),
        ("title__in=Emma&title__in=Nana", [1, 4]),
        ("title__not_in=Emma&title__not_in=Nana", [2, 3, 5]),
        ("title__contains=an", [4]),
        ("title__starts_with=Ger", [3]),
        ("title__ends_with=a", [1, 4]),
        ("title__i_eq=EMMA", [1]),
        ("title__i_contains=THE", [5]),
        ("title__gt=Nana", [2, 5]),
        ("price=12", [3, 5]),
        ("price=12.00&genre=play", [5]),
        ("price__lt=9.9", [4]),
        ("price__gte=9.9", [1, 3, 5]),
        ("price__gte=9.9&price__lt=12", [1]),
        ("price__in=7.5&price__in=9.90", [1, 4]),
        ("price__is_null=true", [2]),
        ("price__is_null=false", [1, 3, 4, 5]),
        ("pages=250", [2]),
        ("pages__in=250&pages__in=480", [1, 2]),
        ("sold__gt=2147483648", [3]),
        ("weight__lt=3e-1", [2]),
        ("in_print=false", [4]),
        ("in_print__ne=False", [1, 2, 3, 5]),
        ("genre=play", [5]),
        ("genre__in=play&genre__in=novel", [1, 2, 3, 4, 5]),
        ("published_on__lt=1900-01-01", [4]),
        ("read_at=08:30:00", [4]),
        ("changed_at__gte=2024-02-29T12:00:00Z", [4]),
        ("changed_at__gte=2024-02-29T13:00:00%2B01:00", [4]),
        ("length=P1D", [4]),
        ("code=00000000-0000-0000-0000-000000000004", [4]),
        ("cover=bmFuYQ==", [4]),
        ("notes__has_key=shelf", [4]),
        ("total__eq=7", [1]),
        ("total__gt=6", [1]),
        ("author.name=Jane%20Austen", [1, 2]),
        ("author.name__i_contains=%C3%A9MILE", [3, 4, 5]),
        ("author.name__i_contains=a&author.country__is_null=false", [1, 2]),
        ("tags.label=classic", [1, 2]),
        ("tags.label__in=classic&tags.label__in=comedy", [1, 2, 5]),
    ],
)
async def test_a_filter_finds_the_records_that_it_names(engine: AsyncEngine, query: str, expected: list[int]) -> None:
    async with client_of(listing_app(Crud(Book), engine, **EVERYTHING)) as client:
        assert await ids(client, query) == expected


@pytest.mark.parametrize(
    ("query", "path", "message"),
    [
        ("price__lt=cheap", ["price__lt"], "The value is a number."),
        ("price__lt=", ["price__lt"], "The value is a number."),
        ("price__lt=NaN", ["price__lt"], "The value is a number."),
        ("price__lt=1_0", ["price__lt"], "The value is a number."),
        ("price__lt=1e2000", ["price__lt"], "The value is a number."),
        ("price__in=1&price__in=x", ["price__in", 1], "The value is a number."),
        ("weight__lt=1e999", ["weight__lt"], "The value is a number."),
        ("pages=1.5", ["pages"], "The value is an integer of 32 bits."),
        ("pages=2147483648", ["pages"], "The value is an integer of 32 bits."),
        ("sold__gt=9223372036854775808", ["sold__gt"], "The value is an integer of 64 bits."),
        ("price__is_null=maybe", ["price__is_null"], "The value is true or false."),
        ("in_print=1", ["in_print"], "The value is true or false."),
        ("genre=NOVEL", ["genre"], "The value is one of: novel, play."),
        ("published_on__lt=2023-02-29", ["published_on__lt"], "The value is a date such as 2024-02-29."),
        ("read_at=25:00", ["read_at"], "The value is a time of day such as 14:30:00."),
        ("changed_at__gte=x", ["changed_at__gte"], "The value is a date and time such as 2024-02-29T14:30:00Z."),
        ("length=2h", ["length"], "The value is a length of time such as P1DT2H."),
        ("code=4", ["code"], "The value is a UUID."),
        ("cover=%C3%A9", ["cover"], "The value is bytes in Base64."),
        ("title=%00", ["title"], "The value is a text."),
        ("limit=0", ["limit"], "Input should be greater than or equal to 1"),
        ("limit=101", ["limit"], "Input should be less than or equal to 100"),
        (
            "sort=titel",
            ["sort"],
            "'titel' is nothing to sort by. There are, each with a minus for descending: id, title, price, pages, sold, "
            "weight, in_print, genre, published_on, read_at, changed_at, length, code, total, author_id.",
        ),
        ("after=nonsense", ["after"], "This is not a cursor."),
        ("before=nonsense", ["before"], "This is not a cursor."),
    ],
)
async def test_what_cannot_be_read_is_told_at_its_parameter(
    engine: AsyncEngine, query: str, path: list[str | int], message: str
) -> None:
    async with client_of(listing_app(Crud(Book), engine, **EVERYTHING)) as client:
        assert await refusal(client, query) == [("VALIDATION", ["query", *path], message)]


async def test_all_mistakes_are_told_at_once(engine: AsyncEngine) -> None:
    async with client_of(listing_app(Crud(Book), engine, **EVERYTHING)) as client:
        found = await refusal(client, "pages=x&genre=x&limit=x")

    assert [path for _, path, _ in found] == [["query", "pages"], ["query", "genre"], ["query", "limit"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort=title", [1, 3, 4, 2, 5]),
        ("sort=-title", [5, 2, 4, 3, 1]),
        ("sort=-pages&sort=title", [3, 1, 2, 4, 5]),
        ("sort=author.name,-title", [2, 1, 5, 4, 3]),
        ("sort=-tags.count,id", [1, 2, 5, 3, 4]),
    ],
)
async def test_lists_are_sorted_as_clients_ask(engine: AsyncEngine, query: str, expected: list[int]) -> None:
    sort = [Book.title, "pages", "author.name", "tags.count", "id"]
    async with client_of(listing_app(Crud(Book), engine, filters=[], sort=sort)) as client:
        assert await ids(client, query) == expected


async def test_the_order_without_sort_is_that_of_the_endpoint(engine: AsyncEngine) -> None:
    app = listing_app(Crud(Book), engine, filters=[], sort=[], default_sort=["-price nulls last", "-id"])
    async with client_of(app) as client:
        assert await ids(client, "") == [5, 3, 1, 4, 2]
        assert await refusal(client, "sort=id") == [
            (
                "VALIDATION",
                ["query", "sort"],
                "There is no parameter 'sort'. There are: after, before, limit, total.",
            )
        ]


async def test_parameters_that_there_are_not_are_refused_with_those_that_there_are(engine: AsyncEngine) -> None:
    """A filter with a typing error would show what was not asked for."""
    async with client_of(listing_app(Crud(Book), engine, filters=["title"])) as client:
        assert await refusal(client, "titel=Emma") == [
            (
                "VALIDATION",
                ["query", "titel"],
                "There is no parameter 'titel'. There are: after, before, limit, sort, title, title__i_contains, title__in, "
                "total.",
            )
        ]


async def test_parameters_of_the_endpoint_itself_are_known(engine: AsyncEngine) -> None:
    books = Crud(Book)
    app = FastAPI()

    def tenant(shop: str = "main") -> str:
        return shop

    @app.get("/books", dependencies=[Depends(tenant), Depends(APIKeyQuery(name="key", auto_error=False))])
    async def list_books(params: Annotated[ListParams, Depends(books.params())], verbose: bool = False) -> list[str]:
        return [each.parameter for each in params.filters]

    async with client_of(app) as client:
        assert (await client.get("/books?verbose=1&shop=x&key=k&title=Emma")).json() == ["title"]
        assert (await client.get("/books?verbos=1")).status_code == 422


async def test_parameters_of_routers_are_known() -> None:
    routes = APIRouter(prefix="/shop")

    class Tenant(BaseModel):
        shop: str = "main"
        branch: str = Field("first", alias="shop-branch")

    def tenant(asked: Annotated[Tenant, Query()]) -> str:
        return asked.shop

    @routes.get("/books")
    async def list_books(params: Annotated[ListParams, Depends(Crud(Book).params())]) -> int:
        return params.limit

    app = FastAPI()
    app.include_router(routes, prefix="/api", dependencies=[Depends(tenant)])

    async with client_of(app) as client:
        assert (await client.get("/api/shop/books?shop=x&shop-branch=y&limit=7")).json() == 7
        assert (await client.get("/api/shop/books?shopp=x")).status_code == 422


async def test_parameters_that_there_are_not_may_be_passed_over(engine: AsyncEngine) -> None:
    async with client_of(listing_app(Crud(Book), engine, default_sort="id", strict=False)) as client:
        assert await ids(client, "utm_source=x&title=Emma") == [1]


async def test_what_is_read_is_a_value(engine: AsyncEngine) -> None:
    read: list[ListParams] = []
    app = FastAPI()

    @app.get("/books")
    async def list_books(
        params: Annotated[ListParams, Depends(Crud(Book).params(["price", "author.name"], paging="both"))],
    ) -> int:
        read.append(params)
        return len(params.where)

    async with client_of(app) as client:
        for _ in range(2):
            await client.get("/books?price__in=1&price__in=2&author.name=x&author.name__i_contains=y&offset=3&sort=-id")

    assert read[0] == read[1]
    assert hash(read[0]) == hash(read[1])
    assert read[0].where == {"price": {"in": [1, 2]}, "author": {"is": {"name": {"eq": "x", "i_contains": "y"}}}}
    assert read[0].filters[1] == Filter("author.name", ("author", "is", "name", "eq"), "x")
    assert (read[0].order_by, read[0].limit, read[0].offset, read[0].paging) == (("-id",), 20, 3, "both")


# ---------- further kinds of columns ----------


class Further(DeclarativeBase):
    pass


class Box(Further):
    """What SQLite does not have, and what gqlcrud does not know."""

    __tablename__ = "boxes"

    id: Mapped[int] = mapped_column(primary_key=True)
    labels: Mapped[list[str]] = mapped_column(ARRAY(String))
    sizes: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    colour: Mapped[str]
    kind: Mapped[str] = mapped_column(Enum("flat", "tall", name="kind"))


def read_colour(text: str) -> str:
    if not text.startswith("#"):
        raise ValueError("a colour begins with #")
    return text.upper()


COLOUR = custom_scalar("Colour", serialize=str, parse=read_colour)
BOXES: dict[type, ModelOptions] = {
    Box: ModelOptions(scalars={"colour": COLOUR}),
}


def box_app(**options: Any) -> FastAPI:
    app = FastAPI()
    install_error_handlers(app)

    @app.get("/books")
    async def where(
        params: Annotated[ListParams, Depends(Crud(Box, models=BOXES).params(**options))],
    ) -> dict[str, Any]:
        return {"items": [], "where": params.where}

    return app


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("labels__has=a", {"labels": {"has": "a"}}),
        ("labels__has_any=a&labels__has_any=b", {"labels": {"has_any": ["a", "b"]}}),
        ("labels=a&labels=b", {"labels": {"eq": ["a", "b"]}}),
        ("labels__is_empty=true", {"labels": {"is_empty": True}}),
        ("sizes__has_all=1&sizes__has_all=2", {"sizes": {"has_all": [1, 2]}}),
        ("colour=%23ff0000", {"colour": {"eq": "#FF0000"}}),
        ("kind=tall", {"kind": {"eq": "tall"}}),
    ],
)
async def test_lists_and_scalars_of_ones_own_are_read(query: str, where: dict[str, Any]) -> None:
    filters = {
        "labels": ["has", "has_any", "eq", "is_empty"],
        "sizes": ["has_all"],
        "colour": ["eq"],
        "kind": ["eq"],
    }
    async with client_of(box_app(filters=filters)) as client:
        assert (await client.get(f"/books?{query}")).json()["where"] == where


@pytest.mark.parametrize(
    ("query", "path", "message"),
    [
        ("sizes__has=x", ["sizes__has"], "The value is an integer of 32 bits."),
        ("colour=red", ["colour"], "The value is no valid Colour."),
        ("kind=round", ["kind"], "The value is one of: flat, tall."),
        (
            "&".join(["id__in=1"] * 1001),
            ["id__in"],
            "Tuple should have at most 1000 items after validation, not 1001",
        ),
    ],
)
async def test_what_they_cannot_be_is_told(query: str, path: list[str | int], message: str) -> None:
    async with client_of(box_app()) as client:
        assert await refusal(client, query) == [("VALIDATION", ["query", *path], message)]


def test_each_kind_of_column_has_its_usual_operators() -> None:
    found = [each["name"] for each in box_app(sort=[], total=False).openapi()["paths"]["/books"]["get"]["parameters"]]

    assert found == [
        *("id", "id__in", "labels__has", "sizes__is_null", "sizes__has", "colour", "colour__in", "kind", "kind__in"),
        *("limit", "after", "before"),
    ]


# ---------- what options keep from clients ----------


def names(books: Crud[Book], **options: object) -> list[str]:
    app = listing_app(books, None, **options)
    return [each["name"] for each in app.openapi()["paths"]["/books"]["get"]["parameters"]]


HIDING: dict[type, ModelOptions] = {
    Book: ModelOptions(
        exclude={"sold"}, hide_from_where={"price", "tags"}, hide_from_order={"pages"}, rename={"title": "name"}
    ),
    Author: ModelOptions(exclude={"password"}),
}


@pytest.mark.parametrize("given", ["api", "crud"])
def test_what_options_keep_from_clients_is_no_parameter(given: str) -> None:
    books = Api(Base, unused_engine(), models=HIDING).crud(Book) if given == "api" else Crud(Book, models=HIDING)
    found = names(books)
    sort = next(
        each["schema"]["items"]["enum"]
        for each in listing_app(books, None).openapi()["paths"]["/books"]["get"]["parameters"]
        if each["name"] == "sort"
    )

    assert [each for each in found if each.startswith(("sold", "price", "name"))] == []
    assert [each for each in found if each.startswith("title")] == ["title", "title__in", "title__i_contains"]
    assert {"sold", "pages", "-pages"} & set(sort) == set()
    assert {"price", "title"} <= set(sort)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"filters": ["sold"]},
            "'sold' leads to Book.sold, which the options of the model keep from clients. Offer the attribute, or leave it out "
            "of the parameters.",
        ),
        (
            {"filters": ["author.password"]},
            "'author.password' leads to Author.password, which the options of the model keep from clients. Offer the "
            "attribute, or leave it out of the parameters.",
        ),
        (
            {"default_sort": "-author.password"},
            "'author.password' leads to Author.password, which the options of the model keep from clients. Offer the "
            "attribute, or leave it out of the parameters.",
        ),
        ({"filters": ["price"]}, "'price' cannot be filtered by; leave it out of filters=[...]."),
        ({"filters": ["tags.label"]}, "'tags.label' cannot be filtered by; leave it out of filters=[...]."),
        ({"filters": ["tags.count"]}, "'tags.count' cannot be filtered by; leave it out of filters=[...]."),
        ({"sort": ["pages"]}, "'pages' cannot be ordered by; leave it out of sort=[...]."),
        ({"sort": ["tags.label"]}, "'tags.label' cannot be ordered by; leave it out of sort=[...]."),
        ({"sort": ["notes"]}, "'notes' cannot be ordered by; leave it out of sort=[...]."),
        (
            {"filters": {"title": ["like"]}},
            "'title' has no operator 'like' here. It has: eq, ne, gt, gte, lt, lte, in, not_in, is_null, contains, starts_with, "
            "ends_with, i_eq, i_contains, i_starts_with, i_ends_with.",
        ),
        ({"filters": {"notes": ["eq"]}}, "'notes' has no operator 'eq' here. It has: is_null, has_key."),
        (
            {"filters": ["autor.name"]},
            "'autor.name' leads to no column: Book has no attribute 'autor'. It has: id, title, price, pages, weight, in_print, "
            "genre, published_on, read_at, changed_at, length, code, cover, notes, total, author_id, author, tags.",
        ),
        (
            {"filters": ["author"]},
            "'author' leads to no column: Book has no attribute 'author'. It has: id, title, price, pages, weight, in_print, "
            "genre, published_on, read_at, changed_at, length, code, cover, notes, total, author_id, author, tags.",
        ),
        ({"filters": [7]}, "A parameter is for an attribute, such as 'price' or Book.price, not 7."),
        (
            {"filters": ["title", Book.title]},
            "Two filters are called 'title'. Name one of the attributes once, or leave it out: filters=[...].",
        ),
        ({"paging": "pages"}, "paging is 'cursor', 'offset' or 'both', not 'pages'."),
        ({"default_limit": 50, "max_limit": 20}, "default_limit=50 is no number from 1 to max_limit=20."),
    ],
)
def test_options_that_do_not_fit_are_refused_at_once(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Crud(Book, models=HIDING).params(**options)  # type: ignore[arg-type]  # what the test is about

    assert str(refused.value) == message
