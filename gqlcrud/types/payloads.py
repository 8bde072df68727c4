"""Models in, what mutations give out: payloads, and the errors in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from strawberry.relay import Node
from strawberry.types.enum import EnumValue, StrawberryEnumDefinition
from strawberry.types.field import StrawberryField

from gqlcrud.catalog import Model
from gqlcrud.context import ApiKey
from gqlcrud.errors import ErrorCode, UserError
from gqlcrud.mutations import ErrorField, PayloadField, QueryField, StaleField
from gqlcrud.rendering import ShownPayload
from gqlcrud.types.orders import order_name
from gqlcrud.types.registry import ID, Registry, argument, list_of, optional

_CODES = {
    ErrorCode.VALIDATION: "A value is none that the field takes.",
    ErrorCode.NOT_FOUND: "A record that the input names is not there.",
    ErrorCode.UNIQUE: "Another record has the values that only one may have.",
    ErrorCode.FOREIGN_KEY: "A record refers to one that is not there, or is still referred to.",
    ErrorCode.CHECK: "A condition that the database puts on records does not hold.",
    ErrorCode.REQUIRED_RELATION: "A record would be without another one that it needs.",
    ErrorCode.CONFLICTING_OPERATIONS: "Operations of one input contradict each other.",
    ErrorCode.STALE: "The record has been changed since the client read it.",
    ErrorCode.FORBIDDEN: "The caller may not do this.",
    ErrorCode.LIMIT: "More is asked for than the API allows.",
    ErrorCode.ROLLED_BACK: "Something else in the same transaction failed.",
}

ERROR_CODE = StrawberryEnumDefinition(
    wrapped_cls=ErrorCode,
    name="ErrorCode",
    values=[EnumValue(code.name, code.value, description=text) for code, text in _CODES.items()],
    description="What went wrong in a write. Nothing of it was written.",
)


ERROR_TYPES = ("SimpleError", "UniqueError", "StaleError")
"""The types that implement UserError, which no field names."""


def declare_errors(registry: Registry, api: ApiKey) -> None:
    """The interface `UserError` and the types of errors."""

    def fields() -> list[StrawberryField]:
        return [
            ErrorField("code", ERROR_CODE, "What went wrong, for programs."),
            ErrorField("message", str, "What went wrong, for people."),
            ErrorField("path", list_of(str), "Where it went wrong: from the mutation field into its arguments."),
        ]

    interface = registry.interface("UserError", "the type UserError", fields(), "Something that failed in a write.")
    unique = ErrorField("fields", list_of(str), "The fields whose values only one record may have together.")
    stale = StaleField(api, optional(Node), "The record as it is.")
    kinds: tuple[tuple[str, list[StrawberryField], str, frozenset[ErrorCode]], ...] = (
        ("UniqueError", [unique], "Another record has values that only one may have.", frozenset({ErrorCode.UNIQUE})),
        ("StaleError", [stale], "A record has been changed since it was read.", frozenset({ErrorCode.STALE})),
        ("SimpleError", [], "A failure that its code and path tell all of.", frozenset(_CODES) - _OWN_TYPES),
    )
    for name, further, description, codes in kinds:
        registry.object(
            name,
            f"the type {name}",
            [*fields(), *further],
            description,
            interfaces=[interface],
            is_type_of=_has_code(codes),
        )


def _has_code(codes: frozenset[ErrorCode]) -> Callable[[Any, Any], bool]:
    def has_code(value: Any, _: Any) -> bool:
        return isinstance(value, UserError) and value.code in codes

    return has_code


_NOTHING_WRITTEN = "What failed; if anything did, nothing was written."
_OWN_TYPES = frozenset({ErrorCode.UNIQUE, ErrorCode.STALE})


def declare_payloads(registry: Registry, model: Model) -> None:
    """`BookPayload` and `DeleteBookPayload`."""
    record = optional(registry.ref(model.name))
    order = order_name(model, None)
    arguments = []
    if order is not None:
        text = "The order that the cursor is for."
        arguments.append(argument("orderBy", optional(list_of(registry.ref(order))), text))
    edge = PayloadField(
        f"{model.one}Edge",
        optional(registry.ref(f"{model.name}Edge")),
        f"The {model.name} with its cursor; null if nothing was written.",
        arguments=arguments,
    )
    shown = PayloadField(
        model.one, record, f"The {model.name} as it is written; null if nothing was.", ShownPayload.RECORD
    )
    registry.object(
        f"{model.name}Payload",
        f"the payload of {model.name}",
        [shown, edge, *common_fields(registry)],
        f"What a write of one {model.name} gives.",
    )
    deleted = PayloadField(
        "deletedId",
        optional(ID),
        f"The global id of the {model.name}; null if nothing was deleted.",
        ShownPayload.DELETED_ID,
    )
    shown = PayloadField(
        model.one, record, f"The {model.name} as it was; null if nothing was deleted.", ShownPayload.RECORD
    )
    registry.object(
        f"Delete{model.name}Payload",
        f"the payload of deletions of {model.name}",
        [deleted, shown, *common_fields(registry)],
        f"What the deletion of one {model.name} gives.",
    )


def common_fields(registry: Registry, errors: str = _NOTHING_WRITTEN) -> list[StrawberryField]:
    """What every payload has. errors: what its errors say of the write."""
    return [
        PayloadField("errors", list_of(registry.ref("UserError")), errors, ShownPayload.ERRORS),
        PayloadField("clientMutationId", optional(str), "That of the input.", ShownPayload.CLIENT_MUTATION_ID),
        QueryField("query", registry.ref("Query"), "What can be read after the write."),
    ]
