"""The text of a condition in SQL in, what it asks of single columns out; nothing, if it asks for anything else.

It knows comparisons with numbers and texts, BETWEEN, IN, the length of a text, AND, `... OR column IS NULL`, and the
casts and arrays that PostgreSQL writes for these.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NoReturn, TypeAlias

from gqlcrud.catalog.rule import Comparison, Rule

_TOKEN = re.compile(
    r"""\s*(?: (?P<number> \d+(?:\.\d*)?(?:[eE][+-]?\d+)? | \.\d+ )
             | (?P<text> '(?:[^']|'')*' )
             | (?P<name> [^\W\d]\w* | "[^"]+" )
             | (?P<symbol> :: | <= | >= | <> | != | == | [-+<>=(),\[\]] ) )""",
    re.VERBOSE,
)
_COMPARISONS = {
    ">": Comparison.GT,
    ">=": Comparison.GTE,
    "<": Comparison.LT,
    "<=": Comparison.LTE,
    "=": Comparison.EQ,
    "==": Comparison.EQ,
    "<>": Comparison.NE,
    "!=": Comparison.NE,
}
_TURNED = {
    Comparison.GT: Comparison.LT,
    Comparison.GTE: Comparison.LTE,
    Comparison.LT: Comparison.GT,
    Comparison.LTE: Comparison.GTE,
}
_LENGTHS = ("LENGTH", "CHAR_LENGTH", "CHARACTER_LENGTH")
_TEXT_TYPES = ("TEXT", "VARCHAR", "CHARACTER VARYING")
_EXACT_TYPES = ("NUMERIC", "DECIMAL", "DOUBLE PRECISION")
_INTEGER_TYPES = ("INTEGER", "INT", "BIGINT", "SMALLINT")
_KEYWORDS = {"AND", "OR", "NOT", "IN", "IS", "NULL", "BETWEEN", "LIKE", "CASE", "ARRAY", "ANY", "ALL", "CAST", "EXISTS"}

_Literal: TypeAlias = "Decimal | str"


@dataclass(frozen=True, slots=True)
class _Reference:
    """A column, or the length of its text."""

    name: str
    of_length: bool = False


_Demand: TypeAlias = tuple[str, "Rule | None"]
"""A column and what is asked of it; None asks for NULL."""


class _NotSimple(Exception):
    """The condition asks for something that the parser does not know."""


def parse_condition(text: str) -> tuple[tuple[str, Rule], ...]:
    """What a condition asks of columns, all of which must hold for it to be true; () if it is not understood wholly.

    The names are those of the text, with the quotes that they have there.
    """
    try:
        parser = _Parser(_tokens(text))
        demands = parser.any_of()
        parser.end()
        return tuple((name, rule) for name, rule in demands if rule is not None or parser.refuse())
    except _NotSimple:
        return ()


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise _NotSimple
        found.append(match[0].strip())
        place = match.end()
    return found


@dataclass(slots=True)
class _Parser:
    """Reads tokens from `place` on. Every method raises _NotSimple for what it does not know."""

    tokens: Sequence[str]
    place: int = field(default=0)

    # ---------- conditions ----------

    def any_of(self) -> list[_Demand]:
        """Alternatives are known only as `column IS NULL` beside demands on the same column, which NULL meets anyway."""
        found = [self.all_of()]
        while self.skip("OR"):
            found.append(self.all_of())
        if len(found) == 1:
            return found[0]
        nulls = [each[0][0] for each in found if len(each) == 1 and each[0][1] is None]
        others = [demand for each in found for demand in each if demand[1] is not None]
        if len(found) != 2 or len(nulls) != 1 or {name for name, _ in others} != {*nulls}:
            self.refuse()
        return others

    def all_of(self) -> list[_Demand]:
        found = self.term()
        while self.skip("AND"):
            found = [*found, *self.term()]
        return found

    def term(self) -> list[_Demand]:
        """A condition in parentheses, or a comparison, whose operands may stand in parentheses too."""
        start = self.place
        if self.skip("("):
            try:
                found = self.any_of()
                self.take(")")
            except _NotSimple:
                self.place = start
            else:
                return found
        return self.comparison()

    def comparison(self) -> list[_Demand]:
        left = self.operand()
        if self.skip("IS"):
            return self.null(left)
        negated = self.skip("NOT")
        if self.skip("BETWEEN"):
            low = self.operand()
            self.take("AND")
            high = self.operand()
            bounds = [self.rule(left, Comparison.GTE, low), self.rule(left, Comparison.LTE, high)]
            return self.refuse() if negated else bounds
        if self.skip("IN"):
            return [self.members(left, Comparison.NOT_IN if negated else Comparison.IN, self.listed("(", ")"))]
        comparison = _COMPARISONS.get(self.next())
        if negated or comparison is None:
            self.refuse()
        if (self.peek(), comparison) in (("ANY", Comparison.EQ), ("ALL", Comparison.NE)):
            self.next()
            return [
                self.members(left, Comparison.IN if comparison is Comparison.EQ else Comparison.NOT_IN, self.array())
            ]
        right = self.operand()
        if isinstance(right, _Reference):
            return [self.rule(right, _TURNED.get(comparison, comparison), left)]
        return [self.rule(left, comparison, right)]

    def null(self, operand: _Reference | _Literal) -> list[_Demand]:
        """NOT NULL is the column's own matter, as far as it is told there."""
        if not isinstance(operand, _Reference) or operand.of_length:
            self.refuse()
        negated = self.skip("NOT")
        self.take("NULL")
        return [] if negated else [(operand.name, None)]

    def rule(self, left: _Reference | _Literal, comparison: Comparison, right: _Reference | _Literal) -> _Demand:
        if not isinstance(left, _Reference) or isinstance(right, _Reference):
            self.refuse()
        return left.name, Rule(comparison, (right,), left.of_length)

    def members(self, left: _Reference | _Literal, comparison: Comparison, operands: Sequence[_Literal]) -> _Demand:
        if not isinstance(left, _Reference):
            self.refuse()
        return left.name, Rule(comparison, tuple(operands), left.of_length)

    # ---------- operands ----------

    def operand(self) -> _Reference | _Literal:
        found = self.primary()
        while self.skip("::"):
            found = self.cast(found, self.type())
        return found

    def primary(self) -> _Reference | _Literal:
        token = self.next()
        if token == "(":
            found = self.operand()
            self.take(")")
            return found
        if token in ("-", "+"):
            number = self.primary()
            return self.refuse() if not isinstance(number, Decimal) else -number if token == "-" else number
        if token[0].isdigit() or token[0] == ".":
            return Decimal(token)
        if token[0] == "'":
            return token[1:-1].replace("''", "'")
        if token.upper() == "CAST":
            self.take("(")
            found = self.operand()
            self.take("AS")
            found = self.cast(found, self.type())
            self.take(")")
            return found
        if token.upper() in _LENGTHS and self.skip("("):
            found = self.operand()
            self.take(")")
            return _Reference(found.name, True) if isinstance(found, _Reference) else self.refuse()
        return self.reference(token)

    def reference(self, token: str) -> _Reference:
        is_name = token[0].isalpha() or token[0] in '_"'
        if not is_name or token.upper() in _KEYWORDS or self.peek() == "(":
            self.refuse()
        return _Reference(token)

    def type(self) -> str:
        """The name of a type without a size, in capitals."""
        name = self.next().upper()
        if name in ("CHARACTER", "DOUBLE"):
            name = f"{name} {self.next().upper()}"
        return self.refuse() if self.peek() == "(" else name

    def cast(self, operand: _Reference | _Literal, kind: str) -> _Reference | _Literal:
        """The operand, if the cast does not change its value."""
        if isinstance(operand, _Reference) or (isinstance(operand, str) and kind in _TEXT_TYPES):
            return operand if kind in (*_TEXT_TYPES, *_EXACT_TYPES) else self.refuse()
        if kind not in (*_EXACT_TYPES, *_INTEGER_TYPES):
            self.refuse()
        if isinstance(operand, str):
            inner = _Parser(_tokens(operand))
            operand = inner.primary()
            inner.end()
        if not isinstance(operand, Decimal) or (kind in _INTEGER_TYPES and operand != operand.to_integral_value()):
            self.refuse()
        return operand

    def listed(self, opening: str, closing: str) -> list[_Literal]:
        self.take(opening)
        found = [self.literal()]
        while self.skip(","):
            found.append(self.literal())
        self.take(closing)
        return found

    def array(self) -> list[_Literal]:
        """`(ARRAY['a'::text])`, with parentheses and casts of the whole."""
        self.take("(")
        found = self.listed("[", "]") if self.skip("ARRAY") else self.array()
        while self.skip("::"):
            if self.type() not in (*_TEXT_TYPES, *_EXACT_TYPES, *_INTEGER_TYPES):
                self.refuse()
            self.take("[")
            self.take("]")
        self.take(")")
        return found

    def literal(self) -> _Literal:
        found = self.operand()
        return self.refuse() if isinstance(found, _Reference) else found

    # ---------- tokens ----------

    def peek(self) -> str:
        """The next token, a name in capitals; empty at the end."""
        return self.tokens[self.place].upper() if self.place < len(self.tokens) else ""

    def next(self) -> str:
        if self.place == len(self.tokens):
            self.refuse()
        self.place += 1
        return self.tokens[self.place - 1]

    def skip(self, token: str) -> bool:
        found = self.peek() == token
        self.place += found
        return found

    def take(self, token: str) -> None:
        if not self.skip(token):
            self.refuse()

    def end(self) -> None:
        if self.place < len(self.tokens):
            self.refuse()

    def refuse(self) -> NoReturn:
        raise _NotSimple
