"""Python annotations in, what they say of a value out: its scalar, and whether it can be null."""

from __future__ import annotations

import datetime as dt
import enum
import inspect
import sys
import types
import typing
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import declared_attr

from gqlcrud.scalars import (
    BOOLEAN,
    BYTES,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    FLOAT,
    INT,
    JSON,
    STRING,
    TIME,
    UUID,
    Scalar,
    array_scalar,
)

_PYTHON_SCALARS: Mapping[type, Scalar] = {
    bool: BOOLEAN,
    int: INT,
    float: FLOAT,
    str: STRING,
    bytes: BYTES,
    Decimal: DECIMAL,
    dt.date: DATE,
    dt.time: TIME,
    dt.datetime: DATETIME,
    dt.timedelta: DURATION,
    uuid.UUID: UUID,
    dict: JSON,
}


@dataclass(frozen=True, slots=True)
class AnnotationReader:
    """`scalars` are the user's, by type; `enum_scalar` makes the scalar of a Python enum."""

    scalars: Mapping[Any, Scalar]
    enum_scalar: Callable[[type[enum.Enum]], Scalar]

    def read(self, annotation: object) -> tuple[Scalar | None, bool]:
        """The scalar that an annotation means, and whether null is possible; without an annotation it is."""
        if annotation is None:
            return None, True
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in (typing.Union, types.UnionType):
            kinds = [each for each in arguments if each is not type(None)]
            scalar, nullable = self.read(kinds[0]) if len(kinds) == 1 else (None, False)
            return scalar, nullable or len(kinds) < len(arguments)
        if origin is typing.Annotated or (isinstance(origin, type) and origin.__module__.startswith("sqlalchemy")):
            return self.read(arguments[0])
        if origin in (list, tuple) and arguments:
            item = self.read(arguments[0])[0]
            return (None if item is None or item.item is not None else array_scalar(item)), False
        return self._plain(annotation, origin or annotation), False

    def _plain(self, annotation: object, kind: object) -> Scalar | None:
        if annotation in self.scalars:
            return self.scalars[annotation]
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return self.enum_scalar(kind)
        return _PYTHON_SCALARS.get(kind) if isinstance(kind, type) else None


def attribute_annotation(entity: type, key: str) -> object:
    """The annotation of a class attribute, from the nearest class that has one; None for one that cannot be read.

    A `declared_attr` of a mixin says it as a function does.
    """
    for cls in entity.__mro__:
        declared = vars(cls).get(key)
        if isinstance(declared, declared_attr):
            return return_annotation(declared.fget)
        annotation = inspect.get_annotations(cls).get(key)
        if annotation is not None:
            namespace = vars(sys.modules[cls.__module__]) if cls.__module__ in sys.modules else {}
            return _hints(types.SimpleNamespace(__annotations__={key: annotation}), namespace).get(key)
    return None


def return_annotation(function: Any) -> object:
    """What a function says that it returns; None for an annotation that cannot be read."""
    return _hints(function, None).get("return")


def _hints(source: Any, namespace: dict[str, Any] | None) -> dict[str, Any]:
    """Annotations with texts evaluated; none where a name in them is unknown, such as one imported for type checkers."""
    try:
        return typing.get_type_hints(source, namespace, include_extras=True)
    except (NameError, TypeError, AttributeError, SyntaxError):
        return {}
