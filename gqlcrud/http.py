"""GraphQL over HTTP without a web framework: bytes and headers in, a request or a refusal out; a result in, bytes out.

Source: the GraphQL over HTTP draft, https://graphql.github.io/graphql-over-http/draft/
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from strawberry.types import ExecutionResult

from gqlcrud.errors import ErrorCode

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
MAX_BODY = 1024 * 1024
MAX_JSON_DEPTH = 100

_UNEXECUTED = {
    ErrorCode.GRAPHQL_PARSE_FAILED.value: 400,
    ErrorCode.GRAPHQL_VALIDATION_FAILED.value: 422,
    ErrorCode.BAD_USER_INPUT.value: 422,
    ErrorCode.OPERATION_RESOLUTION_FAILURE.value: 422,
    ErrorCode.MUTATION_REFUSED.value: 405,
}


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
    media_type, _, parameters = content_type.partition(";")
    charset = parameters.partition("charset=")[2].strip().strip('"').lower()
    if media_type.strip().lower() != JSON or charset not in ("", "utf-8", "utf8"):
        raise HttpRefusalError(415, "Send the request as application/json in UTF-8.")
    return _request(_parse_json(body, "The body"))


def read_get(parameters: Mapping[str, str]) -> GraphQLRequest:
    """The request in the query string of a GET; an empty parameter counts as absent."""
    given = {name: value for name, value in parameters.items() if value}
    document: dict[str, Any] = {name: given[name] for name in ("query", "operationName") if name in given}
    for name in ("variables", "extensions"):
        if name in given:
            document[name] = _parse_json(given[name].encode(), name)
    return _request(document)


def _parse_json(body: bytes, what: str) -> Any:
    try:
        document = json.loads(body.decode())
        if _depth_exceeds(document, MAX_JSON_DEPTH):
            raise HttpRefusalError(400, f"{what} nests deeper than {MAX_JSON_DEPTH} levels.")
    except RecursionError:
        raise HttpRefusalError(400, f"{what} nests deeper than {MAX_JSON_DEPTH} levels.") from None
    except ValueError:
        raise HttpRefusalError(400, f"{what} is not JSON in UTF-8.") from None
    return document


def _depth_exceeds(document: Any, limit: int) -> bool:
    level: list[Any] = [document]
    for _ in range(limit):
        level = [
            each
            for value in level
            if isinstance(value, dict | list)
            for each in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True


def _request(document: Any) -> GraphQLRequest:
    """Source: GraphQL over HTTP, "Request Parameters"."""
    if isinstance(document, list):
        raise HttpRefusalError(422, "Send one operation at a time: batching is off.")
    if not isinstance(document, dict):
        raise HttpRefusalError(422, "A GraphQL request is a JSON object with the key query.")
    query = document.get("query")
    if not isinstance(query, str):
        raise HttpRefusalError(422, "A GraphQL request has the key query, and it is a string.")
    variables = document.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise HttpRefusalError(422, "variables is an object, or null.")
    name = document.get("operationName")
    if name is not None and not isinstance(name, str):
        raise HttpRefusalError(422, "operationName is a string, or null.")
    extensions = document.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise HttpRefusalError(422, "extensions is an object, or null.")
    return GraphQLRequest(query, variables or {}, name or None)


# ---------- answers ----------


def negotiate(accept: str) -> str:
    """The media type of the answer. Raises HttpRefusalError 406 where `accept` allows none of ours.

    No Accept header, and `*/*`, mean application/json, for the sake of clients from before 2025.
    """
    wanted = _accepted(accept)
    if not wanted:
        return JSON
    best = max((JSON, GRAPHQL_RESPONSE), key=lambda media: _quality(media, wanted))
    if _quality(best, wanted)[0] <= 0:
        raise HttpRefusalError(406, f"The answer can be {GRAPHQL_RESPONSE} or {JSON}; Accept allows neither.")
    return best


def prefers_html(accept: str) -> bool:
    """Whether a browser asks: it names HTML, and no media type of GraphQL's."""
    names = {media for media, _ in _accepted(accept)}
    return "text/html" in names and not names & {GRAPHQL_RESPONSE, JSON}


def _accepted(accept: str) -> Sequence[tuple[str, float]]:
    """(media range, quality) of an Accept header; a range in an unknown form counts for nothing."""
    found: list[tuple[str, float]] = []
    for part in accept.split(","):
        media, *parameters = (each.strip().lower() for each in part.split(";"))
        charset = next((each[8:].strip('"') for each in parameters if each.startswith("charset=")), "utf-8")
        quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
        if media and charset in ("utf-8", "utf8", "*"):
            try:
                found.append((media, float(quality)))
            except ValueError:
                continue
    return found


def _quality(media: str, wanted: Sequence[tuple[str, float]]) -> tuple[float, int]:
    """How much a media type is wanted: by the most specific range that it falls into; named beats a wildcard."""
    ranges = [(specific, quality) for name, quality in wanted for specific in [_specificity(name, media)] if specific]
    specific, quality = max(ranges, default=(0, 0.0))
    return quality, specific


def _specificity(name: str, media: str) -> int:
    return {media: 3, media.partition("/")[0] + "/*": 2, "*/*": 1}.get(name, 0)


def answer(result: ExecutionResult, media_type: str) -> HttpAnswer:
    """The result of an operation as JSON. Where nothing was executed there is no `data`, and the status says why,
    except to `application/json`, for which a well-formed request always answers 200."""
    errors = [error.formatted for error in result.errors or ()]
    codes = {str(error.get("extensions", {}).get("code")) for error in errors}
    executed = not errors or result.data is not None or not codes <= _UNEXECUTED.keys()
    status = 200
    document: dict[str, Any] = {}
    if errors:
        document["errors"] = errors
    if executed:
        document["data"] = result.data
    elif media_type == GRAPHQL_RESPONSE or ErrorCode.MUTATION_REFUSED.value in codes:
        status = max(_UNEXECUTED[code] for code in codes)
    if result.extensions:
        document["extensions"] = result.extensions
    return HttpAnswer(status, media_type, _dump(document), {"allow": "POST"} if status == 405 else {})


def refusal(error: HttpRefusalError, media_type: str = JSON) -> HttpAnswer:
    """A refusal as a GraphQL error document."""
    document = {"errors": [{"message": error.message, "extensions": {"code": ErrorCode.BAD_REQUEST.value}}]}
    return HttpAnswer(error.status, media_type, _dump(document), error.headers)


def _dump(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
