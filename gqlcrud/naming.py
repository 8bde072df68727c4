"""Every GraphQL name: a function from Python words to a name, and the register that refuses two uses of one name."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

import inflection

from gqlcrud.errors import ConfigurationError

RESERVED_TYPES = {
    "Query": "the query root",
    "Mutation": "the mutation root",
    "Subscription": "the subscription root",
    "Node": "the interface Node",
    "PageInfo": "the type PageInfo",
    "Sort": "the enum Sort",
    "DeletedRecords": "the enum DeletedRecords",
    "ErrorCode": "the enum ErrorCode",
    "OnError": "the enum OnError",
    **{name: f"the type {name}" for name in ("UserError", "SimpleError", "UniqueError", "StaleError")},
    **{
        name: f"the scalar {name}"
        for name in (
            *("ID", "Int", "Float", "String", "Boolean", "JSON", "BigInt", "Decimal"),
            *("Date", "DateTime", "Time", "Duration", "UUID", "Base64"),
        )
    },
}
"""Types that every schema may have, which no model can be called, and what each is."""

RESERVED_FIELDS = {"node": "the root field node", "nodes": "the root field nodes"}
"""Fields of Query beside those of the models, and what each is."""

SHARED_INPUTS = frozenset(
    {
        "CountFilter",
        "JSONAt",
        "JSONAtFilter",
        "ListOrder",
        *(f"{name}Filter" for name in RESERVED_TYPES),
        *(f"{name}ListFilter" for name in RESERVED_TYPES),
        *(f"{name}Op" for name in RESERVED_TYPES),
        *(f"{name}ListOp" for name in RESERVED_TYPES),
    }
)
"""Inputs that every schema may have, beside the types above."""

TYPE_SUFFIXES = (
    *("By", "Connection", "Edge", "Key", "ListRel", "Order", "Rel", "Where"),
    *("Column", "ConnectOrCreate", "Create", "OnConflict", "Ops", "Patch", "Payload"),
    *("UniqueKey", "UpdateItem", "UpdateWhere", "Upsert", "UpsertItem"),
    *("Facets", "SearchField"),
)
"""What is added to the name of a model for the other types that are generated for it."""

COMBINATORS = ("and", "or", "not")
"""Fields of every filter beside those of the record."""

_GRAPHQL_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*\Z")
_INITIALS = re.compile(r"[A-Z]+(?![a-z])")
_UNWANTED = re.compile(r"[^0-9A-Za-z]+")
_LAST_WORD = re.compile(r"(?:[A-Z]?[a-z]+|[A-Z]+)\Z")
# Letters that do not come apart into an ASCII letter and an accent.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}
)
# Words that inflection gets wrong.
_UNCHANGED = (
    "apparatus atlas bus canvas chaos corpus cors data dns focus gas genus gps https iris media radius sms status tls"
)
_REGULAR = "cache calorie cave cookie curve headache movie nerve niche olive pie selfie slave tie valve zombie"
_PLURALS = {word: f"{word}s" for word in _REGULAR.split()} | {
    "bonus": "bonuses",
    "campus": "campuses",
    "criterion": "criteria",
    "hero": "heroes",
    "lens": "lenses",
    "leaf": "leaves",
    "virus": "viruses",
}
_SINGULARS = {many: one for one, many in _PLURALS.items()} | {one: one for one in _PLURALS}


def is_graphql_name(text: str) -> bool:
    """Whether GraphQL takes `text` as a name of the user's (`__` in front is kept for introspection)."""
    return _GRAPHQL_NAME.match(text) is not None and not text.startswith("__")


def ascii_text(text: str) -> str:
    """`Größe` -> `Grosse`; letters of other scripts are dropped."""
    return inflection.transliterate(text.translate(_LETTERS))


def camel_name(attribute: str) -> str:
    """`published_at` -> `publishedAt`, `URLName` -> `urlName`.

    Underscores at the ends are dropped, as are characters that GraphQL has no room for.
    """
    words = [word for word in _UNWANTED.split(ascii_text(attribute)) if word]
    if not words:
        return "_"
    initials = _INITIALS.match(words[0])
    head = initials.end() if initials else 1
    name = words[0][:head].lower() + words[0][head:] + "".join(word[0].upper() + word[1:] for word in words[1:])
    return f"_{name}" if name[0].isdigit() else name


def member_name(attribute: str) -> str:
    """The field of a column: as `camel_name`, but `id` is the global id's, and a column called so is `rowId`."""
    name = camel_name(attribute)
    return "rowId" if name == "id" else name


def pascal_name(attribute: str) -> str:
    """`order_items` -> `OrderItems`."""
    name = camel_name(attribute)
    return name[0].upper() + name[1:]


def constant_name(text: str) -> str:
    """A GraphQL enum value for a text that is none: `PG-13` -> `PG_13`, `3d` -> `_3d`, `` -> `EMPTY`, `+` -> `VALUE`."""
    name = _UNWANTED.sub("_", ascii_text(text)).strip("_") or ("VALUE" if text.strip() else "EMPTY")
    return f"_{name}" if name[0].isdigit() or name in {"true", "false", "null"} else name


def path_name(path: str) -> str:
    """The field of a path of names: `author.country` -> `authorCountry`."""
    head, *rest = path.split(".")
    return head + "".join(each[:1].upper() + each[1:] for each in rest)


def snake_name(name: str) -> str:
    """`publishedAt` -> `published_at`."""
    return inflection.underscore(name)


def singular(word: str) -> str:
    """The singular of an English word; left as it is if it looks like one. Of several words the last one counts:
    `order_items` -> `order_item`, `filmCaches` -> `filmCache`."""
    head, last = _last_word(word)
    if last.lower() in _SINGULARS:
        return head + _like(last, _SINGULARS[last.lower()])
    return word if last.lower() in _UNCHANGED.split() or last.lower().endswith("ss") else inflection.singularize(word)


def plural(word: str) -> str:
    """The plural of an English word, of several words that of the last one: `orderItem` -> `orderItems`."""
    head, last = _last_word(word)
    if last.lower() in _PLURALS:
        return head + _like(last, _PLURALS[last.lower()])
    return inflection.pluralize(word)


def _last_word(words: str) -> tuple[str, str]:
    """What stands before the last word of snake case or camel case, and the last word."""
    found = _LAST_WORD.search(words)
    return (words[: found.start()], found[0]) if found else (words, "")


def _like(pattern: str, word: str) -> str:
    return word.capitalize() if pattern[:1].isupper() else word


def model_types(name: str) -> set[str]:
    """The types that are generated for a model, `name` among them."""
    return {name, *(name + suffix for suffix in TYPE_SUFFIXES)}


def is_model_type(name: str, models: Collection[str]) -> bool:
    """Whether a type of this name is generated for one of the models, which are asked by name: there may be hundreds."""
    return name in models or any(
        name.endswith(suffix) and name.removesuffix(suffix) in models for suffix in TYPE_SUFFIXES
    )


def list_field_name(type_name: str) -> str:
    """The root field that lists a type: `OrderItem` -> `orderItems`; `Series`, its own plural, -> `seriesList`."""
    one = camel_name(type_name)
    many = plural(one)
    return f"{one}List" if many == one else many


def payload_list_name(one: str, many: str) -> str:
    """The field of a bulk payload that holds the records: `books`; `errorList` where `errors` are something else."""
    return f"{one}List" if many in {"affectedCount", "clientMutationId", "errors", "query"} else many


def relation_input_name(owner: str, relation: str, models: Collection[str]) -> str:
    """What the inputs that write a relation are named after: `Book.author` -> `BookAuthor`.

    `BookAuthorRelation` where `BookAuthor`, or what its types are named after, is a model.
    """
    name = owner + pascal_name(relation)
    taken = any(is_model_type(each, models) for each in (f"{name}Create", f"{name}Update"))
    return f"{name}Relation" if taken else name


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
                f"{_capital(origin)} would be named {name!r} in {self.scope}, which is no GraphQL name. {remedy}"
            )
        other = self.origins.setdefault(name, origin)
        if other != origin:
            raise ConfigurationError(
                f"{_capital(origin)} and {other} are both named {name!r} in {self.scope}. {remedy}"
            )
        return name


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
