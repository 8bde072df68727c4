"""Keys and columns in, the enums out that name them: a constraint may be called anything, so it is named by its fields."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, EnumMeta
from typing import Any

from strawberry.types.enum import EnumValue, StrawberryEnumDefinition

from gqlcrud.catalog import Column, Model
from gqlcrud.naming import constant_name, path_name, snake_name
from gqlcrud.types.registry import Registry
from gqlcrud.types.writable import created_columns, patched_columns, upsert_keys


def replaceable_columns(model: Model) -> list[Column]:
    """What a record may take from a new one."""
    created = created_columns(model)
    return [column for column in patched_columns(model) if column in created]


def declare_unique_keys(registry: Registry, model: Model) -> StrawberryEnumDefinition | None:
    """`BookUniqueKey`; None if a new record has values for no key."""
    texts = {key.name: f"By {', '.join(f'`{column.name}`' for column in key.columns)}." for key in upsert_keys(model)}
    description = f"The unique keys of {model.name} that a new record has values for."
    return declare_enum(registry, f"{model.name}UniqueKey", f"the unique keys of {model.name}", texts, description)


def declare_columns(registry: Registry, model: Model) -> StrawberryEnumDefinition | None:
    """`BookColumn`; None if nothing of a record can be changed."""
    texts = {column.name: f"The column `{column.name}`." for column in replaceable_columns(model)}
    description = f"The columns of {model.name} that a record can take from a new one."
    return declare_enum(registry, f"{model.name}Column", f"the columns of {model.name}", texts, description)


def declare_enum(
    registry: Registry, name: str, origin: str, texts: Mapping[str, str], description: str
) -> StrawberryEnumDefinition | None:
    """An enum of GraphQL fields, or paths of them, its values written as GraphQL writes constants."""
    if not texts:
        return None
    registry.names.take(name, origin, "Give a model another name: ModelOptions(name='...').")
    values = {constant_name(snake_name(path_name(field))).upper(): field for field in texts}
    return StrawberryEnumDefinition(
        wrapped_cls=_python_enum(name, values),
        name=name,
        values=[EnumValue(each, field, description=texts[field]) for each, field in values.items()],
        description=description,
    )


def _python_enum(name: str, values: Mapping[str, str]) -> EnumMeta:
    """A Python enum of names that are known at run time only."""
    made: Any = Enum(name, values)  # type: ignore[misc]  # mypy wants the names as literals
    assert isinstance(made, EnumMeta)
    return made
