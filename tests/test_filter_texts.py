"""Operators on texts, compared with Python: no character is special, and case is folded alike on every database."""

# ruff: noqa: RUF001 - letters of several scripts that look alike are what is tested.

import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gqlcrud import Api, ModelOptions
from gqlcrud.statements.folding import any_case, fold
from tests.databases import MakeEngine
from tests.running import refused, run, save
from tests.wheres import Filter, negation
from tests.zoo import Everything, Scalars

ALPHABET = "aA%_\\/*?[]^-.$(|'\"\n b1éÉßẞσΣςяЯ日😀"
"""Letters in all their cases, and whatever is special in LIKE, GLOB or a regular expression."""

Holds = Callable[[str, str], bool]


def in_any_case(pattern: str) -> Holds:
    """A pattern around the operand, compared by Python's own rules of case."""
    return lambda text, operand: re.search(pattern.format(re.escape(operand)), text, re.IGNORECASE) is not None


HOLDS: Mapping[str, Holds] = {
    "contains": lambda text, operand: operand in text,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "iEq": in_any_case(r"\A{}\Z"),
    "iContains": in_any_case("{}"),
    "iStartsWith": in_any_case(r"\A{}"),
    "iEndsWith": in_any_case(r"{}\Z"),
}


def like(flags: re.RegexFlag) -> Holds:
    """A pattern of LIKE, in which a backslash takes the next character as it is."""

    def matched(text: str, pattern: str) -> bool:
        parts = re.findall(r"\\(.)|([%_])|(.)", pattern, re.DOTALL)
        regex = "".join({"%": ".*", "_": "."}.get(wild) or re.escape(one or other) for one, wild, other in parts)
        return re.fullmatch(regex, text, re.DOTALL | flags) is not None

    return matched


LIKE: Mapping[str, Holds] = {"like": like(re.NOFLAG), "iLike": like(re.IGNORECASE)}


def made_texts() -> list[str | None]:
    random = Random(3)
    longer = ["".join(random.choices(ALPHABET, k=random.randint(2, 5))) for _ in range(60)]
    return [None, "", *ALPHABET, *longer, "ΣΊΣΥΦΟΣ", "σίσυφος", "Straße", "STRAẞE", "STRASSE", "İstanbul", "ISTANBUL"]


TEXTS = made_texts()


@pytest.fixture(scope="module")
async def api(make_module_engine: MakeEngine) -> AsyncIterator[Api]:
    engine = await make_module_engine(Scalars.metadata)
    await save(engine, *(Everything(id=i, text=text) for i, text in enumerate(TEXTS)))
    yield Api(Scalars, engine, models={Everything: ModelOptions(operators={"text": ["like", "regex", "search"]})})


def condition(holds: Mapping[str, Holds], name: str, operand: str) -> Filter:
    return Filter({"text": {name: operand}}, lambda text: text is not None and holds[name](text, operand))


async def found(api: Api, term: Filter) -> list[str | None]:
    query = "query ($where: EverythingWhere) { everythings(where: $where, first: 500) { nodes { text } } }"
    data = await run(api, query, where=term.where)
    return [node["text"] for node in data["everythings"]["nodes"]]


def held(term: Filter) -> list[str | None]:
    return [text for text in TEXTS if term.holds(text)]


OPERANDS = st.text(ALPHABET, max_size=3) | st.sampled_from(
    [text for text in TEXTS if text is not None and set(text) <= set(ALPHABET)]
)
PATTERNS = st.text(ALPHABET + "%_\\", max_size=5).filter(
    lambda pattern: (len(pattern) - len(pattern.rstrip("\\"))) % 2 == 0
)


@pytest.mark.parametrize("name", HOLDS)
async def test_each_character_means_itself(api: Api, name: str) -> None:
    terms = [condition(HOLDS, name, operand) for operand in ["", *ALPHABET]]
    assert [await found(api, each) for each in terms] == [held(each) for each in terms]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(HOLDS)), operand=OPERANDS)
async def test_a_text_is_found_as_python_finds_it(api: Api, name: str, operand: str) -> None:
    term = condition(HOLDS, name, operand)
    assert await found(api, term) == held(term)
    assert await found(api, negation(term)) == held(negation(term))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(LIKE)), pattern=PATTERNS)
async def test_a_pattern_matches_as_its_regular_expression_does(api: Api, name: str, pattern: str) -> None:
    term = condition(LIKE, name, pattern)
    assert await found(api, term) == held(term)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"iEq": "STRASSE"}, ["STRASSE"]),
        ({"iEq": "strasse"}, ["STRASSE"]),
        ({"iEq": "straße"}, ["Straße", "STRAẞE"]),
        ({"iEq": "ΣΊΣΥΦΟς"}, ["ΣΊΣΥΦΟΣ", "σίσυφος"]),
        ({"iStartsWith": "σίσ"}, ["ΣΊΣΥΦΟΣ", "σίσυφος"]),
        ({"iEndsWith": "οσ"}, ["ΣΊΣΥΦΟΣ", "σίσυφος"]),
        ({"iEq": "istanbul"}, ["ISTANBUL"]),
        ({"iEq": "İSTANBUL"}, ["İstanbul"]),
        ({"iEq": "i̇stanbul"}, []),
        ({"iLike": "%Υφ__"}, ["ΣΊΣΥΦΟΣ", "σίσυφος"]),
        ({"iLike": "stra_e"}, ["Straße", "STRAẞE"]),
        ({"iContains": ""}, [text for text in TEXTS if text is not None]),
        ({"iContains": "\N{KELVIN SIGN}"}, []),
    ],
)
async def test_case_is_folded_character_by_character(api: Api, where: Any, expected: list[str]) -> None:
    assert await found(api, Filter({"text": where}, lambda _: False)) == expected


async def test_several_operators_of_one_input_must_all_hold(api: Api) -> None:
    where = {"text": {"iStartsWith": "s", "endsWith": "E", "like": "%R%", "ne": "STRASSE", "isNull": False}}
    assert await found(api, Filter(where, lambda _: False)) == ["STRAẞE"]


def test_folding_puts_exactly_the_forms_of_a_letter_together() -> None:
    """What `any_case` names is what `fold` makes equal, for every character that there is."""
    forms: dict[str, set[str]] = {}
    for char in map(chr, range(1, sys.maxunicode + 1)):
        if char.lower() != char or char.upper() != char or char.casefold() != char:
            forms.setdefault(fold(char), set()).add(char)
    several = {char: each for each in forms.values() if len(each) > 1 for char in each}
    assert {char: set(any_case(char)[1:-1]) for char in several} == several
    assert {any_case(char) for char in "日İıſ😀"} == set("日İıſ😀"), "what has one form stands for itself"


def test_a_pattern_escapes_what_is_special_in_a_regular_expression() -> None:
    assert fold("AÉẞΣσς İ K\N{KELVIN SIGN}") == "aéßσσσ İ k\N{KELVIN SIGN}"
    assert any_case("aÉ1.*^[日 \n") == r"[aA][Éé]1\.\*\^\[日\ " + "\\\n"


# ---------- operators that are switched on ----------


async def test_a_pattern_that_ends_in_a_backslash_is_refused(api: Api) -> None:
    for name in ("like", "iLike"):
        result = await api.execute(
            f"query ($p: String) {{ everythings(where: {{not: {{text: {{{name}: $p}}}}}}) {{ totalCount }} }}",
            {"p": "a\\\\\\"},
        )
        assert result.errors is not None
        assert [(each.message, each.extensions) for each in result.errors] == [
            (
                "A pattern cannot end in a single backslash; two of them stand for one.",
                {"code": "VALIDATION", "inputPath": ["where", "not", "text", name]},
            )
        ]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"regex": "^Stra.e$"}, ["Straße"]),
        ({"regex": "TRA"}, ["STRAẞE", "STRASSE"]),
        ({"iRegex": "^sTra(ss)?e$"}, ["STRASSE"]),
        ({"regex": r"^[1%]$|^\d\\+$"}, ["%", "1"]),
        ({"regex": ""}, [text for text in TEXTS if text is not None]),
    ],
)
async def test_a_regular_expression_matches_anywhere(api: Api, where: Any, expected: list[str]) -> None:
    assert await found(api, Filter({"text": where}, lambda _: False)) == expected


async def test_a_regular_expression_that_the_database_refuses_is_a_mistake_of_the_client(api: Api) -> None:
    """No word of the database or its driver is in the answer."""
    query = "query ($r: String) { everythings(where: {text: {regex: $r}}) { nodes { rowId } } }"
    for regex in ("(", "[", "a{2,1}", "*a"):
        assert await refused(api, query, r=regex) == [
            ("VALIDATION", "The database cannot compute with a value of this request.")
        ]


async def test_a_search_finds_texts_with_every_word(make_engine: MakeEngine) -> None:
    engine = await make_engine(Scalars.metadata)
    texts = ["The quick brown fox", "A lazy dog; the FOX is quick!", "quickly, foxes", "", "fox", None]
    await save(engine, *(Everything(id=i, text=text) for i, text in enumerate(texts)))
    api = Api(Scalars, engine, models={Everything: ModelOptions(operators={"text": {"search"}})})

    async def search(words: str) -> list[int]:
        data = await run(
            api,
            "query ($words: String) { everythings(where: {text: {search: $words}}) { nodes { rowId } } }",
            words=words,
        )
        return [node["rowId"] for node in data["everythings"]["nodes"]]

    assert await search("fox quick") == [0, 1]
    assert await search("FOX") == [0, 1, 4]
    assert await search("fox dog") == [1]
    assert await search("") == await search(" ,;! ") == await search("fo") == []
    assert await search("fox | dog & !lazy") == [1], "operators of a search language are no operators"


async def test_operators_are_switched_on_for_one_column_alone(api: Api) -> None:
    data = await run(
        api,
        """{ text: __type(name: "StringLikeRegexSearchFilter") { inputFields { name } }
             plain: __type(name: "StringFilter") { inputFields { name } } }""",
    )
    plain = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "notIn", "isNull", "contains", "startsWith", "endsWith"]
    plain += ["iEq", "iContains", "iStartsWith", "iEndsWith"]
    assert [each["name"] for each in data["plain"]["inputFields"]] == plain
    assert [each["name"] for each in data["text"]["inputFields"]] == [
        *plain, "like", "iLike", "regex", "iRegex", "search"
    ]  # fmt: skip
    for name in ("like", "iLike", "regex", "iRegex", "search"):
        (error,) = await refused(api, f'{{ everythings(where: {{string: {{{name}: "a"}}}}) {{ totalCount }} }}')
        assert error[0] == "GRAPHQL_VALIDATION_FAILED"


async def test_texts_that_no_database_holds_are_refused(api: Api) -> None:
    query = "query ($where: EverythingWhere) { everythings(where: $where) { totalCount } }"
    for name in ("eq", "in", *HOLDS, "like", "regex", "search"):
        for text, message in (
            ("a\x00b", "A text cannot contain the NUL character."),
            ("\ud800", "A text cannot contain lone surrogates."),
        ):
            operand = ["a", text] if name == "in" else text
            result = await api.execute(query, {"where": {"text": {name: operand}}})
            assert result.errors is not None
            assert [(each.message, each.extensions) for each in result.errors] == [
                (
                    message,
                    {
                        "code": "VALIDATION",
                        "inputPath": ["where", "text", name, *([1] if name == "in" else [])],
                    },
                )
            ]
