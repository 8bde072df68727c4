"""What a caller may not see, no write reaches; what a caller may not write is FORBIDDEN, and nothing is written then."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gqlcrud import Api
from tests import tenancy
from tests.databases import MakeEngine, record_statements
from tests.tenancy import Base, Caller, fill

A = Caller("a")
Worlds = list[tuple[Api, AsyncEngine]]


@pytest.fixture(scope="module")
async def worlds(make_module_engine: MakeEngine) -> Worlds:
    """With the records of the other tenant, and without. New records get the same numbers in both."""
    found = []
    for others in (True, False):
        engine: AsyncEngine = await make_module_engine(Base.metadata)
        await fill(engine, others=others)
        if engine.dialect.name == "postgresql":
            async with engine.begin() as connection:
                for table in ("author", "book", "review", "cover", "tag"):
                    await connection.execute(sa.text(f"SELECT setval('{table}_id_seq', 100)"))
        found.append((Api(Base, engine, models=tenancy.OPTIONS), engine))
    return found


async def contents(session: AsyncSession, *, tenant: str) -> dict[str, Any]:
    """The rows of the tables, those of a tenant apart where they have one."""
    found = {}
    for table in Base.metadata.sorted_tables:
        select = sa.select(table).order_by(*table.c)
        if "tenant" in table.c:
            select = select.where(table.c.tenant == tenant)
        found[table.name] = [tuple(row) for row in await session.execute(select)]
    return found


async def outcomes(worlds: Worlds, query: str, context: Any = A) -> list[tuple[Any, Any, int]]:
    """In each world: the data, the errors, and how many statements it took; nothing of it stays.

    The records of the other tenant are the same after it.
    """
    found = []
    for api, engine in worlds:
        async with AsyncSession(engine) as session:
            before = await contents(session, tenant="b")
            with record_statements(engine) as statements:
                result = await api.execute(query, context=context, session=session)
            after = await contents(session, tenant="b")
            assert {name: rows for name, rows in after.items() if name not in ("review", "book_tag")} == {
                name: rows for name, rows in before.items() if name not in ("review", "book_tag")
            }
            await session.rollback()
        told = [(each.message, each.path, each.extensions) for each in result.errors or ()]
        found.append((result.data, told, len(statements)))
    return found


def update(by: str, patch: str) -> str:
    return f"""mutation {{ updateBook(input: {{by: {by}, patch: {patch}}}) {{
        book {{ title state author {{ name }} tags {{ nodes {{ label }} }} cover {{ colour }} reviews {{ nodes {{ text }} }} }}
        errors {{ code message path }} }} }}"""


ONE, TWO, THREE = '{id: "Qm9vazox"}', '{id: "Qm9vazoy"}', '{id: "Qm9vazoz"}'
BOB, GREEN, BLACK = '{id: "QXV0aG9yOjI="}', '{id: "VGFnOjI="}', '{id: "Q292ZXI6Mg=="}'

UNSEEN = {
    "update": update(TWO, '{title: "mine"}'),
    "update_by_version": (
        f'mutation {{ updateBook(input: {{by: {TWO}, patch: {{title: "x"}}, version: 7}}) {{ errors {{ code path '
        "... on StaleError { current { ... on Book { title } } } } } }"
    ),
    "update_if": (
        f'mutation {{ updateBook(input: {{by: {TWO}, patch: {{title: "x"}}, if: {{title: {{eq: "no"}}}}}}) '
        "{ errors { code path } } }"
    ),
    "update_if_related": (
        'mutation { updateBook(input: {by: {id: "Qm9vazo1"}, patch: {title: "x"}, if: {author: {isNull: true}}}) '
        "{ book { title author { name } } errors { code path } } }"
    ),
    "delete_if_related": (
        'mutation { deleteBook(input: {by: {id: "Qm9vazo1"}, if: {author: {is: {name: {eq: "Bob"}}}}}) '
        "{ deletedId errors { code path } } }"
    ),
    "delete": f"mutation {{ deleteBook(input: {{by: {TWO}}}) {{ deletedId errors {{ code message path }} }} }}",
    "connect": update(ONE, f"{{author: {{connect: {BOB}}}}}"),
    "connect_key": update(ONE, '{author: {connect: {email: "bob@b"}}}'),
    "give_key": update(ONE, '{authorId: "QXV0aG9yOjI="}'),
    "connect_list": update(ONE, f"{{tags: {{connect: [{GREEN}]}}}}"),
    "disconnect_list": update(ONE, f"{{tags: {{disconnect: [{GREEN}]}}}}"),
    "set": update(ONE, f"{{tags: {{set: [{GREEN}]}}}}"),
    "set_others": update(ONE, '{tags: {set: [{id: "VGFnOjM="}]}}'),
    "nested_update": update(ONE, f'{{tags: {{update: [{{by: {GREEN}, patch: {{label: "x"}}}}]}}}}'),
    "nested_delete": update(ONE, f"{{tags: {{delete: [{GREEN}]}}}}"),
    "delete_where": update(ONE, "{reviews: {deleteWhere: {}}}"),
    "update_where": update(ONE, '{reviews: {updateWhere: [{where: {}, patch: {text: "new"}}]}}'),
    "update_partner": update(THREE.replace("Qm9vazoz", "Qm9vazo1"), '{author: {update: {name: "x"}}}'),
    "disconnect_one": update('{id: "Qm9vazo1"}', "{author: {disconnect: true}}"),
    "connect_cover": update(ONE, f"{{cover: {{connect: {BLACK}}}}}"),
    "take_book": (
        f'mutation {{ updateAuthor(input: {{by: {{email: "ann@a"}}, patch: {{books: {{connect: [{TWO}]}}}}}}) '
        "{ errors { code message path } } }"
    ),
    "update_many": (
        'mutation { updateBooks(input: {where: {state: {eq: "draft"}}, patch: {title: "x"}}) '
        "{ affectedCount books { title } errors { code path } } }"
    ),
    "update_many_related": (
        'mutation { updateBooks(input: {where: {author: {is: {name: {eq: "Bob"}}}}, patch: {title: "x"}}) '
        "{ affectedCount errors { code path } } }"
    ),
    "delete_many": (
        "mutation { deleteReviews(input: {where: {}, allRows: true}) { affectedCount deletedIds errors { code } } }"
    ),
    "update_each": (
        f'mutation {{ updateEachBook(input: {{items: [{{by: {TWO}, patch: {{title: "x"}}}}, {{by: {ONE}, '
        'patch: {title: "y"}}], onError: CONTINUE}) { affectedCount errors { code message path } books { title } } }'
    ),
    "payload": (
        'mutation { createBook(input: {data: {tenant: "a", title: "New"}}) { book { id title } '
        "query { books { totalCount } } errors { code } } }"
    ),
    "upsert": (
        'mutation { upsertBook(input: {on: TENANT_ISBN, create: {tenant: "a", isbn: "1", title: "U"}, '
        'update: {title: "U"}}) { book { id title } errors { code path } } }'
    ),
}


@pytest.mark.parametrize("name", UNSEEN)
async def test_no_write_reaches_a_hidden_record(worlds: Worlds, name: str) -> None:
    with_others, without = await outcomes(worlds, UNSEEN[name])

    assert with_others[:2] == without[:2]
    assert with_others[1] == []


@pytest.mark.parametrize("name", ["update", "delete", "connect", "give_key", "connect_list", "update_by_version"])
async def test_a_hidden_record_takes_as_long_to_miss_as_none(worlds: Worlds, name: str) -> None:
    with_others, without = await outcomes(worlds, UNSEEN[name])

    assert with_others[2] == without[2]


CREATE = "mutation {{ createBook(input: {{data: {}}}) {{ book {{ title }} errors {{ code message path }} }} }}"
FORBIDDEN: dict[str, tuple[str, list[tuple[str, list[str]]]]] = {
    "create": (
        CREATE.format('{tenant: "b", title: "Theirs"}'),
        [("You may not create such a Book.", ["input", "data"])],
    ),
    "create_nested": (
        CREATE.format('{tenant: "a", title: "Ours", author: {create: {tenant: "b", name: "N", email: "n"}}}'),
        [("You may not create such a Author.", ["input", "data", "author", "create"])],
    ),
    "create_below": (
        'mutation { createAuthor(input: {data: {tenant: "a", name: "N", email: "n", books: {create: '
        '[{tenant: "a", title: "1"}, {tenant: "a", title: "2", state: "banned"}]}}}) { author { name } '
        "errors { code message path } } }",
        [("You may not create such a Book.", ["input", "data", "books", "create", "1"])],
    ),
    "update_to": (update(ONE, '{tenant: "b"}'), [("You may not change a Book so.", ["input", "patch"])]),
    "update_from": (update(THREE, '{title: "x"}'), [("You may not update this Book.", ["input", "patch"])]),
    "delete": (
        f"mutation {{ deleteBook(input: {{by: {THREE}}}) {{ book {{ title }} errors {{ code message path }} }} }}",
        [("You may not delete this Book.", ["input", "by"])],
    ),
    "release": (
        f'mutation {{ updateAuthor(input: {{by: {{email: "zoe@a"}}, patch: {{books: {{connect: [{THREE}]}}}}}}) '
        "{ author { name } errors { code message path } } }",
        [("You may not update this Book.", ["input", "patch", "books", "connect", "0"])],
    ),
    "write_column": (
        CREATE.format('{tenant: "a", title: "New", cost: 3}'),
        [("You may not write cost of Book.", ["input", "data", "cost"])],
    ),
    "change_column": (
        f"mutation {{ updateBook(input: {{by: {ONE}, ops: {{cost: {{increment: 1}}}}}}) "
        "{ book { title } errors { code message path } } }",
        [("You may not write cost of Book.", ["input", "ops", "cost"])],
    ),
    "if_column": (
        f'mutation {{ updateBook(input: {{by: {ONE}, patch: {{title: "x"}}, if: {{cost: {{eq: 5}}}}}}) '
        "{ book { title } errors { code message path } } }",
        [("You may not filter by cost of Book.", ["input", "if", "cost"])],
    ),
    "update_each": (
        f'mutation {{ updateEachBook(input: {{items: [{{by: {ONE}, patch: {{title: "x"}}}}, {{by: {THREE}, '
        'patch: {title: "y"}}]}) { books { title } errors { code message path } } }',
        [("You may not update this Book.", ["input", "items", "1", "patch"])],
    ),
    "update_many_to": (
        'mutation { updateBooks(input: {where: {isbn: {eq: "1"}}, patch: {tenant: "b"}}) '
        "{ books { title } errors { code message path } } }",
        [("You may not change a Book so.", ["input", "patch"])],
    ),
    "create_many": (
        'mutation { createBooks(input: {data: [{tenant: "a", title: "1"}, {tenant: "b", title: "2"}]}) '
        "{ books { title } errors { code message path } } }",
        [("You may not create such a Book.", ["input", "data", "1"])],
    ),
    "upsert_update_half": (
        'mutation { upsertBook(input: {on: TENANT_ISBN, create: {tenant: "a", isbn: "3", title: "U"}, '
        'update: {title: "U"}}) { book { title } errors { code message path } } }',
        [("You may not update this Book.", ["input", "update"])],
    ),
    "upsert_many_update_half": (
        'mutation { upsertBooks(input: {on: TENANT_ISBN, data: [{tenant: "a", isbn: "3", title: "U"}]}) '
        "{ books { title } errors { code message path } } }",
        [("You may not update this Book.", ["input", "data", "0"])],
    ),
}


@pytest.mark.parametrize("name", FORBIDDEN)
async def test_what_may_not_be_written_is_forbidden_and_undone(worlds: Worlds, name: str) -> None:
    query, expected = FORBIDDEN[name]
    api, engine = worlds[0]
    async with AsyncSession(engine) as session:
        before = await contents(session, tenant="a"), await contents(session, tenant="b")
        result = await api.execute(query, context=A, session=session)
        after = await contents(session, tenant="a"), await contents(session, tenant="b")
        await session.rollback()

    assert result.errors is None
    (payload,) = (result.data or {}).values()
    assert payload["errors"] == [{"code": "FORBIDDEN", "message": text, "path": path} for text, path in expected]
    assert [value for key, value in payload.items() if key != "errors"] in ([None], [[]])
    assert before == after


async def test_items_that_may_not_be_written_leave_the_others_alone(worlds: Worlds) -> None:
    query = """mutation { createBooks(input: {onError: CONTINUE, data: [{tenant: "a", title: "1"},
        {tenant: "b", title: "2"}, {tenant: "a", title: "3"}]}) { books { title } affectedCount errors { code path } } }"""
    data, errors, _ = (await outcomes(worlds, query))[0]

    assert errors == []
    assert data["createBooks"] == {
        "books": [{"title": "1"}, None, {"title": "3"}],
        "affectedCount": 2,
        "errors": [{"code": "FORBIDDEN", "path": ["input", "data", "1"]}],
    }


async def test_many_records_are_looked_at_by_as_many_statements_as_few(worlds: Worlds) -> None:
    counts = []
    for number in (2, 40):
        items = ", ".join(
            f'{{tenant: "a", title: "{each}", author: {{connect: {{email: "ann@a"}}}}}}' for each in range(number)
        )
        query = f"mutation {{ createBooks(input: {{data: [{items}]}}) {{ affectedCount errors {{ code }} }} }}"
        data, _, count = (await outcomes(worlds, query))[0]
        assert data["createBooks"] == {"affectedCount": number, "errors": []}
        counts.append(count if worlds[0][1].dialect.name == "postgresql" else count - number)

    assert counts[0] == counts[1]


async def test_a_unique_key_of_a_hidden_record_is_taken(worlds: Worlds) -> None:
    """The database refuses it, whoever may see it: no more is told than that."""
    query = """mutation { createAuthor(input: {data: {tenant: "a", name: "B", email: "bob@b"}})
        { author { name } errors { code message path } } }"""
    data, errors, _ = (await outcomes(worlds, query))[0]

    assert errors == []
    assert data["createAuthor"] == {
        "author": None,
        "errors": [
            {"code": "UNIQUE", "message": "Another Author has the email 'bob@b'.", "path": ["input", "data", "email"]}
        ],
    }
