"""Columns of every kind, as the catalog reads them and as both databases answer."""

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from sqlalchemy import Column, Enum, ForeignKey, Integer, String, Table, TypeDecorator, func
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, declared_attr, mapped_column, synonym

from gqlcrud import Api, ModelOptions, Operator, Scalar, custom_scalar
from gqlcrud.catalog import CatalogSettings, LeftOut, mapped_classes, read_catalog
from tests import zoo, zoo_sqlmodel
from tests.catalog_text import catalog_of, columns, keys
from tests.databases import MakeEngine
from tests.running import run, save

if TYPE_CHECKING:
    from collections.abc import Hashable

# ---------- types ----------


def test_every_type_has_its_scalar() -> None:
    assert columns(catalog_of(zoo.Scalars).model(zoo.Everything)) == [
        "rowId: Int! = id",
        "integer: Int = integer",
        "smallInteger: Int = small_integer",
        "bigInteger: BigInt = big_integer",
        "numeric: Decimal = numeric",
        "numericWithoutScale: Decimal = numeric_without_scale",
        "numericAsFloat: Float = numeric_as_float",
        "float: Float = float_",
        "double: Float = double",
        "string: String = string",
        "stringWithoutLength: String = string_without_length",
        "unicode: String = unicode",
        "text: String = text",
        "boolean: Boolean = boolean",
        "dateOnly: Date = date_only",
        "timeOnly: Time = time_only",
        "datetimeNaive: DateTime = datetime_naive",
        "datetimeAware: DateTime = datetime_aware",
        "interval: Duration = interval",
        "uuidValue: UUID = uuid_value",
        "uuidAsString: UUID = uuid_as_string",
        "binary: Base64 = binary, no order",
        "json: JSON = json, no order",
        "jsonNoneAsNull: JSON = json_none_as_null, no order",
        "colour: Colour = colour",
        "size: Size = size",
        "level: Level = level",
        "binding: ZooBinding = binding",
    ]


def test_a_decorator_and_a_variant_count_as_what_they_stand_on() -> None:
    model = catalog_of(zoo.Custom).model(zoo.Customized)

    assert columns(model) == [
        "rowId: Int! = id",
        "labels: String = labels",
        "email: String = email",
        "document: JSON = document, no order",
        "counter: BigInt = counter",
    ]
    assert keys(model) == {"rowId": "id", "email": "email"}


TAGS = custom_scalar("Tags", serialize=list, parse=tuple, operators=(Operator.EQ, Operator.IS_NULL), sortable=False)


async def test_a_decorator_can_be_given_a_scalar_of_its_own(make_engine: MakeEngine) -> None:
    """Its Python values are lists, which no String can show."""
    engine = await make_engine(zoo.Custom.metadata)
    await save(engine, zoo.Customized(labels=["a", "b"], email="Ann@B.c"), zoo.Customized(labels=[]))
    api = Api(zoo.Custom, engine, scalars={zoo.JsonList: TAGS})

    assert columns(api.catalog.model(zoo.Customized))[1] == "labels: Tags = labels, no order"
    assert await run(
        api,
        """query ($labels: Tags!) {
          customizeds { nodes { labels email } }
          found: customizeds(where: {labels: {eq: $labels}}) { nodes { email } }
          literal: customizeds(where: {labels: {eq: []}}) { nodes { labels } }
          none: customizeds(where: {labels: {isNull: true}}) { totalCount }
          customized(by: {email: "ANN@B.C"}) { rowId }
        }""",
        labels=["a", "b"],
    ) == {
        "customizeds": {"nodes": [{"labels": ["a", "b"], "email": "ann@b.c"}, {"labels": [], "email": None}]},
        "found": {"nodes": [{"email": "ann@b.c"}]},
        "literal": {"nodes": [{"labels": []}]},
        "none": {"totalCount": 0},
        "customized": {"rowId": 1},
    }


def test_a_type_without_a_scalar_is_left_out_on_request() -> None:
    catalog = read_catalog(mapped_classes(zoo.Unknown), CatalogSettings(skip_unknown=True))

    assert columns(catalog.model(zoo.Place)) == ["rowId: Int! = id", "name: String! = name"]
    assert catalog.left_out == (LeftOut("Place.position", "the type Point has no GraphQL scalar"),)


def test_types_of_postgresql_have_scalars() -> None:
    """Arrays of one dimension, JSONB, domains by what they stand on."""
    catalog = read_catalog(mapped_classes(zoo.PgOnly), CatalogSettings(skip_unknown=True))

    assert columns(catalog.model(zoo.Lists)) == [
        "rowId: Int! = id",
        "integers: IntList = integers, no order",
        "strings: StringList = strings, no order",
        "uuids: UUIDList = uuids, no order",
        "moods: PgMoodList = moods, no order",
        "document: JSON = document, no order",
        "postcode: String = postcode",
    ]
    assert columns(catalog.model(zoo.Searchable)) == ["rowId: Int! = id"]
    assert catalog.left_out == (
        LeftOut("Lists.matrix", "the type ARRAY has no GraphQL scalar"),
        LeftOut("Searchable.address", "the type INET has no GraphQL scalar"),
        LeftOut("Searchable.words", "the type TSVECTOR has no GraphQL scalar"),
    )


class ScalarsBase(DeclarativeBase):
    pass


class Kilogram(TypeDecorator[Decimal]):
    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> str | None:
        return None if value is None else f"{value} kg"

    def process_result_value(self, value: str | None, dialect: Any) -> Decimal | None:
        return None if value is None else Decimal(value.removesuffix(" kg"))


class Parcel(ScalarsBase):
    __tablename__ = "columns_parcel"

    weight: Mapped[Decimal] = mapped_column(Kilogram, primary_key=True)
    size: Mapped[zoo.Size | None] = mapped_column(Enum(zoo.Size, name="columns_size"))
    tare: Mapped[Decimal | None] = mapped_column(Kilogram)


WEIGHT = custom_scalar("Weight", serialize=str, parse=Decimal, description="In kilograms.")


async def test_a_scalar_of_ones_own_serves_in_keys_cursors_and_filters(make_engine: MakeEngine) -> None:
    engine = await make_engine(ScalarsBase.metadata)
    await save(engine, Parcel(weight=Decimal("1.5")), Parcel(weight=Decimal("2"), tare=Decimal("0.1")))
    api = Api(ScalarsBase, engine, scalars={Kilogram: WEIGHT})
    data = await run(
        api, "{ parcels(first: 1, orderBy: [{weight: DESC}]) { nodes { id weight tare } pageInfo { endCursor } } }"
    )

    assert data["parcels"]["nodes"] == [{"id": "UGFyY2VsOjI", "weight": "2", "tare": "0.1"}]
    assert await run(
        api,
        """query ($after: String, $tare: Weight) {
          parcels(after: $after, orderBy: [{weight: DESC}]) { nodes { id weight tare } }
          light: parcels(where: {weight: {in: ["1.5", "3"]}}) { nodes { weight } }
          packed: parcels(where: {tare: {eq: $tare}}) { nodes { weight } }
          parcel(by: {weight: "1.5"}) { id }
          node(id: "UGFyY2VsOjI") { ... on Parcel { weight } }
        }""",
        after=data["parcels"]["pageInfo"]["endCursor"],
        tare="0.1",
    ) == {
        "parcels": {"nodes": [{"id": "UGFyY2VsOjEuNQ", "weight": "1.5", "tare": None}]},
        "light": {"nodes": [{"weight": "1.5"}]},
        "packed": {"nodes": [{"weight": "2"}]},
        "parcel": {"id": "UGFyY2VsOjEuNQ"},
        "node": {"weight": "2"},
    }


def test_an_attribute_can_be_given_a_scalar_of_its_own() -> None:
    """What is said of the attribute comes before what is said of the type, also for an Enum."""
    size = custom_scalar("SizeCode", serialize=lambda value: value.value, parse=zoo.Size)
    options: dict[type, ModelOptions] = {Parcel: ModelOptions(scalars={"tare": WEIGHT, "size": size})}
    catalog = read_catalog(mapped_classes(ScalarsBase), CatalogSettings(options=options))

    assert columns(catalog.model(Parcel)) == [
        "weight: String! = weight",
        "size: SizeCode = size",
        "tare: Weight = tare",
    ]


def test_a_hidden_key_keeps_the_scalar_of_its_type() -> None:
    """The global id is made with it, though the column is not offered."""
    settings = CatalogSettings(options={Parcel: ModelOptions(exclude={"weight"})}, scalars={Kilogram: WEIGHT})
    (key,) = read_catalog(mapped_classes(ScalarsBase), settings).model(Parcel).primary_key

    assert (key.key, key.offered, key.scalar) == ("weight", False, WEIGHT)


def test_scalars_go_by_the_nearest_class_of_a_type() -> None:
    """A class in `scalars` stands for its subclasses; an instance for itself."""
    numbers = Scalar("Whole", int)
    settings = CatalogSettings(scalars={Integer: numbers})
    model = read_catalog(mapped_classes(zoo.Scalars), settings).model(zoo.Everything)

    assert [each.key for each in model.columns if each.scalar is numbers] == [
        "id",
        "integer",
        "small_integer",
        "big_integer",
    ]


# ---------- what is computed ----------


def test_expressions_and_hybrids_are_columns() -> None:
    model = catalog_of(zoo.Made).model(zoo.Invoice)

    assert columns(model) == [
        "rowId: UUID! = id",
        "number: String! = number",
        "quantity: Int! = quantity",
        "unitPrice: Decimal! = unit_price",
        "total: Decimal! = total, read only",
        "amount: Decimal = amount",
        "currency: String = currency",
        "createdAt: DateTime! = created_at",
        "changedAt: DateTime = changed_at",
        "notes: String = notes, deferred",
        "version: Int! = version, read only",
        "label: String! = label, expression, read only",
        "code: String! = code, read only",
        "isLarge: Boolean! = is_large, expression, read only",
        "priceName: String! = price_name, expression, read only",
        "shouted: String! = shouted, Python, read only, no filter, no order",
    ]
    assert keys(model) == {"rowId": "id", "number": "number"}
    assert model.description == "Sold goods."
    assert {each.name: each.description for each in model.columns} == {
        "rowId": "The primary key of Invoice.",
        "number": "Printed at the top.",
        "quantity": "The quantity of the Invoice.",
        "unitPrice": "The unit price of the Invoice.",
        "total": "The total of the Invoice.",
        "amount": "The amount of the Invoice; may be null.",
        "currency": "The currency of the Invoice; may be null.",
        "createdAt": 'The "created at" of the Invoice.',
        "changedAt": 'The "changed at" of the Invoice; may be null.',
        "notes": "The notes of the Invoice; may be null.",
        "version": "The version of the Invoice.",
        "label": "Computed by the database for each Invoice.",
        "code": "The same as `number`.",
        "isLarge": "Works in Python and in SQL as written.",
        "priceName": "Computed by the database for each Invoice.",
        "shouted": "Works in Python only: the class attribute raises AttributeError.",
    }


async def test_what_is_computed_is_read_filtered_and_ordered_by(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Made.metadata)
    price = Decimal("0.50")
    await save(
        engine,
        zoo.Invoice(id=uuid.UUID(int=1), number="a", quantity=100, unit_price=price),
        zoo.Invoice(id=uuid.UUID(int=2), number="b", quantity=1, unit_price=Decimal(0)),
        zoo.Invoice(id=uuid.UUID(int=3), number="c", quantity=2, unit_price=price),
    )
    data = await run(
        Api(zoo.Made, engine),
        """{
          invoices(orderBy: [{isLarge: DESC}, {label: DESC}]) {
            nodes { number code label isLarge priceName shouted total }
          }
          free: invoices(where: {priceName: {eq: "free"}}) { nodes { number } }
          large: invoices(where: {isLarge: {eq: true}, code: {ne: "c"}}) { nodes { number } }
          sorted: invoices(orderBy: [{priceName: DESC}, {code: DESC}]) { nodes { number } }
          labelled: invoices(where: {label: {startsWith: "No. b"}}) { nodes { number } }
        }""",
    )

    assert data == {
        "invoices": {
            "nodes": [
                {
                    "number": "a",
                    "code": "a",
                    "label": "No. a",
                    "isLarge": True,
                    "priceName": "paid",
                    "shouted": "A",
                    "total": "50.00",
                },
                {
                    "number": "c",
                    "code": "c",
                    "label": "No. c",
                    "isLarge": False,
                    "priceName": "paid",
                    "shouted": "C",
                    "total": "1.00",
                },
                {
                    "number": "b",
                    "code": "b",
                    "label": "No. b",
                    "isLarge": False,
                    "priceName": "free",
                    "shouted": "B",
                    "total": "0.00",
                },
            ]
        },
        "free": {"nodes": [{"number": "b"}]},
        "large": {"nodes": [{"number": "a"}]},
        "sorted": {"nodes": [{"number": "c"}, {"number": "a"}, {"number": "b"}]},
        "labelled": {"nodes": [{"number": "b"}]},
    }


class Computed(DeclarativeBase):
    pass


class Named:
    """A mixin whose annotations are those of the classes that use it."""

    name: Mapped[str]

    @declared_attr
    def upper(cls) -> Mapped["str | None"]:
        return column_property(func.upper(cls.name))


class Base(Named, Computed):
    __tablename__ = "computed"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "base"}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    nickname: Mapped[str | None]
    doubled: "Mapped[int]" = column_property(id * 2, doc="Twice the id.")
    tripled: Mapped[int | None] = column_property(id * 3)
    unannotated = column_property(id + 1)
    mood: Mapped[zoo.Colour | None] = mapped_column(Enum(zoo.Colour, name="computed_mood"))

    @hybrid_property
    def optional(self) -> str | None:
        return self.nickname

    @hybrid_property
    def tagged(self) -> Annotated[str, "metadata"]:
        return self.name

    @hybrid_property
    def words(self) -> list[str]:
        """Works in Python only."""
        return self.name.split()

    @hybrid_property
    def shade(self) -> zoo.Colour:
        """A Python enum, from Python only."""
        return zoo.Colour.RED if self.name.isupper() else zoo.Colour.GREEN

    @hybrid_property
    def day(self) -> dt.date | None:
        return dt.date(2020, 1, 2) if self.name.split() else None

    @hybrid_property
    def unreadable(self) -> "Hashable":
        """Its annotation is for type checkers alone, but the database knows the type."""
        return self.name

    @hybrid_property
    def length(self) -> int:
        return len(self.name)

    @length.inplace.expression
    @classmethod
    def length_in_sql(cls) -> Any:
        return func.length(cls.name)


class Derived(Base):
    __mapper_args__ = {"polymorphic_identity": "derived"}  # noqa: RUF012


COMPUTED = [
    "rowId: Int! = id",
    "kind: String! = kind, read only",
    "nickname: String = nickname",
    "mood: Colour = mood",
    "name: String! = name",
    "upper: String = upper, expression, read only",
    "doubled: Int! = doubled, expression, read only",
    "tripled: Int = tripled, expression, read only",
    "unannotated: Int = unannotated, expression, read only",
    "optional: String = optional, expression, read only",
    "tagged: String! = tagged, expression, read only",
    "words: StringList! = words, Python, read only, no filter, no order",
    "shade: Colour! = shade, Python, read only, no filter, no order",
    "day: Date = day, Python, read only, no filter, no order",
    "unreadable: String = unreadable, expression, read only",
    "length: Int! = length, expression, read only",
]


def test_annotations_say_whether_a_computed_value_can_be_null() -> None:
    """Also as texts, of mixins and of base classes. Nothing is promised where there is none, or none that can be read."""
    catalog = catalog_of(Computed)

    assert sorted(columns(catalog.model(Base))) == sorted(COMPUTED)
    assert sorted(columns(catalog.model(Derived))) == sorted(COMPUTED)


async def test_computed_values_of_a_subclass_are_read(make_engine: MakeEngine) -> None:
    engine = await make_engine(Computed.metadata)
    await save(engine, Derived(id=3, name="ANN LEE"), Base(id=4, name="", mood=zoo.Colour.GREEN))
    fields = "upper doubled tripled unannotated optional tagged words shade day unreadable length mood"

    assert await run(
        Api(Computed, engine), f"{{ bases {{ nodes {{ {fields} }} }} deriveds {{ nodes {{ {fields} }} }} }}"
    ) == {
        "bases": {
            "nodes": [
                ann := {
                    "upper": "ANN LEE",
                    "doubled": 6,
                    "tripled": 9,
                    "unannotated": 4,
                    "optional": None,
                    "tagged": "ANN LEE",
                    "words": ["ANN", "LEE"],
                    "shade": "RED",
                    "day": "2020-01-02",
                    "unreadable": "ANN LEE",
                    "length": 7,
                    "mood": None,
                },
                {
                    "upper": "",
                    "doubled": 8,
                    "tripled": 12,
                    "unannotated": 5,
                    "optional": None,
                    "tagged": "",
                    "words": [],
                    "shade": "GREEN",
                    "day": None,
                    "unreadable": "",
                    "length": 0,
                    "mood": "GREEN",
                },
            ]
        },
        "deriveds": {"nodes": [ann]},
    }


# ---------- synonyms ----------


class Synonyms(DeclarativeBase):
    pass


class Target(Synonyms):
    __tablename__ = "synonym_target"

    id: Mapped[int] = mapped_column(primary_key=True)


class Thing(Synonyms):
    __tablename__ = "synonym_thing"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    target_id: Mapped[int | None] = mapped_column(ForeignKey("synonym_target.id"))
    secret: Mapped[str | None] = mapped_column(deferred=True)

    number: Mapped[int] = synonym("id", doc="As printed.")
    heading: Mapped[str] = synonym("title")
    goal: Mapped[int | None] = synonym("target_id")
    hidden: Mapped[str | None] = synonym("secret")

    @hybrid_property
    def shouted(self) -> str:
        """Reads a synonym, in Python only."""
        return self.heading.upper()


def test_a_synonym_is_a_field_of_its_own_that_obeys_the_options_of_both_names() -> None:
    thing = ModelOptions(
        exclude={"secret"}, hide_from_where={"title"}, hide_from_order={"heading"}, rename={"heading": "caption"}
    )
    model = read_catalog(mapped_classes(Synonyms), CatalogSettings(options={Thing: thing})).model(Thing)

    assert columns(model) == [
        "rowId: Int! = id",
        "title: String! = title, no filter",
        "targetId: ID of Target = target_id",
        "number: Int! = number, read only",
        "caption: String! = heading, read only, no filter, no order",
        "goal: ID of Target = goal, read only",
        "hidden: String = hidden, deferred",
        "shouted: String! = shouted, Python, read only, no filter, no order",
    ]
    assert {each.name: each.description for each in model.columns if each.key in ("number", "heading")} == {
        "number": "As printed.",
        "caption": "The same as `title`.",
    }
    assert keys(model) == {"rowId": "id"}


async def test_synonyms_are_read_filtered_and_ordered_by(make_engine: MakeEngine) -> None:
    engine = await make_engine(Synonyms.metadata)
    await save(engine, Target(id=5))
    await save(engine, Thing(title="a", target_id=5, secret="s"), Thing(title="b"))
    data = await run(
        Api(Synonyms, engine),
        """{
          things(orderBy: [{heading: DESC}]) { nodes { number heading goal hidden shouted } }
          found: things(where: {goal: {isNull: false}, heading: {eq: "a"}}) { nodes { title targetId } }
        }""",
    )

    assert data == {
        "things": {
            "nodes": [
                {"number": 2, "heading": "b", "goal": None, "hidden": None, "shouted": "B"},
                {"number": 1, "heading": "a", "goal": "VGFyZ2V0OjU", "hidden": "s", "shouted": "A"},
            ]
        },
        "found": {"nodes": [{"title": "a", "targetId": "VGFyZ2V0OjU"}]},
    }


# ---------- descriptions ----------


def test_descriptions_of_sqlmodel_fields_are_taken() -> None:
    model = catalog_of(zoo_sqlmodel.Models).model(zoo_sqlmodel.Hero)

    assert [each.description for each in model.columns if each.key in ("name", "age")] == [
        "The name on the costume.",
        "The age of the Hero; may be null.",
    ]
    assert model.description == "A record of the table hero."


# ---------- enums ----------


class Enums(DeclarativeBase):
    pass


class Mark(enum.Enum):
    """How good it is."""

    GOOD = 1
    BAD = 2
    WORST = 2


class Review(Enums):
    __tablename__ = "enum_review"

    id: Mapped[int] = mapped_column(primary_key=True)
    mark: Mapped[Mark] = mapped_column(Enum(Mark, name="enum_mark"))
    second: Mapped[Mark | None] = mapped_column(Enum(Mark, name="enum_mark"))
    certificate: Mapped[str | None] = mapped_column(
        Enum("PG-13", "R", "mro", "_x_", "", "true", name="enum_certificate")
    )
    kind: Mapped[str | None] = mapped_column(Enum("a", "b", native_enum=False))
    review: Mapped[str | None] = mapped_column(Enum("x", "y", name="review"))


enum_tags = Table("enum_tags", Enums.metadata, Column("id", Integer, primary_key=True))


def enum_values(scalar: Scalar) -> dict[str, str | None]:
    """GraphQL name -> description."""
    return {each.name: each.description for each in scalar.annotation.values}


def test_enums_are_named_after_the_class_or_the_type_or_the_column() -> None:
    """No enum is called as a model is; aliases of a member are left out; what GraphQL cannot take is replaced."""
    model = catalog_of(Enums).model(Review)
    scalars = {each.key: each.scalar for each in model.columns}

    assert columns(model)[1:] == [
        "mark: Mark! = mark",
        "second: Mark = second",
        "certificate: EnumCertificate = certificate",
        "kind: ReviewKind = kind",
        "review: ReviewReview = review",
    ]
    assert scalars["mark"].annotation.description == "How good it is."
    assert enum_values(scalars["mark"]) == {"GOOD": "The value `GOOD`.", "BAD": "The value `BAD`."}
    assert scalars["certificate"].annotation.description == "The values of EnumCertificate."
    assert enum_values(scalars["certificate"]) == {
        "PG_13": "`PG-13` in the database.",
        "R": "The value `R`.",
        "mro": "The value `mro`.",
        "_x_": "The value `_x_`.",
        "EMPTY": "`` in the database.",
        "_true": "`true` in the database.",
    }


async def test_enum_values_are_mapped_both_ways(make_engine: MakeEngine) -> None:
    engine = await make_engine(Enums.metadata)
    certificates = ["PG-13", "R", "mro", "_x_", "", "true"]
    await save(engine, *(Review(mark=Mark.GOOD, certificate=each, kind="b") for each in certificates))
    api = Api(Enums, engine, models={Review: ModelOptions(enum_names={"mark": {"GOOD": "FINE"}})})
    data = await run(
        api,
        """query ($names: [EnumCertificate!]) {
          reviews { nodes { certificate kind mark second } }
          found: reviews(where: {certificate: {in: $names}, mark: {eq: FINE}}) { nodes { rowId } }
          one: reviews(where: {certificate: {eq: mro}}, orderBy: [{certificate: DESC}]) { nodes { rowId } }
        }""",
        names=["PG_13", "EMPTY", "_true"],
    )

    names = ["PG_13", "R", "mro", "_x_", "EMPTY", "_true"]
    assert data == {
        "reviews": {"nodes": [{"certificate": name, "kind": "b", "mark": "FINE", "second": None} for name in names]},
        "found": {"nodes": [{"rowId": 1}, {"rowId": 5}, {"rowId": 6}]},
        "one": {"nodes": [{"rowId": 3}]},
    }


def test_names_of_enum_values_hold_wherever_the_enum_is_used() -> None:
    options: dict[type, ModelOptions] = {Review: ModelOptions(enum_names={"second": {"GOOD": "FINE"}})}
    model = read_catalog(mapped_classes(Enums), CatalogSettings(options=options)).model(Review)
    mark, second = (each.scalar for each in model.columns if each.key in ("mark", "second"))

    assert mark is second
    assert enum_values(mark) == {"FINE": "`GOOD` in the database.", "BAD": "The value `BAD`."}


def test_names_of_enum_values_hold_in_one_api_only() -> None:
    """Strawberry keeps the definition of an enum on its class, which all have in common."""
    options: dict[type, ModelOptions] = {Review: ModelOptions(enum_names={"mark": {"GOOD": "FINE"}})}
    found = [
        {name for each in catalog.model(Review).columns if each.key == "mark" for name in enum_values(each.scalar)}
        for catalog in (
            catalog_of(Enums),
            read_catalog(mapped_classes(Enums), CatalogSettings(options=options)),
            catalog_of(Enums),
        )
    ]

    assert found == [{"GOOD", "BAD"}, {"FINE", "BAD"}, {"GOOD", "BAD"}]
