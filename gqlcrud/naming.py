"""Every GraphQL name: a function from Python words to a name, and the register that refuses two uses of one name."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

import inflection

from gqlcrud.errors import ConfigurationError

_GRAPHQL_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*\Z")
_INITIALS = re.compile(r"[A-Z]+(?![a-z])")
_UNWANTED = re.compile(r"[^0-9A-Za-z]+")


def is_graphql_name(text: str) -> bool:
    """Whether GraphQL takes `text` as a name of the user's (`__` in front is kept for introspection)."""
    return _GRAPHQL_NAME.match(text) is not None and not text.startswith("__")


def camel_name(attribute: str) -> str:
    """`published_at` -> `publishedAt`, `URLName` -> `urlName`.

    Underscores at the ends are dropped, as are characters that GraphQL has no room for.
    """
    words = [word for word in _UNWANTED.split(attribute) if word]
    if not words:
        return "_"
    initials = _INITIALS.match(words[0])
    head = initials.end() if initials else 1
    name = words[0][:head].lower() + words[0][head:] + "".join(word[0].upper() + word[1:] for word in words[1:])
    return f"_{name}" if name[0].isdigit() else name


def pascal_name(attribute: str) -> str:
    """`order_items` -> `OrderItems`."""
    name = camel_name(attribute)
    return name[0].upper() + name[1:]


def constant_name(text: str) -> str:
    """A GraphQL enum value for a text that is none: `PG-13` -> `PG_13`, `3d` -> `_3d`."""
    name = _UNWANTED.sub("_", text).strip("_") or "EMPTY"
    return f"_{name}" if name[0].isdigit() or name in {"true", "false", "null"} else name


def singular(word: str) -> str:
    """The singular of an English word; only its last part counts: `order_items` -> `order_item`."""
    return inflection.singularize(word)


def plural(word: str) -> str:
    """The plural of an English word; only its last part counts: `orderItem` -> `orderItems`."""
    return inflection.pluralize(word)


def list_field_name(type_name: str) -> str:
    """The root field that lists a type: `OrderItem` -> `orderItems`; `Series`, its own plural, -> `seriesList`."""
    one = camel_name(type_name)
    many = plural(one)
    return f"{one}List" if many == one else many


def link_type_name(owner: str, relation: str, taken: Collection[str]) -> str:
    """What the connection of a link with edge columns is named after: `Book.tags` -> `BookTag`, else `BookTags`.

    The plural serves where `BookTag` is itself a model (an association object) and has a connection of its own.
    """
    one = owner + pascal_name(singular(relation))
    return owner + pascal_name(relation) if one in taken else one


@dataclass(frozen=True, slots=True)
class Names:
    """The names given out in one scope (the types of a schema, the fields of a type), and what each stands for."""

    scope: str
    origins: dict[str, str] = field(default_factory=dict)

    def take(self, name: str, origin: str, remedy: str) -> str:
        """Give `name` to `origin`. Raises ConfigurationError if it is no GraphQL name or is another's already."""
        if not is_graphql_name(name):
            raise ConfigurationError(
                f"{origin} would be named {name!r} in {self.scope}, which is no GraphQL name. {remedy}"
            )
        other = self.origins.setdefault(name, origin)
        if other != origin:
            raise ConfigurationError(f"{origin} and {other} are both named {name!r} in {self.scope}. {remedy}")
        return name
