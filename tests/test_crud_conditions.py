"""Conditions in every form: expressions, mappings, lists, keywords; the same rows whatever the form."""

import datetime as dt
import uuid
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import aliased

from gqlcrud import Crud, Invalid
from tests import zoo, zoo_rows
from tests.databases import MakeEngine
from tests.reading_room import ids, reading_room
from tests.running import save
from tests.shelf import Author, Book, OrderItem, Tag, book_tag

BOOKS: Crud[Book] = Crud(Book)
OTHER = aliased(Book)


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    yield await reading_room(make_module_engine)


async def found(engine: AsyncEngine, where: Any = None, **equal: Any) -> list[int]:
    """The ids of the books, by `get_multi`; `count`, `exists` and `first` say the same."""
    books = ids(await BOOKS.get_multi(engine, where, **equal))
    assert await BOOKS.count(engine, where, **equal) == len(books)
    assert await BOOKS.exists(engine, where, **equal) is bool(books)
    first = await BOOKS.first(engine, where, **equal)
    assert (None if first is None else first.id) == (books[0] if books else None)
    return books


# ---------- expressions ----------

EXPRESSIONS: dict[str, tuple[Any, list[int]]] = {
    "a comparison": (Book.price < 2, [1, 2, 3]),
    "a combination": ((Book.price == 1) | ~(Book.id <= 10), [2, 3, 11, 12]),
    "a function": (sa.func.lower(Book.title) == "t04", [4]),
    "true": (sa.true(), list(range(1, 13))),
    "false": (sa.false(), []),
    "null": (Book.published_at.is_(None), [3, 6, 9, 12]),
    "a list": (Book.id.in_([1, 99, 2]), [1, 2]),
    "has": (Book.author.has(Author.name == "Bob"), [7, 8, 9, 10, 11]),
    "has not": (~Book.author.has(), [12]),
    "any": (Book.tags.any(Tag.label == "y"), [1]),
    "any of a list": (Book.order_items.any(OrderItem.quantity > 1), [2]),
    "contains an instance": (Book.tags.contains(Tag(id=2)), [1]),
    "an instance": (Book.author == Author(id=2), [7, 8, 9, 10, 11]),
    "a subquery of values": (
        Book.id.in_(sa.select(book_tag.c.book_id).where(book_tag.c.tag_id == 2)),
        [1],
    ),
    "a subquery that is correlated": (
        sa.select(sa.func.count()).where(OrderItem.book_id == Book.id).scalar_subquery() > 0,
        [1, 2],
    ),
    "exists": (sa.exists().where(OrderItem.book_id == Book.id, OrderItem.quantity == 2), [2]),
    "exists of an alias": (sa.exists().where(OTHER.price == Book.price, OTHER.id < Book.id), [3, 5, 7, 9, 11]),
    "another table": (sa.and_(Book.author_id == Author.id, Author.name == "Bob"), [7, 8, 9, 10, 11]),
    "a part of JSON": (Book.meta["n"].as_integer() == 3, [3]),
    "a cast": (sa.cast(Book.id, sa.String) == "12", [12]),
    "a bound value": (Book.id == sa.bindparam("which", 5), [5]),
}


@pytest.mark.parametrize(("where", "expected"), EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
async def test_an_expression_holds_as_in_a_statement_of_ones_own(
    engine: AsyncEngine, where: Any, expected: list[int]
) -> None:
    async with engine.connect() as connection:
        own = list(await connection.scalars(sa.select(Book.id).where(where).order_by(Book.id)))

    assert (await found(engine, where), own) == (expected, expected)


async def test_an_expression_stands_in_mappings_and_lists(engine: AsyncEngine) -> None:
    assert await found(engine, {"not": Book.id > 2}) == [1, 2]
    assert await found(engine, {"or": [Book.id == 1, {"id": 3}, [Book.id > 3, {"price": 2}]]}) == [1, 3, 4, 5]
    assert await found(engine, {"author": {"is": Author.name == "Bob"}, "and": [Book.id < 9]}) == [7, 8]
    assert await found(engine, {"author": {"is": [Author.name == "Bob", {"id": 2}]}, "id": {"gt": 9}}) == [10, 11]
    assert await found(engine, {"tags": {"some": Tag.label == "y"}}) == [1]
    assert await found(engine, {"tags": {"some": {"label": "x"}, "none": Tag.label == "y"}, "id": {"lte": 4}}) == [2, 4]
    assert await found(engine, {"tags": {"every": Tag.label == "x", "some": {}}}) == [2, 4, 6, 8, 10, 12]
    assert await found(engine, {"tags": {"some": Tag.books.any(Book.id == 1)}}) == [1, 2, 4, 6, 8, 10, 12]


async def test_columns_of_every_class_of_a_hierarchy_are_compared(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Joined.metadata)
    await save(engine, *(each for group in zoo_rows.joined() for each in group))
    trucks, engines, garages = Crud(zoo.Truck), Crud(zoo.FireEngine), Crud(zoo.Garage)

    async def both(crud: Crud[Any], where: Any, entity: Any) -> list[int]:
        async with engine.connect() as connection:
            own = sorted(await connection.scalars(sa.select(entity.id).where(where)))
        assert sorted(ids(await crud.get_multi(engine, where))) == own
        return own

    assert await both(trucks, zoo.Truck.load > 0, zoo.Truck)
    assert await both(trucks, zoo.Truck.wheels > 0, zoo.Truck)
    assert await both(trucks, (zoo.Truck.wheels > 0) & zoo.Truck.trailers.any(), zoo.Truck)
    assert await both(engines, sa.or_(zoo.FireEngine.ladder > 0, zoo.FireEngine.wheels > 0), zoo.FireEngine)
    assert await both(Crud(zoo.Vehicle), zoo.Vehicle.garage.has(), zoo.Vehicle)
    assert await both(garages, zoo.Garage.trucks.any(zoo.Truck.load > 0), zoo.Garage)
    assert await both(garages, zoo.Garage.vehicles.of_type(zoo.Truck).any(zoo.Truck.load > 0), zoo.Garage)


async def test_relations_of_a_class_to_itself_are_followed(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Plain.metadata)
    top = zoo.Comment(id=1, body="top", replies=[zoo.Comment(id=2, body="b"), zoo.Comment(id=3, body="a")])
    await save(engine, top, zoo.Comment(id=4, body="alone"))
    comments = Crud(zoo.Comment)

    for where, expected in (
        (zoo.Comment.parent.has(zoo.Comment.body == "top"), [2, 3]),
        (zoo.Comment.replies.any(zoo.Comment.body == "a"), [1]),
        ({"parent": {"is": {"body": "top"}}}, [2, 3]),
        ({"parent": {"is": zoo.Comment.body == "top"}}, [2, 3]),
        ({"parent": {"is": zoo.Comment.replies.any(zoo.Comment.body == "a")}}, [2, 3]),
        ({"replies": {"some": zoo.Comment.body == "a"}}, [1]),
        ({"replies": {"some": zoo.Comment.parent.has(zoo.Comment.body == "top")}}, [1]),
        ({"parent": {"is_null": True}, "replies": {"count": 0}}, [4]),
        (sa.exists().where(aliased(zoo.Comment).parent_id == zoo.Comment.id), [1]),
    ):
        assert ids(await comments.get_multi(engine, where)) == expected, where


# ---------- mappings ----------

MAPPINGS: dict[str, tuple[Any, list[int]]] = {
    "none": (None, list(range(1, 13))),
    "nothing": ({}, list(range(1, 13))),
    "an empty list": ([], list(range(1, 13))),
    "a value": ({"title": "T03"}, [3]),
    "a value in an operator": ({"title": {"eq": "T03"}}, [3]),
    "values": ({"id": [1, 2, 99]}, [1, 2]),
    "a tuple": ({"id": (1, 2)}, [1, 2]),
    "a set": ({"id": {1, 2}}, [1, 2]),
    "no values": ({"id": []}, []),
    "none of some": ({"id": {"not_in": list(range(3, 13))}}, [1, 2]),
    "NULL": ({"isbn": None}, [5, 10]),
    "not NULL": ({"isbn": {"is_null": False}, "id": {"lt": 3}}, [1, 2]),
    "unequal": ({"isbn": {"ne": "i1"}, "id": {"lt": 3}}, [2]),
    "bounds": ({"price": {"gte": 1, "lt": Decimal("1.5")}}, [2, 3]),
    "a decimal as text": ({"price": {"gt": "5.50"}}, [12]),
    "a decimal as float": ({"price": {"gt": 5.5}}, [12]),
    "a time": ({"published_at": {"gt": dt.datetime(2010, 1, 1, tzinfo=dt.UTC)}}, [11]),
    "a time as text": ({"published_at": "2010-01-01T00:00:00Z"}, [10]),
    "contains": ({"title": {"contains": "T1"}}, [10, 11, 12]),
    "ignores case": ({"title": {"i_contains": "t1", "i_ends_with": "2"}}, [12]),
    "starts and ends": ({"title": {"starts_with": "T", "ends_with": "03"}}, [3]),
    "equal but for case": ({"title": {"i_eq": "t03"}}, [3]),
    "starts, whatever the case": ({"title": {"i_starts_with": "t03"}}, [3]),
    "and": ({"and": [{"id": {"gt": 2}}, {"id": {"lt": 4}}]}, [3]),
    "or": ({"or": [{"id": 1}, {"title": "T02"}]}, [1, 2]),
    "no alternative": ({"or": []}, []),
    "nothing more": ({"and": [], "id": 1}, [1]),
    "not": ({"not": {"published_at": {"gt": "2001-06-01T00:00:00Z"}}}, [1, 3, 6, 9, 12]),
    "not of many": ({"not": {"or": [{"id": {"gt": 2}}, {"id": 1}]}}, [2]),
    "a list of all": ([{"id": {"gt": 2}}, Book.id < 4], [3]),
    "a foreign key": ({"author_id": 2, "id": {"gt": 9}}, [10, 11]),
    "a record": ({"author": {"is": {"name": "Bob"}}, "id": {"gt": 9}}, [10, 11]),
    "any record": ({"author": {"is": {}}, "id": {"gt": 10}}, [11]),
    "another record or none": ({"author": {"is_not": {"name": "Ada"}}, "id": {"gt": 10}}, [11, 12]),
    "None for a record": ({"author": None}, [12]),
    "no record": ({"author": {"is_null": True}}, [12]),
    "some record": ({"author": {"is_null": False}, "id": {"gt": 10}}, [11]),
    "some": ({"tags": {"some": {"label": "y"}}}, [1]),
    "every": ({"tags": {"every": {"label": "y"}}}, [3, 5, 7, 9, 11]),
    "none of them": ({"tags": {"none": {}}}, [3, 5, 7, 9, 11]),
    "a count": ({"tags": {"count": 2}}, [1]),
    "bounds of a count": ({"tags": {"count": {"gte": 1, "ne": 1}}}, [1]),
    "through two relations": ({"author": {"is": {"books": {"some": {"title": "T07"}}}}}, [7, 8, 9, 10, 11]),
    "through three relations": (
        {"tags": {"some": {"books": {"some": {"order_items": {"some": {"quantity": 1}}, "id": {"lt": 2}}}}}},
        [1, 2, 4, 6, 8, 10, 12],
    ),
    "JSON": ({"meta": {"eq": {"even": True, "n": 2}}}, [2]),
    "a key of JSON": ({"meta": {"has_key": "n"}, "id": {"gt": 10}}, [12]),
    "no JSON": ({"meta": None}, [11]),
    "a number in JSON": ({"meta": {"at": [{"path": ["n"], "number": {"gt": 10}}]}}, [12]),
    "a truth in JSON": ({"meta": {"at": [{"path": ["even"], "boolean": {"eq": True}}]}, "id": {"lt": 4}}, [2]),
    "numbers in JSON": ({"meta": {"at": [{"path": ["n"], "number": {"in": [1, 3]}}]}}, [1, 3]),
    "what is in JSON": ({"meta": {"at": [{"path": ["n"], "exists": True}]}, "id": {"gt": 10}}, [12]),
    "what is not in JSON": ({"meta": {"at": [{"path": ["q"], "exists": False}]}, "id": {"gt": 10}}, [11, 12]),
    "several tests of JSON": (
        {"meta": {"at": [{"path": ["n"], "number": {"gt": 5}}, {"path": ["even"], "boolean": {"eq": False}}]}},
        [7, 9],
    ),
}


@pytest.mark.parametrize(("where", "expected"), MAPPINGS.values(), ids=MAPPINGS.keys())
async def test_a_mapping_holds_as_it_reads(engine: AsyncEngine, where: Any, expected: list[int]) -> None:
    assert await found(engine, where) == expected


async def test_keywords_are_equalities_beside_the_conditions(engine: AsyncEngine) -> None:
    assert await found(engine, title="T03") == [3]
    assert await found(engine, isbn=None) == [5, 10]
    assert await found(engine, id=[1, 2], price=1) == [2]
    assert await found(engine, Book.id > 5, isbn=None) == [10]
    assert await found(engine, {"id": {"gt": 5}}, isbn=None) == [10]
    assert await found(engine, [Book.id > 5, {"isbn": {"is_null": False}}], author={"is": {"name": "Ada"}}) == [6]


EVERYTHING: dict[str, list[tuple[Any, list[int]]]] = {
    "integer": [(1, [2]), ({"lt": 1}, []), ([1, 2], [2])],
    "small_integer": [(2, [2]), ({"gte": 2}, [2])],
    "big_integer": [(2**60, [2]), (str(2**60), [2]), ({"gt": 2**60}, [])],
    "numeric": [(Decimal("1.5"), [2]), ("1.500", [2]), (1.5, [2]), ({"in": [Decimal("1.5"), 2]}, [2])],
    "numeric_without_scale": [(Decimal("1.25"), [2])],
    "numeric_as_float": [(1.5, [2]), ({"lte": 2}, [2])],
    "float_": [(1.5, [2]), ({"gt": 1}, [2])],
    "double": [(2.5, [2])],
    "string": [("a", [2]), ({"ne": "a"}, [])],
    "unicode": [("ü", [2]), ({"i_eq": "Ü"}, [2])],
    "text": [("t", [2])],
    "boolean": [(True, [2]), (False, []), ({"ne": False}, [2])],
    "date_only": [(dt.date(2020, 1, 2), [2]), ("2020-01-02", [2]), ({"lt": dt.date(2020, 1, 2)}, [])],
    "time_only": [(dt.time(1, 2, 3), [2]), ("01:02:03", [2])],
    "datetime_naive": [(dt.datetime(2020, 1, 2, 3, 4, 5), [2]), ("2020-01-02T03:04:05", [2])],
    "datetime_aware": [(dt.datetime(2020, 1, 2, 4, 4, 5, tzinfo=dt.timezone(dt.timedelta(hours=1))), [2])],
    "interval": [(dt.timedelta(hours=2), [2]), ("PT2H", [2]), ({"gt": dt.timedelta(hours=1)}, [2])],
    "uuid_value": [(uuid.UUID(int=5), [2]), (str(uuid.UUID(int=5)), [2])],
    "uuid_as_string": [(str(uuid.UUID(int=6)), [2]), (uuid.UUID(int=6), [2])],
    "binary": [(b"ab", [2]), ("YWI=", [2])],
    "json": [({"eq": {"a": 1}}, [2]), ({"has_key": "a"}, [2])],
    "json_none_as_null": [({"eq": [1]}, [2])],
    "colour": [(zoo.Colour.RED, [2]), ("#f00", [2]), ("RED", [2]), ({"in": ["GREEN", "#f00"]}, [2])],
    "size": [(zoo.Size.EXTRA_LARGE, [2]), ("x-l", [2]), ("EXTRA_LARGE", [2])],
    "level": [(zoo.Level.LOW, [2]), (1, [2]), ("LOW", [2]), ({"ne": zoo.Level.HIGH}, [2])],
    "binding": [("2nd hand", [2]), ("_2nd_hand", [2]), (["e-book", "2nd hand"], [2])],
}


@pytest.fixture(scope="module")
async def scalars(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    engine = await make_module_engine(zoo.Scalars.metadata)
    for group in zoo_rows.scalars():
        await save(engine, *group)
    yield engine


@pytest.mark.parametrize("name", EVERYTHING)
async def test_each_kind_of_value_is_compared_as_it_is_and_as_json_has_it(scalars: AsyncEngine, name: str) -> None:
    everything = Crud(zoo.Everything)

    for operand, expected in EVERYTHING[name]:
        assert ids(await everything.get_multi(scalars, {name: operand})) == expected, operand
    assert ids(await everything.get_multi(scalars, {name: {"is_null": False}})) == [2]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_lists_are_compared_as_a_whole_and_by_their_items(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.PgOnly.metadata)
    await save(engine, zoo.Lists(id=1, integers=[1, 2], strings=["a"], moods=["so-so"]), zoo.Lists(id=2, integers=[]))
    lists = Crud(zoo.Lists)

    for where, expected in (
        ({"integers": [1, 2]}, [1]),
        ({"integers": (1, 2)}, [1]),
        ({"integers": {"eq": []}}, [2]),
        ({"integers": {"ne": [1]}}, [1, 2]),
        ({"integers": {"has": 2}}, [1]),
        ({"integers": {"has_any": [2, 9]}}, [1]),
        ({"integers": {"has_all": [2, 9]}}, []),
        ({"integers": {"is_empty": True}}, [2]),
        ({"strings": None}, [2]),
        ({"moods": {"has": "so-so"}}, [1]),
        ({"moods": ["so-so"]}, [1]),
    ):
        assert ids(await lists.get_multi(engine, where)) == expected, where


# ---------- mistakes ----------

MEMBERS = "id, isbn, title, price, meta, published_at, version, author_id, author, tags, order_items"
TO_ONE = "author leads to other records and takes is, is_not, is_null, as in {'author': {'is': {}}}."
TO_MANY = "tags leads to other records and takes some, every, none, count, as in {'tags': {'some': {}}}."
COUNTS = "count takes a number, or eq, gt, gte, lt, lte, ne with a number."
MISTAKES: dict[str, tuple[Any, str, tuple[str | int, ...]]] = {
    "an unknown attribute": ({"prize": 1}, f"Book has no attribute 'prize'. It has: {MEMBERS}.", ("prize",)),
    "an unknown operator": (
        {"author_id": {"like": 1}},
        "author_id has no operator 'like'. It has: eq, ne, gt, gte, lt, lte, in, not_in, is_null.",
        ("author_id",),
    ),
    "an operator of GraphQL": (
        {"price": {"notIn": [1]}},
        "price has no operator 'notIn'. It has: eq, ne, gt, gte, lt, lte, in, not_in, is_null.",
        ("price",),
    ),
    "a list where nothing is compared with one": (
        {"meta": [1]},
        "meta has no operator 'in'. It has: eq, is_null, has_key, at.",
        ("meta",),
    ),
    "another kind of value": ({"price": {"lt": "cheap"}}, "A decimal is needed, not 'cheap'.", ("price", "lt")),
    "another kind of value alone": ({"title": 5}, "A text is needed, not 5.", ("title",)),
    "another kind of value in a list": ({"id": [1, "x"]}, "An integer is needed, not 'x'.", ("id", 1)),
    "another kind of value in an operator": (
        {"id": {"in": [1, "x"]}},
        "An integer is needed, not 'x'.",
        ("id", "in", 1),
    ),
    "a truth as a number": ({"id": True}, "An integer is needed, not True.", ("id",)),
    "a large number": ({"id": 2**40}, "An integer of 32 bits is needed.", ("id",)),
    "None in an operator": (
        {"price": {"lt": None}},
        "lt cannot be None; leave it out, or use is_null.",
        ("price", "lt"),
    ),
    "None in a list": ({"id": [1, None]}, "NULL is equal to nothing; use is_null.", ("id", 1)),
    "no list": ({"id": {"in": 1}}, "A list is needed, not 1.", ("id", "in")),
    "no flag": ({"isbn": {"is_null": 1}}, "is_null takes True or False, not 1.", ("isbn", "is_null")),
    "a relation as a value": ({"author": 1}, TO_ONE, ("author",)),
    "a record without a quantifier": ({"author": {"name": "Ada"}}, TO_ONE, ("author",)),
    "a to-one relation like a list": ({"author": {"some": {}}}, TO_ONE, ("author",)),
    "a to-many relation like a record": ({"tags": {"is": {}}}, TO_MANY, ("tags",)),
    "no condition in a relation": (
        {"tags": {"some": 5}},
        "A condition is an expression such as Book.price < 20, or a mapping, not 5.",
        ("tags", "some"),
    ),
    "no condition in a relation at all": (
        {"tags": {"some": None}},
        "A condition is an expression such as Book.price < 20, or a mapping, not None.",
        ("tags", "some"),
    ),
    "a mistake below": (
        {"author": {"is": {"nam": 1}}},
        "Author has no attribute 'nam'. It has: ",
        ("author", "is", "nam"),
    ),
    "a mistake in an alternative": ({"or": [{}, {"id": "x"}]}, "An integer is needed, not 'x'.", ("or", 1, "id")),
    "alternatives that are no list": ({"or": {"id": 1}}, "A list is needed, not {'id': 1}.", ("or",)),
    "a mistake in a negation": ({"not": {"id": "x"}}, "An integer is needed, not 'x'.", ("not", "id")),
    "no negation": (
        {"not": None},
        "A condition is an expression such as Book.price < 20, or a mapping, not None.",
        ("not",),
    ),
    "no count": ({"tags": {"count": "2"}}, COUNTS, ("tags", "count")),
    "a bound that is no count": ({"tags": {"count": {"in": [1]}}}, COUNTS, ("tags", "count")),
    "no path in JSON": (
        {"meta": {"at": [{"number": {"gt": 1}}]}},
        "A test of a JSON value is a mapping with a path, such as {'path': ['a'], 'number': {'gt': 1}}.",
        ("meta", "at", 0),
    ),
    "an unknown test of JSON": (
        {"meta": {"at": [{"path": ["n"], "text": {"eq": "a"}}]}},
        "There is no 'text' here; there are: path, exists, string, number, boolean.",
        ("meta", "at", 0, "text"),
    ),
    "no operator in JSON": (
        {"meta": {"at": [{"path": ["n"], "number": 1}]}},
        "number takes operators, as in {'number': {'eq': ...}}.",
        ("meta", "at", 0, "number"),
    ),
    "an unknown operator in JSON": (
        {"meta": {"at": [{"path": ["n"], "number": {"bigger": 1}}]}},
        "number has no operator 'bigger'. It has: eq, ne, gt, gte, lt, lte, in, not_in, is_null.",
        ("meta", "at", 0, "number"),
    ),
    "another kind of value in JSON": (
        {"meta": {"at": [{"path": ["n"], "number": {"gt": "x"}}]}},
        "A decimal is needed, not 'x'.",
        ("meta", "at", 0, "number", "gt"),
    ),
    "no condition": (5, "A condition is an expression such as Book.price < 20, or a mapping, not 5.", ()),
    "a comparison by Python": (
        True,
        "A condition is an expression such as Book.price < 20, or a mapping, not True.",
        (),
    ),
    "a text": ("price < 2", "A condition is an expression such as Book.price < 20, or a mapping, not 'price < 2'.", ()),
    "a mistake in a list": ([{}, {"id": "x"}], "An integer is needed, not 'x'.", (1, "id")),
}


@pytest.mark.parametrize(("where", "message", "path"), MISTAKES.values(), ids=MISTAKES.keys())
async def test_a_mistake_is_told_with_its_place(
    engine: AsyncEngine, where: Any, message: str, path: tuple[str | int, ...]
) -> None:
    with pytest.raises(Invalid) as raised:
        await BOOKS.count(engine, where)

    (error,) = raised.value.errors
    assert (error.code.value, error.path) == ("VALIDATION", ("where", *path))
    assert error.message.startswith(message)


async def test_a_mistake_in_a_keyword_is_told_by_its_name(engine: AsyncEngine) -> None:
    with pytest.raises(Invalid) as raised:
        await BOOKS.get_multi(engine, {"id": 1}, titel="x")

    assert [(each.message, each.path) for each in raised.value.errors] == [
        (f"Book has no attribute 'titel'. It has: {MEMBERS}.", ("titel",))
    ]
