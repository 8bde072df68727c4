"""An Enum column in, a GraphQL enum out: names that GraphQL cannot take are mapped, reversibly."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from strawberry.types.enum import EnumValue, StrawberryEnumDefinition

from gqlcrud.errors import ConfigurationError
from gqlcrud.naming import constant_name, is_graphql_name, pascal_name
from gqlcrud.scalars import EQUALITY, Scalar


@dataclass(frozen=True, slots=True)
class EnumTypes:
    """The GraphQL enums of one API, each made once: by Python class, or by name and values for plain strings."""

    made: dict[object, Scalar] = field(default_factory=dict)

    def scalar(self, sql_type: sa.Enum, owner: str, attribute: str, names: Mapping[str, str]) -> Scalar:
        """The scalar of an Enum column. `names` maps database values to GraphQL names, where the user gives them.

        Raises ConfigurationError if two values come out under one name.
        """
        enum_class = sql_type.enum_class
        name = _enum_name(sql_type, owner, attribute)
        identity: object = enum_class if enum_class is not None else (name, tuple(sql_type.enums))
        scalar = self.made.get(identity)
        if scalar is None or names:
            origin = f"{owner}.{attribute}"
            own = getattr(enum_class, "__strawberry_definition__", None)
            if isinstance(own, StrawberryEnumDefinition) and not names and enum_class is not None:
                names = _decorated_names(enum_class, own)
            members = _python_members(enum_class) if enum_class is not None else _text_members(sql_type)
            labels = _labels(origin, attribute, list(members), names)
            scalar = self.made[identity] = _enum_scalar(name, enum_class, members, labels)
        return scalar


def _enum_name(sql_type: sa.Enum, owner: str, attribute: str) -> str:
    if sql_type.enum_class is not None:
        return sql_type.enum_class.__name__
    return pascal_name(sql_type.name) if sql_type.name else owner + pascal_name(attribute)


def _python_members(enum_class: type[enum.Enum]) -> dict[str, Any]:
    return {name: member for name, member in enum_class.__members__.items() if name == member.name}


def _text_members(sql_type: sa.Enum) -> dict[str, Any]:
    return {value: value for value in sql_type.enums}


def _decorated_names(enum_class: type[enum.Enum], definition: StrawberryEnumDefinition) -> dict[str, str]:
    """The GraphQL names that a class decorated with `strawberry.enum` has: member name -> GraphQL name."""
    return {enum_class(each.value).name: each.name for each in definition.values}


def _labels(origin: str, attribute: str, values: list[str], names: Mapping[str, str]) -> dict[str, str]:
    """Database value (or member name) -> GraphQL name; refuses clashes and names that GraphQL cannot take."""
    unknown = set(names) - set(values)
    if unknown:
        raise ConfigurationError(f"enum_names of {origin} names {sorted(unknown)}, but the values are {values}.")
    labels: dict[str, str] = {}
    taken: dict[str, str] = {}
    for value in values:
        legal = is_graphql_name(value) and value not in {"true", "false", "null"}
        label = names.get(value) or (value if legal else constant_name(value))
        if not is_graphql_name(label):
            raise ConfigurationError(f"The value {value!r} of {origin} cannot be named {label!r} in GraphQL.")
        if label in taken:
            raise ConfigurationError(
                f"The values {taken[label]!r} and {value!r} of {origin} are both named {label!r} in GraphQL. Name one of "
                f"them: ModelOptions(enum_names={{{attribute!r}: {{{value!r}: 'ANOTHER_NAME'}}}})."
            )
        taken[label] = value
        labels[value] = label
    return labels


def _enum_scalar(
    name: str, enum_class: type[enum.Enum] | None, members: dict[str, Any], labels: dict[str, str]
) -> Scalar:
    by_label = {labels[value]: member for value, member in members.items()}
    definition = StrawberryEnumDefinition(
        wrapped_cls=enum_class or enum.Enum(name, by_label),  # type: ignore[arg-type]  # any enum class serves
        name=name,
        values=[
            EnumValue(
                label, member.value if isinstance(member, enum.Enum) else member, description=_describe(value, label)
            )
            for (value, label), member in zip(labels.items(), by_label.values(), strict=True)
        ],
        description=_enum_description(name, enum_class),
    )
    if enum_class is not None and "__strawberry_definition__" not in enum_class.__dict__:
        # Strawberry keeps an enum's definition on its class; a user's own field of this type then finds this one.
        enum_class.__strawberry_definition__ = definition  # type: ignore[attr-defined]  # Strawberry's attribute
    label_of = {member: label for label, member in by_label.items()}
    return Scalar(
        name=name,
        annotation=definition,
        operators=EQUALITY,
        check=_member if enum_class is not None else _member_value,
        encode=label_of.__getitem__,
        decode=by_label.__getitem__,
    )


def _member(value: Any) -> Any:
    return value


def _member_value(value: enum.Enum) -> Any:
    return value.value


def _describe(value: str, label: str) -> str:
    return f"`{value}` in the database." if value != label else f"The value `{value}`."


def _enum_description(name: str, enum_class: type[enum.Enum] | None) -> str:
    doc = (enum_class.__dict__.get("__doc__") or "") if enum_class is not None else ""
    return doc.strip() if doc and not doc.startswith("An enumeration") else f"The values of {name}."
