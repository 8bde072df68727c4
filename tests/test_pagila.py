"""Pagila, a sample database that others made, served from PostgreSQL: what it can be, and the rest is told.

It has an enum whose values are no GraphQL names, a domain, arrays, bytea, generated columns, composite keys, link tables
with a column, two foreign keys to one table, a cycle of two tables. The expected answers are plain SQL.
"""

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import URL
from sqlalchemy.orm import Mapper, class_mapper

from gqlcrud import Api
from gqlcrud.catalog import Column
from gqlcrud.targets import Target, TargetError
from tests.databases import connected, record_statements
from tests.exploring import lists, overviews
from tests.running import run
from tests.urls import shown, target_at

Sql = Callable[[str], Awaitable[list[Any]]]

MODELS = {
    "Actor": "actorId:Int! firstName:String! lastName:String! lastUpdate:DateTime! | filmActors films(lastUpdate)",
    "Address": "addressId:Int! address:String! address2:String district:String! cityId:ID! postalCode:String"
    " phone:String! lastUpdate:DateTime! | city! customers staffs stores",
    "Category": "categoryId:Int! name:String! lastUpdate:DateTime! | filmCategories films(lastUpdate)",
    "City": "cityId:Int! city:String! countryId:ID! lastUpdate:DateTime! | addresses country!",
    "Country": "countryId:Int! country:String! lastUpdate:DateTime! | cities",
    "Customer": "customerId:Int! storeId:ID! firstName:String! lastName:String! email:String addressId:ID!"
    " activebool:Boolean! createDate:Date! lastUpdate:DateTime active:Int | address! store! rentals",
    "Film": "filmId:Int! title:String! description:String releaseYear:Int languageId:ID! originalLanguageId:ID"
    " rentalDuration:Int! rentalRate:Decimal! length:Int replacementCost:Decimal! rating:MpaaRating"
    " lastUpdate:DateTime! specialFeatures:StringList revenueProjection:Decimal"
    " | language! originalLanguage filmActors filmCategories inventories actors(lastUpdate) categories(lastUpdate)",
    "FilmActor": "actorId:ID! filmId:ID! lastUpdate:DateTime! | actor! film!",
    "FilmCategory": "filmId:ID! categoryId:ID! lastUpdate:DateTime! | category! film!",
    "Inventory": "inventoryId:Int! filmId:ID! storeId:ID! lastUpdate:DateTime! | film! store! rentals",
    "Language": "languageId:Int! name:String! lastUpdate:DateTime! | filmsByLanguage filmsByOriginalLanguage",
    "Rental": "rentalId:Int! inventoryId:ID! customerId:ID! staffId:ID! lastUpdate:DateTime!"
    " | customer! inventory! staff!",
    "Staff": "staffId:Int! firstName:String! lastName:String! addressId:ID! email:String storeId:ID! active:Boolean!"
    " username:String! password:String lastUpdate:DateTime! picture:Base64"
    " | rentals address! store! storeByManagerStaff",
    "Store": "storeId:Int! managerStaffId:ID! addressId:ID! lastUpdate:DateTime!"
    " | customers inventories staffs address! managerStaff!",
}
"""The columns of each model, then its relations, those with columns on their edges in brackets."""

LEFT_OUT = {
    "actor_info": "view",
    "customer_list": "view",
    "film.fulltext": "the type TSVECTOR has no GraphQL scalar",
    "film_list": "view",
    "nicer_but_slower_film_list": "materialized view",
    "payment": "no primary key",
    **{
        f"payment_{part}": "partition of payment"
        for part in ("p0000_default", *(f"p2007_0{month}" for month in range(1, 7)), "p2007_07_max")
    },
    "rental.rental_period": "the type TSRANGE has no GraphQL scalar",
    "rental_report": "view",
    "sales_by_film_category": "view",
    "sales_by_store": "view",
    "sales_top5_by_film_category": "view",
    "staff_list": "view",
}


@pytest.fixture(scope="module")
async def target(pagila_postgresql: URL) -> AsyncIterator[Target]:
    target = await target_at(pagila_postgresql)
    yield target
    assert target.engine is not None
    await target.engine.dispose()


@pytest.fixture(scope="module")
def api(target: Target) -> Api:
    assert target.api is not None
    return target.api


@pytest.fixture
def sql(pagila_postgresql: URL) -> Sql:
    """`await sql("SELECT ...")`: the rows of a query, those of a single column as plain values."""

    async def rows(query: str) -> list[Any]:
        async with connected(pagila_postgresql) as connection:
            found = [tuple(row) for row in await connection.fetch(query)]
        return [row[0] for row in found] if found and len(found[0]) == 1 else found

    return rows


def global_id(model: str, *key: int) -> str:
    text = str(key[0]) if len(key) == 1 else json.dumps(key, separators=(",", ":"))
    return base64.urlsafe_b64encode(f"{model}:{text}".encode()).decode().rstrip("=")


# ---------- what is in it ----------


def test_all_tables_with_a_key_are_models(api: Api) -> None:
    def column(each: Column) -> str:
        kind = "ID" if each.references is not None else each.scalar.name
        return f"{each.name}:{kind}{'' if each.nullable else '!'}"

    found = {}
    for model in api.catalog.models:
        relations = []
        for each in model.relations:
            edge = f"({' '.join(link.name for link in each.link.columns)})" if each.link is not None else ""
            relations.append(each.name + edge + ("" if each.nullable else "!"))
        columns = [column(each) for each in model.columns if each.offered]
        found[model.name] = f"{' '.join(columns)} | {' '.join(relations)}"

    assert found == MODELS


def test_what_is_left_out_is_told_with_its_reason(target: Target) -> None:
    assert {each.name: each.reason for each in target.left_out} == {
        f"public.{name}": reason for name, reason in LEFT_OUT.items()
    }


async def test_a_schema_of_views_has_nothing_to_serve(pagila_postgresql: URL) -> None:
    with pytest.raises(TargetError) as caught:
        await target_at(pagila_postgresql, schema="legacy")

    reason = "has no table with a primary key in the schema 'legacy'."
    assert str(caught.value) == f"{shown(pagila_postgresql)} {reason}"


def told(value: Any, column: Column) -> Any:
    """A value as JSON has it."""
    match value:
        case None:
            return None
        case _ if column.references is not None:
            return global_id(column.references.__name__, value)
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case bytes():
            return base64.b64encode(value).decode()
        case "PG-13" | "NC-17":
            return value.replace("-", "_")
    return value


@pytest.mark.parametrize("name", MODELS)
async def test_the_first_page_of_every_model_tells_every_column(api: Api, sql: Sql, name: str) -> None:
    model = api.catalog.by_name[name]
    mapper: Mapper[Any] = class_mapper(model.entity)
    columns = [each for each in model.columns if each.offered]
    names = [mapper.column_attrs[each.key].columns[0].name for each in columns]
    key = [column.name for column in mapper.primary_key]
    fields = " ".join(each.name for each in columns)
    found = await run(api, f"{{ {model.many} {{ totalCount nodes {{ id {fields} }} }} }}")

    rows = await sql(f"SELECT {', '.join(names)} FROM {mapper.local_table} ORDER BY {', '.join(key)} LIMIT 50")
    (count,) = await sql(f"SELECT count(*) FROM {mapper.local_table}")
    nodes = [
        {
            "id": global_id(name, *(value for column, value in zip(names, row, strict=True) if column in key)),
            **{each.name: told(value, each) for each, value in zip(columns, row, strict=True)},
        }
        for row in rows
    ]
    assert found == {model.many: {"totalCount": count, "nodes": nodes}}


async def test_every_relation_filter_and_order_is_answered(api: Api) -> None:
    for document in (*overviews(api.catalog), *lists(api.catalog)):
        await run(api, document)


# ---------- what its types can do ----------

FILMS = [
    ("rating: {eq: PG_13}", "rating = 'PG-13'"),
    ("rating: {in: [NC_17, G]}", "rating IN ('NC-17', 'G')"),
    ("rating: {ne: R}", "rating <> 'R'"),
    ("rating: {notIn: [R, PG_13, PG]}", "rating NOT IN ('R', 'PG-13', 'PG')"),
    ("releaseYear: {eq: 2006}", "release_year = 2006"),
    ("releaseYear: {gt: 2006}", "release_year > 2006"),
    ("releaseYear: {in: [2005, 2006]}", "release_year IN (2005, 2006)"),
    ('specialFeatures: {has: "Trailers"}', "'Trailers' = ANY (special_features)"),
    (
        'specialFeatures: {hasAny: ["Trailers", "Commentaries"]}',
        "special_features && ARRAY['Trailers', 'Commentaries']",
    ),
    (
        'specialFeatures: {hasAll: ["Trailers", "Commentaries"]}',
        "special_features @> ARRAY['Trailers', 'Commentaries']",
    ),
    ('specialFeatures: {eq: ["Trailers"]}', "special_features = ARRAY['Trailers']"),
    ("specialFeatures: {isEmpty: true}", "cardinality(special_features) = 0"),
    ("specialFeatures: {isNull: true}", "special_features IS NULL"),
    ('revenueProjection: {gte: "30"}', "revenue_projection >= 30"),
    ('replacementCost: {eq: "20.99"}, length: {lt: 60}', "replacement_cost = 20.99 AND length < 60"),
    ('language: {is: {name: {startsWith: "English"}}}', "language_id = 1"),
    ("originalLanguage: {isNull: true}", "original_language_id IS NULL"),
    ("inventories: {none: {}}", "NOT EXISTS (SELECT FROM inventory WHERE film_id = film.film_id)"),
    (
        'actors: {some: {lastName: {eq: "CRUZ"}}}',
        "film_id IN (SELECT film_id FROM film_actor JOIN actor USING (actor_id) WHERE last_name = 'CRUZ')",
    ),
    ("actors: {count: {gt: 12}}", "(SELECT count(*) FROM film_actor WHERE film_id = film.film_id) > 12"),
    (
        'actors: {every: {lastName: {gte: "M"}}, some: {}}',
        "film_id IN (SELECT film_id FROM film_actor JOIN actor USING (actor_id) GROUP BY 1 HAVING min(last_name) >= 'M')",
    ),
    (
        'inventories: {some: {rentals: {some: {customer: {is: {lastName: {eq: "SMITH"}}}}}}}',
        "film_id IN (SELECT film_id FROM inventory JOIN rental USING (inventory_id) JOIN customer USING (customer_id)"
        " WHERE last_name = 'SMITH')",
    ),
]


@pytest.mark.parametrize(("where", "condition"), FILMS)
async def test_a_filter_finds_what_sql_finds(api: Api, sql: Sql, where: str, condition: str) -> None:
    found = await run(api, f"{{ films(first: 500, where: {{{where}}}) {{ totalCount nodes {{ filmId }} }} }}")

    keys = await sql(f"SELECT film_id FROM film WHERE {condition} ORDER BY film_id")
    assert found == {"films": {"totalCount": len(keys), "nodes": [{"filmId": key} for key in keys[:500]]}}


async def test_enum_values_sort_as_they_are_declared_and_are_told_by_graphql_names(api: Api, sql: Sql) -> None:
    query = "query($at: String) { films(first: 500, after: $at, orderBy: [{rating: DESC}, {title: ASC}]) "
    query += "{ nodes { rating title } pageInfo { endCursor } } }"
    first = (await run(api, query))["films"]
    second = (await run(api, query, at=first["pageInfo"]["endCursor"]))["films"]

    rows = await sql("SELECT replace(rating::text, '-', '_'), title FROM film ORDER BY rating DESC, title")
    nodes = [*first["nodes"], *second["nodes"]]
    assert [(node["rating"], node["title"]) for node in nodes] == rows
    assert list(dict.fromkeys(rating for rating, _ in rows)) == ["NC_17", "R", "PG_13", "PG", "G"]


# ---------- its keys and relations ----------


async def test_a_link_table_is_a_model_and_a_relation_with_its_column_on_the_edges(api: Api, sql: Sql) -> None:
    query = """{ film(by: {filmId: 1}) { title
      actors(first: 3, orderBy: [{lastUpdate: ASC}, {node: {lastName: DESC}}, {node: {firstName: ASC}}]) {
        totalCount edges { lastUpdate node { lastName } } }
      filmActors(first: 2) { totalCount nodes { id lastUpdate actorId actor { lastName } } } } }"""
    found = await run(api, query)

    rows = await sql(
        "SELECT film_actor.last_update, last_name, actor_id FROM film_actor JOIN actor USING (actor_id)"
        " WHERE film_id = 1 ORDER BY film_actor.last_update, last_name DESC, first_name"
    )
    edges = [{"lastUpdate": time.isoformat(), "node": {"lastName": name}} for time, name, _ in rows[:3]]
    by_key = sorted(rows, key=lambda row: row[2])
    nodes = [
        {
            "id": global_id("FilmActor", key, 1),
            "lastUpdate": time.isoformat(),
            "actorId": global_id("Actor", key),
            "actor": {"lastName": name},
        }
        for time, name, key in by_key[:2]
    ]
    film = {"title": "ACADEMY DINOSAUR", "actors": {"totalCount": len(rows), "edges": edges}}
    assert found == {"film": {**film, "filmActors": {"totalCount": len(rows), "nodes": nodes}}}


async def test_a_walk_along_a_link_table_gives_every_record_once(api: Api, sql: Sql) -> None:
    found: list[str] = []
    after = None
    while after is not None or not found:
        query = """query($after: String) { actor(by: {actorId: 107}) {
          films(first: 7, after: $after, orderBy: [{lastUpdate: DESC}, {node: {rating: ASC}}]) {
            nodes { title } pageInfo { hasNextPage endCursor } } } }"""
        page = (await run(api, query, after=after))["actor"]["films"]
        found += [node["title"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None

    order = "film_actor.last_update DESC, rating, film_id"
    tables = "film_actor JOIN film USING (film_id)"
    assert found == await sql(f"SELECT title FROM {tables} WHERE actor_id = 107 ORDER BY {order}")


async def test_a_record_is_found_by_its_composite_key(api: Api) -> None:
    key = global_id("FilmCategory", 2, 11)
    found = await run(
        api,
        """query($id: ID!, $film: ID!, $category: ID!) {
          filmCategory(by: {filmIdCategoryId: {filmId: $film, categoryId: $category}}) { id film { title } }
          byId: filmCategory(by: {id: $id}) { category { name } }
          node(id: $id) { __typename id }
          filmCategories(where: {id: {in: [$id]}}) { totalCount } }""",
        id=key,
        film=global_id("Film", 2),
        category=global_id("Category", 11),
    )

    assert found == {
        "filmCategory": {"id": key, "film": {"title": "ACE GOLDFINGER"}},
        "byId": {"category": {"name": "Horror"}},
        "node": {"__typename": "FilmCategory", "id": key},
        "filmCategories": {"totalCount": 1},
    }


async def test_two_foreign_keys_to_one_table_are_two_relations(api: Api, sql: Sql) -> None:
    query = "{ languages { nodes { name filmsByLanguage { totalCount } filmsByOriginalLanguage { totalCount } } } }"
    found = await run(api, query)

    rows = await sql(
        "SELECT name, (SELECT count(*) FROM film WHERE language_id = language.language_id),"
        " (SELECT count(*) FROM film WHERE original_language_id = language.language_id) FROM language ORDER BY language_id"
    )
    assert [
        (node["name"], node["filmsByLanguage"]["totalCount"], node["filmsByOriginalLanguage"]["totalCount"])
        for node in found["languages"]["nodes"]
    ] == rows


async def test_a_cycle_of_two_tables_is_followed_round(api: Api) -> None:
    found = await run(
        api,
        """{ staffs { nodes { firstName picture store { storeId managerStaff { firstName store { storeId } } }
          storeByManagerStaff { storeId staffs { nodes { firstName } } } } } }""",
    )

    def staff(name: str, store: int, picture: str | None) -> dict[str, Any]:
        manager = {"firstName": name, "store": {"storeId": store}}
        managed = {"storeId": store, "staffs": {"nodes": [{"firstName": name}]}}
        return {
            "firstName": name,
            "picture": picture,
            "store": {"storeId": store, "managerStaff": manager},
            "storeByManagerStaff": managed,
        }

    # the picture is the eight bytes with which a PNG begins
    assert found == {"staffs": {"nodes": [staff("Mike", 1, "iVBORw0KWgo="), staff("Jon", 2, None)]}}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (
            "films(first: $n) { nodes { language { name } actors { edges { lastUpdate } } inventories { totalCount } } }",
            (4, 3),
        ),
        ("customers(first: $n) { nodes { address { city { country { country } } } rentals { totalCount } } }", (5, 2)),
        ("inventories(first: $n) { nodes { film { title } rentals { nodes { customer { lastName } } } } }", (4, 2)),
        ("filmActors(first: $n) { totalCount nodes { actor { lastName } film { title } } }", (4, 2)),
    ],
)
async def test_the_statements_depend_on_the_document_alone(target: Target, query: str, count: tuple[int, int]) -> None:
    """count: for a document that is new, and for one that comes again, which reads more by joins."""
    assert target.api is not None and target.engine is not None
    counts = []
    for size in (2, 2, 200):
        with record_statements(target.engine) as statements:
            await run(target.api, f"query($n: Int) {{ {query} }}", n=size)
        counts.append(len(statements))

    new, known = count
    assert counts == [new, known, known]
