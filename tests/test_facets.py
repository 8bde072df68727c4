"""Facets: how many records of a list have which values, over the list's own conditions but those on the very column."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api, Limits, ModelOptions
from gqlcrud.catalog import Column
from gqlcrud.errors import RequestError
from gqlcrud.execution import FacetCount, OperationConnection, Page, Reader, engine_source
from gqlcrud.naming import snake_name
from gqlcrud.plan import And, Compare, Expression
from gqlcrud.planning import Planner, Visibility, check_typed_position
from gqlcrud.scalars import Operator
from gqlcrud.selection import RESOLVED, Selection
from tests import archive, market, zoo
from tests.databases import MakeEngine, record_statements
from tests.notes import Base, Label, Note, Writer
from tests.running import refused, run, save

FACETED = ModelOptions(
    exclude={"vector"},
    searchable=["title"],
    facets=[Note.stars, Note.writer_id, (Note.writer, Writer.name), "writer.town", ("labels", Label.word)],
)


async def filled(make_engine: MakeEngine) -> AsyncEngine:
    """Three notes of Ada, one of Bob, who has no town, two of nobody; of some the stars are not known."""
    engine: AsyncEngine = await make_engine(Base.metadata)
    ada, bob = Writer(id=1, name="Ada", town="Rome"), Writer(id=2, name="Bob")
    red, blue = Label(id=1, word="red"), Label(id=2, word="blue")
    also_red = Label(id=3, word="red")
    await save(engine, Note(id=1, title="a", stars=5, writer=ada, labels=[red, blue]))
    await save(engine, Note(id=2, title="a", stars=3, writer=ada, labels=[red, also_red]))
    await save(engine, Note(id=3, title="b", stars=None, writer=ada))
    await save(engine, Note(id=4, title="b", stars=3, writer=bob, labels=[blue]))
    await save(engine, Note(id=5, title="c", stars=5))
    await save(engine, Note(id=6, title="c", stars=None, labels=[also_red]))
    return engine


async def notes_api(make_engine: MakeEngine, **options: Any) -> Api:
    return Api(Base, await filled(make_engine), models={Note: FACETED}, **options)


async def counts(api: Api, facets: str, arguments: str = "") -> dict[str, list[tuple[Any, int]]]:
    """(value, count) by facet; `facets` are their names, `arguments` those of the list."""
    called = f"({arguments})" if arguments else ""
    fields = " ".join(f"{each} {{ value count }}" for each in facets.split())
    data = await run(api, f"{{ notes{called} {{ facets {{ {fields} }} }} }}")
    return {
        name: [(each["value"], each["count"]) for each in values] for name, values in data["notes"]["facets"].items()
    }


# ---------- values and counts ----------


async def test_what_most_records_have_comes_first_then_smaller_values_then_null(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)

    assert await counts(api, "stars writerName writerTown labelsWord") == {
        "stars": [(3, 2), (5, 2), (None, 2)],
        "writerName": [("Ada", 3), (None, 2), ("Bob", 1)],
        "writerTown": [("Rome", 3), (None, 3)],
        "labelsWord": [("red", 3), ("blue", 2), (None, 2)],
    }


async def test_a_record_counts_once_for_each_value_that_it_leads_to(make_engine: MakeEngine) -> None:
    """Note 2 has two labels of one word."""
    api = await notes_api(make_engine)

    assert await counts(api, "labelsWord", "where: {rowId: {eq: 2}}") == {"labelsWord": [("red", 1)]}


async def test_a_foreign_key_is_counted_by_global_id(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)

    assert await counts(api, "writerId") == {"writerId": [("V3JpdGVyOjE", 3), (None, 2), ("V3JpdGVyOjI", 1)]}


async def test_the_page_does_not_matter(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)

    everything = await counts(api, "stars")
    assert await counts(api, "stars", "first: 1") == everything
    assert await counts(api, "stars", "last: 1, orderBy: [{title: DESC}]") == everything
    assert await counts(api, "stars", "first: 0") == everything


async def test_values_have_the_types_of_their_columns(make_engine: MakeEngine) -> None:
    """A NULL alone, and one value beside it."""
    engine = await make_engine(zoo.Scalars.metadata)
    await save(
        engine,
        zoo.Everything(id=1),
        zoo.Everything(
            id=2,
            big_integer=2**40,
            numeric=Decimal("1.5"),
            double=0.25,
            boolean=False,
            date_only=dt.date(2024, 5, 6),
            time_only=dt.time(7, 8),
            datetime_aware=dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC),
            interval=dt.timedelta(hours=1),
            uuid_value=UUID(int=1),
            colour=zoo.Colour.RED,
            binding="e-book",
        ),
    )
    values = {
        "bigInteger": str(2**40),
        "numeric": "1.500",
        "double": 0.25,
        "boolean": False,
        "dateOnly": "2024-05-06",
        "timeOnly": "07:08:00",
        "datetimeAware": "2024-05-06T07:08:09+00:00",
        "interval": "PT1H",
        "uuidValue": "00000000-0000-0000-0000-000000000001",
        "colour": "RED",
        "binding": "e_book",
    }
    api = Api(zoo.Scalars, engine, models={zoo.Everything: ModelOptions(facets=[snake_name(each) for each in values])})
    data = await run(
        api, f"{{ everythings {{ facets {{ {' '.join(f'{each} {{ value count }}' for each in values)} }} }} }}"
    )

    assert data["everythings"]["facets"] == {
        name: [{"value": value, "count": 1}, {"value": None, "count": 1}] for name, value in values.items()
    }


async def test_enums_come_as_they_are_declared(make_engine: MakeEngine) -> None:
    engine = await make_engine(market.Base.metadata)
    await save(engine, *(market.Region(climate=each) for each in (*market.Climate, None)))
    api = Api(market.Base, engine, models={market.Region: ModelOptions(facets=["climate"])})

    assert await run(api, "{ regions { facets { climate { value } } } }") == {
        "regions": {"facets": {"climate": [{"value": each} for each in ("MILD", "COLD", "HOT", None)]}}
    }


# ---------- limits ----------


async def test_a_facet_has_as_many_values_as_it_is_asked_for(make_engine: MakeEngine) -> None:
    """Each selection of one facet has its own limit; the statement is one."""
    engine = await filled(make_engine)
    api = Api(Base, engine, models={Note: FACETED}, limits=Limits(facet_values=2, max_facet_values=3))
    query = """{ notes {
      facets { writerName { count } one: writerName(limit: 1) { value } none: writerName(limit: 0) { value } }
      again: facets { writerName(limit: 3) { value } all: writerName(limit: null) { value } }
    } }"""
    with record_statements(engine) as statements:
        data = await run(api, query)

    assert len(statements) == 1
    assert data["notes"] == {
        "facets": {"writerName": [{"count": 3}, {"count": 2}], "one": [{"value": "Ada"}], "none": []},
        "again": {
            "writerName": [{"value": "Ada"}, {"value": None}, {"value": "Bob"}],
            "all": [{"value": "Ada"}, {"value": None}],
        },
    }


async def test_a_limit_beyond_the_bounds_is_refused(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine, limits=Limits(max_facet_values=3))
    query = "query ($limit: Int) { notes { shown: facets { top: stars(limit: $limit) { count } } } }"

    assert await refused(api, query, limit=4) == [("LIMIT", "limit is 4; a facet has at most 3 values.")]
    assert await refused(api, query, limit=-1) == [("VALIDATION", "limit cannot be negative.")]
    result = await api.execute(query, {"limit": 4})
    assert [each.extensions for each in result.errors or ()] == [
        {"code": "LIMIT", "inputPath": ["shown", "top", "limit"]}
    ]


# ---------- conditions ----------


async def test_a_facet_leaves_out_the_conditions_on_its_own_column(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)

    assert await counts(api, "stars writerName", "where: {stars: {eq: 3}}") == {
        "stars": [(3, 2), (5, 2), (None, 2)],
        "writerName": [("Ada", 1), ("Bob", 1)],
    }
    both = 'where: {stars: {in: [3, 5]}, writer: {is: {name: {eq: "Ada"}}}}'
    assert await counts(api, "stars writerName", both) == {
        "stars": [(3, 1), (5, 1), (None, 1)],
        "writerName": [("Ada", 2), ("Bob", 1), (None, 1)],
    }


async def test_conditions_in_nested_ands_are_its_own_too(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)
    where = 'where: {and: [{stars: {eq: 3}}, {and: [{stars: {isNull: false}, title: {eq: "a"}}]}]}'

    assert await counts(api, "stars", where) == {"stars": [(3, 1), (5, 1)]}


@pytest.mark.parametrize(
    "where",
    ["{or: [{stars: {eq: 3}}]}", "{not: {stars: {ne: 3}}, stars: {gt: 1}}", "{and: [{or: [{stars: {eq: 3}}]}]}"],
)
async def test_conditions_in_or_and_not_stay(make_engine: MakeEngine, where: str) -> None:
    api = await notes_api(make_engine)

    expected = [(3, 2), (None, 2)] if "not" in where else [(3, 2)]
    assert await counts(api, "stars", f"where: {where}") == {"stars": expected}


async def test_what_a_condition_on_a_relation_says_of_other_columns_stays(make_engine: MakeEngine) -> None:
    """One that is about the column alone is gone wholly, with what it says of there being a record."""
    api = await notes_api(make_engine)

    where = 'where: {writer: {is: {name: {eq: "Bob"}, town: {isNull: true}}}}'
    assert await counts(api, "writerName writerTown", where) == {
        "writerName": [("Bob", 1)],
        "writerTown": [(None, 1)],
    }
    assert await counts(api, "writerName", 'where: {writer: {is: {name: {eq: "Bob"}}}}') == {
        "writerName": [("Ada", 3), (None, 2), ("Bob", 1)]
    }
    assert await counts(api, "writerName", 'where: {writer: {is: {}, isNot: {name: {eq: "Bob"}}}}') == {
        "writerName": [("Ada", 3)]
    }
    assert await counts(api, "writerName", 'where: {writer: {isNull: false, is: {name: {eq: "Bob"}}}}') == {
        "writerName": [("Ada", 3), ("Bob", 1)]
    }


async def test_a_facet_of_a_list_leaves_out_what_is_said_of_some(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)

    where = 'where: {labels: {some: {word: {eq: "blue"}}}}'
    assert await counts(api, "labelsWord stars", where) == {
        "labelsWord": [("red", 3), ("blue", 2), (None, 2)],
        "stars": [(3, 1), (5, 1)],
    }
    assert await counts(api, "labelsWord", 'where: {labels: {none: {word: {eq: "blue"}}}}') == {
        "labelsWord": [("red", 2), (None, 2)]
    }


async def test_a_facet_of_a_foreign_key_leaves_out_the_conditions_on_it(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)

    assert await counts(api, "writerId", 'where: {writerId: {eq: "V3JpdGVyOjI"}, title: {ne: "a"}}') == {
        "writerId": [(None, 2), ("V3JpdGVyOjE", 1), ("V3JpdGVyOjI", 1)]
    }


async def test_a_facet_counts_even_where_its_own_condition_finds_nothing(make_engine: MakeEngine) -> None:
    """`in: []` needs no statement; the facet does."""
    api = await notes_api(make_engine)
    query = "{ notes(where: {stars: {in: []}}) { totalCount nodes { title } facets { stars { count } writerName { count } } } }"

    assert await run(api, query) == {
        "notes": {
            "totalCount": 0,
            "nodes": [],
            "facets": {"stars": [{"count": 2}, {"count": 2}, {"count": 2}], "writerName": []},
        }
    }


async def test_a_facet_counts_what_a_search_finds(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)

    assert await counts(api, "stars", 'search: "a", where: {stars: {eq: 1}}') == {"stars": [(3, 1), (5, 1)]}
    assert await counts(api, "stars", 'search: "nothing"') == {"stars": []}


async def test_deleted_records_count_nowhere(make_engine: MakeEngine) -> None:
    """Not themselves, and not as what a record leads to. A condition on the mark is left out like any other, but what
    is deleted stays so."""
    engine = await make_engine(archive.Base.metadata)
    then = dt.datetime(2024, 5, 6, tzinfo=dt.UTC)
    oak, cellar = archive.Shelf(name="oak"), archive.Shelf(name="cellar", deleted_at=then)
    red, grey = archive.Tag(word="red", active=True), archive.Tag(word="grey", active=False)
    await save(engine, archive.Book(title="one", shelf=oak, tags=[red, grey]))
    await save(engine, archive.Book(title="two", shelf=cellar, tags=[grey]))
    await save(engine, archive.Book(title="gone", shelf=oak, tags=[red], deleted_at=then))
    facets = ["deleted_at", "shelf.name", "tags.word"]
    options = archive.OPTIONS | {archive.Book: replace(archive.OPTIONS[archive.Book], facets=facets)}
    api = Api(archive.Base, engine, models=options)
    query = """query ($deleted: DeletedRecords) { books(deleted: $deleted, where: {deletedAt: {isNull: false}}) {
      facets { deletedAt { count } } } }"""

    assert await run(api, "{ books { facets { shelfName { value count } tagsWord { value count } } } }") == {
        "books": {
            "facets": {
                "shelfName": [{"value": "oak", "count": 1}, {"value": None, "count": 1}],
                "tagsWord": [{"value": "red", "count": 1}, {"value": None, "count": 1}],
            }
        }
    }
    assert await run(api, query) == {"books": {"facets": {"deletedAt": [{"count": 2}]}}}
    shown = await api.execute(query, {"deleted": "INCLUDE"}, context="librarian")
    assert shown.data == {"books": {"facets": {"deletedAt": [{"count": 2}, {"count": 1}]}}}


# ---------- lists below records ----------


async def test_lists_below_records_count_each_for_themselves(make_engine: MakeEngine) -> None:
    """One-to-many and many-to-many, each with its own limit and conditions; a writer without notes has empty facets."""
    engine = await filled(make_engine)
    await save(engine, Writer(id=3, name="Eve"))
    api = Api(Base, engine, models={Note: FACETED})
    query = """{
      writers { nodes { name notes(where: {stars: {eq: 5}}) {
        nodes { rowId } facets { stars(limit: 2) { value count } labelsWord(limit: 1) { value count } }
      } } }
      labels(where: {rowId: {in: [1, 3]}}) { nodes { notes { facets { writerName { value count } } } } }
    }"""

    assert await run(api, query) == {
        "writers": {
            "nodes": [
                {
                    "name": "Ada",
                    "notes": {
                        "nodes": [{"rowId": 1}],
                        "facets": {
                            "stars": [{"value": 3, "count": 1}, {"value": 5, "count": 1}],
                            "labelsWord": [{"value": "blue", "count": 1}],
                        },
                    },
                },
                {
                    "name": "Bob",
                    "notes": {"nodes": [], "facets": {"stars": [{"value": 3, "count": 1}], "labelsWord": []}},
                },
                {"name": "Eve", "notes": {"nodes": [], "facets": {"stars": [], "labelsWord": []}}},
            ]
        },
        "labels": {
            "nodes": [
                {"notes": {"facets": {"writerName": [{"value": "Ada", "count": 2}]}}},
                {"notes": {"facets": {"writerName": [{"value": "Ada", "count": 1}, {"value": None, "count": 1}]}}},
            ]
        },
    }


@pytest.mark.parametrize("parents", [2, 200])
async def test_a_facet_is_one_statement_for_all_parents(make_engine: MakeEngine, parents: int) -> None:
    engine = await make_engine(Base.metadata)
    await save(
        engine, *(Writer(id=n, name=str(n), notes=[Note(title="a", labels=[Label(word="b")])]) for n in range(200))
    )
    api = Api(Base, engine, models={Note: FACETED, Writer: ModelOptions(max_page_size=200)})
    query = f"""{{ writers(first: {parents}) {{ nodes {{
      notes {{ nodes {{ title }} facets {{ stars {{ count }} labelsWord {{ value }} }} }}
      again: notes {{ facets {{ stars {{ value }} }} }}
    }} }} }}"""

    with record_statements(engine) as statements:
        data = await run(api, query)

    assert len(data["writers"]["nodes"]) == parents
    assert data["writers"]["nodes"][-1] == {
        "notes": {"nodes": [{"title": "a"}], "facets": {"stars": [{"count": 1}], "labelsWord": [{"value": "b"}]}},
        "again": {"facets": {"stars": [{"value": None}]}},
    }
    assert len(statements) == 4  # writers, notes, two facets


# ---------- any column ----------


async def page_of(engine: AsyncEngine, api: Api, entity: type, facets: Sequence[str], **arguments: Any) -> Page:
    """As the layers below GraphQL give it: facets are columns and paths, declared or not."""
    planner = Planner(api.catalog, Limits(max_facet_values=1000, facet_values=1000), check_typed_position, Visibility())
    children = tuple(Selection(each, each, {}) for each in facets)
    selection = Selection(RESOLVED, "list", arguments, (Selection("facets", "facets", {}, children),))
    connection = OperationConnection(engine_source(engine))
    return await Reader(connection).page(planner.page(selection, api.catalog.model(entity)))


async def test_any_column_or_path_can_be_counted_below_graphql(make_engine: MakeEngine) -> None:
    engine = await filled(make_engine)
    page = await page_of(
        engine, Api(Base, engine, models={Note: FACETED}), Writer, ["town", "notes.stars", "notes.labels.word"]
    )

    assert page.facets == {
        "town": [FacetCount("Rome", 1), FacetCount(None, 1)],
        "notes.stars": [FacetCount(3, 2), FacetCount(5, 1), FacetCount(None, 1)],
        "notes.labels.word": [FacetCount("blue", 2), FacetCount("red", 1), FacetCount(None, 1)],
    }


PLANNED: Sequence[tuple[Mapping[str, Any], str]] = (
    ({"stars": {"eq": 3}}, "stars"),
    ({"and": [{"stars": {"gt": 1, "lt": 5}}, {"title": {"ne": "c"}}]}, "stars"),
    ({"or": [{"stars": {"eq": 3}}, {"title": {"eq": "a"}}], "not": {"stars": {"eq": 5}}}, "stars"),
    ({"writerId": {"eq": "V3JpdGVyOjI"}}, "writerId"),
    ({"writer": {"is": {"name": {"eq": "Bob"}, "town": {"isNull": True}}}}, "writer.name"),
    ({"writer": {"is": {"name": {"eq": "Bob"}}}}, "writer.name"),
    ({"writer": {"is": {}, "isNot": {"name": {"eq": "Bob"}}}}, "writer.name"),
    ({"labels": {"some": {"word": {"eq": "blue"}}}, "stars": {"isNull": False}}, "labels.word"),
    ({"labels": {"none": {"word": {"eq": "blue"}}}}, "labels.word"),
)


@pytest.mark.parametrize(("where", "facet"), PLANNED, ids=range(len(PLANNED)))
async def test_a_condition_that_is_planned_already_is_left_out_alike(
    make_engine: MakeEngine, where: Mapping[str, Any], facet: str
) -> None:
    """As callers in Python give it, whose conditions may have parts that no input has."""
    engine = await filled(make_engine)
    api = Api(Base, engine, models={Note: FACETED})
    planner = Planner(api.catalog, Limits(), check_typed_position, Visibility())
    planned = planner.condition(where, api.catalog.model(Note))
    by_input = await page_of(engine, api, Note, [facet], where=where)

    assert (await page_of(engine, api, Note, [facet], where=planned)).facets == by_input.facets


async def test_an_expression_of_the_application_stays(make_engine: MakeEngine) -> None:
    engine = await filled(make_engine)
    api = Api(Base, engine, models={Note: FACETED})
    stars = api.catalog.model(Note).members["stars"]
    assert isinstance(stars, Column)
    where = And((Expression(Note.stars > 3), Compare(stars, Operator.EQ, 3)))

    page = await page_of(engine, api, Note, ["stars", "title"], where=where)

    assert page.facets == {"stars": [FacetCount(5, 2)], "title": []}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "nothing",
            "'nothing' is no column whose values can be counted of Note; there are: body, rowId, stars, title, writerId. "
            "Its facets are: stars, writerId, writerName, writerTown, labelsWord.",
        ),
        (
            "title.name",
            "'title' is no relation of Note; there are: labels, writer. "
            "Its facets are: stars, writerId, writerName, writerTown, labelsWord.",
        ),
        ("writer.notes", "'notes' is no column whose values can be counted of Writer; there are: name, rowId, town."),
    ],
)
async def test_an_unknown_facet_tells_those_that_there_are(make_engine: MakeEngine, name: str, message: str) -> None:
    engine = await make_engine(Base.metadata)
    api = Api(Base, engine, models={Note: FACETED})
    with pytest.raises(RequestError) as caught:
        await page_of(engine, api, Note, [name])

    assert (caught.value.message, caught.value.path) == (message, ("facets", name))


# ---------- compared with Python ----------

ROWS = market.market_rows()


def stall(row: market.Row) -> market.Row | None:
    return ROWS.one("stall", id=row["stall_id"])


def region(row: market.Row) -> market.Row | None:
    found = stall(row)
    return ROWS.one("region", id=found["region_id"]) if found else None


def labels(row: market.Row) -> list[market.Row]:
    return [ROWS.of("label", id=each["label_id"])[0] for each in ROWS.of("good_label", good_id=row["id"])]


def own(key: str) -> Callable[[market.Row], Sequence[Any]]:
    return lambda row: [row[key]]


VALUES: Mapping[str, Callable[[market.Row], Sequence[Any]]] = {
    **{key: own(key) for key in ("name", "code", "kind", "price", "weight", "fresh", "keeps", "serial")},
    "soldAt": lambda row: [row["sold_at"]],
    "shout": lambda row: [None if row["name"] is None else ascii_upper(row["name"]) + "!"],
    "isHeavy": lambda row: [None if row["weight"] is None else row["weight"] >= 2],
    "dealTotal": lambda row: [total([each["amount"] for each in ROWS.of("deal", good_id=row["id"])])],
    "stall.title": lambda row: [(stall(row) or {}).get("title")],
    "stall.region.name": lambda row: [(region(row) or {}).get("name")],
    "stall.region.climate": lambda row: [(region(row) or {}).get("climate")],
    "seal.colour": lambda row: [(ROWS.one("seal", good_id=row["id"]) or {}).get("colour")],
    "labels.text": lambda row: [each["text"] for each in labels(row)],
    "deals.amount": lambda row: [each["amount"] for each in ROWS.of("deal", good_id=row["id"])],
}
"""What a good counts for, by facet: each value once; null, if there is none."""

CONDITIONS: Sequence[tuple[Mapping[str, Any] | None, Callable[[market.Row], bool]]] = (
    (None, lambda row: True),
    ({"code": {"gt": 1}}, lambda row: row["code"] > 1),
    ({"labels": {"count": {"gt": 1}}}, lambda row: len(labels(row)) > 1),
    ({"seal": {"isNull": False}}, lambda row: ROWS.one("seal", good_id=row["id"]) is not None),
)


def ascii_upper(text: str) -> str:
    """As both databases do it in the locale C."""
    return "".join(each.upper() if each.isascii() else each for each in text)


def total(amounts: Sequence[int | None]) -> int | None:
    known = [each for each in amounts if each is not None]
    return sum(known) if known else None


@pytest.fixture(scope="module")
async def market_engine(make_module_engine: MakeEngine) -> AsyncEngine:
    engine: AsyncEngine = await make_module_engine(market.Base.metadata)
    await market.fill_market(engine, ROWS)
    return engine


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(VALUES)), condition=st.integers(0, len(CONDITIONS) - 1))
async def test_a_facet_counts_what_python_counts(market_engine: AsyncEngine, name: str, condition: int) -> None:
    where, holds = CONDITIONS[condition]
    goods = [row for row in ROWS.of("good") if holds(row) or (name == "code" and where == {"code": {"gt": 1}})]
    expected = Counter(value for row in goods for value in set(VALUES[name](row)) or {None})

    page = await page_of(market_engine, Api(market.Base, market_engine), market.Good, [name], where=where)

    found = page.facets[name]
    assert {each.value: each.count for each in found} == expected
    assert len(found) == len(expected)
    assert [each.count for each in found] == sorted(expected.values(), reverse=True)
