"""GraphQL over HTTP without a web framework: bytes and headers in, a request or a refusal out; a result in, bytes out.

Source: the GraphQL over HTTP draft, https://graphql.github.io/graphql-over-http/draft/
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, NoReturn
from urllib.parse import parse_qsl

from strawberry.types import ExecutionResult

from gqlcrud.errors import ErrorCode
from gqlcrud.faults import fault, fault_error

try:
    import orjson
except ImportError:  # it is an extra
    orjson = None  # type: ignore[assignment]

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
MAX_BODY = 1024 * 1024
MAX_JSON_DEPTH = 100

PartialStatus = Literal[200, 294]
"""The status of data together with errors: 294 is a code of the draft's own, which HTTP takes for 200."""

_UNPROCESSABLE = 422
_UNEXECUTED = {
    ErrorCode.GRAPHQL_PARSE_FAILED.value: 400,
    ErrorCode.MUTATION_REFUSED.value: 405,
    ErrorCode.INTERNAL_ERROR.value: 500,
}
"""The status of an operation that is not executed, by the code of its error; all other codes are 422."""


class HttpRefusalError(Exception):
    """A request that is not executed: its status, a sentence for the client, headers of the answer."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """One operation to run."""

    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    media_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


# ---------- requests ----------


def read_post(content_type: str, body: bytes) -> GraphQLRequest:
    """The request in a POST. Raises HttpRefusalError: 415 for another media type than JSON, 400 for what is no JSON, 422 for
    JSON that is no GraphQL request.

    Only JSON is taken: a browser sends it across sites after a preflight alone, which keeps forged requests out (CSRF).
    """
    media_type, parameters = _media_type(content_type)
    if media_type != JSON or parameters.get("charset", "utf-8") not in _UTF8:
        raise HttpRefusalError(415, "Send the request as application/json in UTF-8.")
    return _request(_parse_json(body, "The body"))


def read_get(query_string: bytes) -> GraphQLRequest:
    """The request in the query string of a GET; an empty parameter counts as absent."""
    if len(query_string) > MAX_BODY:
        raise HttpRefusalError(414, f"The query string is longer than {MAX_BODY} bytes.")
    try:
        given = dict(parse_qsl(query_string.decode(), errors="strict"))
    except UnicodeDecodeError:
        raise HttpRefusalError(400, "The query string is not UTF-8.") from None
    document: dict[str, Any] = {name: given[name] for name in ("query", "operationName") if name in given}
    for name in ("variables", "extensions"):
        if name in given:
            document[name] = _parse_json(given[name].encode(), name)
    return _request(document)


def check_length(content_length: str) -> None:
    """Refuse a body that is announced to be longer than allowed, before any of it is read."""
    digits = content_length.lstrip("0")
    if digits.isdecimal() and (len(digits) > len(str(MAX_BODY)) or int(digits) > MAX_BODY):
        raise body_too_long()


def body_too_long() -> HttpRefusalError:
    """The connection is closed, since the rest of the body is not read."""
    return HttpRefusalError(413, f"The body is larger than {MAX_BODY} bytes.", {"connection": "close"})


def _parse_json(body: bytes, what: str) -> Any:
    try:
        document = _decoded(body)
    except RecursionError:
        raise HttpRefusalError(400, f"{what} nests deeper than {MAX_JSON_DEPTH} levels.") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise HttpRefusalError(400, f"{what} is not JSON in UTF-8.") from None
    except ValueError:  # what Python says of an integer of more than 4,300 digits
        raise HttpRefusalError(400, f"{what} holds a number that cannot be read.") from None
    if _is_deeper(document, MAX_JSON_DEPTH):
        raise HttpRefusalError(400, f"{what} nests deeper than {MAX_JSON_DEPTH} levels.")
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


def _is_deeper(document: Any, limit: int) -> bool:
    """Whether objects and arrays stand more than `limit` deep in each other."""
    level = _containers([document])
    for _ in range(limit):
        if not level:
            return False
        level = _containers(each for one in level for each in (one.values() if isinstance(one, dict) else one))
    return bool(level)


def _containers(values: Iterable[Any]) -> list[Any]:
    return [each for each in values if isinstance(each, dict | list)]


def _request(document: Any) -> GraphQLRequest:
    """Source: GraphQL over HTTP, "Request Parameters"."""
    if isinstance(document, list):
        raise HttpRefusalError(_UNPROCESSABLE, "Send one operation at a time: batching is off.")
    if not isinstance(document, dict):
        raise HttpRefusalError(_UNPROCESSABLE, "A GraphQL request is a JSON object with the key query.")
    query = document.get("query")
    if not isinstance(query, str):
        raise HttpRefusalError(_UNPROCESSABLE, "A GraphQL request has the key query, and it is a string.")
    name = document.get("operationName")
    if name is not None and not isinstance(name, str):
        raise HttpRefusalError(_UNPROCESSABLE, "operationName is a string, or null.")
    for key in ("variables", "extensions"):
        if not isinstance(document.get(key), dict | None):
            raise HttpRefusalError(_UNPROCESSABLE, f"{key} is an object, or null.")
    return GraphQLRequest(query, document.get("variables") or {}, name or None)


# ---------- headers ----------


_UTF8 = ("utf-8", "utf8")
_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


@lru_cache(maxsize=256)
def negotiate(accept: str) -> str:
    """The media type of the answer. Raises HttpRefusalError 406 where `accept` allows none of ours.

    No Accept header, and `*/*`, mean application/json, for the sake of clients from before 2025; of the two by name
    in equal quality GraphQL's own is given.
    """
    wanted = _accepted(accept)
    if not wanted:
        return JSON
    best = max((JSON, GRAPHQL_RESPONSE), key=lambda media: _preference(media, wanted))
    if _preference(best, wanted)[0] <= 0:
        raise HttpRefusalError(406, f"The answer can be {GRAPHQL_RESPONSE} or {JSON}; Accept allows neither.")
    return best


@lru_cache(maxsize=256)
def prefers_html(accept: str) -> bool:
    """Whether a browser asks: it names HTML, and no media type of GraphQL's."""
    names = {media for media, quality in _accepted(accept) if quality > 0}
    return "text/html" in names and not names & {GRAPHQL_RESPONSE, JSON}


def _accepted(accept: str) -> Sequence[tuple[str, float]]:
    """(media range, quality) of an Accept header. Another charset than UTF-8 is not to be had; a range with a quality
    that is none counts for nothing."""
    found: list[tuple[str, float]] = []
    for part in accept.split(","):
        media, parameters = _media_type(part)
        quality = parameters.get("q", "1")
        if media and _QUALITY.fullmatch(quality):
            found.append((media, float(quality) if parameters.get("charset", "*") in (*_UTF8, "*") else 0.0))
    return found


def _preference(media: str, wanted: Sequence[tuple[str, float]]) -> tuple[float, int, bool]:
    """How much a media type is wanted: by the most specific range that it falls into; named beats a wildcard."""
    names = {media: 3, "application/*": 2, "*/*": 1}
    specific, quality = max(((names[name], quality) for name, quality in wanted if name in names), default=(0, 0.0))
    return quality, specific, specific == names[media] and media == GRAPHQL_RESPONSE


def _media_type(text: str) -> tuple[str, Mapping[str, str]]:
    """`application/json; charset="UTF-8"` as its name and its parameters, in small letters."""
    name, *rest = text.lower().split(";")
    pairs = (part.partition("=") for part in rest)
    return name.strip(), {key.strip(): value.strip().strip('"') for key, _, value in pairs}


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
