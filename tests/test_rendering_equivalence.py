"""Random documents, rendered from rows and walked by graphql-core: one response either way, its errors included."""

import datetime as dt
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
import strawberry
from graphql import GraphQLError
from sqlalchemy import MetaData, Table
from sqlalchemy.ext.asyncio import AsyncEngine
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

import example.models
from example.seed import shop_rows
from gqlcrud import Api, ModelOptions, field
from tests import changing, market, shelf, zoo
from tests.databases import MakeEngine, SqliteFolder, engine_maker, record_statements
from tests.random_documents import Ids, Selected, Trees, Writer, continued
from tests.running import save
from tests.zoo_rows import SECTIONS

# ---------- both ways ----------


@dataclass(frozen=True, slots=True)
class Both:
    """One API in two schemas: that of its own, which is rendered, and one that graphql-core walks. The API itself answers what
    it knows directly, by the driver."""

    api: Api
    walked: strawberry.Schema
    engine: AsyncEngine

    @classmethod
    def of(cls, api: Api, engine: AsyncEngine) -> "Both":
        walked = copy(api.schema)
        walked.execution_context_class = StrawberryGraphQLCoreExecutionContext
        return cls(api, walked, engine)

    async def compare(self, tree: Sequence[Selected], random: Random) -> "Answer":
        """Run a document both ways.

        Where a root field fails that may not be null, the others are given up, and which of them fail first depends on the
        time that they take: each is then compared alone.
        """
        text, variables = Writer(self.api.schema._schema, random).document(tree)
        rendered, statements = await self._run(self.api.schema, text, variables)
        walked, expected = await self._run(self.walked, text, variables)
        direct = _answer(await self.api.execute(text, variables))
        about = f"{text}\n{json.dumps(variables)}"
        assert rendered.text == walked.text == direct.text, about
        if not walked.errors and not rendered.errors:
            # root fields that ask for the very same share a statement if both are rendered, or neither
            mixed = len(tree) > 1 and any(name in text for name in OWN_FIELDS)
            assert (set(statements) == set(expected)) if mixed else (sorted(statements) == sorted(expected)), about
        elif len(tree) == 1 or walked.data is not None:
            assert rendered.errors == walked.errors == direct.errors, about
        else:
            for each in tree:
                await self.compare([each], random)
        return walked

    async def _run(self, schema: strawberry.Schema, text: str, variables: dict[str, Any]) -> tuple["Answer", list[str]]:
        with record_statements(self.engine) as statements:
            result = await schema.execute(text, variable_values=variables)
        return _answer(result), [sql for sql, _ in statements]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. text: its data, so that the order of keys counts, and 1, 1.0 and true are told apart. errors: sorted, since
    those of two root fields come in the order in which the database answers."""

    text: str
    errors: list[str]
    data: Any


def _answer(result: Any) -> Answer:
    return Answer(json.dumps(result.data), sorted(map(_told, result.errors or ())), result.data)


def _told(error: GraphQLError) -> str:
    """All that a client is told of an error. The id by which an internal error is found in the log is a new one each time."""
    extensions = {name: value for name, value in (error.extensions or {}).items() if name != "id"}
    return json.dumps([error.message, error.path, [list(place) for place in error.locations or ()], extensions])


async def compare_documents(both: Both, random: Random, ids: Ids, count: int) -> int:
    """`count` documents, each once more with the cursors that it found. How many have no error."""
    trees = Trees(both.api.schema._schema, random, ids)
    good = 0
    for _ in range(count):
        tree = trees.tree()
        answer = await both.compare(tree, random)
        further = await both.compare(continued(tree, answer.data, random), random)
        good += (not answer.errors) + (not further.errors)
    return good


async def ids_of(api: Api) -> Ids:
    """Some global ids of each type."""
    models = [model for model in api.catalog.models if model.global_id]
    fields = " ".join(f"{model.many}(first: 6) {{ nodes {{ id }} }}" for model in models)
    result = await api.execute(f"{{ {fields} }}")
    assert result.data is not None, result.errors
    return {model.name: [node["id"] for node in result.data[model.many]["nodes"]] for model in models}


# ---------- databases ----------


def loosened(metadata: MetaData) -> MetaData:
    """The tables without constraints: NULLs where the models have none, keys that lead nowhere, large integers."""
    copy = MetaData()
    for table in metadata.sorted_tables:
        columns = [
            sa.Column(each.name, _wide(each.type), primary_key=each.primary_key, autoincrement=each.autoincrement)
            if each.computed is None
            else sa.Column(each.name, each.type, sa.Computed(each.computed.sqltext), nullable=True)
            for each in table.columns
        ]
        Table(table.name, copy, *columns)
    return copy


def _wide(sql_type: Any) -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite") if isinstance(sql_type, sa.Integer) else sql_type


POSTGRESQL_ODD: Sequence[tuple[Any, Sequence[str]]] = [
    (sa.DateTime, ["'0044-03-15 12:00 BC'", "'10000-01-01'", "'infinity'"]),
    (sa.Date, ["'0044-03-15 BC'", "'10000-01-01'", "'-infinity'"]),
    (sa.Time, ["'24:00'"]),
    (sa.Interval, ["'3000000 years'", "'1 year 2 months'"]),
    (sa.Float, ["'NaN'", "'infinity'"]),
    (sa.Numeric, ["'NaN'", "1.500"]),
    (sa.Integer, ["3000000000"]),
    (sa.JSON, ["'null'", "'[1, null]'", "'\"text\"'"]),
]
SQLITE_ODD = [
    *("'x'", "''", "x'00ff'", "CAST(x'61ff' AS TEXT)", "9e999", "3000000000", "-1", "1.5", "'2020-01-02'"),
    *("'[1, null]'", "'\"text\"'", '\'{"a": {"b": 1}}\''),
]


async def spoil(engine: AsyncEngine, metadata: MetaData, random: Random) -> None:
    """Put values in some rows that cannot be shown, or that the schema says are not there."""
    sqlite = engine.dialect.name == "sqlite"
    async with engine.begin() as connection:
        for table in metadata.sorted_tables:
            for column in table.columns:
                if column.primary_key or column.computed is not None or random.random() < 0.4:
                    continue
                odd = (
                    SQLITE_ODD
                    if sqlite
                    else next((v for kind, v in POSTGRESQL_ODD if isinstance(column.type, kind)), [])
                )
                if isinstance(column.type, sa.Enum):
                    odd = []  # what is no member fails the statement, either way
                value = random.choice(["NULL", *odd, *odd])
                name, key = (engine.dialect.identifier_preparer.quote(each) for each in (table.name, column.name))
                place = "rowid" if sqlite else "ctid"
                rows = f"SELECT {place} FROM {name} ORDER BY {place} LIMIT {random.randint(1, 3)}"
                await connection.exec_driver_sql(f"UPDATE {name} SET {key} = {value} WHERE {place} IN ({rows})")


async def fill(engine: AsyncEngine, name: str) -> None:
    match name:
        case "example":
            async with engine.begin() as connection:
                for table, rows in shop_rows(12):
                    assert isinstance(table, Table)
                    if rows:
                        await connection.execute(sa.insert(table), rows)
        case "market":
            await market.fill_market(engine, market.market_rows())
        case "shelf":
            await save(engine, *shelf_rows())
        case _:
            for group in SECTIONS[name][1]():
                await save(engine, *group)


def shelf_rows() -> list[Any]:
    tags = [shelf.Tag(id=number, label=f"tag {number}") for number in range(1, 4)]
    meta: list[Any] = [None, {"a": 1}, {"x": [1, {"y": None}]}, {"a": None}]
    books = [
        shelf.Book(
            id=number,
            title=f"Title {number}",
            price=number,
            meta=meta[number % 4],
            version=1,
            published_at=dt.datetime(2020, 1, number, tzinfo=dt.UTC) if number % 3 else None,
            tags=tags[: number % 4],
        )
        for number in range(1, 9)
    ]
    authors = [shelf.Author(id=number, name=f"Author {number}", books=books[2 * number :][:2]) for number in range(4)]
    items = [
        shelf.OrderItem(order_no=1, line_no=number, quantity=number, book=books[number % 3]) for number in range(5)
    ]
    return [*authors, *books, *items]


class AuthorFields:
    """Fields of the user's own: where one stands, the whole root field is walked."""

    @field(requires=["name"])
    def shout(self) -> str:
        return f"{self.name}!"  # type: ignore[attr-defined]  # of the record

    @field(requires=["id"])
    def odd(self) -> int | None:
        if self.id % 2:  # type: ignore[attr-defined]  # of the record
            raise ValueError("odd")
        return 0


OWN_FIELDS = ("shout", "odd")
BASES: Mapping[str, Any] = {
    "example": example.models.Base,
    "market": market.Base,
    "shelf": shelf.Base,
    **{name: SECTIONS[name][0] for name in ("scalars", "custom", "made", "single table", "joined", "concrete")},
    **{name: SECTIONS[name][0] for name in ("composites", "plain", "many to many", "joins", "odd")},
}
OPTIONS: Mapping[str, Mapping[type, ModelOptions]] = {
    "shelf": {shelf.Author: ModelOptions(fields=AuthorFields)},
    "market": {market.Good: ModelOptions(searchable=["name", "kind"], facets=["kind", "fresh", "stall.title"])},
}
COUNTS = {"example": 8, "market": 8, "shelf": 12, "scalars": 10}


@pytest.mark.parametrize("name", BASES)
async def test_documents_are_answered_alike_both_ways(make_engine: MakeEngine, name: str) -> None:
    """First of rows that are as the models say, then of rows with values that cannot be shown."""
    base = BASES[name]
    metadata = loosened(base.metadata)
    engine = await make_engine(metadata)
    await fill(engine, name)
    both = Both.of(Api(base, engine, models=OPTIONS.get(name, {})), engine)
    ids = await ids_of(both.api)
    random = Random(name)
    count = COUNTS.get(name, 3)

    good = await compare_documents(both, random, ids, count)
    await spoil(engine, metadata, random)
    still_good = await compare_documents(both, random, ids, count)

    assert good > count
    assert still_good < 2 * count or name not in COUNTS, "values that cannot be shown are among what is asked for"


# ---------- documents that were not alike ----------


async def test_equal_requests_below_two_relations_share_a_statement(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Plain.metadata)
    red, blue = zoo.Team(name="Red"), zoo.Team(name="Blue")
    await save(engine, zoo.Match(home_team=red, away_team=blue), zoo.Match(home_team=blue, away_team=red))
    both = Both.of(Api(zoo.Plain, engine), engine)
    team = "{ homeMatches { totalCount } awayMatches { nodes { rowId } } }"

    with record_statements(engine) as statements:
        result = await both.api.execute(f"{{ matches {{ nodes {{ homeTeam {team} awayTeam {team} }} }} }}")
    with record_statements(engine) as expected:
        walked = await both.walked.execute(f"{{ matches {{ nodes {{ homeTeam {team} awayTeam {team} }} }} }}")

    assert (result.data, result.errors) == (walked.data, walked.errors) and result.errors is None
    assert (len(statements), len(expected)) == (5, 5)


async def test_a_key_that_leads_nowhere_is_told_alike(make_engine: MakeEngine) -> None:
    """Of a record that the schema says is there: the error goes up to the list, where nothing may be null."""
    engine = await make_engine(loosened(zoo.Plain.metadata))
    async with engine.begin() as connection:
        await connection.execute(sa.insert(zoo.Team), [{"id": 1, "name": "Red"}])
        rows = [{"id": 1, "home_team_id": 1, "away_team_id": 1}, {"id": 2, "home_team_id": 1, "away_team_id": 9}]
        await connection.execute(sa.insert(zoo.Match), rows)
    both = Both.of(Api(zoo.Plain, engine), engine)
    query = "{ matches { nodes { rowId homeTeam { name } awayTeam { name } } } }"

    rendered, walked = await both.api.schema.execute(query), await both.walked.execute(query)

    assert rendered.data is walked.data is None
    assert [error.path for error in rendered.errors or ()] == [["matches", "nodes", 1, "awayTeam"]]
    assert list(map(_told, rendered.errors or ())) == list(map(_told, walked.errors or ()))


async def test_ids_that_lead_nowhere_are_null_in_a_schema_of_ones_own(make_engine: MakeEngine) -> None:
    api = Api(shelf.Base, await make_engine(shelf.Base.metadata))
    schema = strawberry.Schema(api.query, types=api.types, extensions=[api.extension], config=api.schema.config)

    result = await schema.execute('{ node(id: "x") { id } none: nodes(ids: []) { id } nodes(ids: ["x", "y"]) { id } }')

    assert (result.data, result.errors) == ({"node": None, "none": [], "nodes": [None, None]}, None)


async def test_records_of_types_without_own_fields_are_read_once(make_engine: MakeEngine) -> None:
    """Beside one with a field of the user's own, all are walked."""
    engine = await make_engine(shelf.Base.metadata)
    await save(engine, *shelf_rows())
    api = Api(shelf.Base, engine, models=OPTIONS["shelf"])
    query = """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Tag { label } ... on Author { shout } } }"""
    ids = await ids_of(api)

    with record_statements(engine) as statements:
        result = await api.execute(query, {"ids": [ids["Tag"][0], ids["Author"][0]]})

    assert (result.data, result.errors) == ({"nodes": [{"label": "tag 1"}, {"shout": "Author 0!"}]}, None)
    assert len(statements) == 2


@pytest.mark.parametrize("stored", ['"ab"', '{"a": 1}', "7", "[1, null]", "null", '["1"]'])
async def test_json_that_is_no_list_is_told_as_graphql_core_tells_it(sqlite: AsyncEngine, stored: str) -> None:
    """SQLite keeps arrays as JSON: a text is no list of its characters."""
    async with sqlite.begin() as connection:
        await connection.exec_driver_sql(
            f"INSERT INTO amount (id, version, integers, texts) VALUES (1, 1, '{stored}', '{stored}')"
        )
    both = Both.of(Api(changing.Base, sqlite), sqlite)

    for text in ("{ amounts { nodes { integers } } }", "{ amount(by: {rowId: 1}) { texts rowId } }"):
        rendered, walked = await both.api.schema.execute(text), await both.walked.execute(text)
        assert rendered.data == walked.data
        assert list(map(_told, rendered.errors or ())) == list(map(_told, walked.errors or ()))


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    async with engine_maker(SqliteFolder(tmp_path)) as make:
        yield await make(changing.Base.metadata)
