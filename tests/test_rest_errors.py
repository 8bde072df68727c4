"""What a Crud raises becomes a response: the status of the error, its code, message and path, and nothing of the database."""

import logging
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import (
    ConfigurationError,
    Conflict,
    Crud,
    ErrorCode,
    Forbidden,
    Invalid,
    NotFound,
    RequestError,
    Unavailable,
    WriteRefused,
    error_responses,
    install_error_handlers,
)
from gqlcrud.crud import CrudError
from gqlcrud.errors import UserError
from tests.databases import MakeEngine
from tests.listing import Base, Book, BookRead, fill
from tests.serving import client_of, unused_engine
from tests.test_outages import engine_at


def raising_app(error: Exception, **options: Any) -> FastAPI:
    app = FastAPI()
    install_error_handlers(app, **options)

    @app.get("/")
    async def fail(number: int = 0) -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("kind", "status"), [(NotFound, 404), (Conflict, 409), (Invalid, 422), (Forbidden, 403), (Unavailable, 503)]
)
async def test_each_error_has_its_status(kind: type[CrudError], status: int) -> None:
    error = kind([UserError(ErrorCode.UNIQUE, "It is taken.", ("tags", 0, "label"), ("label", "shop"))])
    async with client_of(raising_app(error)) as client:
        response = await client.get("/")

    detail = {"code": "UNIQUE", "message": "It is taken.", "path": ["tags", 0, "label"], "fields": ["label", "shop"]}
    assert (response.status_code, response.json()) == (status, {"detail": [detail]})


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (WriteRefused("Not on Sundays."), 403, "FORBIDDEN"),
        (RequestError("Not on Sundays."), 422, "VALIDATION"),
        (RequestError("Not on Sundays.", ErrorCode.NOT_FOUND), 404, "NOT_FOUND"),
    ],
)
async def test_what_an_endpoint_refuses_itself_is_told_alike(error: Exception, status: int, code: str) -> None:
    async with client_of(raising_app(error)) as client:
        response = await client.get("/")

    detail = {"code": code, "message": "Not on Sundays.", "path": [], "fields": []}
    assert (response.status_code, response.json()) == (status, {"detail": [detail]})


async def test_a_fault_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "gqlcrud")
    secret = UserError(ErrorCode.INTERNAL_ERROR, "SELECT password FROM users")
    async with client_of(raising_app(CrudError([secret]))) as client:
        response = await client.get("/")

    (record,) = caplog.records
    identity = response.json()["detail"][0]["id"]
    detail = {
        "code": "INTERNAL_ERROR",
        "message": "An internal error occurred.",
        "path": [],
        "fields": [],
        "id": identity,
    }
    assert (response.status_code, response.json()) == (500, {"detail": [detail]})
    assert record.getMessage() == f"Fault {identity} at GET /"


async def test_a_value_that_cannot_be_read_is_told_as_such(
    make_engine: MakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    engine = await fill(await make_engine(Base.metadata))
    async with engine.begin() as connection:
        await connection.execute(
            text("UPDATE books SET published_on = '0044-03-15 BC'")
            if engine.dialect.name == "postgresql"
            else text("UPDATE books SET published_on = 'soon'")
        )

    class Published(BaseModel):
        published_on: Any

    app = FastAPI()
    install_error_handlers(app)

    @app.get("/")
    async def get() -> Any:
        return await Crud(Book).get(engine, 1, select=Published)

    async with client_of(app) as client:
        response = await client.get("/")

    (detail,) = response.json()["detail"]
    assert (response.status_code, detail["code"], detail["path"]) == (500, "UNREADABLE", [])
    assert detail["id"] in caplog.text


async def test_what_fastapi_finds_wrong_has_the_same_form_unless_it_is_not_wanted() -> None:
    async with client_of(raising_app(NotFound([]))) as client:
        same = await client.get("/?number=x")
    async with client_of(raising_app(NotFound([]), validation=False)) as client:
        own = await client.get("/?number=x")

    message = "Input should be a valid integer, unable to parse string as an integer"
    detail = {"code": "VALIDATION", "message": message, "path": ["query", "number"], "fields": []}
    assert (same.status_code, same.json()) == (422, {"detail": [detail]})
    assert own.json()["detail"][0]["loc"] == ["query", "number"]


def crud_app(engine: AsyncEngine) -> FastAPI:
    books = Crud(Book)
    app = FastAPI()
    install_error_handlers(app)

    @app.get("/books/{number}")
    async def get(number: int) -> BookRead:
        return await books.get(engine, number, select=BookRead)

    @app.put("/books/{number}")
    async def update(number: int, data: dict[str, Any]) -> BookRead:
        return await books.update(engine, number, data, select=BookRead)

    return app


async def answer(client: httpx.AsyncClient, method: str, path: str, **options: Any) -> tuple[int, Any]:
    response = await client.request(method, path, **options)
    return response.status_code, [
        (each["code"], each["path"], each["fields"], each["message"]) for each in response.json()["detail"]
    ]


async def test_the_errors_of_reads_and_writes_are_told(make_engine: MakeEngine) -> None:
    engine = await fill(await make_engine(Base.metadata))
    async with client_of(crud_app(engine)) as client:
        found = [
            await answer(client, "GET", "/books/99"),
            await answer(client, "PUT", "/books/1", json={"id": 2}),
            await answer(client, "PUT", "/books/1", json={"price": "x", "prize": 1}),
            await answer(client, "PUT", "/books/1", json={"author": {"connect": 9}}),
        ]

    assert [(status, [each[:2] for each in errors]) for status, errors in found] == [
        (404, [("NOT_FOUND", [])]),
        (409, [("UNIQUE", ["id"])]),
        (422, [("VALIDATION", ["price"]), ("VALIDATION", ["prize"])]),
        (422, [("NOT_FOUND", ["author", "connect"])]),
    ]
    assert "constraint" not in str(found).lower()


async def test_a_database_that_does_not_answer_is_told_without_a_word_of_its_driver() -> None:
    async with engine_at(unused_engine().url) as engine, client_of(crud_app(engine)) as client:
        status, errors = await answer(client, "GET", "/books/1")

    assert (status, errors) == (503, [("UNAVAILABLE", [], [], "The database is not available.")])


def test_the_errors_stand_in_openapi() -> None:
    app = FastAPI()

    @app.get("/", responses=error_responses(404, 422))
    async def get(number: int) -> None: ...

    responses = app.openapi()["paths"]["/"]["get"]["responses"]
    schema = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}

    assert responses == {
        "200": {"description": "Successful Response", "content": {"application/json": {"schema": {}}}},
        "404": {"description": "There is no such record, or it is marked as deleted.", "content": schema},
        "422": {
            "description": "What was given cannot be meant: unknown names, values that no column takes, references to "
            "nothing.",
            "content": schema,
        },
    }
    assert sorted(error_responses()) == [403, 404, 409, 422, 500, 503]


def test_a_status_that_no_error_has_is_refused() -> None:
    with pytest.raises(ConfigurationError) as refused:
        error_responses(404, 418)

    assert str(refused.value) == "error_responses() takes 403, 404, 409, 422, 500, 503, not 418."
