"""The options of searches and facets: what they make of the schema, and every mistake in them, with the whole message."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import build_schema
from sqlalchemy import Computed, String
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import gqlcrud
from gqlcrud import Api, ConfigurationError, FullText, ModelOptions
from gqlcrud.catalog import ColumnPath, Model
from tests import market, zoo
from tests.notes import Base, Label, Note, Writer


@pytest.fixture
def offline() -> AsyncEngine:
    """An engine that nobody connects to."""
    return create_async_engine("sqlite+aiosqlite://")


@pytest.fixture
def mistake(offline: AsyncEngine) -> Callable[..., str]:
    """`mistake(facets=...)`: why these options of notes are refused."""

    def tell(entity: type = Note, source: object = Base, **options: Any) -> str:
        given = {"exclude": {"vector"}, **options} if entity is Note else options
        with pytest.raises(ConfigurationError) as caught:
            Api(source, offline, models={entity: ModelOptions(**given)})
        return str(caught.value)

    return tell


def note_model(offline: AsyncEngine, **options: Any) -> Model:
    return Api(Base, offline, models={Note: ModelOptions(**options)}).catalog.by_entity[Note]


# ---------- what is read ----------


def test_attributes_names_and_paths_mean_the_same(offline: AsyncEngine) -> None:
    attributes: Any = [Note.title, (Note.writer, Writer.name), (Note.labels, Label.word)]
    names: Any = ["title", ("writer", "name"), "labels.word"]
    model = note_model(offline, searchable=attributes, facets=names, exclude={"vector"})

    assert model.search is not None
    assert model.search.fields == model.facets
    assert [each.name for each in model.facets] == ["title", "writer.name", "labels.word"]
    title, writer, labels = model.facets
    assert title == ColumnPath((), model.members["title"])  # type: ignore[arg-type]  # a column
    assert [each.key for each in writer.relations] == ["writer"]
    assert [each.key for each in labels.relations] == ["labels"]


def test_paths_are_called_by_the_names_of_the_api(offline: AsyncEngine) -> None:
    options: dict[type, ModelOptions] = {
        Note: ModelOptions(exclude={"vector"}, rename={"writer": "by"}, facets=["writer.id", "writer_id"])
    }
    sdl = Api(Base, offline, models=options).sdl()

    assert sorted(build_schema(sdl).type_map["NoteFacets"].fields) == ["byRowId", "writerId"]  # type: ignore[attr-defined]


def test_a_text_that_the_api_does_not_offer_can_be_searched(offline: AsyncEngine) -> None:
    model = note_model(offline, searchable=["body"], exclude={"body", "vector"})

    assert model.search is not None
    assert [each.name for each in model.search.fields] == ["body"]
    assert "body" not in model.members


def test_a_vector_is_left_out_of_the_api_by_itself(offline: AsyncEngine) -> None:
    model = note_model(offline, searchable=["title"], full_text=FullText("german", vector=Note.vector))

    assert "vector" not in model.members
    assert model.search is not None and model.search.text is not None
    assert (model.search.text.language, model.search.text.vector) == ("german", model.stored["vector"])


def test_subclasses_have_the_search_and_the_facets_of_their_base(offline: AsyncEngine) -> None:
    options: dict[type, ModelOptions] = {
        zoo.Vehicle: ModelOptions(searchable=["kind"], facets=["wheels"]),
        zoo.Truck: ModelOptions(facets=["kind"]),
    }
    catalog = Api(zoo.Joined, offline, models=options).catalog
    vehicle, truck = catalog.by_entity[zoo.Vehicle], catalog.by_entity[zoo.Truck]

    assert vehicle.search is not None and truck.search is not None
    assert [each.name for each in truck.search.fields] == ["kind"]
    assert [each.name for each in truck.facets] == ["kind"]


# ---------- the schema ----------


def test_the_schema_says_what_is_searched_and_counted(offline: AsyncEngine) -> None:
    options = ModelOptions(exclude={"vector"}, searchable=["title", "writer.name"], facets=["stars", "writer_id"])
    schema = build_schema(Api(Base, offline, models={Note: options, Label: ModelOptions(searchable=["word"])}).sdl())
    types: Any = schema.type_map

    def arguments(name: str, field: str) -> dict[str, str]:
        return {key: str(each.type) for key, each in types[name].fields[field].args.items() if "search" in key}

    assert arguments("Query", "notes") == {"search": "String", "searchFields": "[NoteSearchField!]"}
    assert arguments("Writer", "notes") == {"search": "String", "searchFields": "[NoteSearchField!]"}
    assert arguments("Query", "labels") == {"search": "String"}
    assert arguments("Query", "writers") == {}
    assert list(types["NoteSearchField"].values) == ["TITLE", "WRITER_NAME"]
    assert str(types["NoteConnection"].fields["facets"].type) == "NoteFacets!"
    assert {key: (str(each.type), list(each.args)) for key, each in types["NoteFacets"].fields.items()} == {
        "stars": ("[IntFacet!]!", ["limit"]),
        "writerId": ("[IDFacet!]!", ["limit"]),
    }
    assert {key: str(each.type) for key, each in types["IDFacet"].fields.items()} == {"value": "ID", "count": "Int!"}
    assert "facets" not in types["LabelConnection"].fields


def test_everything_of_it_is_described(offline: AsyncEngine) -> None:
    full = ModelOptions(searchable=["title", "body"], full_text=FullText(), facets=["stars"], exclude={"vector"})
    schema = build_schema(Api(Base, offline, models={Note: full, Writer: ModelOptions(searchable=["name"])}).sdl())
    types: Any = schema.type_map
    texts = [types[name].description for name in ("NoteFacets", "IntFacet", "NoteSearchField")]
    texts += [each.description for name in ("NoteFacets", "IntFacet") for each in types[name].fields.values()]
    texts += [each.description for each in types["NoteSearchField"].values.values()]
    texts += [types["Query"].fields["notes"].args[name].description for name in ("search", "searchFields")]
    texts += [types["Query"].fields["writers"].args["search"].description]

    assert [text for text in texts if not (text and text[0].isupper() and text.endswith("."))] == []


# ---------- mistakes ----------


def test_a_path_names_what_there_is(mistake: Callable[..., str]) -> None:
    has = "It has: body, id, labels, stars, title, writer, writer_id."

    assert mistake(searchable=["titel"]) == (
        f"ModelOptions(searchable=...) of Note names 'titel', which Note does not have, or does not offer. {has}"
    )
    assert mistake(facets=["writer.age"]) == (
        "ModelOptions(facets=...) of Note names 'age', which Writer does not have, or does not offer. "
        "It has: id, name, notes, town."
    )
    assert mistake(facets=[("author", "name")]) == (
        f"ModelOptions(facets=...) of Note names 'author', which Note does not have, or does not offer. {has}"
    )
    assert mistake(searchable=["writer.name"], exclude={"vector", "writer"}).startswith(
        "ModelOptions(searchable=...) of Note names 'writer', which Note does not have, or does not offer."
    )


def test_a_path_goes_through_relations_to_a_column(mistake: Callable[..., str]) -> None:
    assert mistake(searchable=["title.name"]) == (
        "ModelOptions(searchable=...) of Note goes through Note.title, which is a column and leads to no other records. "
        "A path has relations, and a column at its end."
    )
    assert mistake(searchable=[Note.writer]) == (
        "ModelOptions(searchable=...) of Note ends at Note.writer, which is a relation. Say which column of Writer is "
        "meant: ('writer', '...')."
    )
    assert mistake(facets=["writer.notes"]) == (
        "ModelOptions(facets=...) of Note ends at Writer.notes, which is a relation. Say which column of Note is "
        "meant: ('writer', 'notes', '...')."
    )
    belongs = (
        "A path begins at the class that the option is for, and each relation leads to the class of the next attribute."
    )
    assert mistake(searchable=[Writer.name]) == (
        f"ModelOptions(searchable=...) of Note names Writer.name where an attribute of Note belongs. {belongs}"
    )
    assert mistake(facets=[(Note.writer, Label.word)]) == (
        f"ModelOptions(facets=...) of Note names Label.word where an attribute of Writer belongs. {belongs}"
    )


def test_the_options_take_lists_of_paths(mistake: Callable[..., str]) -> None:
    assert mistake(searchable="title") == (
        "ModelOptions(searchable=...) of Note takes a list of attributes and paths, such as ['title']."
    )
    assert mistake(facets=Note.title).startswith(
        "ModelOptions(facets=...) of Note takes a list of attributes and paths"
    )
    takes = "it takes attributes, such as Book.title or 'title', and paths, such as (Book.author, Author.name) or 'author.name'."
    assert mistake(facets=[7]) == f"ModelOptions(facets=...) of Note names 7; {takes}"
    assert mistake(facets=[()]) == f"ModelOptions(facets=...) of Note names (); {takes}"
    assert mistake(searchable=["title", Note.title]) == (
        "ModelOptions(searchable=...) of Note names 'title' more than once; name it once."
    )


def test_texts_are_searched(mistake: Callable[..., str]) -> None:
    takes = "It takes columns of the type String or Text, and expressions that give texts."

    assert mistake(searchable=["stars"]) == (
        "ModelOptions(searchable=...) of Note names 'stars', which is no text that a database can search, but Int. "
        + takes
    )
    assert mistake(searchable=["vector"]) == (
        "ModelOptions(searchable=...) of Note names 'vector', which is no text that a database can search, but String. "
        + takes
    )
    assert mistake(market.Good, market.Base, searchable=["shout", "is_heavy"]).startswith(
        "ModelOptions(searchable=...) of Good names 'isHeavy', which is no text"
    )


def test_values_that_can_be_compared_are_counted(mistake: Callable[..., str]) -> None:
    assert mistake(zoo.Everything, zoo.Scalars, facets=["json"]) == (
        "ModelOptions(facets=...) of Everything names 'json', whose values cannot be counted: JSON. It takes columns of "
        "single values that the database can compare: no JSON, no lists, no bytes, nothing that Python computes."
    )
    assert mistake(zoo.Everything, zoo.Scalars, facets=["binary"]).startswith(
        "ModelOptions(facets=...) of Everything names 'binary', whose values cannot be counted: Base64."
    )
    assert mistake(facets=["body"], exclude={"body", "vector"}) == (
        "ModelOptions(facets=...) of Note names 'body', whose values it would show, but the API does not offer the "
        "column. Offer it, or leave the facet out."
    )


def test_two_facets_have_two_names(mistake: Callable[..., str]) -> None:
    class Twice(DeclarativeBase):
        pass

    class Pen(Twice):
        __tablename__ = "pen"

        id: Mapped[int] = mapped_column(primary_key=True)
        ink: Mapped[str] = mapped_column(String(20))

    assert mistake(Pen, Twice, facets=["ink", "ink"]) == (
        "ModelOptions(facets=...) of Pen names 'ink' more than once; name it once."
    )
    assert mistake(facets=["writer_name", "writer.name"]).startswith(
        "ModelOptions(facets=...) of Note names 'writer_name'"
    )


def test_full_text_says_what_it_searches(mistake: Callable[..., str]) -> None:
    assert mistake(full_text=FullText()) == (
        "ModelOptions(full_text=...) of Note searches nothing. Say what is searched: searchable=[...]; with a vector, "
        "what SQLite looks into, which has no full text."
    )
    assert mistake(searchable=["title", "writer.name", "labels.word"], full_text=FullText()) == (
        "ModelOptions(full_text=...) of Note makes one text of the model's own columns; searchable names texts of other "
        "records: 'writer.name', 'labels.word'. Leave them out; or keep all texts in a tsvector column, which a trigger "
        "fills, and name it: full_text=FullText(vector='search_vector')."
    )


def test_full_text_has_a_language_and_a_vector_of_the_class(mistake: Callable[..., str]) -> None:
    of = "ModelOptions(full_text=...) of Note"

    assert mistake(searchable=["title"], full_text="english") == (
        f"{of} takes gqlcrud.FullText('english', ...), not 'english'."
    )
    for language in ("", "eng lish", "a.b.c", "x'--", 7):
        assert mistake(searchable=["title"], full_text=FullText(language)) == (  # type: ignore[arg-type]
            f"{of} has language={language!r}; it takes the name of a text search configuration of PostgreSQL, such as "
            "'english' or 'simple'."
        )
    for vector in ("title", "nothing"):
        assert mistake(searchable=["title"], full_text=FullText(vector=vector)) == (
            f"{of} has vector={vector!r}, which is no tsvector column of the class. Map one: mapped_column(TSVECTOR), from "
            "sqlalchemy.dialects.postgresql; or leave `vector` out, and the texts of searchable are searched."
        )


def test_the_package_offers_the_option() -> None:
    assert gqlcrud.FullText("simple") == FullText(language="simple", vector=None)


def test_a_generated_vector_is_read_as_a_vector(offline: AsyncEngine) -> None:
    class Pages(DeclarativeBase):
        pass

    class Page(Pages):
        __tablename__ = "page"

        id: Mapped[int] = mapped_column(primary_key=True)
        text: Mapped[str] = mapped_column(String)
        words: Mapped[Any] = mapped_column(TSVECTOR, Computed("to_tsvector('english', text)", persisted=True))

    api = Api(Pages, offline, models={Page: ModelOptions(searchable=["text"], full_text=FullText(vector="words"))})

    assert sorted(api.catalog.by_entity[Page].members) == ["rowId", "text"]
