"""A request of Starlette's in, its headers and its GraphQL request out.

Starlette looks through all headers for each that is asked for, and reads a body by a generator that the event loop keeps a
list of: both take longer than what is made of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Scope

from gqlcrud.http import Batch, GraphQLRequest, body_too_long, check_length, read_get, read_post
from gqlcrud.options import Limits

_READ = {b"accept", b"content-type", b"content-length", b"idempotency-key"}


def read_headers(scope: Scope) -> Mapping[str, str]:
    """Those that tell how a request is to be answered, by their names in small letters. One that is sent several times, as
    Accept may be, is one list."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _READ:
            found[name] = b"%b,%b" % (found[name], value) if name in found else value
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in found.items()}


async def read_request(request: Request, headers: Mapping[str, str], limits: Limits) -> GraphQLRequest | Batch:
    """Raises HttpRefusalError for what is none, ClientDisconnect for a client that leaves before it has sent all."""
    if request.method != "POST":
        return read_get(request.scope["query_string"], limits)
    check_length(headers.get("content-length", ""), limits.max_body)
    return read_post(headers.get("content-type", ""), await _body(request, limits.max_body), limits)


async def _body(request: Request, maximum: int) -> bytes:
    """The body, refused as soon as it is longer than allowed: it is never read whole then. Whoever asks the request for it
    later gets it, too."""
    if hasattr(request, "_body") or request._stream_consumed:  # by a dependency
        return await _streamed(request, maximum)
    message = await _received(request)
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        body = await _rest(request, bytearray(body), maximum)
    if len(body) > maximum:
        raise body_too_long(maximum)
    request._body = body
    return body


async def _received(request: Request) -> Message:
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message


async def _rest(request: Request, body: bytearray, maximum: int) -> bytes:
    """A body of several pieces. body: the first of them."""
    more = True
    while more and len(body) <= maximum:
        message = await _received(request)
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


async def _streamed(request: Request, maximum: int) -> bytes:
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > maximum:
            raise body_too_long(maximum)
    return bytes(chunks)
