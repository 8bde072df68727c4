"""The policy of a model and the context of a request in; what the caller may do with records, columns and operations out."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from gqlcrud.catalog.clauses import Clause, read_clause
from gqlcrud.errors import ConfigurationError
from gqlcrud.policies import OPERATIONS, AllBut, Policy

StatedRule: TypeAlias = bool | tuple[Clause, tuple[Any, ...]]
"""Every record, none, or those for which a clause with these values holds."""

_FOLLOWED = {"update_check": "update", "filter_columns": "read_columns", "order_columns": "filter_columns"}
"""What a rule is that nobody says."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Columns by attribute: these, or all but these."""

    keys: frozenset[str]
    others: bool

    def holds(self, key: str) -> bool:
        return (key in self.keys) is not self.others

    @property
    def everything(self) -> bool:
        return self.others and not self.keys


@dataclass(frozen=True, slots=True, eq=False)
class ModelPolicy:
    """What a policy says of one class, which is asked for the rules of those that inherit from it, too.

    attributes: those of the class and of its subclasses, each with the columns that it stands for, by attribute. inherited:
    whether the policy is that of the Api alone, which may name attributes that the class does not have.
    """

    policy: Policy
    entity: type
    attributes: Mapping[str, tuple[str, ...]]
    _checked: set[Clause] = field(default_factory=set)
    _classed: dict[str, bool] = field(default_factory=dict)

    @property
    def has_rules(self) -> bool:
        return self.policy != Policy()

    def rule(self, name: str, context: Any) -> StatedRule:
        """Raises ConfigurationError for what is neither a condition over the class nor True or False."""
        given, said = self.said(name)
        if given is None or isinstance(given, bool):
            return given is not False
        if not _is_expression(given):
            given = self._called(said, given, context)
            if isinstance(given, bool):
                return given
        return self._clause(said, given)

    def columns(self, name: str, context: Any) -> Allowed:
        """Raises ConfigurationError for what names no columns of the class."""
        given, said = self.said(name)
        if given is None:
            return Allowed(frozenset(), others=True)
        if callable(given) and not isinstance(given, AllBut):
            given = self._called(said, given, context)
        return self.allowed(said, given)

    def operations(self, context: Any) -> frozenset[str]:
        """Raises ConfigurationError for what is no operation."""
        given: Any = self.policy.operations
        if given is None:
            return frozenset(OPERATIONS)
        if callable(given):
            given = self._called("operations", given, context)
        return self.allowed_operations(given)

    # ---------- what is given ----------

    def allowed(self, said: str, given: Any) -> Allowed:
        if isinstance(given, bool):
            return Allowed(frozenset(), others=given)
        if isinstance(given, AllBut):
            return Allowed(self._keys(said, given.attributes), others=True)
        if isinstance(given, str) or not isinstance(given, Collection):
            raise ConfigurationError(
                f"{self._option(said)} is {given!r}; it takes True, False, attributes as in {{'title'}}, or AllBut('title')."
            )
        return Allowed(self._keys(said, given), others=False)

    def allowed_operations(self, given: Any) -> frozenset[str]:
        if isinstance(given, str) or not isinstance(given, Collection) or not set(given) <= set(OPERATIONS):
            names = ", ".join(map(repr, OPERATIONS))
            raise ConfigurationError(f"{self._option('operations')} is {given!r}; it takes a collection of: {names}.")
        return frozenset(given)

    def check_expression(self, said: str, given: Any) -> None:
        """Raises ConfigurationError for a condition that is not over the class."""
        self._clause(said, given)

    def said(self, name: str) -> tuple[Any, str]:
        """What is given for a rule, and the name that it is given by: another one's, if it follows from that."""
        given = getattr(self.policy, name)
        if given is None and name in _FOLLOWED:
            return self.said(_FOLLOWED[name])
        return given, name

    def _called(self, said: str, given: Any, context: Any) -> Any:
        if said not in self._classed:
            self._classed[said] = takes_class(given)
        found = given(context, self.entity) if self._classed[said] else given(context)
        if inspect.isawaitable(found):
            if inspect.iscoroutine(found):
                found.close()
            raise ConfigurationError(
                f"{self._option(said)} is async, and plans are made without waiting: look up what it needs where the context "
                "is made."
            )
        return found

    def _clause(self, said: str, given: Any) -> StatedRule:
        expression = given.__clause_element__() if hasattr(given, "__clause_element__") else given
        if not isinstance(expression, sa.ColumnElement):
            raise ConfigurationError(
                f"{self._option(said)} gives {given!r}; it takes True, False, or a condition over {self.entity.__name__} as "
                f"SQLAlchemy has it, such as {self.entity.__name__}.owner_id == context.user_id."
            )
        clause, values = read_clause(expression)
        if clause not in self._checked:
            self._check_tables(said, expression)
            if clause.shared:
                self._checked.add(clause)
        return clause, values

    def _check_tables(self, said: str, expression: sa.ColumnElement[bool]) -> None:
        """Other tables would be joined with every row of theirs."""
        mapper: Mapper[Any] = sa.inspect(self.entity)
        own = {str(each.key) for each in mapper.tables if isinstance(each, sa.Table)}
        froms = sa.select(sa.literal(1)).where(expression).get_final_froms()
        others = sorted(str(getattr(each, "key", each)) for each in froms if str(getattr(each, "key", "")) not in own)
        if others and isinstance(mapper.persist_selectable, sa.Table | sa.Join):
            raise ConfigurationError(
                f"{self._option(said)} is a condition over {', '.join(others)}, and not over {self.entity.__name__} alone. Say "
                f"what related records are to be by the relation: {self.entity.__name__}.<relation>.has(...) or .any(...)."
            )

    def _keys(self, said: str, attributes: Collection[Any]) -> frozenset[str]:
        names = [each if isinstance(each, str) else str(each.key) for each in attributes]
        unknown = sorted(name for name in names if name not in self.attributes)
        if unknown:
            raise ConfigurationError(
                f"{self._option(said)} names {', '.join(map(repr, unknown))}, and the columns of {self.entity.__name__} "
                f"are: {', '.join(sorted(self.attributes))}."
            )
        return frozenset(key for name in names for key in self.attributes[name])

    def _option(self, said: str) -> str:
        return f"Policy({said}=...) of {self.entity.__name__}"


def takes_class(function: Any) -> bool:
    """Whether a rule is a function of the context and of the mapped class."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(each.kind in kinds and each.default is inspect.Parameter.empty for each in parameters) == 2


def _is_expression(given: Any) -> bool:
    return isinstance(given, sa.ColumnElement) or hasattr(given, "__clause_element__")
