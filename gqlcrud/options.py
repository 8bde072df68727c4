"""What a user may say about the API as a whole and about each model; frozen values, checked by the catalog."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, Protocol, TypeAlias

from pydantic import BaseModel

from gqlcrud.errors import ConfigurationError
from gqlcrud.hooks import Hooks
from gqlcrud.policies import Policy, RowLevelSecurity
from gqlcrud.scalars import Scalar

OptInOperator = Literal["like", "regex", "search"]
Occasion = Literal["create", "update"]
Permission: TypeAlias = bool | Callable[[Any], bool]
"""For everybody, for nobody, or for whom a function of the request's context says so."""


def permits(permission: Permission, context: Any) -> bool:
    """context: `info.context` of the request."""
    return permission if isinstance(permission, bool) else bool(permission(context))


def read_switches(introspection: Permission, suggestions: Permission | None) -> tuple[Permission, Permission]:
    """Who may read the schema, and who is told its names: by default the same. Raises ConfigurationError."""
    shown = check_permission("introspection", introspection)
    return shown, shown if suggestions is None else check_permission("suggestions", suggestions)


def check_permission(option: str, permission: Permission) -> Permission:
    """The permission itself. Raises ConfigurationError for what is none; option: of an `Api`."""
    if not isinstance(permission, bool) and not callable(permission):
        raise ConfigurationError(f"Api({option}={permission!r}) takes True, False, or a function of the context.")
    return permission


def check_kinds(hooks: object, row_level_security: object) -> None:
    """Raises ConfigurationError for options of an `Api` that are of another kind."""
    if not isinstance(hooks, Hooks | None):
        raise ConfigurationError(f"Api(hooks=...) takes gqlcrud.Hooks(...), not {hooks!r}.")
    if not isinstance(row_level_security, RowLevelSecurity | None):
        raise ConfigurationError(
            f"Api(row_level_security=...) takes gqlcrud.RowLevelSecurity(...), not {row_level_security!r}."
        )


class MappedAttribute(Protocol):
    """An attribute as the mapped class gives it: `Book.title`."""

    @property
    def key(self) -> str: ...


Attribute: TypeAlias = str | MappedAttribute
AttributePath: TypeAlias = Attribute | tuple[Attribute, ...]
"""`Book.title`, `"title"`; or what relations lead to: `(Book.author, Author.name)`, `("author", "name")`, `"author.name"`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that hold for every request; a page or list beyond one is refused with the code LIMIT.

    page_size: rows of a page when neither `first` nor `last` is given; `max_page_size`, if that is less.
    max_page_size: the largest `first` or `last`.
    max_list_operands: items of one `in`, `notIn`, `and`, `or`, `hasAny` or `hasAll`.
    max_match_length: characters of an operand that is more than compared: of `like`, `regex`, `search`, and of the operators
    that ignore case.
    max_order_terms: items of one `orderBy` and the relations that they follow, taken together.
    max_node_ids: ids of one `nodes(ids:)`.
    max_filter_depth: how deep `and`, `or`, `not` and relation filters nest.
    max_depth: how deep relations nest in a document; a connection counts once, with its `edges` and `node`.
    max_write_items: records that the nested inputs of one mutation name, taken together.
    max_write_depth: how deep relations nest in the input of a mutation.
    max_affected: rows that one bulk write makes or changes.
    max_search_words: words of one `search`; a phrase in quotation marks is one.
    facet_values: values of a facet when its `limit` is not given; `max_facet_values`, if that is less.
    max_facet_values: the largest `limit` of a facet.
    max_rows: records that one operation reads at most, by the sizes of its pages multiplied down the tree.
    max_tokens: words, signs, values and comments of a document.
    max_nesting: how deep brackets, and fields with fragments spread, stand in each other in a document.
    max_fields: fields that one operation selects, those of a fragment as often as it is spread.
    max_aliases: aliases of a document.
    max_root_fields: root fields of a query. max_root_mutations: those of a mutation.
    max_directives: directives of a document. max_field_directives: those of one field, or spread.
    max_errors: errors of validation that are told; one more says that there are others.
    max_batch: operations of one request, sent as a JSON array; 1 refuses arrays.
    max_body: bytes of the body of a request, and of its query string. max_json_depth: how deep its JSON nests.
    statement_timeout: seconds that the database has for a statement, or for all that one field of a mutation writes.
    request_timeout: seconds for the whole of an operation. None for either is no bound.
    """

    page_size: int = 50
    max_page_size: int = 500
    max_list_operands: int = 1000
    max_match_length: int = 1000
    max_order_terms: int = 30
    max_node_ids: int = 500
    max_filter_depth: int = 10
    max_depth: int = 12
    max_write_items: int = 1000
    max_write_depth: int = 6
    max_affected: int = 10_000
    max_search_words: int = 20
    facet_values: int = 50
    max_facet_values: int = 500
    max_rows: int = 500_000
    max_tokens: int = 5000
    max_nesting: int = 100
    max_fields: int = 5000
    max_aliases: int = 100
    max_root_fields: int = 20
    max_root_mutations: int = 10
    max_directives: int = 50
    max_field_directives: int = 5
    max_errors: int = 5
    max_batch: int = 1
    max_body: int = 1024 * 1024
    max_json_depth: int = 100
    statement_timeout: float | None = 10
    request_timeout: float | None = 30

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name.endswith("_timeout"):
                _check_timeout(each.name, value)
            elif not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ConfigurationError(f"Limits({each.name}={value!r}) takes a number from 1.")

    def facet_limit(self, limit: int | None) -> int:
        """How many values a facet has at most whose `limit` is this, None if it is not given."""
        return min(self.facet_values, self.max_facet_values) if limit is None else limit


def _check_timeout(name: str, value: object) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")
    if value is not None and not number:
        raise ConfigurationError(f"Limits({name}={value!r}) takes seconds, more than 0, or None.")


@dataclass(frozen=True, slots=True)
class SoftDelete:
    """The deletion of a record marks it, and it is left out everywhere from then on.

    column: the attribute that holds the mark: a time or a date, NULL for a record that is there, or a flag. Clients read
    it and never set it. alive: of a flag, the value of a record that is there; True for one like `is_active`.
    show_deleted: who may ask for deleted records by the argument `deleted`. hard_delete: who may delete a record wholly,
    a deleted one too. Both are functions of `info.context`, or hold for everybody or nobody.
    """

    column: str
    alive: bool = False
    show_deleted: Permission = False
    hard_delete: Permission = False


@dataclass(frozen=True, slots=True)
class Preset:
    """A value that the API sets, and no client.

    value: a function of `info.context` that gives it as the attribute takes it; it may be async. It is called once for
    each request that writes. A RequestError or a WriteError of it refuses what would be written.
    on: "create", "update" or both. An update without any change sets nothing.
    """

    value: Callable[[Any], Any]
    on: Collection[Occasion] = frozenset[Occasion]({"create"})


@dataclass(frozen=True, slots=True)
class FullText:
    """The search of a model is the full text search of PostgreSQL, and what matches best comes first.

    language: the text search configuration, which knows the endings of words: "english", "german", "simple" ...
    vector: the attribute of a `tsvector` column that holds what is searched; the API does not offer it. None: the texts
    of `searchable`, which are columns of the model itself then.
    On SQLite a search looks for words as if there were no full text.
    """

    language: str = "english"
    vector: Attribute | None = None


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How one model appears in the API. Every name is that of an attribute of the mapped class.

    name, plural: GraphQL type name and the name of the list field; default: class name, its English plural.
    description: of the type; default: the class docstring, else the table comment.
    include, exclude: the attributes to offer; `include=None` offers all.
    rename: attribute -> GraphQL field name.
    read_only: attributes that writes never set; True for the whole model.
    hide_from_where, hide_from_order: attributes that no client may filter or order by.
    operators: attribute -> further operators of its filter: "like", "regex", "search".
    page_size, max_page_size: instead of those of `Limits`.
    scalars: attribute -> the scalar to use for it.
    enum_names: attribute -> {database value: GraphQL name}, for values whose names GraphQL cannot take.
    fields: a plain class whose Strawberry fields are added to the generated type.
    create_schema, update_schema: Pydantic models that the values of new records, and of patches, pass through.
    hooks: what is called around writes of its records.
    through: whether an association object is also offered as a many-to-many connection between the models it links.
    soft_delete: how records are marked as deleted, instead of being deleted.
    presets: attribute -> the value that a record gets from the request; a function alone is a `Preset` on create.
    searchable: the texts that the argument `search` of its lists looks into: attributes, or paths through relations.
    full_text: how, if not word by word.
    facets: the columns, its own or those that relations lead to, whose values its lists count.
    policy: what callers may do with its records, columns and operations, and with those of classes that inherit from it.
    A class has the `soft_delete`, the `presets`, `searchable`, `full_text` and `facets` of the classes that it inherits
    from, unless it has its own.
    """

    name: str | None = None
    plural: str | None = None
    description: str | None = None
    include: Collection[str] | None = None
    exclude: Collection[str] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    read_only: bool | Collection[str] = False
    hide_from_where: Collection[str] = ()
    hide_from_order: Collection[str] = ()
    operators: Mapping[str, Collection[OptInOperator]] = field(default_factory=dict)
    page_size: int | None = None
    max_page_size: int | None = None
    scalars: Mapping[str, Scalar] = field(default_factory=dict)
    enum_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fields: type | None = None
    through: bool = True
    create_schema: type[BaseModel] | None = None
    update_schema: type[BaseModel] | None = None
    hooks: Hooks | None = None
    soft_delete: SoftDelete | None = None
    presets: Mapping[str, Preset | Callable[[Any], Any]] = field(default_factory=dict)
    searchable: Sequence[AttributePath] = ()
    full_text: FullText | None = None
    facets: Sequence[AttributePath] = ()
    policy: Policy | None = None

    def is_vector(self, attribute: str) -> bool:
        """Whether the attribute is what a full text search looks into: no value that a client could read."""
        vector = self.full_text.vector if self.full_text is not None else None
        return vector is not None and attribute == attribute_key(vector)

    def forbids_writes(self, attribute: str) -> bool:
        """Whether `read_only` names the attribute, or the whole model, or something else than clients sets it."""
        if self.sets(attribute):
            return True
        return self.read_only if isinstance(self.read_only, bool) else attribute in self.read_only

    def sets(self, attribute: str) -> bool:
        """Whether the API sets the attribute: by a preset, or as the mark of deleted records."""
        return attribute in self.presets or (self.soft_delete is not None and attribute == self.soft_delete.column)

    def inherited(self, base: ModelOptions) -> ModelOptions:
        """These options of a class whose base class has the options `base`."""
        return replace(
            self,
            soft_delete=self.soft_delete or base.soft_delete,
            presets={**base.presets, **self.presets},
            searchable=self.searchable or base.searchable,
            full_text=self.full_text or base.full_text,
            facets=self.facets or base.facets,
        )


def attribute_key(attribute: Attribute) -> str:
    """The name of an attribute that is given itself, or by name."""
    return attribute if isinstance(attribute, str) else attribute.key
