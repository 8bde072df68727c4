"""What an Api is told as a whole in: switches, limits, keys; what is dangerous about it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from gqlcrud.api import Api
from gqlcrud.checking.hazards import Finding, Hazard
from gqlcrud.idempotency import Idempotency
from gqlcrud.options import Limits

SANE = 10
"""Times its default that a limit may be before it bounds nothing."""


def switch_findings(api: Api, graphiql: bool | None) -> Iterator[Finding]:
    """graphiql: whether browsers get GraphiQL, None if that is not known."""
    if api.introspection is True:
        yield Finding(
            Hazard.INTROSPECTION,
            "Api",
            "Everybody may read the schema, with all that it describes.",
            "Api(..., introspection=False), or a function of the context.",
        )
    if api.suggestions is True and api.introspection is not True:
        yield Finding(
            Hazard.SUGGESTIONS,
            "Api",
            "Everybody is told the names of the schema that are like a wrong one, though not everybody may read it.",
            "Api(..., suggestions=False), or leave it out.",
        )
    if graphiql:
        yield Finding(
            Hazard.GRAPHIQL,
            "Api.router",
            "Browsers get GraphiQL.",
            "api.router(graphiql=False) where clients are programs.",
        )
    if api.debug:
        yield Finding(
            Hazard.DEBUG,
            "Api",
            "Every answer shows its statements with their values, and errors show what raised them.",
            "Api(..., debug=False); the environment of developers may say otherwise.",
        )
    if api.idempotency is not None and api.idempotency.caller is Idempotency.__dataclass_fields__["caller"].default:
        yield Finding(
            Hazard.IDEMPOTENCY_CALLER,
            "Idempotency",
            "All callers are one: who repeats the key and the request of another one is shown that one's answer.",
            "Idempotency(table, caller=lambda context: ...), a text for each caller.",
        )


def limit_findings(api: Api, *, bounded: bool) -> Iterator[Finding]:
    """bounded: whether the database has a timeout for statements itself."""
    limits = api.limits
    if limits.statement_timeout is None and not bounded:
        yield Finding(
            Hazard.STATEMENT_TIMEOUT,
            "Limits",
            "A statement may take the database for ever.",
            f"Limits(statement_timeout={Limits().statement_timeout}), in seconds.",
        )
    if limits.request_timeout is None:
        yield Finding(
            Hazard.REQUEST_TIMEOUT,
            "Limits",
            "A request may wait for ever, for a connection or a lock.",
            f"Limits(request_timeout={Limits().request_timeout}), in seconds.",
        )
    for each in fields(limits):
        value, sane = getattr(limits, each.name), getattr(Limits(), each.name) * SANE
        if value is not None and value > sane:
            yield _high(f"Limits.{each.name}", value, sane)
    for model in api.catalog.models:
        sane = Limits().max_page_size * SANE
        if sane < model.max_page_size != limits.max_page_size:
            yield _high(f"{model.entity.__name__}.max_page_size", model.max_page_size, sane)


def _high(place: str, value: float, sane: float) -> Finding:
    return Finding(
        Hazard.HIGH_LIMIT,
        place,
        f"{value} is so much that it bounds little; up to {sane} is usual.",
        f"A limit of at most {sane}, and several requests where clients need more.",
    )
