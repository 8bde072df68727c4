"""The name of a file in, its lines or its text out, decompressed and decoded; and files that are there when they are whole."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal, TextIO, TypeAlias, cast

from gqlcrud.files.failures import FileError

Format: TypeAlias = Literal["csv", "json", "jsonl"]
STANDARD = "-"
"""The name of standard input and of standard output."""
_FORMATS: dict[str, Format] = {".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_CHUNK = 1 << 16
_ESCAPE = "backslashreplace"
"""Half of a surrogate pair, which a JSON value may hold, is written as JSON escapes it."""
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ESCAPED = re.compile("[\udc80-\udcff]")
"""What stands for a byte that is no text."""


def format_of(path: str, given: Format | None = None) -> Format:
    """The format of a file, by its suffix unless it is given. Raises FileError."""
    if given is not None:
        return given
    suffix = Path(path.removesuffix(".gz")).suffix.lower()
    if path == STANDARD or suffix not in _FORMATS:
        what = "Standard input and output have" if path == STANDARD else f"{path} has"
        raise FileError(f"{what} no suffix that tells the format; give it: csv, json or jsonl (--format).")
    return _FORMATS[suffix]


# ---------- reading ----------


@dataclass(slots=True)
class Input:
    """An open file. number: of the line that was read last. broken: numbers of lines that are not in the encoding, with
    the place of the first byte that is not."""

    stream: IO[bytes]
    raw: IO[bytes]
    encoding: str
    size: int | None
    number: int = 0
    broken: dict[int, int] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """The lines with their ends. Bytes that are no text are escaped, and told in `broken`. Raises FileError."""
        with _told(lambda: self.number + 1):
            for line in self.stream:
                self.number += 1
                yield self._decoded(_without_mark(line) if self.number == 1 else line)

    def _decoded(self, line: bytes) -> str:
        try:
            return line.decode(self.encoding)
        except UnicodeDecodeError as error:
            self.broken[self.number] = error.start + 1
            return line.decode(self.encoding, "surrogateescape")

    def pieces(self) -> Iterator[str]:
        """The text in pieces of any length. Bytes that are no text are escaped. Raises FileError."""
        decoder = codecs.getincrementaldecoder(self.encoding)("surrogateescape")
        with _told(lambda: None):
            first = True
            while piece := self.stream.read(_CHUNK):
                yield decoder.decode(_without_mark(piece) if first else piece)
                first = False
            yield decoder.decode(b"", final=True)

    def broken_between(self, first: int, last: int) -> str | None:
        """Why the lines from `first` to `last` cannot be read, None if they can. Lines before are forgotten."""
        if not self.broken:
            return None
        found = next((number for number in self.broken if first <= number <= last), None)
        column = self.broken[found] if found is not None else 0
        for number in [each for each in self.broken if each <= last]:
            del self.broken[number]
        if found is None:
            return None
        return f"Line {found} is not {self.encoding.upper()}, from byte {column} on (--encoding)."

    def part_read(self) -> float | None:
        """How much of the file has been read, from 0 to 1; None if its size is not known."""
        return None if not self.size else min(1.0, self.raw.tell() / self.size)


def is_escaped(text: str) -> bool:
    """Whether a text holds bytes that are no text."""
    return not text.isascii() and _ESCAPED.search(text) is not None


@contextmanager
def open_input(path: str, encoding: str = "utf-8") -> Iterator[Input]:
    """A file, decompressed if its name ends in `.gz`; `-` is standard input. Raises FileError."""
    _check_encoding(encoding)
    if path == STANDARD:
        yield Input(sys.stdin.buffer, sys.stdin.buffer, encoding, None)
        return
    with _opened(path) as raw:
        size = Path(path).stat().st_size
        stream = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if path.endswith(".gz") else raw
        yield Input(stream, raw, encoding, size)


def _opened(path: str) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.") from error


def _check_encoding(encoding: str) -> None:
    try:
        plain = "\n,".encode(encoding) == b"\n,"
    except LookupError:
        raise FileError(f"There is no encoding {encoding!r}.") from None
    if not plain:
        raise FileError(f"Files in {encoding} cannot be read by lines; save the file as UTF-8.")


def _without_mark(beginning: bytes) -> bytes:
    if beginning.startswith(_WIDE):
        raise FileError("The file is in UTF-16; save it as UTF-8.")
    return beginning.removeprefix(codecs.BOM_UTF8)


@contextmanager
def _told(line: Any) -> Iterator[None]:
    """What the system or the decompression says of a file is a FileError."""
    try:
        yield
    except (EOFError, zlib.error, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise FileError(f"The file cannot be read on: {reason}.", line()) from error


# ---------- writing ----------


@contextmanager
def open_output(path: str) -> Iterator[TextIO]:
    """A file to write UTF-8 to, compressed if its name ends in `.gz`; `-` is standard output.

    It gets its name when the block is left: what fails or is interrupted leaves what was there before. Raises FileError.
    """
    if path == STANDARD:
        yield from _standard_output()
        return
    part = Path(f"{path}.part")
    try:
        raw = part.open("wb")
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        with raw, _compressed(raw, path) as stream, io.TextIOWrapper(stream, "utf-8", _ESCAPE, newline="") as text:
            yield text
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _standard_output() -> Iterator[TextIO]:
    text = io.TextIOWrapper(sys.stdout.buffer, "utf-8", _ESCAPE, newline="")
    try:
        yield text
        text.flush()
    finally:
        text.detach()


def _compressed(raw: BinaryIO, path: str) -> IO[bytes]:
    if not path.endswith(".gz"):
        return raw
    # without a name and a time in it, equal rows make equal files
    return cast("IO[bytes]", gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0))
