"""A `where` argument in, a `Condition` out. Every operand is checked here: what passes can be bound as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gqlcrud.catalog import Catalog, Column, Model, OwnField, Relation
from gqlcrud.errors import ErrorCode, RequestError
from gqlcrud.keys import decode_id
from gqlcrud.options import Limits
from gqlcrud.plan import (
    EVERY,
    NONE,
    Always,
    Compare,
    Condition,
    JsonAt,
    JsonKind,
    JsonTest,
    JsonValue,
    KeyIn,
    Not,
    Opaque,
    Or,
    Quantifier,
    Related,
    RelatedCount,
    conjunction,
)
from gqlcrud.planning.visibility import Visibility
from gqlcrud.scalars import BOOLEAN, DECIMAL, STRING, Operator, Scalar
from gqlcrud.values import check_pattern, check_text, is_deeper

_DEEPEST = 400
"""Levels of a JSON value: drivers encode it when the stack of calls is high already."""
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_LISTS = {Operator.IN, Operator.NOT_IN}
_PATTERNS = {Operator.LIKE, Operator.I_LIKE}
_FLAGS = {Operator.IS_NULL, Operator.IS_EMPTY}
_MATCHED = {
    *(Operator.LIKE, Operator.I_LIKE, Operator.REGEX, Operator.I_REGEX, Operator.SEARCH),
    *(Operator.I_EQ, Operator.I_CONTAINS, Operator.I_STARTS_WITH, Operator.I_ENDS_WITH),
}
"""Operators whose operand is translated: PostgreSQL takes seconds for a regular expression of 200,000 letters."""
_JSON_KINDS = {JsonKind.STRING: STRING, JsonKind.NUMBER: DECIMAL, JsonKind.BOOLEAN: BOOLEAN}


@dataclass(frozen=True, slots=True)
class WherePlanner:
    """Plans the filters of one request."""

    catalog: Catalog
    limits: Limits
    visibility: Visibility

    def plan(self, where: Mapping[str, Any] | Condition | None, model: Model, depth: int = 0) -> Condition:
        """The meaning of a `where` input of `model`; null is the same as none, and a condition is what it is.

        Raises RequestError with the path.
        """
        if where is None:
            return EVERY
        if not isinstance(where, Mapping):
            return where
        if depth > self.limits.max_filter_depth:
            raise RequestError(f"A filter nests at most {self.limits.max_filter_depth} levels.", ErrorCode.LIMIT)
        return conjunction([_at(name, self._field, name, value, model, depth) for name, value in where.items()])

    def _field(self, name: str, value: Any, model: Model, depth: int) -> Condition:
        if value is None:
            raise RequestError(f"{name} cannot be null; leave it out, or use isNull.")
        if name in ("and", "or"):
            self._check_count(value)
            terms = [_at(place, self.plan, each, model, depth + 1) for place, each in enumerate(value)]
            return conjunction(terms) if name == "and" else _disjunction(terms)
        if name == "not":
            return _negation(self.plan(value, model, depth + 1))
        if name == "id" and model.global_id:
            return self._key_filter(value, model, model.primary_key)
        member = model.members[name]
        if model.policy is not None or isinstance(member, Relation):
            self._check(member, model)
        return self._member(member, value, model, depth)

    def _check(self, member: Column | Relation | OwnField, model: Model) -> None:
        """Raises RequestError FORBIDDEN for what the caller may not filter by."""
        if isinstance(member, Relation):
            self.visibility.check_relation("filter", member, model, self.catalog.model(member.target))
        elif isinstance(member, Column):
            self.visibility.check("filter", [member], model)

    def _member(self, member: Column | Relation | OwnField, value: Any, model: Model, depth: int) -> Condition:
        if isinstance(member, Relation):
            return self._relation(member, value, depth)
        assert isinstance(member, Column)
        if member.references is not None:
            return self._key_filter(value, self.catalog.model(member.references), (member,))
        return conjunction(
            [_at(name, self._compare, member, Operator(name), operand) for name, operand in value.items()]
        )

    # ---------- columns ----------

    def _compare(self, column: Column, operator: Operator, operand: Any) -> Condition:
        if operand is None:
            raise RequestError(f"{operator} cannot be null; leave it out, or use isNull.")
        if operator is Operator.AT:
            self._check_count(operand)
            return conjunction([_at(place, self._json_at, column, each) for place, each in enumerate(operand)])
        if operator is Operator.IN and not operand:
            return NONE
        return Compare(column, operator, self._operand(column.scalar, operator, operand))

    def _operand(self, scalar: Scalar, operator: Operator, operand: Any) -> Any:
        if operator in _FLAGS:
            return operand
        if operator in _MATCHED:
            self._check_length(operator, operand)
        if operator in _LISTS:
            self._check_count(operand)
            return tuple(_at(place, _checked, scalar, each) for place, each in enumerate(operand))
        if scalar.item is not None:
            if operator is Operator.HAS:
                return _checked(scalar.item, operand)
            self._check_count(operand)
            return tuple(
                None if each is None else _at(place, _checked, scalar.item, each) for place, each in enumerate(operand)
            )
        if operator in _PATTERNS:
            return check_pattern(operand)
        if operator is Operator.HAS_KEY:
            return check_text(operand)
        if scalar.name == "JSON":
            return JsonValue(canonical_json(operand))
        return _checked(scalar, operand)

    def _json_at(self, column: Column, value: Mapping[str, Any]) -> Condition:
        for name, operand in value.items():
            if operand is None:
                raise RequestError(f"{name} cannot be null; leave it out.", path=(name,))
        path = _at("path", self._json_path, value["path"])
        tests = [_at(kind.value, self._json_tests, kind, value[kind.value]) for kind in JsonKind if kind.value in value]
        return JsonAt(column, path, value.get("exists"), tuple(test for each in tests for test in each))

    def _json_path(self, steps: Sequence[str]) -> tuple[str, ...]:
        self._check_count(steps)
        return tuple(_at(place, check_text, each) for place, each in enumerate(steps))

    def _json_tests(self, kind: JsonKind, operators: Mapping[str, Any]) -> list[JsonTest]:
        return [_at(name, self._json_test, kind, Operator(name), operand) for name, operand in operators.items()]

    def _json_test(self, kind: JsonKind, operator: Operator, operand: Any) -> JsonTest:
        if operand is None:
            raise RequestError(f"{operator} cannot be null; leave it out, or use isNull.")
        return JsonTest(kind, operator, self._operand(_JSON_KINDS[kind], operator, operand))

    def _key_filter(self, value: Mapping[str, Any], target: Model, columns: tuple[Column, ...]) -> Condition:
        return conjunction(
            [_at(name, self._key_compare, Operator(name), each, target, columns) for name, each in value.items()]
        )

    def _key_compare(self, operator: Operator, operand: Any, target: Model, columns: tuple[Column, ...]) -> Condition:
        if operand is None:
            raise RequestError(f"{operator} cannot be null; leave it out, or use isNull.")
        if operator is Operator.IS_NULL:
            return Compare(columns[0], operator, operand)
        if operator in _LISTS:
            self._check_count(operand)
            keys = tuple(_at(place, decode_id, each, target) for place, each in enumerate(operand))
        else:
            keys = (decode_id(operand, target),)
        found: Condition = KeyIn(columns, keys) if keys else NONE
        if operator in (Operator.EQ, Operator.IN):
            return found
        # `ne` and `notIn` of SQL: a NULL is neither equal nor unequal
        present = [Compare(column, Operator.IS_NULL, False) for column in columns if column.nullable]
        return conjunction([*present, _negation(found)])

    # ---------- relations ----------

    def _relation(self, relation: Relation, value: Mapping[str, Any], depth: int) -> Condition:
        target = self.catalog.model(relation.target)
        return conjunction(
            [_at(name, self._relation_test, relation, target, name, operand, depth) for name, operand in value.items()]
        )

    def _relation_test(self, relation: Relation, target: Model, name: str, operand: Any, depth: int) -> Condition:
        if operand is None:
            raise RequestError(f"{name} cannot be null; leave it out, or use isNull.")
        among = self.visibility.condition(target)
        if name == "isNull":
            return Related(relation, Quantifier.NONE if operand else Quantifier.SOME, EVERY, among)
        if name == "count":
            return conjunction(
                [_at(each, _count, relation, Operator(each), number, among) for each, number in operand.items()]
            )
        term = self.plan(operand, target, depth + 1)
        match name:
            case "is" | "some":
                return Related(relation, Quantifier.SOME, term, among)
            case "isNot" | "none":
                return Related(relation, Quantifier.NONE, term, among)
            case _:
                return EVERY if term == EVERY else Related(relation, Quantifier.EVERY, term, among)

    def _check_length(self, operator: Operator, operand: str) -> None:
        if len(operand) > self.limits.max_match_length:
            raise RequestError(
                f"An operand of {operator} has at most {self.limits.max_match_length} characters; "
                f"this one has {len(operand)}.",
                ErrorCode.LIMIT,
            )

    def _check_count(self, operands: Sequence[object]) -> None:
        if len(operands) > self.limits.max_list_operands:
            raise RequestError(
                f"A list holds at most {self.limits.max_list_operands} items; this one has {len(operands)}.",
                ErrorCode.LIMIT,
            )


def canonical_json(value: Any) -> str:
    """JSON text by which equal values are equal texts. Raises ValueError for what no database holds."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise ValueError("The value is nested too deeply.") from None
    except TypeError:
        raise ValueError("A JSON value is made of mappings, lists, texts, numbers, booleans and null.") from None
    except ValueError:
        raise ValueError("A JSON value has no NaN and no infinity.") from None
    if text.count("[") + text.count("{") > _DEEPEST and is_deeper(value, _DEEPEST):
        raise ValueError("The value is nested too deeply.")
    if "\\u0000" in text and _ESCAPED_NUL.search(text):  # the search alone takes 40 ms for a megabyte
        raise ValueError("A text cannot contain the NUL character.")
    return check_text(text)


def _count(relation: Relation, operator: Operator, number: Any, among: Condition) -> Condition:
    if number is None:
        raise RequestError(f"{operator} cannot be null; leave it out.")
    return RelatedCount(relation, operator, number, among)


def _checked(scalar: Scalar, value: Any) -> Any:
    checked = scalar.check(value)
    try:
        hash(checked)
    except TypeError:
        return Opaque(checked)
    return checked


def _disjunction(terms: Sequence[Condition]) -> Condition:
    kept = [term for term in terms if term != NONE]
    if EVERY in kept:
        return EVERY
    if not kept:
        return NONE
    return kept[0] if len(kept) == 1 else Or(tuple(kept))


def _negation(term: Condition) -> Condition:
    return Always(not term.value) if isinstance(term, Always) else Not(term)


def _at(place: str | int, plan: Callable[..., Any], *arguments: Any) -> Any:
    """What `plan` makes of the arguments; an error of it is told with `place` in front of its path."""
    try:
        return plan(*arguments)
    except RequestError as error:
        raise error.below(place) from None
    except ValueError as error:
        raise RequestError(str(error), path=(place,)) from None
