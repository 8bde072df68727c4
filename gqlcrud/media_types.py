"""Headers of HTTP in, the media type of the answer out, or a refusal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"


class HttpRefusalError(Exception):
    """A request that is not executed: its status, a sentence for the client, headers of the answer."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


UTF8 = ("utf-8", "utf8")
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
        media, parameters = read_media_type(part)
        quality = parameters.get("q", "1")
        if media and _QUALITY.fullmatch(quality):
            found.append((media, float(quality) if parameters.get("charset", "*") in (*UTF8, "*") else 0.0))
    return found


def _preference(media: str, wanted: Sequence[tuple[str, float]]) -> tuple[float, int, bool]:
    """How much a media type is wanted: by the most specific range that it falls into; named beats a wildcard."""
    names = {media: 3, "application/*": 2, "*/*": 1}
    specific, quality = max(((names[name], quality) for name, quality in wanted if name in names), default=(0, 0.0))
    return quality, specific, specific == names[media] and media == GRAPHQL_RESPONSE


def read_media_type(text: str) -> tuple[str, Mapping[str, str]]:
    """`application/json; charset="UTF-8"` as its name and its parameters, in small letters."""
    name, *rest = text.lower().split(";")
    pairs = (part.partition("=") for part in rest)
    return name.strip(), {key.strip(): value.strip().strip('"') for key, _, value in pairs}
