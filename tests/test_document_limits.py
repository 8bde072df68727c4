"""Documents that are too large, too deep or too wide are refused by their text and shape, before anything else."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError, parse
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api, Limits
from gqlcrud.document_limits import check_document, check_text
from tests.databases import MakeEngine
from tests.running import refused, run, save
from tests.serving import unused_engine
from tests.shelf import Author, Base, Book


def told(document: str, **limits: int) -> str | None:
    """What is refused of a text, or of the document that it is."""
    try:
        check_text(document, Limits(**limits))
        check_document(parse(document), Limits(**limits))
    except GraphQLError as error:
        assert error.extensions == {"code": "LIMIT"}
        return error.message
    return None


# ---------- tokens and nesting ----------


@pytest.mark.parametrize(
    "text",
    [
        "{ a }",
        'query Q($a: [Int!]! = [1, -2.5e+3, 0, "x"]) @d { ...F ... on A { b: a(x: $a, y: {z: [E]}) } }',
        '{ a(x: "{ \\" { \\\\") # { comment { \n b }',
        '{ a(x: """ { "" \\""" { """) b }',
        '{ a(x: """"quoted" { \\ \\u0041 """, y: "", z: """""") }',
        "{a...F...{b}}",
        "{\ufeffa,,b}",
        "{ a(x: 1.5, y: -1, z: 1E5, w: [1,2 3]) }",
    ],
)
def test_tokens_are_counted_as_they_are_read(text: str) -> None:
    """graphql-core's parser, which counts comments too, tells how many there are."""
    count = parse(text).token_count  # type: ignore[attr-defined]  # it is set from outside

    assert told(text, max_tokens=count) is None
    assert told(text, max_tokens=count - 1) == f"A document has at most {count - 1} tokens; this one has more."


@pytest.mark.parametrize("text", ["{a{b{c}}}", "{a(x:{y:[1]})}", '{a(x:["}"{y:1}])}', "{a(x:[[1]]#]\n)}"])
def test_brackets_are_counted_wherever_they_stand(text: str) -> None:
    depth = 3 if text == "{a{b{c}}}" else 4

    assert told(text, max_nesting=depth) is None
    assert told(text, max_nesting=depth - 1) == (
        f"A document nests at most {depth - 1} levels deep; this one nests deeper."
    )


@pytest.mark.parametrize(
    "text", ["{a" * 200_000, "{a(x:" + "[" * 200_000, '"""' * 99_999, '"' * 99_999, '"""\\"""' * 50_000]
)
def test_a_text_of_any_kind_is_refused_at_once(text: str) -> None:
    """Neither Python's stack nor a regular expression that goes back and forth is in the way."""
    with pytest.raises(GraphQLError):
        check_text(text, Limits())
        parse(text)


# ---------- shape ----------


@pytest.mark.parametrize(
    ("document", "limits", "message"),
    [
        ("{ a: x b: x c }", {"max_aliases": 1}, "A document has at most 1 aliases; this one has 2."),
        (
            "{ a: x ...F } fragment F on Query { b: x }",
            {"max_aliases": 1},
            "A document has at most 1 aliases; this one has 2.",
        ),
        ("{ a b ... on Query { c } a }", {"max_root_fields": 2}, "A query has at most 2 root fields; this one has 3."),
        (
            "{ ...F b } fragment F on Query { a: x ...G } fragment G on Query { c }",
            {"max_root_fields": 2},
            "A query has at most 2 root fields; this one has 3.",
        ),
        ("mutation { a b }", {"max_root_mutations": 1}, "A mutation has at most 1 root fields; this one has 2."),
        ("query @a { b @c ...F @d }", {"max_directives": 2}, "A document has at most 2 directives; this one has 3."),
        ("query($a: Int @b) { c @d }", {"max_directives": 1}, "A document has at most 1 directives; this one has 2."),
        ("{ a { b @c @c @c } }", {"max_field_directives": 2}, "A field has at most 2 directives; one here has 3."),
        (
            "{ a { ...F } b { ...F } } fragment F on T { c { d } }",
            {"max_fields": 5},
            "An operation selects at most 5 fields, fragments included; this one 6.",
        ),
        (
            "{ a { ...F } } fragment F on T { b { ...G } } fragment G on T { c { d } }",
            {"max_nesting": 3},
            "A document nests at most 3 levels deep; this one nests 4.",
        ),
    ],
)
def test_what_is_too_much_is_refused(document: str, limits: dict[str, int], message: str) -> None:
    assert told(document, **limits) == message
    assert told(document, **{name: value + 2 for name, value in limits.items()}) is None


def test_fragments_are_multiplied_and_never_expanded() -> None:
    """Ten fields each, 500 levels deep; without names that are not there, and without circles."""
    fragments = " ".join(
        f"fragment F{n} on T {{ {' '.join(f'a{i} {{ ...F{n + 1} }}' for i in range(4))} }}" for n in range(60)
    )
    document = parse(f"{{ ...F0 }} {fragments} fragment F60 on T {{ b ...Unknown }}")

    with pytest.raises(GraphQLError, match="fragments included; this one many more"):
        check_document(document, Limits())


@pytest.mark.parametrize(
    "document",
    ["{ ...F } fragment F on Q { ...F }", "{ ...F } fragment F on Q { ...G } fragment G on Q { ...F }", "{ ...F }"],
)
def test_fragments_that_lead_nowhere_are_left_to_validation(document: str) -> None:
    assert told(document) is None


def test_a_long_chain_of_fragments_takes_no_stack() -> None:
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(3000))

    assert told(f"{{ ...F0 }} {chain} fragment F3000 on Query {{ a }}", max_tokens=10**6) is None


# ---------- in operations ----------


async def test_nothing_is_parsed_validated_or_read_of_what_is_refused() -> None:
    api = Api(Base, unused_engine(), limits=Limits(max_tokens=9, max_aliases=1))

    assert await refused(api, "{ authors { nodes { nofield") == [
        ("GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>.")
    ]
    assert await refused(api, "{ authors { nodes { nofield } } ") == [
        ("GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>.")
    ]
    assert await refused(api, "{ authors { nodes { nofield } } } {") == [
        ("LIMIT", "A document has at most 9 tokens; this one has more.")
    ]
    assert await refused(api, "{ a: x b: y }") == [("LIMIT", "A document has at most 1 aliases; this one has 2.")]


async def test_few_errors_of_validation_are_told() -> None:
    api = Api(Base, unused_engine(), limits=Limits(max_errors=2))

    assert await refused(api, "{ a b c d }") == [
        ("GRAPHQL_VALIDATION_FAILED", "Cannot query field 'a' on type 'Query'."),
        ("GRAPHQL_VALIDATION_FAILED", "Cannot query field 'b' on type 'Query'."),
        ("GRAPHQL_VALIDATION_FAILED", "Too many validation errors, error limit reached. Validation aborted."),
    ]
    assert len(await refused(api, "{ a b }")) == 2


async def test_limits_hold_in_a_schema_of_ones_own_and_for_parsed_documents() -> None:
    api = Api(Base, unused_engine(), limits=Limits(max_aliases=1))

    @strawberry.type
    class Query:
        number: int = 1

    schema = strawberry.Schema(Query, extensions=[api.extension])
    result = await schema.execute("{ a: number b: number }")
    assert [each.message for each in result.errors or ()] == ["A document has at most 1 aliases; this one has 2."]


# ---------- rows ----------


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    engine = await make_engine(Base.metadata)
    await save(engine, Author(name="Ada", books=[Book(title="A", price=1)]))
    yield engine


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("{ authors(first: 20) { nodes { id } } }", 20),
        ("{ authors(first: 20) { totalCount } }", 1),
        ("{ authors(last: 3) { edges { node { books(first: 4) { nodes { title } } } } } }", 3 * 5),
        (
            "{ authors(first: 3) { nodes { a: books(first: 4) { nodes { id } } b: books(first: 4) { totalCount } } } }",
            15,
        ),
        (
            "{ authors(first: 3) { nodes { a: books(first: 4) { nodes { id } } b: books(first: 5) { nodes { id } } } } }",
            30,
        ),
        ("{ books(first: 3) { nodes { author { name books(first: 2) { nodes { id } } } } } }", 3 * (1 + 1 + 2)),
        ("{ author(by: {rowId: 1}) { books(first: 5) { nodes { id } } } }", 6),
        ("{ a: authors(first: 3) { nodes { id } } b: authors(first: 4) { nodes { id } } }", 7),
        ('{ nodes(ids: ["QXV0aG9yOjE", "QXV0aG9yOjI"]) { ... on Author { books(first: 2) { nodes { id } } } } }', 6),
    ],
)
async def test_the_rows_of_an_operation_are_estimated(engine: AsyncEngine, query: str, rows: int) -> None:
    """By its variables too, each time that it is sent: what is known is answered by another way."""
    api = Api(Base, engine, limits=Limits(max_rows=rows))
    for _ in range(3):
        await run(api, query)
    if rows == 1:
        return
    api = Api(Base, engine, limits=Limits(max_rows=rows - 1))
    for _ in range(3):
        assert await refused(api, query) == [
            (
                "LIMIT",
                f"An operation reads at most {rows - 1} records; by the sizes of its pages this one reads up to {rows}.",
            )
        ]


async def test_variables_decide_how_many_rows_there_may_be(engine: AsyncEngine) -> None:
    api = Api(Base, engine, limits=Limits(max_rows=100))
    query = "query($n: Int) { authors(first: $n) { nodes { books(first: $n) { nodes { title } } } } }"
    for _ in range(2):
        assert await run(api, query, n=9) == {"authors": {"nodes": [{"books": {"nodes": [{"title": "A"}]}}]}}
        assert [code for code, _ in await refused(api, query, n=10)] == ["LIMIT"]


async def test_what_a_payload_shows_counts(engine: AsyncEngine) -> None:
    """Before anything is written."""
    api = Api(Base, engine, limits=Limits(max_rows=100))
    query = 'mutation($n: Int) { createAuthor(input: {data: {name: "Bob"}}) { author { books(first: $n) { nodes { id } } } } }'
    many = """mutation($data: [AuthorCreate!]!) {
      createAuthors(input: {data: $data}) { authors { books(first: 49) { nodes { id } } } }
    }"""
    data: list[Any] = [{"name": "Cyd"}, {"name": "Dan"}]

    assert [code for code, _ in await refused(api, query, n=100)] == ["LIMIT"]
    assert await run(api, query, n=99) == {"createAuthor": {"author": {"books": {"nodes": []}}}}
    assert [code for code, _ in await refused(api, many, data=[*data, {"name": "Eve"}])] == ["LIMIT"]
    assert await run(api, many, data=data) == {"createAuthors": {"authors": [{"books": {"nodes": []}}] * 2}}
    assert await run(api, "{ authors { totalCount } }") == {"authors": {"totalCount": 4}}
