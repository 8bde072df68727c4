"""What an application says of how its operations are observed in, checked options and ids of requests out."""

from __future__ import annotations

import logging
import re
import uuid
from dataclasses import dataclass
from importlib.util import find_spec

from gqlcrud.errors import ConfigurationError

logger = logging.getLogger("gqlcrud")

_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,127}")


@dataclass(frozen=True, slots=True)
class Observability:
    """What operations are told of.

    log: whether each operation makes a record of the logger `gqlcrud.operations`, at INFO.
    slow: seconds; an operation that takes longer makes a record of `gqlcrud.slow`, at WARNING, with its statements.
    spans, metrics: whether OpenTelemetry is told, by the providers that the application has set.
    parameters: whether the values of statements are told as well, where the statements are.
    request_id_header: where the id of a request comes from, and where it is answered; None for ids that are made alone.

    Raises ConfigurationError for spans or metrics without OpenTelemetry, and for what is no header or no duration.
    """

    log: bool = True
    slow: float | None = None
    spans: bool = False
    metrics: bool = False
    parameters: bool = False
    request_id_header: str | None = "X-Request-ID"

    def __post_init__(self) -> None:
        if (self.spans or self.metrics) and find_spec("opentelemetry") is None:
            raise ConfigurationError(
                "Observability(spans=..., metrics=...) needs OpenTelemetry: pip install 'gqlcrud[opentelemetry]'."
            )
        number = isinstance(self.slow, int | float) and not isinstance(self.slow, bool) and self.slow >= 0
        if self.slow is not None and not number:
            raise ConfigurationError(f"Observability(slow={self.slow!r}) takes seconds, from 0, or None.")
        header = self.request_id_header
        if header is not None and (not isinstance(header, str) or not _HEADER.fullmatch(header)):
            raise ConfigurationError(
                f"Observability(request_id_header={header!r}) takes the name of a header, such as 'X-Request-ID', or None."
            )


def read_observability(given: Observability | None, debug: bool) -> Observability | None:
    """What is observed, None if nothing is. That debug is on is logged. Raises ConfigurationError for what is neither."""
    if not isinstance(given, Observability | None):
        raise ConfigurationError(f"Api(observability=...) takes gqlcrud.Observability(...), not {given!r}.")
    if not isinstance(debug, bool):
        raise ConfigurationError(
            f"Api(debug={debug!r}) takes True or False: it is no permission that some callers have."
        )
    if not debug:
        return given
    logger.warning(
        "Api(debug=True): answers show statements with their values, and tracebacks. Never let others reach this API."
    )
    return given or Observability(log=False)


def read_request_id(given: str | None) -> str:
    """The id of a request: that which is given, if it is one that logs can hold, else one that is made."""
    return given if given is not None and _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
