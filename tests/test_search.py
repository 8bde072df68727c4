"""The argument `search`: every word stands somewhere, whatever its case and its characters, on both databases alike."""

import datetime as dt
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gqlcrud import Api, Limits, ModelOptions
from gqlcrud.errors import RequestError
from gqlcrud.planning import Planner, Visibility, check_typed_position
from gqlcrud.selection import RESOLVED, Selection
from tests import archive
from tests.databases import MakeEngine, record_statements
from tests.notes import Base, Label, Note, Writer
from tests.running import refused, run, save

SEARCHABLE = ModelOptions(
    exclude={"vector"}, searchable=[Note.title, "body", (Note.writer, Writer.name), ("writer", "town"), "labels.word"]
)
QUERY = """query ($text: String, $fields: [NoteSearchField!]) {
  notes(search: $text, searchFields: $fields) { totalCount nodes { rowId } }
}"""


async def filled(make_engine: MakeEngine) -> AsyncEngine:
    """Four notes: 1 and 2 of Ada in Zürich, 3 of Bob, 4 of nobody."""
    engine: AsyncEngine = await make_engine(Base.metadata)
    ada, bob = Writer(name="Ada Lovelace", town="ZÜRICH"), Writer(name="Bob")
    red, blue = Label(word="red hot"), Label(word="blue")
    await save(engine, Note(id=1, title="The Engine", body="weaves algebraic patterns", writer=ada, labels=[red, blue]))
    await save(engine, Note(id=2, title="100% cotton", body=None, writer=ada, labels=[blue]))
    await save(engine, Note(id=3, title="Straße nach ΣΊΣΥΦΟΣ", body="snake_case \\ *?", writer=bob))
    await save(engine, Note(id=4, title="engine oil", body="a 'quoted' word", labels=[red]))
    return engine


async def notes_api(make_engine: MakeEngine, **options: Any) -> Api:
    return Api(Base, await filled(make_engine), models={Note: SEARCHABLE}, **options)


async def found(api: Api, text: str | None, fields: Sequence[str] | None = None) -> list[int]:
    """The notes that a search finds; as many as it counts."""
    page = (await run(api, QUERY, text=text, fields=fields))["notes"]
    numbers = [each["rowId"] for each in page["nodes"]]
    assert page["totalCount"] == len(numbers)
    return numbers


# ---------- words ----------


async def test_every_word_stands_in_one_of_the_fields(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)

    assert await found(api, "engine") == [1, 4]
    assert await found(api, "patterns engine") == [1]
    assert await found(api, "ngin patt") == [1]
    assert await found(api, "engine nothing") == []
    assert await found(api, "  engine \t\n oil  engine ") == [4]


async def test_words_are_found_in_related_records(make_engine: MakeEngine) -> None:
    """To-one and to-many, one word here and the other there, both in one text of one label or in two labels."""
    api = await notes_api(make_engine)

    assert await found(api, "lovelace") == [1, 2]
    assert await found(api, "ada zürich engine") == [1]
    assert await found(api, "blue") == [1, 2]
    assert await found(api, "red blue") == [1]
    assert await found(api, "bob") == [3]


async def test_case_does_not_matter_in_any_script(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)

    assert await found(api, "ENGINE") == [1, 4]
    assert await found(api, "zürich") == [1, 2]
    assert await found(api, "STRAẞE") == [3]
    assert await found(api, "σίσυφος") == [3]


async def test_no_character_is_special_but_quotation_marks(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)

    assert await found(api, "%") == [2]
    assert await found(api, "0_") == []
    assert await found(api, "_") == [3]
    assert await found(api, "\\") == [3]
    assert await found(api, "*?") == [3]
    assert await found(api, "'quoted'") == [4]
    assert await found(api, "-engine") == []


async def test_a_phrase_in_quotation_marks_is_one_word(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)

    assert await found(api, '"engine oil"') == [4]
    assert await found(api, '"oil engine"') == []
    assert await found(api, '"the eng" "lovelace"') == [1]
    assert await found(api, 'the "algebraic patterns"') == [1]
    assert await found(api, '"red hot" blue') == [1]


async def test_a_quotation_mark_without_another_one_is_passed_over(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)

    assert await found(api, 'engine "oil') == [4]
    assert await found(api, '"engine oil" "') == [4]
    assert await found(api, 'engine"oil') == [4]


@pytest.mark.parametrize("text", [None, "", "  \n", '""', '" "', '"'])
async def test_a_search_without_a_word_asks_for_nothing(make_engine: MakeEngine, text: str | None) -> None:
    api = await notes_api(make_engine)

    assert await found(api, text) == [1, 2, 3, 4]
    assert await found(api, text, []) == [1, 2, 3, 4]


async def test_a_request_may_choose_the_fields(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)

    assert await found(api, "engine", ["TITLE"]) == [1, 4]
    assert await found(api, "engine", ["BODY"]) == []
    assert await found(api, "e", ["WRITER_NAME", "LABELS_WORD"]) == [1, 2, 4]
    assert await found(api, "ada zürich", ["WRITER_NAME", "WRITER_TOWN"]) == [1, 2]
    assert await found(api, "engine", None) == [1, 4]
    assert await found(api, "engine", []) == []


ALPHABET = 'aA%_\\*?["-.éÉßẞσΣς日 '


@pytest.fixture(scope="module")
async def texts(make_module_engine: MakeEngine) -> AsyncIterator[tuple[Api, list[list[str]]]]:
    """80 notes of random texts, some without a body, a writer or a label; and the texts of each."""
    random = Random(7)

    def some(least: int, most: int) -> list[str]:
        return ["".join(random.choices(ALPHABET, k=random.randint(0, 6))) for _ in range(random.randint(least, most))]

    notes: list[Note] = []
    everything: list[list[str]] = []
    for n in range(1, 81):
        title, body, names, words = some(1, 1), some(0, 1), some(0, 1), some(0, 2)
        towns = some(1, 1) if names else []
        writer = Writer(name=names[0], town=towns[0]) if names else None
        labels = [Label(word=each) for each in words]
        notes.append(Note(id=n, title=title[0], body=body[0] if body else None, writer=writer, labels=labels))
        everything.append([*title, *body, *names, *towns, *words])
    engine = await make_module_engine(Base.metadata)
    await save(engine, *notes)
    yield Api(Base, engine, models={Note: SEARCHABLE}, limits=Limits(page_size=100)), everything


def holds(texts: Sequence[str], word: str) -> bool:
    """By Python's own rules of case."""
    return any(re.search(re.escape(word), each, re.IGNORECASE) for each in texts)


def words_of(text: str) -> list[str]:
    """Every other piece between quotation marks is a phrase, unless the last one is not closed."""
    pieces = text.split('"')
    phrases = pieces[1::2] if len(pieces) % 2 else pieces[1:-1:2]
    rest = pieces[::2] if len(pieces) % 2 else [*pieces[::2], pieces[-1]]
    return [word for piece in rest for word in piece.split()] + [each.strip() for each in phrases if each.strip()]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(ALPHABET, max_size=8))
async def test_a_search_finds_what_python_finds(texts: tuple[Api, list[list[str]]], text: str) -> None:
    api, notes = texts
    expected = [n for n, each in enumerate(notes, 1) if all(holds(each, word) for word in words_of(text))]

    assert await found(api, text) == expected


# ---------- beside other arguments ----------


async def test_a_search_stands_beside_conditions_and_orders(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)
    query = '{ notes(search: "e", where: {writer: {isNull: false}}, orderBy: [{rowId: DESC}]) { nodes { rowId } } }'

    assert await run(api, query) == {"notes": {"nodes": [{"rowId": 3}, {"rowId": 2}, {"rowId": 1}]}}


async def test_a_search_of_words_leaves_the_order_and_its_cursors_alone(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)
    query = """query ($text: String, $after: String) {
      notes(search: $text, first: 1, after: $after) { edges { cursor node { rowId } } }
    }"""

    (edge,) = (await run(api, query, text="ada"))["notes"]["edges"]
    assert edge["node"] == {"rowId": 1}
    assert (await run(api, query, text="engine", after=edge["cursor"]))["notes"]["edges"][0]["node"] == {"rowId": 4}


async def test_lists_below_records_are_searched_each_for_itself(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)
    query = """{
      writers { nodes { name notes(search: "engine") { totalCount nodes { rowId } } } }
      labels { nodes { word notes(search: "engine", searchFields: [BODY, TITLE]) { totalCount nodes { rowId } } } }
    }"""

    assert await run(api, query) == {
        "writers": {
            "nodes": [
                {"name": "Ada Lovelace", "notes": {"totalCount": 1, "nodes": [{"rowId": 1}]}},
                {"name": "Bob", "notes": {"totalCount": 0, "nodes": []}},
            ]
        },
        "labels": {
            "nodes": [
                {"word": "red hot", "notes": {"totalCount": 2, "nodes": [{"rowId": 1}, {"rowId": 4}]}},
                {"word": "blue", "notes": {"totalCount": 1, "nodes": [{"rowId": 1}]}},
            ]
        },
    }


async def test_a_search_is_a_part_of_the_statement_of_its_list(make_engine: MakeEngine) -> None:
    engine = await filled(make_engine)
    api = Api(Base, engine, models={Note: SEARCHABLE})

    with record_statements(engine) as statements:
        await run(api, '{ writers { nodes { notes(search: "a b c") { nodes { rowId } } } } }')

    assert len(statements) == 2


async def test_deleted_records_and_links_are_not_found_through(make_engine: MakeEngine) -> None:
    """Of the shelf, the writer and the tag of a book, and of the link to the tag."""
    engine = await make_engine(archive.Base.metadata)
    then = dt.datetime(2024, 5, 6, tzinfo=dt.UTC)
    oak, cellar = archive.Shelf(name="oak"), archive.Shelf(name="cellar", deleted_at=then)
    ada, bob = archive.Writer(name="Ada", removed=False), archive.Writer(name="Bob", removed=True)
    red, grey = archive.Tag(word="red", active=True), archive.Tag(word="grey", active=False)
    await save(engine, archive.Book(title="one", shelf=oak, writer=ada, tags=[red, grey]))
    await save(engine, archive.Book(title="two", shelf=cellar, writer=bob, tags=[grey]))
    await save(engine, archive.Book(title="gone", shelf=oak, writer=ada, tags=[red], deleted_at=then))
    searchable = ["title", "shelf.name", "writer.name", "tags.word"]
    options = archive.OPTIONS | {archive.Book: replace(archive.OPTIONS[archive.Book], searchable=searchable)}
    api = Api(archive.Base, engine, models=options)
    texts = ["oak", "cellar", "ada", "bob", "red", "grey", "gone", "two"]
    query = "{" + "".join(f'{each}: books(search: "{each}") {{ nodes {{ title }} }} ' for each in texts) + "}"

    assert {key: [each["title"] for each in page["nodes"]] for key, page in (await run(api, query)).items()} == {
        "oak": ["one"],
        "cellar": [],
        "ada": ["one"],
        "bob": [],
        "red": ["one"],
        "grey": [],
        "gone": [],
        "two": ["two"],
    }


async def test_a_text_that_the_api_does_not_offer_is_searched_and_shown_nowhere(make_engine: MakeEngine) -> None:
    hidden = replace(SEARCHABLE, exclude={"vector", "body"})
    api = Api(Base, await filled(make_engine), models={Note: hidden})

    assert await found(api, "algebraic") == [1]
    assert await refused(api, "{ notes { nodes { body } } }") == [
        ("GRAPHQL_VALIDATION_FAILED", "Cannot query field 'body' on type 'Note'.")
    ]


# ---------- what is refused ----------


def planned(arguments: dict[str, Any], entity: type = Note) -> tuple[str, tuple[str | int, ...]]:
    """How the planner refuses arguments that GraphQL's types do not let through: message and path."""
    engine = create_async_engine("sqlite+aiosqlite://")
    catalog = Api(Base, engine, models={Note: SEARCHABLE}).catalog
    planner = Planner(catalog, Limits(), check_typed_position, Visibility())
    with pytest.raises(RequestError) as caught:
        planner.page(Selection(RESOLVED, "list", arguments), catalog.model(entity))
    return caught.value.message, caught.value.path


def test_an_unknown_field_tells_those_that_there_are() -> None:
    assert planned({"search": "a", "searchFields": ["title", "writer.age"]}) == (
        "There is no search field 'writer.age'; there are: title, body, writer.name, writer.town, labels.word.",
        ("searchFields", 1),
    )


def test_a_model_without_a_search_says_so() -> None:
    message = "Writer has no search: ModelOptions(searchable=...) says what is searched."

    assert planned({"search": "a"}, Writer) == (message, ("search",))
    assert planned({"searchFields": ["name"]}, Writer) == (message, ("search",))


async def test_what_no_text_can_hold_is_refused(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)

    assert await refused(api, QUERY, text="a\0b") == [("VALIDATION", "A text cannot contain the NUL character.")]
    assert await refused(api, QUERY, text="a\ud800") == [("VALIDATION", "A text cannot contain lone surrogates.")]


async def test_words_are_bounded_in_number_and_length(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine, limits=Limits(max_search_words=3))

    assert await found(api, "e n g e n g") == [1, 4]
    assert await found(api, 'e n "g i"') == []
    assert await refused(api, QUERY, text="e n g i") == [("LIMIT", "A search has at most 3 words; this one has 4.")]
    assert await found(api, "x" * 400) == []
    assert await refused(api, QUERY, text="x" * 401) == [
        ("LIMIT", "A word of a search has at most 400 characters."),
    ]


async def test_an_error_tells_the_path_to_the_argument(make_engine: MakeEngine) -> None:
    api = await notes_api(make_engine)
    query = "query ($text: String) { all: writers { nodes { mine: notes(search: $text) { totalCount } } } }"

    result = await api.execute(query, {"text": "\0"})

    assert result.errors is not None
    assert [each.extensions for each in result.errors] == [
        {"code": "VALIDATION", "inputPath": ["nodes", "mine", "search"]}
    ]
