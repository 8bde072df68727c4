"""A regular expression and a text in, whether it matches anywhere out: all ways to match are followed at once.

Source: Russ Cox, "Regular Expression Matching Can Be Simple And Fast", https://swtch.com/~rsc/regexp/regexp1.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from gqlcrud.statements.folding import forms
from gqlcrud.statements.regular_expressions import (
    Chain,
    Chars,
    Choice,
    Expression,
    Repeat,
    Spot,
    is_word,
    parse_expression,
)

_MAX_STEPS = 10_000
"""Of one expression: a repetition is written out."""
_MAX_EFFORT = 500_000
"""Steps that are looked at for one text: about a second. Meanwhile no timeout ends the statement."""
_MAX_KNOWN = 100_000
"""Moves of one expression that are remembered, and the places in the states that they lead to."""


def matches(text: str | None, pattern: str, ignore_case: bool) -> bool | None:
    """Whether `pattern` matches anywhere in `text`; NULL for NULL.

    Raises ValueError for what is no regular expression, or is not understood, and for one that takes too long.
    """
    return None if text is None else _matcher(pattern, bool(ignore_case)).search(text)


@lru_cache(maxsize=8)
def _matcher(pattern: str, ignore_case: bool) -> Matcher:
    return Matcher(_steps(parse_expression(pattern)), ignore_case)


@dataclass(frozen=True, slots=True)
class Fork:
    """Go on at any of these steps."""

    to: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class End:
    """The expression has matched."""


Step: TypeAlias = Chars | Spot | Fork | End


def _steps(expression: Expression) -> list[Step]:
    steps: list[Step] = []
    _write(expression, steps)
    return [*steps, End()]


def _write(expression: Expression, steps: list[Step]) -> None:
    """Append the steps of an expression, one at least, which go on at the step after them."""
    if len(steps) > _MAX_STEPS:
        raise ValueError("the expression is too complex")
    match expression:
        case Chars() | Spot():
            steps.append(expression)
        case Chain(()) | Repeat(high=0):
            steps.append(Fork((len(steps) + 1,)))
        case Chain(parts):
            for each in parts:
                _write(each, steps)
        case Choice(options):
            _write_choice(options, steps)
        case Repeat(item, low, high):
            for _ in range(low):
                _write(item, steps)
            if high is None:
                _write_loop(item, steps)
            else:
                _write_optional(item, high - low, steps)


def _write_choice(options: Iterable[Expression], steps: list[Step]) -> None:
    fork, ends, begins = len(steps), list[int](), list[int]()
    steps.append(End())
    for each in options:
        begins.append(len(steps))
        _write(each, steps)
        ends.append(len(steps))
        steps.append(End())
    steps[fork] = Fork(tuple(begins))
    for end in ends:
        steps[end] = Fork((len(steps),))


def _write_loop(item: Expression, steps: list[Step]) -> None:
    fork = len(steps)
    steps.append(End())
    _write(item, steps)
    steps.append(Fork((fork,)))
    steps[fork] = Fork((fork + 1, len(steps)))


def _write_optional(item: Expression, times: int, steps: list[Step]) -> None:
    forks: list[int] = []
    for _ in range(times):
        forks.append(len(steps))
        steps.append(End())
        _write(item, steps)
    for fork in forks:
        steps[fork] = Fork((fork + 1, len(steps)))


# ---------- matching ----------

_NOTHING, _OTHER, _WORD = "nothing", "other", "word"
"""What stands on one side of a place in a text."""


@dataclass(slots=True, eq=False)
class State:
    """Where in the expression one may be after some part of a text. before: what the last character was.

    known: the state after a further character; None where the expression has matched by then.
    """

    places: frozenset[int]
    before: str
    known: dict[str, State | None] = field(default_factory=dict)


@dataclass(slots=True)
class Matcher:
    """The steps of an expression, and what is known of the states that texts lead to. It may be used by several threads:
    what they learn is the same."""

    steps: list[Step]
    ignore_case: bool
    _states: dict[tuple[frozenset[int], str], State] = field(default_factory=dict)
    _known: int = 0

    def search(self, text: str) -> bool:
        """Whether the expression matches anywhere."""
        state: State | None = self._state(frozenset({0}), _NOTHING)
        effort = 0
        for char in text:
            assert state is not None, "it goes on until the expression has matched"
            if char not in state.known:
                effort += self._learn(state, char)
                if effort > _MAX_EFFORT:
                    raise ValueError("the expression takes too long")
            state = state.known[char]
            if state is None:
                return True
        assert state is not None, "the expression has not matched yet"
        return any(isinstance(self.steps[each], End) for each in self._reached(state, _NOTHING))

    def _learn(self, state: State, char: str) -> int:
        """Find out where a character leads to; how many steps are looked at for it."""
        after = _side(char)
        reached = self._reached(state, after)
        steps = [self.steps[each] for each in reached]
        if any(isinstance(each, End) for each in steps):
            state.known[char] = None
            return len(reached)
        same = forms(char) if self.ignore_case else char
        places = {
            place + 1
            for place, step in zip(reached, steps, strict=True)
            if isinstance(step, Chars) and any(map(step.test, same)) is not step.negated
        }
        if self._known > _MAX_KNOWN:
            self._states.clear()
            self._known = 0
        self._known += 1 + len(places)
        state.known[char] = self._state(frozenset({0, *places}), after)
        return len(reached)

    def _state(self, places: frozenset[int], before: str) -> State:
        return self._states.setdefault((places, before), State(places, before))

    def _reached(self, state: State, after: str) -> list[int]:
        """All steps that are reached without a further character, where `after` stands next."""
        found, open_places = set[int](), list(state.places)
        while open_places:
            place = open_places.pop()
            if place in found:
                continue
            found.add(place)
            match self.steps[place]:
                case Fork(to):
                    open_places += to
                case Spot(name) if _holds(name, state.before, after):
                    open_places.append(place + 1)
        return list(found)


def _side(char: str) -> str:
    return _WORD if is_word(char) else _OTHER


def _holds(spot: str, before: str, after: str) -> bool:
    begins, ends = before != _WORD and after == _WORD, before == _WORD and after != _WORD
    holds = {
        **{"^": before == _NOTHING, "$": after == _NOTHING, "m": begins, "M": ends},
        **{"y": begins or ends, "Y": not begins and not ends},
    }
    return holds[spot]
