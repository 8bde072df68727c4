"""What a `Crud` refuses in, HTTP responses of a FastAPI app out; what is nobody's mistake is logged and not told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from gqlcrud.crud import Conflict, CrudError, Forbidden, Invalid, NotFound, Unavailable, crud_error
from gqlcrud.errors import ConfigurationError, ErrorCode, RequestError, UserError, WriteError
from gqlcrud.faults import fault

_DESCRIPTIONS = {
    each.status: (each.__doc__ or "").partition("\n")[0]
    for each in (NotFound, Conflict, Invalid, Forbidden, Unavailable)
} | {500: "Something is wrong with the server; `id` stands in its log."}


class ErrorDetail(BaseModel):
    """One thing that is wrong."""

    code: ErrorCode
    message: str
    path: list[str | int] = Field(description="Where: from the query or the body, or from the record that was given.")
    fields: list[str] = Field(description="What it is about, such as the attributes that are to be unique together.")
    id: str | None = Field(None, description="Under which a fault of the server is logged.")


class ErrorResponse(BaseModel):
    """Everything that is wrong with a request."""

    detail: list[ErrorDetail]


def install_error_handlers(app: FastAPI, *, validation: bool = True) -> None:
    """Answer what a `Crud` raises: 404, 409, 422, 403 or 503 with an `ErrorResponse`.

    What is a fault and no mistake of the client's is a 500 that tells no more than an id, under which it is logged.
    validation: whether what FastAPI itself finds wrong with a request is answered in the same form.
    """
    for kind in (CrudError, WriteError, RequestError):
        app.add_exception_handler(kind, _refused)
    if validation:
        app.add_exception_handler(RequestValidationError, _not_valid)


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of an endpoint, a router or an app: what OpenAPI says of errors.

    Without a status all of them. Raises ConfigurationError for one that no error has.
    """
    unknown = [each for each in statuses if each not in _DESCRIPTIONS]
    if unknown:
        raise ConfigurationError(
            f"error_responses() takes {', '.join(map(str, sorted(_DESCRIPTIONS)))}, not {', '.join(map(str, unknown))}."
        )
    chosen = statuses or sorted(_DESCRIPTIONS)
    return {each: {"model": ErrorResponse, "description": _DESCRIPTIONS[each]} for each in chosen}


async def _refused(request: Request, error: Exception) -> JSONResponse:
    refused = _crud_error(error)
    if refused.status != 500:
        return _response(refused.status, [_detail(each) for each in refused.errors])
    identity = fault(error, f"{request.method} {request.url.path}")
    told = [each for each in refused.errors if each.code is ErrorCode.UNREADABLE] or [_FAULT]
    return _response(500, [_detail(each) | {"id": identity} for each in told])


def _crud_error(error: Exception) -> CrudError:
    """What a hook, or a record that cannot be read, raises is told as that of a `Crud`."""
    if isinstance(error, CrudError):
        return error
    if isinstance(error, WriteError):
        return crud_error(error.errors)
    assert isinstance(error, RequestError), "the handlers are for these"
    return crud_error([UserError(error.code, error.message, error.path)])


async def _not_valid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError), "the handler is for these"
    found = [UserError(ErrorCode.VALIDATION, str(each["msg"]), tuple(each["loc"])) for each in error.errors()]
    return _response(422, [_detail(each) for each in found])


_FAULT = UserError(ErrorCode.INTERNAL_ERROR, "An internal error occurred.")


def _detail(error: UserError) -> dict[str, Any]:
    return {
        "code": error.code.value,
        "message": error.message,
        "path": list(error.path),
        "fields": list(error.fields),
    }


def _response(status: int, detail: list[Mapping[str, Any]]) -> JSONResponse:
    return JSONResponse({"detail": detail}, status)
