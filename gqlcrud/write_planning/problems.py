"""Mistakes of an input in, one `WriteError` with all of them out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gqlcrud.errors import ErrorCode, RequestError, UserError, WriteError
from gqlcrud.write_plan import Path


@dataclass(frozen=True, slots=True)
class Problems:
    """What is wrong with an input, collected while it is planned, so that a client is told all of it at once."""

    found: list[UserError] = field(default_factory=list)

    def add(self, message: str, path: Path, code: ErrorCode = ErrorCode.VALIDATION) -> None:
        self.found.append(UserError(code, message, path))

    @contextmanager
    def at(self, *path: str | int) -> Iterator[None]:
        """Keep what the block raises for a mistake of the client, as one at `path` or below."""
        try:
            yield
        except (RequestError, WriteError, ValueError) as error:
            self.keep(error, path)

    def keep(self, error: RequestError | WriteError | ValueError, path: Path) -> None:
        """Keep what was raised for a mistake at `path` or below."""
        match error:
            case RequestError():
                self.add(error.message, (*path, *error.path), error.code)
            case WriteError():
                self.found.extend(error.errors)
            case _:
                self.add(str(error), path)

    def check(self) -> None:
        """Raises WriteError if anything was found."""
        if self.found:
            raise WriteError(self.found)
