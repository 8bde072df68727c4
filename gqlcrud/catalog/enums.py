"""An Enum column in, a GraphQL enum out: names that GraphQL cannot take are mapped, reversibly."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine
from strawberry.types.enum import EnumValue, StrawberryEnumDefinition

from gqlcrud.errors import ConfigurationError
from gqlcrud.naming import (
    RESERVED_TYPES,
    SHARED_INPUTS,
    constant_name,
    is_graphql_name,
    model_types,
    pascal_name,
)
from gqlcrud.scalars import EQUALITY, Scalar, wrapped_type


class EnumDefinition(StrawberryEnumDefinition):
    """A GraphQL enum that gqlcrud made, told from one that the user made with `strawberry.enum`."""


@dataclass(frozen=True, slots=True)
class EnumTypes:
    """The GraphQL enums of one API, each made once: by Python class, or by name and values for plain texts.

    models: the names of the models, after which no enum is called. distinct: whether an enum, or a value of one, is given
    another name where its own is taken; else that is an error. names: what the user calls the values of an enum, with
    the attribute that says so: value (or member name) -> (GraphQL name, attribute).
    """

    models: Collection[str] = ()
    distinct: bool = False
    made: dict[object, Scalar] = field(default_factory=dict)
    names: dict[object, dict[str, tuple[str, str]]] = field(default_factory=dict)

    def name_values(self, sql_type: TypeEngine[Any], origin: str, names: Mapping[str, str]) -> None:
        """Take the user's names for the values of an Enum column; they hold wherever the enum is used.

        Raises ConfigurationError for a column of another type, for values that the enum does not have, and where two
        columns of one enum name a value differently.
        """
        found = enum_of(sql_type)
        if found is None:
            raise ConfigurationError(f"ModelOptions(enum_names=...) names {origin}, which is no Enum column.")
        own = _foreign(found)
        if own is not None and found.enum_class is not None and _is_named(own, found.enum_class):
            raise ConfigurationError(
                f"ModelOptions(enum_names=...) names {origin}, whose enum is made by strawberry.enum: name its values there."
            )
        values = list(_members(found))
        unknown = sorted(set(names) - set(values))
        if unknown:
            raise ConfigurationError(
                f"ModelOptions(enum_names=...) of {origin} names {', '.join(map(repr, unknown))}; "
                f"the values are: {', '.join(map(repr, values))}."
            )
        known = self.names.setdefault(_identity(found), {})
        for value, name in names.items():
            other, where = known.setdefault(value, (name, origin))
            if other != name:
                raise ConfigurationError(
                    f"{where} and {origin} have the same enum and name its value {value!r} differently in "
                    f"ModelOptions(enum_names=...): {other!r} and {name!r}. Name it once; that holds for both."
                )

    def scalar(self, sql_type: sa.Enum, owner: str, attribute: str) -> Scalar:
        """The scalar of an Enum column. Raises ConfigurationError if two values come out under one name."""
        identity = _identity(sql_type)
        scalar = self.made.get(identity)
        if scalar is None:
            own = _foreign(sql_type)
            members = _members(sql_type)
            given = {value: name for value, (name, _) in self.names.get(identity, {}).items()}
            if own is not None and sql_type.enum_class is not None and not given:
                labels = _describe_all(own, sql_type.enum_class)
                scalar = _scalar(own, {labels[value]: member for value, member in members.items()}, sql_type)
            else:
                if self.distinct:
                    given = _distinct_labels(members)
                labels = _labels(f"{owner}.{attribute}", attribute, list(members), given)
                definition = _definition(self._name(sql_type, owner, attribute), sql_type, members, labels)
                if not given:
                    _keep(definition, sql_type)
                scalar = _scalar(definition, {labels[value]: member for value, member in members.items()}, sql_type)
            self.made[identity] = scalar
        return scalar

    def _name(self, sql_type: sa.Enum, owner: str, attribute: str) -> str:
        if sql_type.enum_class is not None:
            return sql_type.enum_class.__name__
        name = pascal_name(sql_type.name) if sql_type.name else ""
        own = owner + pascal_name(attribute)
        if not self.distinct:
            return name if name and name not in self.models else own
        taken = {*RESERVED_TYPES, *SHARED_INPUTS}.union(*map(model_types, self.models))
        taken = taken.union(*(_types(scalar.name) for scalar in self.made.values()))
        candidates = chain(filter(None, [name, own]), (f"{own}{number}" for number in count(2)))
        return next(each for each in candidates if taken.isdisjoint(_types(each)))


def enum_of(sql_type: TypeEngine[Any]) -> sa.Enum | None:
    """The Enum that a type is, or wraps, or that the items of an array are."""
    if isinstance(sql_type, sa.Enum):
        return sql_type
    if isinstance(sql_type, sa.ARRAY):
        return enum_of(sql_type.item_type)
    wrapped = wrapped_type(sql_type)
    return None if wrapped is None else enum_of(wrapped)


def _identity(sql_type: sa.Enum) -> object:
    if sql_type.enum_class is not None:
        return sql_type.enum_class
    return (sql_type.name, tuple(sql_type.enums)) if sql_type.name else sql_type


def _foreign(sql_type: sa.Enum) -> StrawberryEnumDefinition | None:
    """The definition of an enum class that is not ours: of one decorated with `strawberry.enum`, or of one that
    Strawberry met in an annotation."""
    own = getattr(sql_type.enum_class, "__strawberry_definition__", None)
    return own if isinstance(own, StrawberryEnumDefinition) and not isinstance(own, EnumDefinition) else None


def _is_named(own: StrawberryEnumDefinition, enum_class: type[enum.Enum]) -> bool:
    """Whether the enum, or a value of it, is called otherwise than in Python."""
    return own.name != enum_class.__name__ or any(enum_class(each.value).name != each.name for each in own.values)


def _describe_all(own: StrawberryEnumDefinition, enum_class: type[enum.Enum]) -> dict[str, str]:
    """Describe what has no description; member name -> GraphQL name."""
    own.description = own.description or _description(enum_class)
    for each in own.values:
        each.description = each.description or _describe(enum_class(each.value).name, each.name)
    return {enum_class(each.value).name: each.name for each in own.values}


def _members(sql_type: sa.Enum) -> dict[str, Any]:
    """Member name -> member of a Python enum, text -> text of any other; aliases are left out."""
    if sql_type.enum_class is None:
        return {value: value for value in sql_type.enums}
    return {name: member for name, member in sql_type.enum_class.__members__.items() if name == member.name}


def _labels(origin: str, attribute: str, values: list[str], names: Mapping[str, str]) -> dict[str, str]:
    """Value (or member name) -> GraphQL name; refuses clashes and names that GraphQL cannot take."""
    labels: dict[str, str] = {}
    taken: dict[str, str] = {}
    for value in values:
        label = names.get(value) or (value if _is_label(value) else constant_name(value))
        if not _is_label(label):
            raise ConfigurationError(
                f"The value {value!r} of {origin} cannot be named {label!r} in GraphQL: a name has letters of English, "
                "digits and underscores, begins with no digit and no two underscores, and is not true, false or null."
            )
        if label in taken:
            raise ConfigurationError(
                f"The values {taken[label]!r} and {value!r} of {origin} are both named {label!r} in GraphQL. Name one of "
                f"them: ModelOptions(enum_names={{{attribute!r}: {{{value!r}: 'ANOTHER_NAME'}}}})."
            )
        taken[label] = value
        labels[value] = label
    return labels


def _distinct_labels(values: Iterable[str]) -> dict[str, str]:
    """A GraphQL name for each value: the value itself where it is one, else the nearest name that no other value has."""
    values = list(values)
    labels = {value: value for value in values if _is_label(value)}
    for value in values:
        if value not in labels:
            nearest = constant_name(value)
            numbered = chain([nearest], (f"{nearest}_{number}" for number in count(2)))
            labels[value] = next(each for each in numbered if each not in labels.values())
    return labels


def _types(name: str) -> set[str]:
    """The types that are generated for an enum."""
    return {name, f"{name}Filter", f"{name}ListFilter", f"{name}ListOp"}


def _is_label(text: str) -> bool:
    return is_graphql_name(text) and text not in {"true", "false", "null"}


def _definition(name: str, sql_type: sa.Enum, members: dict[str, Any], labels: dict[str, str]) -> EnumDefinition:
    enum_class = sql_type.enum_class
    if enum_class is None:
        values = [EnumValue(labels[each], each, description=_describe(each, labels[each])) for each in members]
        # the members are called by their place: a label may be a name that Python's enums cannot have, such as `mro`
        wrapped: type[enum.Enum] = enum.Enum(name, {f"VALUE_{i}": each for i, each in enumerate(members)})  # type: ignore[misc]
        return EnumDefinition(wrapped, name, values, f"The values of {name}.")
    values = [
        EnumValue(labels[each], member.value, description=_describe(each, labels[each]))
        for each, member in members.items()
    ]
    return EnumDefinition(enum_class, name, values, _description(enum_class))


def _keep(definition: EnumDefinition, sql_type: sa.Enum) -> None:
    """Strawberry keeps an enum's definition on its class: a type of the user's with a field of it then finds this one."""
    if sql_type.enum_class is not None and "__strawberry_definition__" not in sql_type.enum_class.__dict__:
        sql_type.enum_class.__strawberry_definition__ = definition  # type: ignore[attr-defined]  # Strawberry's attribute


def _scalar(definition: StrawberryEnumDefinition, by_label: dict[str, Any], sql_type: sa.Enum) -> Scalar:
    label_of = {member: label for label, member in by_label.items()}
    return Scalar(
        name=definition.name,
        annotation=definition,
        operators=EQUALITY,
        check=_member if sql_type.enum_class is not None else _member_value,
        encode=label_of.__getitem__,
        decode=by_label.__getitem__,
    )


def _member(value: Any) -> Any:
    return value


def _member_value(value: enum.Enum) -> Any:
    return value.value


def _describe(value: str, label: str) -> str:
    return f"`{value}` in the database." if value != label else f"The value `{value}`."


def _description(enum_class: type[enum.Enum]) -> str:
    doc = enum_class.__dict__.get("__doc__") or ""
    return doc.strip() if doc and not doc.startswith("An enumeration") else f"The values of {enum_class.__name__}."
