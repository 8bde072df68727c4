"""JSON: the text of an array or lines of objects in, rows out, one at a time; and objects in, text out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from gqlcrud.files.failures import FileError
from gqlcrud.files.rows import SourceRow, Unit
from gqlcrud.files.streams import Input, is_escaped

_MAX_ITEM = 1 << 26
"""Characters of one item. More is a string or an object that is never closed."""
_SPACE = re.compile(r"[ \t\r\n]*")
_NEAR = 12
"""An error this close to the end of what has been read may come of a word or an escape that goes on."""
_NO_OBJECT = 'The row is no object, such as {"title": "Emma"}.'
_DECODER = json.JSONDecoder(parse_float=Decimal)


def read_lines(source: Input) -> Iterator[SourceRow]:
    """The rows of JSON Lines, an object in each line. Blank lines are no rows. Raises FileError."""
    for text in source.lines():
        line = source.number
        broken = source.broken_between(line, line)
        if not text.strip():
            continue
        if broken is not None:
            yield SourceRow(line, problem=broken, text=text)
            continue
        yield read_object(text, line)


def read_object(text: str, line: int) -> SourceRow:
    """The row that a text holds as an object."""
    try:
        value, end = _DECODER.raw_decode(text, _after_space(text, 0))
    except (ValueError, RecursionError) as error:
        return SourceRow(line, problem=f"The line is no JSON: {_reason(error)}.", text=text)
    if _after_space(text, end) < len(text):
        return SourceRow(line, problem="After the object there is more in the line.", text=text)
    return _row(value, line, "line", text)


def read_array(source: Input) -> Iterator[SourceRow]:
    """The rows of an array of objects, by their numbers in it. Raises FileError for what is no array, or ends too early.

    Only the item that is being read is in memory.
    """
    text = _Text(source.pieces())
    if text.next_character() != "[":
        raise FileError("The file is no array of JSON: it does not begin with '['. For an object in each line: jsonl.")
    text.position += 1
    number = 1
    if text.next_character() == "]":
        text.position += 1
    else:
        while True:
            yield _item(text, number)
            separator = text.next_character()
            text.position += 1
            if separator == "]":
                break
            if separator != ",":
                what = f"{separator!r}" if separator else "the end of the file"
                raise FileError(f"After the item there is {what} instead of ',' or ']'.", number + 1)
            number += 1
    if text.next_character():
        raise FileError("After the array there is more in the file.", number + 1)


def _item(text: _Text, number: int) -> SourceRow:
    text.next_character()
    while True:
        begin = text.position
        try:
            value, end = _DECODER.raw_decode(text.buffer, begin)
        except (ValueError, RecursionError) as error:
            if _may_go_on(error, text) and text.more():
                continue
            raise FileError(f"The item is no JSON: {_reason(error, begin)}.", number) from error
        length = end - text.position
        # a number that ends where the buffer does may go on
        if end < len(text.buffer) or not text.more():
            break
    source = text.buffer[text.position : text.position + length]
    text.position += length
    if is_escaped(source):
        return SourceRow(number, "item", problem="The item is not UTF-8 throughout.", text=source)
    return _row(value, number, "item", source)


def _may_go_on(error: Exception, text: _Text) -> bool:
    """Whether the item fails for its rest, which has not been read yet."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    if len(text.buffer) - text.position > _MAX_ITEM:
        return False
    return error.msg.startswith("Unterminated string") or error.pos >= len(text.buffer) - _NEAR


class _Text:
    """The part of a text that is being read. position: of what comes next in `buffer`."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self.buffer = ""
        self.position = 0

    def more(self) -> bool:
        """Read on, as much again as is there, so that a long item is not tried too often. False at the end."""
        wanted = len(self.buffer) - self.position
        found: list[str] = []
        while sum(map(len, found)) <= wanted:
            piece = next(self._pieces, None)
            if piece is None:
                break
            found.append(piece)
        self.buffer = self.buffer[self.position :] + "".join(found)
        self.position = 0
        return bool(found)

    def next_character(self) -> str:
        """The next character that is no space, to which `position` is moved; empty at the end."""
        while True:
            self.position = _after_space(self.buffer, self.position)
            if self.position < len(self.buffer):
                return self.buffer[self.position]
            if not self.more():
                return ""


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None, "the pattern matches an empty text"
    return match.end()


def _row(value: Any, line: int, unit: Unit, text: str) -> SourceRow:
    if isinstance(value, dict):
        return SourceRow(line, unit, fields=value, text=text.strip())
    return SourceRow(line, unit, problem=_NO_OBJECT, text=text)


def _reason(error: Exception, begin: int = 0) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (character {error.pos - begin + 1})"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


# ---------- writing ----------


def json_text(value: Any) -> str:
    """The value as JSON in one line."""
    return json.dumps(value, ensure_ascii=False)


def plain(value: Any) -> Any:
    """A value that was read, its decimals as floats: what stands in JSON columns."""
    match value:
        case Decimal():
            return float(value)
        case dict():
            return {name: plain(each) for name, each in value.items()}
        case list():
            return [plain(each) for each in value]
        case _:
            return value
