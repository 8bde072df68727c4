"""Writes of one record: values of every kind, what is made for the client, keys, guards, errors, payloads."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, validates

from gqlcrud import Api, ModelOptions
from tests import shelf, zoo, zoo_sqlmodel
from tests.databases import MakeEngine, PostgresServer, engine_maker, record_statements
from tests.running import run, save
from tests.writing import failed, state, write, written

# ---------- values ----------

VALUES: dict[str, tuple[str, list[tuple[Any, Any]]]] = {
    "integer": ("Int", [(2**31 - 1, 2**31 - 1), (-(2**31), -(2**31))]),
    "smallInteger": ("Int", [(-32768, -32768)]),
    "bigInteger": ("BigInt", [(2**63 - 1, str(2**63 - 1)), ("-9223372036854775808", "-9223372036854775808")]),
    "numeric": ("Decimal", [("123456789.125", "123456789.125"), ("0.0005", "0.001")]),
    "numericAsFloat": ("Float", [(1.5, 1.5)]),
    "float": ("Float", [(-0.25, -0.25)]),
    "double": ("Float", [(1e300, 1e300)]),
    "string": ("String", [("", ""), ("ü'\"\\%_\U0001f600", "ü'\"\\%_\U0001f600")]),
    "boolean": ("Boolean", [(True, True), (False, False)]),
    "dateOnly": ("Date", [("2020-02-29", "2020-02-29"), ("0001-01-01", "0001-01-01")]),
    "timeOnly": ("Time", [("23:59:59.999999", "23:59:59.999999")]),
    "datetimeNaive": ("DateTime", [("2020-01-02T03:04:05.000006", "2020-01-02T03:04:05.000006")]),
    "datetimeAware": ("DateTime", [("2020-01-02T03:04:05+02:00", "2020-01-02T01:04:05+00:00")]),
    "interval": ("Duration", [("P1DT2H30M", "P1DT2H30M"), ("-PT0.5S", "-PT0.5S")]),
    "uuidValue": ("UUID", [("00000000-0000-0000-0000-000000000005", "00000000-0000-0000-0000-000000000005")]),
    "uuidAsString": ("UUID", [("00000000-0000-0000-0000-000000000006", "00000000-0000-0000-0000-000000000006")]),
    "binary": ("Base64", [("", ""), ("AP9hYg==", "AP9hYg==")]),
    "json": ("JSON", [({"a": [1, None, "x"]}, {"a": [1, None, "x"]}), (0, 0), ("", ""), (False, False), ([], [])]),
    "jsonNoneAsNull": ("JSON", [([1], [1])]),
    "colour": ("Colour", [("RED", "RED")]),
    "size": ("Size", [("EXTRA_LARGE", "EXTRA_LARGE"), ("SMALL", "SMALL")]),
    "level": ("Level", [("HIGH", "HIGH")]),
    "binding": ("ZooBinding", [("_2nd_hand", "_2nd_hand"), ("e_book", "e_book")]),
}
"""Field -> its scalar, and values as they are given and as they are read."""


@pytest.fixture(scope="module")
async def everything(make_module_engine: MakeEngine) -> Api:
    return Api(zoo.Scalars, await make_module_engine(zoo.Scalars.metadata))


@pytest.mark.parametrize("field", VALUES)
async def test_a_value_is_stored_changed_and_emptied(everything: Api, field: str) -> None:
    _, values = VALUES[field]
    for given, read in values:
        document = f"""mutation ($data: EverythingCreate!) {{
          createEverything(input: {{data: $data}}) {{ everything {{ rowId {field} }} errors {{ message path }} }}
        }}"""
        made = (await run(everything, document, data={field: given}))["createEverything"]
        assert made["errors"] == [] and made["everything"][field] == read
        by = f"by: {{rowId: {made['everything']['rowId']}}}"
        update = f"""mutation ($patch: EverythingPatch) {{
          updateEverything(input: {{{by}, patch: $patch}}) {{ everything {{ {field} }} errors {{ message path }} }}
        }}"""
        kept = await run(everything, update, patch={})
        empty = await run(everything, update, patch={field: None})
        again = await run(everything, update, patch={field: given})

        assert [each["updateEverything"] for each in (kept, empty, again)] == [
            {"everything": {field: value}, "errors": []} for value in (read, None, read)
        ]


async def test_what_is_left_out_is_null_and_no_value_of_json(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Scalars.metadata)
    api = Api(zoo.Scalars, engine)
    await written(api, "createEverything", "{data: {}}")
    await written(api, "createEverything", "{data: {json: null, jsonNoneAsNull: null}}")
    await written(api, "createEverything", "{data: {json: [null]}}")
    await written(api, "updateEverything", "{by: {rowId: 3}, patch: {json: null}}")

    async with engine.connect() as connection:
        table = zoo.Everything.__table__
        nulls = sa.select(sa.func.count()).where(table.c.json.is_(sa.null()), table.c.json_none_as_null.is_(sa.null()))
        assert await connection.scalar(nulls) == 3


class Documents(DeclarativeBase):
    pass


class Document(Documents):
    __tablename__ = "document_with_json"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[Any] = mapped_column(sa.JSON)


async def test_null_is_a_value_of_a_json_column_that_cannot_be_null(make_engine: MakeEngine) -> None:
    engine = await make_engine(Documents.metadata)
    api = Api(Documents, engine)
    await written(api, "createDocument", "{data: {body: {a: 1}}}")
    await written(api, "updateDocument", "{by: {rowId: 1}, patch: {body: null}}", "document { body }")

    async with engine.connect() as connection:
        stored = await connection.scalar(sa.text("SELECT CAST(body AS VARCHAR(9)) FROM document_with_json"))
    assert stored == "null"


async def test_arrays_and_domains_of_postgresql(postgres_server: PostgresServer) -> None:
    shown = "lists { integers strings uuids moods document postcode }"
    async with engine_maker(postgres_server) as make:
        api = Api(zoo.PgOnly, await make(zoo.PgOnly.metadata), skip_unknown=True)
        data = """integers: [1, null, 3], strings: [], uuids: ["00000000-0000-0000-0000-000000000001"],
                  moods: [so_so, happy], document: {a: 1}, postcode: "12345\""""
        made = await written(api, "createLists", f"{{data: {{{data}}}}}", shown)
        changed = await written(
            api, "updateLists", '{by: {rowId: 1}, patch: {integers: null, moods: [], strings: ["x"]}}', shown
        )
        refused = await failed(api, "createLists", '{data: {postcode: "x"}}')

    rest = {"uuids": ["00000000-0000-0000-0000-000000000001"], "document": {"a": 1}, "postcode": "12345"}
    assert made == {"lists": {"integers": [1, None, 3], "strings": [], "moods": ["so_so", "happy"], **rest}}
    assert changed == {"lists": {"integers": None, "strings": ["x"], "moods": [], **rest}}
    assert refused == [("CHECK", "The check five_digits does not hold.", "data.postcode")]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ('string: "%s"' % ("x" * 51), ("string has at most 50 characters; this text has 51.", "data.string")),
        ('string: "a\\u0000"', ("A text cannot contain the NUL character.", "data.string")),
        ('numeric: "%s.5"' % ("9" * 40), ("numeric has at most 9 digits before the point.", "data.numeric")),
        ('numeric: "999999999.9995"', ("numeric has at most 9 digits before the point.", "data.numeric")),
        ('numeric: "1234567890"', ("numeric has at most 9 digits before the point.", "data.numeric")),
    ],
)
async def test_what_a_column_cannot_hold_is_refused_before_any_statement(
    everything: Api, data: str, error: tuple[str, str]
) -> None:
    assert await failed(everything, "createEverything", f"{{data: {{{data}}}}}") == [("VALIDATION", *error)]


async def test_all_mistakes_are_told_at_once(make_engine: MakeEngine) -> None:
    engine = await make_engine(shelf.Base.metadata)
    api = Api(shelf.Base, engine)
    author = '"QXV0aG9yOjE"'
    with record_statements(engine) as statements:
        errors = await failed(
            api,
            "updateBook",
            f"""{{by: {{id: {author}}}, if: null, patch: {{
                title: null, isbn: "{"1" * 21}", authorId: "x",
                tags: {{connect: [{{by: {{id: {author}}}}}]}}}}}}""",
        )

    assert errors == [
        ("VALIDATION", "This is a global id of Author, not of Book.", "by.id"),
        ("VALIDATION", "This is not a global id.", "patch.authorId"),
        ("VALIDATION", "isbn has at most 20 characters; this text has 21.", "patch.isbn"),
        ("VALIDATION", "title cannot be null.", "patch.title"),
        ("VALIDATION", "This is a global id of Author, not of Tag.", "patch.tags.connect.0.by.id"),
        ("VALIDATION", "if cannot be null; leave it out.", "if"),
    ]
    assert statements == []


# ---------- what is made for the client ----------


async def test_defaults_computed_values_and_versions(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Made.metadata)
    api = Api(zoo.Made, engine)
    shown = "invoice { quantity unitPrice total label version notes changedAt isLarge priceName }"
    made = await written(api, "createInvoice", '{data: {number: "A"}}', shown)
    changed = await written(
        api, "updateInvoice", '{by: {number: "A"}, version: 1, patch: {quantity: 200, notes: "x"}}', shown
    )

    rest = {"label": "No. A", "priceName": "paid"}
    assert made["invoice"] == {
        **rest,
        **{"quantity": 1, "unitPrice": "1.00", "total": "1.00", "version": 1, "notes": None, "changedAt": None},
        "isLarge": False,
    }
    assert changed["invoice"].pop("changedAt") is not None
    assert changed["invoice"] == {
        **rest,
        **{"quantity": 200, "unitPrice": "1.00", "total": "200.00", "version": 2, "notes": "x", "isLarge": True},
    }


def test_what_the_database_makes_is_in_no_input() -> None:
    """A synonym beside its column is not either: a value is given once."""
    api = Api(zoo.Made, create_async_engine("sqlite+aiosqlite://"))
    names = {
        name: list(api.schema._schema.type_map[name].fields)  # type: ignore[attr-defined]  # an input
        for name in ("InvoiceCreate", "InvoicePatch")
    }

    values = ["number", "quantity", "unitPrice", "amount", "currency", "createdAt", "changedAt", "notes"]
    assert names == {"InvoiceCreate": ["rowId", *values], "InvoicePatch": values}


class Numbered(DeclarativeBase):
    pass


class Ticket(Numbered):
    """A column that the API does not offer has a default."""

    __tablename__ = "ticket_numbered"

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    text: Mapped[str]
    secret: Mapped[str] = mapped_column(default=lambda: "s")
    kind: Mapped[str] = mapped_column(server_default="k")


async def test_columns_that_are_not_offered_have_their_defaults(make_engine: MakeEngine) -> None:
    engine = await make_engine(Numbered.metadata)
    api = Api(Numbered, engine, models={Ticket: ModelOptions(exclude={"secret", "kind"}, rename={"text": "body"})})
    await written(api, "createTicket", '{data: {body: "x"}}')
    await written(api, "updateTicket", '{by: {rowId: 1}, patch: {body: "y"}}')

    assert await state(engine, Numbered.metadata) == {"ticket_numbered": [(1, "y", "s", "k")]}


class Owned(DeclarativeBase):
    pass


class Account(Owned):
    """Its `__init__` takes what it likes, and a validator refuses what it does not."""

    __tablename__ = "account_with_init"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    origin: Mapped[str]

    def __init__(self, name: str, *, shout: bool = True) -> None:
        self.name = name.upper() if shout else name
        self.origin = "init"

    @validates("name")
    def check(self, _: str, value: str) -> str:
        if not value.strip():
            raise ValueError("A name is not blank.")
        return value


async def test_the_init_and_the_validators_of_a_class_are_respected(make_engine: MakeEngine) -> None:
    engine = await make_engine(Owned.metadata)
    api = Api(Owned, engine, models={Account: ModelOptions(exclude={"origin"})})
    await written(api, "createAccount", '{data: {name: "ann"}}')

    assert await state(engine, Owned.metadata) == {"account_with_init": [(1, "ANN", "init")]}
    assert await failed(api, "createAccount", '{data: {name: " "}}') == [
        ("VALIDATION", "A name is not blank.", "data.name")
    ]
    assert await failed(api, "updateAccount", '{by: {rowId: 1}, patch: {name: " "}}') == [
        ("VALIDATION", "A name is not blank.", "patch.name")
    ]


# ---------- ways of mapping ----------

STEPS: dict[str, tuple[Any, list[tuple[str, str]], dict[str, Any]]] = {
    "joined inheritance": (
        zoo.Joined,
        [
            ("createTruck", "{data: {wheels: 6, load: 3, trailers: {create: [{}, {}]}, garage: {create: {}}}}"),
            ("createFireEngine", "{data: {wheels: 6, load: 3, ladder: 2}}"),
            ("createVehicle", "{data: {wheels: 2}}"),
            ("updateVehicle", "{by: {rowId: 1}, patch: {wheels: 8}}"),
            ("updateFireEngine", "{by: {rowId: 2}, if: {ladder: {eq: 2}}, patch: {wheels: 8, load: 9, ladder: 1}}"),
            ("updateTruck", "{by: {rowId: 1}, patch: {load: 5, trailers: {deleteWhere: {rowId: {eq: 1}}}}}"),
            ("deleteVehicle", "{by: {rowId: 3}}"),
        ],
        {
            "garage": [(1,)],
            "vehicle": [(1, "truck", 8, 1), (2, "fire engine", 8, None)],
            "truck": [(1, 5), (2, 9)],
            "fire_engine": [(2, 1)],
            "trailer": [(2, 1)],
        },
    ),
    "single-table inheritance": (
        zoo.SingleTable,
        [
            ("createKeeper", '{data: {name: "k", animals: {create: [{name: "x"}]}}}'),
            ("createOwl", '{data: {name: "o", wingSpan: 3, hoots: true, keeper: {connect: {rowId: 1}}}}'),
            ("updateAnimal", '{by: {rowId: 2}, patch: {name: "O"}}'),
            ("updateBird", "{by: {rowId: 2}, patch: {wingSpan: 4}}"),
            ("updateKeeper", "{by: {rowId: 1}, patch: {animals: {set: [{rowId: 2}]}}}"),
        ],
        {
            "keeper": [(1, "k")],
            "animal": [(1, "animal", "x", None, None, None), (2, "owl", "O", 1, 4, True)],
        },
    ),
    "concrete inheritance": (
        zoo.Concrete,
        [("createCircle", '{data: {name: "c", radius: 1}}'), ("createShape", '{data: {name: "s"}}')],
        {"shape": [(1, "s")], "circle": [(1, "c", 1)]},
    ),
    "dataclasses": (
        zoo.Dataclasses,
        [
            ("createPlanet", '{data: {name: "p", moons: {create: [{name: "m"}, {name: "n"}]}}}'),
            ("createMoon", '{data: {name: "o", planet: {create: {name: "q", mass: 1.5}}}}'),
            ("updatePlanet", "{by: {rowId: 1}, patch: {moons: {disconnect: [{rowId: 1}]}}}"),
            ("deletePlanet", "{by: {rowId: 2}}"),
        ],
        {"planet": [(1, "p", None)], "moon": [(2, "n", 1)]},
    ),
    "classical declarative": (
        zoo.Classic,
        [
            ("createArtist", '{data: {name: "a", albums: {create: [{title: "t"}]}}}'),
            ("updateAlbum", '{by: {rowId: 1}, patch: {artist: {update: {name: "b"}}}}'),
            ("deleteArtist", "{by: {rowId: 1}}"),
        ],
        {"album": [(1, "t", None)]},
    ),
    "imperative": (
        zoo.imperative,
        [
            ("createShip", '{data: {name: "s", sailors: {create: [{name: "a"}]}}}'),
            ("updateShip", '{by: {name: "s"}, patch: {name: "t"}}'),
        ],
        {"ship": [(1, "t")], "sailor": [(1, "a", 1)]},
    ),
    "write-only lists": (
        zoo.Plain,
        [
            ("createLazy", '{data: {notes: {create: [{body: "a"}, {body: "b"}]}, person: {create: {name: "p"}}}}'),
            ("updateLazy", '{by: {rowId: 1}, patch: {notes: {set: [{rowId: 2}], create: [{body: "c"}]}}}'),
            ("createLazy", '{data: {notes: {create: [{body: "d"}]}}}'),
            ("deleteLazy", "{by: {rowId: 2}}"),
        ],
        {"person": [(1, "p")], "lazy": [(1, 1)], "lazy_note": [(2, "b", 1), (3, "c", 1)]},
    ),
    "SQLModel": (
        zoo_sqlmodel.Models,
        [
            ("createHero", '{data: {name: "h", headquarters: {create: {city: "x"}}}}'),
            ("updateHero", "{by: {rowId: 1}, patch: {age: 3, gear: {cape: 1}, power: X_RAY}}"),
            ("createHero", '{data: {name: "i", fee: "1.5"}}'),
            ("deleteHero", "{by: {rowId: 1}}"),
        ],
        {"headquarters": [(1, "x")], "hero": [("i", None, 2, None, Decimal("1.50"), None, None, None)]},
    ),
    "a comment with its replies": (
        zoo.Plain,
        [
            (
                "createComment",
                '{data: {body: "a", replies: {create: [{body: "b", replies: {create: [{body: "c"}]}}]}}}',
            ),
            ("deleteComment", "{by: {rowId: 2}}"),
        ],
        {"comment": [(1, "a", None)]},
    ),
    "nothing to give": (
        zoo.Odd,
        [("createSheep", "{data: {}}"), ("createSheep", "{data: {}}"), ("deleteSheep", "{by: {rowId: 1}}")],
        {"sheep": [(2,)]},
    ),
}


@pytest.mark.parametrize("way", STEPS)
async def test_records_of_every_way_of_mapping_are_written(make_engine: MakeEngine, way: str) -> None:
    base, steps, expected = STEPS[way]
    engine = await make_engine(base.metadata)
    api = Api(base, engine)
    for mutation, data in steps:
        await written(api, mutation, data)

    assert await state(engine, base.metadata) == expected


async def test_json_that_a_sqlmodel_leaves_out_is_null(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo_sqlmodel.Models.metadata)
    await written(Api(zoo_sqlmodel.Models, engine), "createHero", '{data: {name: "h"}}')

    async with engine.connect() as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM hero WHERE gear IS NULL")) == 1


def test_what_is_mapped_to_a_select_is_not_written() -> None:
    api = Api(zoo.Mixed, create_async_engine("sqlite+aiosqlite://"))

    assert api.schema._schema.mutation_type is not None
    assert [name for name in api.schema._schema.mutation_type.fields if "CatName" in name] == []


# ---------- keys, guards, errors ----------


@pytest.fixture
async def books(make_engine: MakeEngine) -> AsyncEngine:
    engine = await make_engine(shelf.Base.metadata)
    jane = shelf.Author(name="Jane", email="j@x")
    await save(engine, shelf.Book(title="Emma", isbn="1", price=3, author=jane, tags=[shelf.Tag(label="a")]))
    await save(engine, shelf.Book(title="Ivanhoe", isbn="2", price=4))
    return engine


async def test_upsert_by_any_unique_key(books: AsyncEngine) -> None:
    api = Api(shelf.Base, books)
    new = '{on: ISBN, create: {title: "X", price: 1, isbn: "3"}, update: {title: "Y"}}'
    first = await written(api, "upsertBook", new, "book { title version }")
    second = await written(api, "upsertBook", new, "book { title version }")
    third = await written(api, "upsertBook", new.replace(', update: {title: "Y"}', ""), "book { title version }")
    item = "{on: ORDER_NO_LINE_NO, create: {orderNo: 1, lineNo: 2, quantity: 3}, update: {quantity: 9}}"
    items = [await written(api, "upsertOrderItem", item, "orderItem { quantity }") for _ in range(2)]

    assert [each["book"] for each in (first, second, third)] == [
        {"title": "X", "version": 1},
        {"title": "Y", "version": 2},
        {"title": "Y", "version": 2},
    ]
    assert [each["orderItem"]["quantity"] for each in items] == [3, 9]
    assert await failed(api, "upsertBook", '{on: ISBN, create: {title: "X", price: 1}}') == [
        ("VALIDATION", "isbn is part of the key to upsert by, so it needs a value.", "create.isbn")
    ]


class Pairs(DeclarativeBase):
    pass


class Pair(Pairs):
    __tablename__ = "pair_of_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    one: Mapped[str] = mapped_column(unique=True)
    two: Mapped[str] = mapped_column(unique=True)
    whole_id: Mapped[int | None] = mapped_column(sa.ForeignKey("pair_of_keys.id"))
    parts: Mapped[list["Pair"]] = relationship()


async def test_another_key_that_is_taken_is_told_by_upsert_and_connect_or_create(make_engine: MakeEngine) -> None:
    """Both look for a record first, and make it in a savepoint."""
    engine = await make_engine(Pairs.metadata)
    await save(engine, Pair(one="a", two="b"))
    api = Api(Pairs, engine)
    create = '{one: "x", two: "b"}'
    either = f'{{connectOrCreate: [{{by: {{one: "x"}}, create: {create}}}]}}'

    assert await failed(api, "upsertPair", f"{{on: ONE, create: {create}}}") == [
        ("UNIQUE", "Another Pair has the two 'b'.", "create.two")
    ]
    assert await failed(api, "createPair", f'{{data: {{one: "c", two: "c", parts: {either}}}}}') == [
        ("UNIQUE", "Another Pair has the two 'b'.", "data.parts.connectOrCreate.0.create.two")
    ]
    assert await state(engine, Pairs.metadata) == {"pair_of_keys": [(1, "a", "b", None)]}


GUARDED = "errors { __typename code message path ... on StaleError { current { ... on Book { title version } } } }"


@pytest.mark.parametrize("guard", ["version: 2", 'if: {title: {eq: "Other"}}'])
@pytest.mark.parametrize("verb", ["update", "delete"])
async def test_a_record_that_is_not_as_the_client_thinks_is_stale(books: AsyncEngine, guard: str, verb: str) -> None:
    change = ', patch: {title: "X"}' if verb == "update" else ""
    before = await state(books, shelf.Base.metadata)
    document = (
        f'mutation {{ {verb}Book(input: {{by: {{isbn: "1"}}, {guard}{change}}}) {{ book {{ title }} {GUARDED} }} }}'
    )
    data = await run(Api(shelf.Base, books), document)

    assert data[f"{verb}Book"] == {
        "book": None,
        "errors": [
            {
                "__typename": "StaleError",
                "code": "STALE",
                "message": "This Book has been changed since it was read.",
                "path": ["input", "by"],
                "current": {"title": "Emma", "version": 1},
            }
        ],
    }
    assert await state(books, shelf.Base.metadata) == before


@pytest.mark.parametrize("guard", ["version: 1", 'if: {author: {is: {name: {eq: "Jane"}}}}', "version: null"])
async def test_a_record_that_is_as_the_client_thinks_is_written(books: AsyncEngine, guard: str) -> None:
    data = f'{{by: {{isbn: "1"}}, {guard}, patch: {{title: "X"}}}}'

    assert await written(Api(shelf.Base, books), "updateBook", data, "book { title }") == {"book": {"title": "X"}}


async def test_what_is_not_there_is_not_found(books: AsyncEngine) -> None:
    api = Api(shelf.Base, books)
    message = "There is no Book with this key."

    for mutation in ("updateBook", "deleteBook"):
        assert await failed(api, mutation, '{by: {isbn: "x"}, version: 7}') == [("NOT_FOUND", message, "by")]
    wrong = '{data: {title: "x", price: 1, authorId: "QXV0aG9yOjk5"}}'
    assert await failed(api, "createBook", wrong) == [
        ("FOREIGN_KEY", "There is no Author with this id.", "data.authorId")
    ]


async def test_what_the_database_refuses_is_told_without_its_words(books: AsyncEngine) -> None:
    document = """mutation { createBook(input: {data: {title: "secret", price: 1, isbn: "1"}, clientMutationId: "c"}) {
      book { title } bookEdge { cursor } clientMutationId
      errors { __typename code message path ... on UniqueError { fields } }
      query { books { totalCount } }
    } }"""

    assert await run(Api(shelf.Base, books), document) == {
        "createBook": {
            "book": None,
            "bookEdge": None,
            "clientMutationId": "c",
            "errors": [
                {
                    "__typename": "UniqueError",
                    "code": "UNIQUE",
                    "message": "Another Book has the isbn '1'.",
                    "path": ["input", "data", "isbn"],
                    "fields": ["isbn"],
                }
            ],
            "query": {"books": {"totalCount": 2}},
        }
    }


@pytest.mark.parametrize(
    ("base", "make", "mutation", "error"),
    [
        (
            zoo.Joined,
            lambda: zoo.Truck(wheels=1, load=1, trailers=[zoo.Trailer()]),
            "deleteTruck(input: {by: {rowId: 1}})",
            ("REQUIRED_RELATION", "Trailer records cannot be without this Truck."),
        ),
        (
            zoo.Mixed,
            lambda: zoo.Cat(name="c", owner=zoo.Owner(name="o")),
            "deleteOwner(input: {by: {rowId: 1}})",
            ("FOREIGN_KEY", "Cat records still refer to this Owner."),
        ),
        (
            zoo.ManyToMany,
            lambda: zoo.Playlist(name="p", entries=[zoo.PlaylistEntry(track=zoo.Track(title="t"))]),
            "deleteTrack(input: {by: {rowId: 1}})",
            ("REQUIRED_RELATION", "PlaylistEntry records cannot be without this Track."),
        ),
    ],
    ids=["a child that needs it", "a child that it does not know", "a link that needs it"],
)
async def test_a_record_that_others_need_is_not_deleted(
    make_engine: MakeEngine, base: Any, make: Callable[[], object], mutation: str, error: tuple[str, str]
) -> None:
    engine = await make_engine(base.metadata)
    await save(engine, make())
    before = await state(engine, base.metadata)
    data = await run(Api(base, engine), f"mutation {{ {mutation} {{ deletedId errors {{ code message path }} }} }}")

    (payload,) = data.values()
    code, message = error
    assert payload == {"deletedId": None, "errors": [{"code": code, "message": message, "path": ["input", "by"]}]}
    assert await state(engine, base.metadata) == before


# ---------- payloads ----------


async def test_a_payload_shows_the_record_at_any_depth_in_as_few_statements(make_engine: MakeEngine) -> None:
    counts = []
    for count in (2, 200):
        engine = await make_engine(shelf.Base.metadata)
        jane = shelf.Author(name="Jane", email="j@x")
        tag = shelf.Tag(label="a")
        await save(engine, *(shelf.Book(title=f"{n}", price=1, author=jane, tags=[tag]) for n in range(count)))
        with record_statements(engine) as statements:
            payload = await written(
                Api(shelf.Base, engine),
                "updateAuthor",
                '{by: {email: "j@x"}, patch: {name: "J"}}',
                "author { name books(first: 500) { totalCount nodes { title author { name } tags { nodes { label } } } } }",
            )
        counts.append(len(statements))
        assert len(payload["author"]["books"]["nodes"]) == payload["author"]["books"]["totalCount"] == count

    assert counts[0] == counts[1]


async def test_the_cursor_of_an_edge_continues_the_list(books: AsyncEngine) -> None:
    api = Api(shelf.Base, books)
    edge = "bookEdge(orderBy: [{title: DESC}]) { cursor node { title } }"
    payload = await written(api, "createBook", '{data: {title: "Goriot", price: 1}}', edge)
    cursor = payload["bookEdge"]["cursor"]
    data = await run(api, f'{{ books(orderBy: [{{title: DESC}}], after: "{cursor}") {{ nodes {{ title }} }} }}')

    assert payload["bookEdge"]["node"] == {"title": "Goriot"}
    assert data == {"books": {"nodes": [{"title": "Emma"}]}}


async def test_a_deletion_shows_what_was_there(books: AsyncEngine) -> None:
    shown = "deletedId book { id title author { name } tags { nodes { label } } } query { books { totalCount } }"
    payload = await written(Api(shelf.Base, books), "deleteBook", '{by: {isbn: "1"}, version: 1}', shown)

    assert payload == {
        "deletedId": "Qm9vazox",
        "book": {"id": "Qm9vazox", "title": "Emma", "author": {"name": "Jane"}, "tags": {"nodes": [{"label": "a"}]}},
        "query": {"books": {"totalCount": 1}},
    }


async def test_fields_that_write_follow_one_another_and_stand_alone(books: AsyncEngine) -> None:
    """Of a document the fields before one that fails have written."""
    document = """mutation {
      a: updateBook(input: {by: {isbn: "1"}, patch: {title: "A"}}) { book { title } errors { code } }
      b: updateBook(input: {by: {isbn: "1"}, patch: {title: "B", isbn: "2"}}) { book { title } errors { code } }
    }"""

    assert await run(Api(shelf.Base, books), document) == {
        "a": {"book": {"title": "A"}, "errors": []},
        "b": {"book": None, "errors": [{"code": "UNIQUE"}]},
    }
    titles = sorted(row[2] for row in (await state(books, shelf.Base.metadata))["book"])
    assert titles == ["A", "Ivanhoe"]


async def test_times_without_an_offset_are_utc(everything: Api) -> None:
    data = '{data: {datetimeAware: "2020-01-02T03:04:05", datetimeNaive: "2020-01-02T03:04:05+02:00"}}'
    shown = "everything { datetimeAware datetimeNaive }"

    assert (await write(everything, "createEverything", data, shown))["everything"] == {
        "datetimeAware": dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.UTC).isoformat(),
        "datetimeNaive": "2020-01-02T01:04:05",
    }


async def test_a_column_may_be_called_as_the_first_parameter_of_a_method(make_engine: MakeEngine) -> None:
    api = Api(zoo.Odd, await make_engine(zoo.Odd.metadata))

    assert await written(api, "createOddName", '{data: {self: "a", class: "b"}}', "oddName { self class }") == {
        "oddName": {"self": "a", "class": "b"}
    }
