"""GraphQL over HTTP without a web framework: bytes and headers in, a request or a refusal out; a result in, bytes out.

Source: the GraphQL over HTTP draft, https://graphql.github.io/graphql-over-http/draft/
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, NoReturn
from urllib.parse import parse_qsl

from strawberry.types import ExecutionResult

from gqlcrud.errors import ErrorCode
from gqlcrud.faults import fault, fault_error
from gqlcrud.media_types import GRAPHQL_RESPONSE, JSON, UTF8, HttpRefusalError, read_media_type
from gqlcrud.options import Limits
from gqlcrud.values import is_deeper

try:
    import orjson
except ImportError:  # it is an extra
    orjson = None  # type: ignore[assignment]

PartialStatus = Literal[200, 294]
"""The status of data together with errors: 294 is a code of the draft's own, which HTTP takes for 200."""
RefusalStatus = Literal[422, 400]
"""The status of a request that is JSON, and cannot be run: 400 is that of drafts before 2026."""

_UNPROCESSABLE = 422
_UNEXECUTED = {
    ErrorCode.GRAPHQL_PARSE_FAILED.value: 400,
    ErrorCode.BAD_REQUEST.value: 400,
    ErrorCode.MUTATION_REFUSED.value: 405,
    ErrorCode.INTERNAL_ERROR.value: 500,
    ErrorCode.TIMEOUT.value: 503,
}
"""The status of an operation that is not executed, by the code of its error; all other codes are 422."""


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """One operation to run. query: its text; None where it is named instead, by `document_id` or in `extensions`."""

    query: str | None
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    document_id: str | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests that are sent together; in the place of what is none stands its refusal."""

    requests: tuple[GraphQLRequest | HttpRefusalError, ...]


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    media_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


# ---------- requests ----------


def read_post(content_type: str, body: bytes, limits: Limits) -> GraphQLRequest | Batch:
    """The request in a POST. Raises HttpRefusalError: 415 for another media type than JSON, 400 for what is no JSON, 422 for
    JSON that is no GraphQL request, and for a batch where there are none, or that is empty or too long.

    Only JSON is taken: a browser sends it across sites after a preflight alone, which keeps forged requests out (CSRF).
    """
    if not _is_json(content_type):
        raise HttpRefusalError(415, "Send the request as application/json in UTF-8.")
    document = _parse_json(body, "The body", limits.max_json_depth)
    if isinstance(document, list) and limits.max_batch > 1:
        return _batch(document, limits.max_batch)
    return _request(document)


@lru_cache(maxsize=256)
def _is_json(content_type: str) -> bool:
    media_type, parameters = read_media_type(content_type)
    return media_type == JSON and parameters.get("charset", "utf-8") in UTF8


def read_get(query_string: bytes, limits: Limits) -> GraphQLRequest:
    """The request in the query string of a GET; an empty parameter counts as absent."""
    if len(query_string) > limits.max_body:
        raise HttpRefusalError(414, f"The query string is longer than {limits.max_body} bytes.")
    try:
        given = dict(parse_qsl(query_string.decode(), errors="strict"))
    except UnicodeDecodeError:
        raise HttpRefusalError(400, "The query string is not UTF-8.") from None
    document: dict[str, Any] = {name: given[name] for name in ("query", "operationName", "documentId") if name in given}
    for name in ("variables", "extensions"):
        if name in given:
            document[name] = _parse_json(given[name].encode(), name, limits.max_json_depth)
    return _request(document)


def check_length(content_length: str, maximum: int) -> None:
    """Refuse a body that is announced to be longer than allowed, before any of it is read."""
    digits = content_length.lstrip("0")
    if digits.isdecimal() and (len(digits) > len(str(maximum)) or int(digits) > maximum):
        raise body_too_long(maximum)


def body_too_long(maximum: int) -> HttpRefusalError:
    """The connection is closed, since the rest of the body is not read."""
    return HttpRefusalError(413, f"The body is larger than {maximum} bytes.", {"connection": "close"})


def _parse_json(body: bytes, what: str, depth: int) -> Any:
    try:
        document = _decoded(body)
    except RecursionError:
        raise HttpRefusalError(400, f"{what} nests deeper than {depth} levels.") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise HttpRefusalError(400, f"{what} is not JSON in UTF-8.") from None
    except ValueError:  # what Python says of an integer of more than 4,300 digits
        raise HttpRefusalError(400, f"{what} holds a number that cannot be read.") from None
    if body.count(b"{") + body.count(b"[") > depth and is_deeper(document, depth):
        raise HttpRefusalError(400, f"{what} nests deeper than {depth} levels.")
    return document


def _decoded(body: bytes) -> Any:
    """By orjson where it reads the same: it makes floats of long integers, and refuses lone surrogates."""
    if orjson is not None and not _LONG_NUMBER.search(body):
        try:
            return orjson.loads(body)
        except ValueError:
            pass  # what is wrong is told below
    return _DECODER.decode(body.decode())


_LONG_NUMBER = re.compile(rb"\d{19}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _batch(documents: list[Any], maximum: int) -> Batch:
    """What is no request is refused by itself: the others run."""
    if not 0 < len(documents) <= maximum:
        raise HttpRefusalError(_UNPROCESSABLE, f"A batch has 1 to {maximum} operations; this one has {len(documents)}.")
    found: list[GraphQLRequest | HttpRefusalError] = []
    for each in documents:
        try:
            if isinstance(each, list):
                raise HttpRefusalError(_UNPROCESSABLE, "Send one operation at a time: an array stands in another.")
            found.append(_request(each))
        except HttpRefusalError as error:
            found.append(error)
    return Batch(tuple(found))


def _request(document: Any) -> GraphQLRequest:
    """Source: GraphQL over HTTP, "Request Parameters"."""
    if isinstance(document, list):
        raise HttpRefusalError(_UNPROCESSABLE, "Send one operation at a time: batching is off.")
    if not isinstance(document, dict):
        raise HttpRefusalError(_UNPROCESSABLE, "A GraphQL request is a JSON object with the key query.")
    for key in ("operationName", "documentId"):
        if not isinstance(document.get(key), str | None):
            raise HttpRefusalError(_UNPROCESSABLE, f"{key} is a string, or null.")
    for key in ("variables", "extensions"):
        if not isinstance(document.get(key), dict | None):
            raise HttpRefusalError(_UNPROCESSABLE, f"{key} is an object, or null.")
    query, extensions = document.get("query"), document.get("extensions") or {}
    named = bool(document.get("documentId")) or extensions.get("persistedQuery") is not None
    if not isinstance(query, str) and not (query is None and named):
        raise HttpRefusalError(_UNPROCESSABLE, "A GraphQL request has the key query, and it is a string.")
    name, document_id = document.get("operationName") or None, document.get("documentId") or None
    return GraphQLRequest(query, document.get("variables") or {}, name, document_id, extensions)


# ---------- answers ----------


def answer(result: ExecutionResult, media_type: str, partial_status: PartialStatus = 200) -> HttpAnswer:
    """The result of an operation as JSON.

    Where nothing was executed there is no `data`, and the status says why, except to `application/json`, for which a
    well-formed request always answers 200.
    """
    errors = list(result.errors or ())
    executed = not errors or result.data is not None or any(error.path for error in errors)
    document: dict[str, Any] = {"errors": [error.formatted for error in errors]} if errors else {}
    if executed:
        document["data"] = result.data
    if result.extensions:
        document["extensions"] = result.extensions
    refused = [
        _UNEXECUTED.get(str(error["extensions"]["code"]), _UNPROCESSABLE) for error in document.get("errors", ())
    ]
    status = 200
    if media_type == GRAPHQL_RESPONSE and errors:
        status = partial_status if executed else max(refused)
    elif not executed and 405 in refused:
        status = 405
    return HttpAnswer(status, media_type, _dump(document), {"allow": "POST"} if status == 405 else {})


def batch_answer(answers: Sequence[HttpAnswer], media_type: str) -> HttpAnswer:
    """One answer that holds many, in their order. Its status is 200 whatever theirs are."""
    return HttpAnswer(200, media_type, b"[" + b",".join(each.body for each in answers) + b"]")


def refusal(error: HttpRefusalError, media_type: str = JSON) -> HttpAnswer:
    """A refusal as a GraphQL error document."""
    document = {"errors": [{"message": error.message, "extensions": {"code": ErrorCode.BAD_REQUEST.value}}]}
    return HttpAnswer(error.status, media_type, _dump(document), error.headers)


def _dump(document: Mapping[str, Any]) -> bytes:
    """JSON in UTF-8. Numbers that JSON cannot hold are null, lone surrogates are U+FFFD; of a result that is no JSON at
    all, such as an object that a resolver gave for the scalar JSON, a fault is told instead."""
    if orjson is not None:
        try:
            return bytes(orjson.dumps(document, option=_AS_JSON))
        except (TypeError, RecursionError):
            pass  # integers of more than 64 bits and lone surrogates, which the standard library takes
    try:
        try:
            text = _ENCODER.encode(document)
        except ValueError:
            text = _ENCODER.encode(_finite(document))
    except (TypeError, ValueError, RecursionError) as error:
        shown = fault_error(fault(error, "the result, which is no JSON"))
        text = _ENCODER.encode({"errors": [shown.formatted], "data": None})
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode()


_AS_JSON = (
    0
    if orjson is None
    else orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
)
"""What is no JSON is no JSON to orjson either."""
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_SURROGATE = re.compile("[\ud800-\udfff]")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


# ---------- OpenAPI ----------


_PARAMETERS = {"query": "string", "variables": "object", "operationName": "string", "extensions": "object"}
POST_DOCS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["query"],
                    "properties": {name: {"type": kind} for name, kind in _PARAMETERS.items()},
                }
            }
        },
    }
}
GET_DOCS: dict[str, Any] = {
    "parameters": [
        {"name": name, "in": "query", "required": name == "query", "schema": {"type": "string"}} for name in _PARAMETERS
    ]
}
