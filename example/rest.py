"""Books over REST, for programs that do not speak GraphQL: the same records, rules and errors as those of the API."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from example.models import Author, Book, Genre, Publisher
from gqlcrud import Api, Crud, ListParams, PageResponse, error_responses


class AuthorRead(BaseModel):
    id: int
    full_name: str


class GenreRead(BaseModel):
    name: str


class BookRead(BaseModel):
    """A book as other programs see it."""

    id: int
    isbn: str | None
    title: str
    price: Decimal
    binding: str | None
    in_print: bool
    published_at: datetime | None
    author: AuthorRead | None
    genres: list[GenreRead]


class BookCreate(BaseModel):
    """A book that is to be stocked. Its genres are given by their numbers."""

    isbn: str
    title: str = Field(min_length=1)
    price: Decimal = Field(ge=0)
    publisher_id: int
    author_id: int | None = None
    genre_ids: list[int] = []


FILTERS = {
    Book.isbn: ["eq", "in"],
    Book.title: ["eq", "i_contains", "starts_with"],
    Book.price: ["gte", "lte"],
    Book.binding: ["eq", "in"],
    Book.in_print: ["eq"],
    Book.published_at: ["gte", "lt", "is_null"],
    (Book.author, Author.last_name): ["eq", "i_contains"],
    (Book.publisher, Publisher.name): ["eq"],
    (Book.genres, Genre.name): ["eq", "in"],
}


def rest_router(api: Api, context: Callable[..., Any]) -> APIRouter:
    """The endpoints. context: the dependency that says who asks."""
    routes = APIRouter(prefix="/books", tags=["books"])
    params = api.crud(Book).params(FILTERS, sort=[Book.title, Book.price, Book.published_at, "author.last_name"])

    def books_of_request(context: Annotated[Any, Depends(context)]) -> Crud[Book]:
        return api.crud(Book).with_context(context, policies=True)

    Books = Annotated[Crud[Book], Depends(books_of_request)]

    @routes.get("", responses=error_responses(422))
    async def list_books(
        request: Request, response: Response, books: Books, params: Annotated[ListParams, Depends(params)]
    ) -> PageResponse[BookRead]:
        """Books, page by page; the header Link leads to the next one."""
        page = await books.list(None, params, select=BookRead)
        response.headers["link"] = page.link_header(str(request.url))
        return page

    @routes.get("/{isbn}", responses=error_responses(404))
    async def get_book(isbn: str, books: Books) -> BookRead:
        """The book with this ISBN."""
        return await books.get(None, {"isbn": isbn}, select=BookRead)

    @routes.post("", status_code=201, responses=error_responses(403, 409, 422))
    async def create_book(data: BookCreate, books: Books) -> BookRead:
        """Stock a book; for staff."""
        return await books.create(None, data, select=BookRead)

    return routes
