"""A regular expression in, a matcher of texts out, whose time grows with the length of a text and no faster.

SQLite has no regular expressions of its own, and Python's take longer than the age of the universe for some texts of fifty
letters, while nothing else runs in the process. What is understood is PostgreSQL's dialect, without back references,
without what looks ahead or behind, and without options.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

CharTest: TypeAlias = Callable[[str], bool]
MAX_REPEAT = 255
"""As in PostgreSQL."""
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Chars:
    """One character that passes a test, or does not, if that is negated."""

    test: CharTest
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Spot:
    """A place between two characters: `^` and `$`, the ends of the text; `m` and `M`, those of a word; `y` and `Y`, either
    or neither of those."""

    name: str


@dataclass(frozen=True, slots=True)
class Chain:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """high: None is any number of times."""

    item: Expression
    low: int
    high: int | None


Expression: TypeAlias = Chars | Spot | Chain | Choice | Repeat


def is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


_CLASSES: Mapping[str, CharTest] = {
    "alpha": str.isalpha,
    "digit": str.isdecimal,
    "alnum": str.isalnum,
    "upper": str.isupper,
    "lower": str.islower,
    "space": str.isspace,
    "blank": lambda char: char in " \t",
    "punct": lambda char: char in string.punctuation,
    "cntrl": lambda char: not char.isprintable() and not char.isspace(),
    "print": str.isprintable,
    "graph": lambda char: char.isprintable() and not char.isspace(),
    "xdigit": lambda char: char in string.hexdigits,
    "word": is_word,
}
_SHORTHANDS = {"d": "digit", "s": "space", "w": "word"}
_CONTROLS = {"a": "\a", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_HEXADECIMAL = {"x": 2, "u": 4, "U": 8}
_SPOTS = {"A": "^", "Z": "$", "m": "m", "M": "M", "y": "y", "Y": "Y"}


def parse_expression(pattern: str) -> Expression:
    """Raises ValueError for what is no regular expression, and for what is not understood."""
    parser = _Parser(pattern)
    found = parser.choice(0)
    if parser.rest:
        raise ValueError("a parenthesis is closed that was not opened")
    return found


@dataclass(slots=True)
class _Parser:
    pattern: str
    at: int = 0

    @property
    def rest(self) -> bool:
        return self.at < len(self.pattern)

    def _peek(self, text: str) -> bool:
        return self.pattern.startswith(text, self.at)

    def _take(self) -> str:
        if not self.rest:
            raise ValueError("the expression ends too early")
        self.at += 1
        return self.pattern[self.at - 1]

    def _took(self, text: str) -> bool:
        found = self._peek(text)
        self.at += len(text) * found
        return found

    def choice(self, depth: int) -> Expression:
        if depth > _MAX_DEPTH:
            raise ValueError("parentheses stand too deep in each other")
        options = [self._chain(depth)]
        while self._took("|"):
            options.append(self._chain(depth))
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _chain(self, depth: int) -> Expression:
        parts: list[Expression] = []
        while self.rest and not self._peek("|") and not self._peek(")"):
            parts.append(self._repeated(self._atom(depth)))
        return parts[0] if len(parts) == 1 else Chain(tuple(parts))

    def _atom(self, depth: int) -> Expression:
        match self._take():
            case "(":
                if self._peek("?") and not self._took("?:"):
                    raise ValueError("of what follows (? only (?: is understood")
                found = self.choice(depth + 1)
                if not self._took(")"):
                    raise ValueError("a parenthesis is not closed")
                return Chain((found,)) if isinstance(found, Spot) else found  # what stands by itself may be repeated
            case "[":
                return self._bracket()
            case ".":
                return Chars(lambda _: True)
            case "^" | "$" as end:
                return Spot(end)
            case "\\":
                return self._escaped()
            case "*" | "+" | "?":
                raise ValueError("there is nothing to repeat")
            case char:
                return Chars(char.__eq__)

    def _escaped(self) -> Expression:
        if self.rest and self.pattern[self.at] in _SPOTS:
            return Spot(_SPOTS[self._take()])
        return Chars(self._escape())

    def _escape(self) -> CharTest:
        """What follows a backslash and stands for a character, or for one of a class."""
        char = self._take()
        if char.lower() in _SHORTHANDS:
            test = _CLASSES[_SHORTHANDS[char.lower()]]
            return test if char.islower() else lambda each: not test(each)
        return self._literal(char).__eq__

    def _literal(self, char: str) -> str:
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char in _HEXADECIMAL:
            end = self.at + _HEXADECIMAL[char]
            digits, self.at = self.pattern[self.at : end], end
            if len(digits) != _HEXADECIMAL[char] or not set(digits) <= set(string.hexdigits):
                raise ValueError("hexadecimal digits are missing")
            return chr(int(digits, 16))
        if char.isalnum():
            raise ValueError(f"\\{char} is not understood")
        return char

    def _repeated(self, item: Expression) -> Expression:
        """The item with the quantifier that follows it. Whether as much or as little as can be is taken does not matter."""
        bounds = self._bounds()
        if bounds is None:
            return item
        self._took("?")
        if isinstance(item, Spot) or self._bounds() is not None:
            raise ValueError("there is nothing to repeat")
        return Repeat(item, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in _QUANTIFIERS.items():
            if self._took(sign):
                return bounds
        if not self._peek("{") or not self.pattern[self.at + 1 : self.at + 2].isdecimal():
            return None
        inner, closed, _ = self.pattern[self.at + 1 :].partition("}")
        low, comma, high = inner.partition(",")
        numbers = [each for each in (low, high) if each]
        if not closed or not all(each.isascii() and each.isdecimal() and len(each) < 4 for each in numbers):
            raise ValueError("a number of times is no number")
        self.at += len(inner) + 2
        bounds = int(low), (int(high) if high else None) if comma else int(low)
        if not bounds[0] <= (bounds[1] if bounds[1] is not None else MAX_REPEAT) <= MAX_REPEAT:
            raise ValueError(f"something is repeated more than {MAX_REPEAT} times, or less than not at all")
        return bounds

    def _bracket(self) -> Chars:
        negated = self._took("^")
        tests: list[CharTest] = []
        while not tests or not self._peek("]"):
            tests.append(self._member())
        self._take()
        return Chars(lambda char: any(test(char) for test in tests), negated)

    def _member(self) -> CharTest:
        """A class, a range, or a character between brackets."""
        if self._took("[:"):
            name, closed, _ = self.pattern[self.at :].partition(":]")
            if not closed or name not in _CLASSES:
                raise ValueError("there is no such class of characters")
            self.at += len(name) + 2
            return _CLASSES[name]
        if self._peek("[.") or self._peek("[="):
            raise ValueError("collating elements are not understood")
        first = self._take()
        if first == "\\":
            if self.rest and self.pattern[self.at].lower() in _SHORTHANDS:
                return self._escape()
            first = self._literal(self._take())
        if not self._peek("-") or self._peek("-]"):
            return first.__eq__
        self._take()
        last = self._take()
        last = self._literal(self._take()) if last == "\\" else last
        if last < first:
            raise ValueError("a range ends before it begins")
        return lambda char: first <= char <= last


_QUANTIFIERS: Mapping[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
