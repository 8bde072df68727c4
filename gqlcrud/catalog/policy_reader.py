"""Policies as users say them in, the models with theirs out; every mistake that can be seen at once is one at start-up."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, RelationshipDirection

from gqlcrud.catalog.model import Model, Relation
from gqlcrud.catalog.policy import ModelPolicy
from gqlcrud.errors import ConfigurationError
from gqlcrud.options import ModelOptions
from gqlcrud.policies import COLUMN_RULES, RULES, AllBut, Policy


@dataclass(frozen=True, slots=True)
class PolicyReader:
    """Reads the policies of the models of an Api. default: what it says for all of them."""

    options: Mapping[type, ModelOptions]
    default: Policy | None

    def read(self, models: Iterable[Model]) -> list[Model]:
        """Raises ConfigurationError for what cannot be meant, and for what would show hidden records."""
        known = {model.entity: model for model in models}
        if self.default is not None:
            _check_kinds("Api(policy=...)", self.default)
            _check_default(self.default)
        policies: dict[type, ModelPolicy] = {}
        for entity in known:
            own = self.options.get(entity, ModelOptions()).policy
            if own is not None:
                _check_kinds(f"ModelOptions(policy=...) of {entity.__name__}", own)
                _check_root(entity, _root(entity, known))
        for root in dict.fromkeys(_root(entity, known) for entity in known):
            policy = self._policy(root)
            if policy is not None:
                policies[root] = policy
        for model in known.values():
            for relation in model.relations:
                _check_link(relation, policies)
        return [replace(model, policy=policies.get(_root(model.entity, known))) for model in known.values()]

    def _policy(self, entity: type) -> ModelPolicy | None:
        given = self.options.get(entity, ModelOptions()).policy
        default = None if self.default is None else _fitting(self.default, _attributes(entity))
        if given is None and default is None:
            return None
        policy = ModelPolicy((given or Policy()).over(default), entity, _attributes(entity))
        for name in RULES:
            rule = getattr(policy.policy, name)
            if rule is not None and not isinstance(rule, bool) and not _is_function(rule):
                policy.check_expression(name, rule)
        for name in COLUMN_RULES:
            columns = getattr(policy.policy, name)
            if columns is not None and not _is_function(columns):
                policy.allowed(name, columns)
        if policy.policy.operations is not None and not _is_function(policy.policy.operations):
            policy.allowed_operations(policy.policy.operations)
        return policy


def _root(entity: type, known: Mapping[type, Model]) -> type:
    """The first of the classes that a class inherits from: a record of it is one of that class as well."""
    mapper: Mapper[Any] = sa.inspect(entity)
    found: type = [each.class_ for each in mapper.iterate_to_root() if each.class_ in known][-1]
    return found


def _check_root(entity: type, root: type) -> None:
    if root is not entity:
        raise ConfigurationError(
            f"ModelOptions(policy=...) of {entity.__name__}: a {entity.__name__} is read as a {root.__name__} too, so one policy "
            f"holds for both. Say it in the options of {root.__name__}; it may name attributes of {entity.__name__}."
        )


def _check_kinds(option: str, policy: Any) -> None:
    if not isinstance(policy, Policy):
        raise ConfigurationError(f"{option} takes gqlcrud.Policy(read=..., ...), not {policy!r}.")
    for name in (*RULES, *COLUMN_RULES, "operations"):
        if inspect.iscoroutinefunction(getattr(policy, name)):
            raise ConfigurationError(
                f"{option}: {name} is async, and plans are made without waiting: look up what it needs where the context is "
                "made."
            )


def _check_default(policy: Policy) -> None:
    for name in RULES:
        rule = getattr(policy, name)
        if rule is not None and not isinstance(rule, bool) and not _is_function(rule):
            raise ConfigurationError(
                f"Api(policy=Policy({name}=...)) is a condition over one class, and the policy holds for all of them. Give a "
                f"function of the context and the class: {name}=lambda context, model: ..."
            )


def _fitting(policy: Policy, attributes: Mapping[str, tuple[str, ...]]) -> Policy:
    """The policy of the Api without the columns that a class does not have: a `password` is hidden wherever there is one."""
    found: dict[str, Any] = {}
    for name in COLUMN_RULES:
        given = getattr(policy, name)
        if isinstance(given, AllBut):
            found[name] = AllBut(*(each for each in given.attributes if _key(each) in attributes))
        elif given is not None and not isinstance(given, bool | str) and not _is_function(given):
            found[name] = frozenset(_key(each) for each in given if _key(each) in attributes)
    return replace(policy, **found)


def _key(attribute: Any) -> str:
    return attribute if isinstance(attribute, str) else str(attribute.key)


def _is_function(given: Any) -> bool:
    expression = isinstance(given, sa.ColumnElement) or hasattr(given, "__clause_element__")
    return callable(given) and not expression and not isinstance(given, AllBut)


def _attributes(entity: type) -> dict[str, tuple[str, ...]]:
    """The columns of a class and of those that inherit from it, by attribute, and the relations with a foreign key."""
    found: dict[str, tuple[str, ...]] = {}
    root: Mapper[Any] = sa.inspect(entity)
    for mapper in root.self_and_descendants:
        found |= {key: (key,) for key in mapper.all_orm_descriptors.keys() if key not in mapper.relationships}  # noqa: SIM118
        found |= {each.key: (each.key,) for each in mapper.column_attrs}
        for relation in mapper.relationships:
            if relation.direction is RelationshipDirection.MANYTOONE:
                columns = [each for each in mapper.columns if each in relation.local_columns]
                found[relation.key] = tuple(mapper.get_property_by_column(column).key for column in columns)
    return found


def _check_link(relation: Relation, policies: Mapping[type, ModelPolicy]) -> None:
    """A record that links two others is passed over by the relation between them, which would show hidden ones."""
    entity = relation.link.entity if relation.link is not None else None
    policy = policies.get(entity) if entity is not None else None
    if entity is not None and policy is not None and policy.policy.read is not None and policy.policy.read is not True:
        owner = relation.owner.__name__
        raise ConfigurationError(
            f"{owner}.{relation.key} passes over the {entity.__name__} records that it goes through, and the policy of "
            f"{entity.__name__} hides some of them. Leave the relation out: models={{{owner}: ModelOptions(exclude="
            f"{{{relation.key!r}}})}}, or say Policy(read=True) for {entity.__name__}."
        )
