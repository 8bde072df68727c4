"""Searches and facets with the names of Python: the catalog that `Crud` reads, and the planner over it."""

from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import FullText, Limits, ModelOptions
from gqlcrud.catalog import Catalog, CatalogSettings, mapped_classes, read_catalog
from gqlcrud.execution import FacetCount, OperationConnection, Page, Reader, engine_source
from gqlcrud.planning import Planner, Visibility, check_stored_position, check_typed_position
from gqlcrud.selection import RESOLVED, Selection
from tests.databases import MakeEngine
from tests.notes import Base, Label, Note, Writer
from tests.running import save

OPTIONS = ModelOptions(
    rename={"writer": "by"},
    exclude={"body"},
    searchable=[Note.title, (Note.writer, Writer.name)],
    full_text=FullText(vector=Note.vector),
    facets=[(Note.writer, Writer.name), Note.writer_id],
)


def python_catalog(options: ModelOptions = OPTIONS) -> Catalog:
    settings = CatalogSettings(options={Note: options}, skip_unknown=True, python_names=True)
    return read_catalog(mapped_classes(Base), settings)


async def page_of(engine: AsyncEngine, catalog: Catalog, *children: Selection, **arguments: object) -> Page:
    check = check_typed_position if engine.dialect.name == "postgresql" else check_stored_position
    planner = Planner(catalog, Limits(), check, Visibility())
    plan = planner.page(Selection(RESOLVED, "list", arguments, children), catalog.model(Note))
    return await Reader(OperationConnection(engine_source(engine))).page(plan)


async def filled(make_engine: MakeEngine) -> AsyncEngine:
    engine: AsyncEngine = await make_engine(Base.metadata)
    ada = Writer(id=1, name="Ada")
    await save(
        engine, Note(id=1, title="sea", writer=ada, labels=[Label(word="a")]), Note(id=2, title="sky", writer=ada)
    )
    await save(engine, Note(id=3, title="sea sky"))
    return engine


def test_paths_are_called_by_attributes() -> None:
    model = python_catalog().model(Note)

    assert model.search is not None and model.search.text is not None
    assert [each.name for each in model.search.fields] == ["title", "writer.name"]
    assert [each.name for each in model.facets] == ["writer.name", "writer_id"]
    assert model.search.text.vector is model.stored["vector"]
    assert "vector" not in model.members


async def test_words_are_searched_in_fields_by_their_paths(make_engine: MakeEngine) -> None:
    engine = await filled(make_engine)
    catalog = python_catalog(ModelOptions(searchable=["title", "writer.name"]))
    nodes = Selection("nodes", "nodes", {}, (Selection("id", "id", {}),))
    found = [
        (await page_of(engine, catalog, nodes, search=text, searchFields=fields)).records[(RESOLVED, "nodes")]
        for text, fields in (("ada s", None), ("ada", ["writer.name"]), ("ada", ["title"]))
    ]

    assert [[each.id for each in records] for records in found] == [[1, 2], [1, 2], []]


async def test_facets_are_called_by_paths_declared_or_not(make_engine: MakeEngine) -> None:
    engine = await filled(make_engine)
    names = ("writer.name", "writer_id", "labels.word", "body")
    facets = Selection("facets", "facets", {}, tuple(Selection(each, each, {"limit": 5}) for each in names))
    page = await page_of(engine, python_catalog(), facets, where={"writer_id": {"eq": 1}})

    assert page.facets == {
        "writer.name": [FacetCount("Ada", 2)],
        "writer_id": [FacetCount(1, 2), FacetCount(None, 1)],
        "labels.word": [FacetCount("a", 1), FacetCount(None, 1)],
        "body": [FacetCount(None, 2)],
    }
