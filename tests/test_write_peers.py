"""What other libraries got wrong when they wrote, each failure as a test: it was reproduced or reported by real users."""

from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Api
from tests import zoo
from tests.databases import MakeEngine
from tests.running import run, save
from tests.shelf import Author, Base, Book, OrderItem, Tag
from tests.writing import failed, state, write, written


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    """One book with an author and the tag a; the tags b and c."""
    engine = await make_engine(Base.metadata)
    tags = [Tag(label=label) for label in "abc"]
    book = Book(title="Emma", isbn="1", price=3, author=Author(name="Jane", email="j@x"), tags=tags[:1])
    await save(engine, book, *tags)
    return engine


async def labels(engine: AsyncEngine, operations: str) -> list[str]:
    """The tags of the book after operations on them, each once."""
    data = f'{{by: {{isbn: "1"}}, patch: {{tags: {operations}}}}}'
    shown = "book { tags(orderBy: [{node: {label: ASC}}]) { nodes { label } } }"
    payload = await written(Api(Base, engine), "updateBook", data, shown)
    links = (await state(engine, Base.metadata)).get("book_tag", [])
    assert len(links) == len({link[:2] for link in links})
    return [node["label"] for node in payload["book"]["tags"]["nodes"]]


# ---------- strawchemy: many-to-many ----------


async def test_strawchemy_add_raises_a_key_error(engine: AsyncEngine) -> None:
    assert await labels(engine, '{connect: [{by: {label: "b"}}]}') == ["a", "b"]


async def test_strawchemy_remove_does_nothing(engine: AsyncEngine) -> None:
    assert await labels(engine, '{disconnect: [{label: "a"}]}') == []


async def test_strawchemy_set_inserts_twice(engine: AsyncEngine) -> None:
    assert await labels(engine, '{set: [{by: {label: "b"}}, {by: {label: "c"}}]}') == ["b", "c"]


async def test_strawchemy_ignores_an_empty_set(engine: AsyncEngine) -> None:
    assert await labels(engine, "{set: []}") == []


async def test_strawchemy_crashes_when_two_are_created(engine: AsyncEngine) -> None:
    assert await labels(engine, '{create: [{node: {label: "x"}}, {node: {label: "y"}}]}') == ["a", "x", "y"]


# ---------- strawchemy: keys ----------


async def test_strawchemy_drops_foreign_keys_so_that_an_order_item_cannot_be_written(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.ManyToMany.metadata)
    await save(engine, zoo.Playlist(name="p"), zoo.Track(title="t"))
    api = Api(zoo.ManyToMany, engine)
    ids = 'playlistId: "UGxheWxpc3Q6MQ", trackId: "VHJhY2s6MQ"'
    entry = await written(api, "createPlaylistEntry", f"{{data: {{{ids}, position: 3}}}}", "playlistEntry { position }")
    by = f"by: {{playlistIdTrackId: {{{ids}}}}}"
    await written(api, "updatePlaylistEntry", f"{{{by}, patch: {{position: 4}}}}")

    assert entry == {"playlistEntry": {"position": 3}}
    assert (await state(engine, zoo.ManyToMany.metadata))["playlist_entry"] == [(1, 1, 4)]


async def test_strawchemy_demands_ids_of_what_is_created_in_something_else(engine: AsyncEngine) -> None:
    books = '{create: [{title: "A", price: 1}, {title: "B", price: 2}]}'
    shown = "author { books { nodes { title rowId } } }"
    payload = await written(Api(Base, engine), "createAuthor", f'{{data: {{name: "Ann", books: {books}}}}}', shown)

    assert payload["author"]["books"]["nodes"] == [{"title": "A", "rowId": 2}, {"title": "B", "rowId": 3}]


async def test_keystone_has_no_composite_keys(engine: AsyncEngine) -> None:
    items = "{create: [{orderNo: 1, lineNo: 1, quantity: 2}, {orderNo: 1, lineNo: 2, quantity: 3}]}"
    api = Api(Base, engine)
    await written(api, "updateBook", f'{{by: {{isbn: "1"}}, patch: {{orderItems: {items}}}}}')
    key = "orderNoLineNo: {orderNo: 1, lineNo: %d}"
    operations = f"{{update: [{{by: {{{key % 1}}}, patch: {{quantity: 9}}}}], delete: [{{{key % 2}}}]}}"
    await written(api, "updateBook", f'{{by: {{isbn: "1"}}, patch: {{orderItems: {operations}}}}}')

    assert (await state(engine, Base.metadata))["order_item"] == [(1, 1, 9, 1)]


async def test_strawchemy_breaks_the_side_of_one_to_one_without_a_key(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Plain.metadata)
    api = Api(zoo.Plain, engine)
    await written(api, "createPerson", '{data: {name: "Ann", passport: {create: {number: "1"}}}}')
    await written(api, "updatePerson", '{by: {rowId: 1}, patch: {passport: {update: {number: "2"}}}}')
    await written(api, "createPerson", '{data: {name: "Bob", passport: {connect: {number: "2"}}}}')

    assert await state(engine, zoo.Plain.metadata) == {"person": [(1, "Ann"), (2, "Bob")], "passport": [(1, "2", 2)]}


async def test_strawchemy_crashes_on_a_relation_to_itself(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Plain.metadata)
    replies = '{create: [{body: "b", replies: {create: [{body: "c"}]}}]}'
    await written(Api(zoo.Plain, engine), "createComment", f'{{data: {{body: "a", replies: {replies}}}}}')

    assert (await state(engine, zoo.Plain.metadata))["comment"] == [(1, "a", None), (2, "b", 1), (3, "c", 2)]


# ---------- strawchemy: classes and values ----------


async def test_strawchemy_loads_lazily_in_asyncio_where_classes_inherit(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Joined.metadata)
    api = Api(zoo.Joined, engine)
    truck = await written(api, "createTruck", "{data: {wheels: 6, load: 3}}", "truck { wheels load kind }")
    vehicle = await written(api, "updateVehicle", "{by: {rowId: 1}, patch: {wheels: 8}}", "vehicle { wheels kind }")

    assert truck == {"truck": {"wheels": 6, "load": 3, "kind": "truck"}}
    assert vehicle == {"vehicle": {"wheels": 8, "kind": "truck"}}


async def test_strawchemy_raises_a_key_error_for_a_version_column(engine: AsyncEngine) -> None:
    data = '{by: {isbn: "1"}, patch: {title: "X"}}'

    assert await written(Api(Base, engine), "updateBook", data, "book { version }") == {"book": {"version": 2}}


async def test_strawchemy_cannot_upsert_by_another_unique_key(engine: AsyncEngine) -> None:
    data = '{on: EMAIL, create: {name: "New", email: "j@x"}, update: {name: "Changed"}}'
    payload = await written(Api(Base, engine), "upsertAuthor", data, "author { rowId name }")

    assert payload == {"author": {"rowId": 1, "name": "Changed"}}


class Values(DeclarativeBase):
    pass


class Value(Values):
    __tablename__ = "value_of_peers"

    id: Mapped[int] = mapped_column(primary_key=True)
    large: Mapped[int | None] = mapped_column(sa.BigInteger)
    document: Mapped[Any | None] = mapped_column(sa.JSON)
    items: Mapped[Any | None] = mapped_column(ARRAY(sa.Integer).with_variant(sa.JSON(), "sqlite"))


async def test_strawchemy_fails_on_64_bits_and_on_variants_and_stores_omitted_json(make_engine: MakeEngine) -> None:
    engine = await make_engine(Values.metadata)
    data = '{data: {large: "9223372036854775807", items: [1, 2]}}'
    payload = await written(Api(Values, engine), "createValue", data, "value { large document items }")

    assert payload == {"value": {"large": "9223372036854775807", "document": None, "items": [1, 2]}}
    async with engine.connect() as connection:
        omitted = "SELECT count(*) FROM value_of_peers WHERE document IS NULL"
        assert await connection.scalar(sa.text(omitted)) == 1


# ---------- strawchemy: errors ----------


async def test_strawchemy_tells_sql_and_parameters(engine: AsyncEngine) -> None:
    payload = await write(Api(Base, engine), "createAuthor", '{data: {name: "secret", email: "j@x"}}')

    assert payload == {
        "errors": [
            {"code": "UNIQUE", "message": "Another Author has the email 'j@x'.", "path": ["input", "data", "email"]}
        ]
    }


async def test_strawchemy_loses_all_data_when_the_second_field_fails(engine: AsyncEngine) -> None:
    document = """mutation {
      first: createAuthor(input: {data: {name: "A"}}) { author { name } errors { code } }
      second: createAuthor(input: {data: {name: "B", email: "j@x"}}) { author { name } errors { code } }
      third: createAuthor(input: {data: {name: "C"}}) { author { name } errors { code } }
    }"""

    assert await run(Api(Base, engine), document) == {
        "first": {"author": {"name": "A"}, "errors": []},
        "second": {"author": None, "errors": [{"code": "UNIQUE"}]},
        "third": {"author": {"name": "C"}, "errors": []},
    }


async def test_a_write_that_fails_deep_inside_leaves_nothing(engine: AsyncEngine) -> None:
    before = await state(engine, Base.metadata)
    tags = '{create: [{node: {label: "x"}}, {node: {label: "a"}}]}'
    books = f'{{create: [{{title: "A", price: 1}}, {{title: "B", price: 2, tags: {tags}}}]}}'
    errors = await failed(Api(Base, engine), "createAuthor", f'{{data: {{name: "Ann", books: {books}}}}}')

    path = "data.books.create.1.tags.create.1.node.label"
    assert errors == [("UNIQUE", "Another Tag has the label 'a'.", path)]
    assert await state(engine, Base.metadata) == before


async def test_strawchemy_compares_with_null_and_so_names_all_rows(engine: AsyncEngine) -> None:
    before = await state(engine, Base.metadata)
    for by in ("{isbn: null}", "{}", '{isbn: "1", rowId: 1}'):
        result = await Api(Base, engine).execute(f"mutation {{ deleteBook(input: {{by: {by}}}) {{ deletedId }} }}")
        assert result.errors

    assert await state(engine, Base.metadata) == before


# ---------- Prisma ----------

OPERATIONS = ('disconnect: [{label: "a"}]', 'connect: [{by: {label: "b"}}]', 'create: [{node: {label: "x"}}]')


@pytest.mark.parametrize("order", list(permutations(OPERATIONS)))
async def test_prisma_loses_data_by_the_order_of_nested_operations(engine: AsyncEngine, order: tuple[str, ...]) -> None:
    """Prisma #16606 and #25115: what stays depends on the order in which the client writes the operations."""
    assert await labels(engine, f"{{{', '.join(order)}}}") == ["b", "x"]


async def test_prisma_deletes_what_it_has_just_created(engine: AsyncEngine) -> None:
    items = "{create: [{orderNo: 1, lineNo: 1, quantity: 2}], deleteWhere: {}}"
    api = Api(Base, engine)
    await save(engine, OrderItem(order_no=7, line_no=7, quantity=7, book_id=1))
    await written(api, "updateBook", f'{{by: {{isbn: "1"}}, patch: {{orderItems: {items}}}}}')

    assert (await state(engine, Base.metadata))["order_item"] == [(1, 1, 2, 1)]


# ---------- FastCRUD ----------


class Rated(DeclarativeBase):
    pass


class Rating(Rated):
    """An association object whose extra column is required."""

    __tablename__ = "rating_of_peers"

    film_id: Mapped[int] = mapped_column(ForeignKey("film_of_peers.id"), primary_key=True)
    critic_id: Mapped[int] = mapped_column(ForeignKey("critic_of_peers.id"), primary_key=True)
    stars: Mapped[int] = mapped_column(sa.CheckConstraint("stars <= 5", name="few_stars"))
    film: Mapped["Film"] = relationship(back_populates="ratings")
    critic: Mapped["Critic"] = relationship(back_populates="ratings")


class Film(Rated):
    __tablename__ = "film_of_peers"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(unique=True)
    ratings: Mapped[list["Rating"]] = relationship(back_populates="film", cascade="all, delete-orphan")


class Critic(Rated):
    __tablename__ = "critic_of_peers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    ratings: Mapped[list["Rating"]] = relationship(back_populates="critic")


async def test_fastcrud_does_not_write_many_to_many(make_engine: MakeEngine) -> None:
    engine = await make_engine(Rated.metadata)
    await save(engine, Critic(name="a"), Critic(name="b"))
    api = Api(Rated, engine)
    critics = '{connect: [{by: {name: "a"}, edge: {stars: 3}}], create: [{node: {name: "c"}, edge: {stars: 4}}]}'
    await written(api, "createFilm", f'{{data: {{title: "F", critics: {critics}}}}}')
    by = 'by: {title: "F"}'
    await written(
        api, "updateFilm", f'{{{by}, patch: {{critics: {{connect: [{{by: {{name: "a"}}, edge: {{stars: 5}}}}]}}}}}}'
    )
    lacking = await failed(api, "updateFilm", f'{{{by}, patch: {{critics: {{connect: [{{by: {{name: "b"}}}}]}}}}}}')
    broken = await failed(
        api, "updateFilm", f'{{{by}, patch: {{critics: {{connect: [{{by: {{name: "b"}}, edge: {{stars: 6}}}}]}}}}}}'
    )

    assert (await state(engine, Rated.metadata))["rating_of_peers"] == [(1, 1, 5), (1, 3, 4)]
    assert lacking == [("VALIDATION", "stars is required.", "patch.critics.connect.0.edge.stars")]
    assert [(code, path) for code, _, path in broken] == [("CHECK", "patch.critics.connect.0.edge.stars")]
    await written(api, "deleteFilm", f"{{{by}}}")
    assert [*await state(engine, Rated.metadata)] == ["critic_of_peers"]
