"""Regular expressions on both databases: one dialect, matched in a time that grows with the text."""

# ruff: noqa: RUF001 - letters of several scripts are what is tested.

import re
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gqlcrud import Api, ModelOptions
from gqlcrud.statements.matching import matches
from tests.databases import MakeEngine
from tests.running import refused, run, save

TEXTS = [
    "",
    "a",
    "ab",
    "abc",
    "a.c",
    "A1 b2",
    "x-y_z",
    "line\nfeed",
    "Éé",
    "[]",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
]


class Base(DeclarativeBase):
    pass


class Line(Base):
    __tablename__ = "line"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


@pytest.fixture(scope="module")
async def api(make_module_engine: MakeEngine) -> AsyncIterator[Api]:
    engine = await make_module_engine(Base.metadata)
    await save(engine, *(Line(id=place, text=text) for place, text in enumerate(TEXTS)))
    yield Api(Base, engine, models={Line: ModelOptions(operators={"text": ["regex"]})})


QUERY = "query ($where: LineWhere) { lines(where: $where) { nodes { text } } }"
LONG = TEXTS[-1]

MATCHES: list[tuple[str, list[str]]] = [
    ("", TEXTS),
    ("^$", [""]),
    ("^a", ["a", "ab", "abc", "a.c", LONG]),
    ("c$", ["abc", "a.c"]),
    ("a.c", ["abc", "a.c"]),
    (r"a\.c", ["a.c"]),
    ("e.f", ["line\nfeed"]),
    ("^line$", []),
    ("ab?c?$", ["a", "ab", "abc"]),
    ("^a{2}", [LONG]),
    ("^a{1,2}$", ["a"]),
    ("a{38,}!", [LONG]),
    ("a{39}", []),
    ("a{x", []),
    ("b|y", ["ab", "abc", "A1 b2", "x-y_z"]),
    ("^(?:a|x-)(b|y)", ["ab", "abc", "x-y_z"]),
    ("^(|b)$", [""]),
    ("[b-y]{2}", ["abc", "line\nfeed"]),
    ("[^a-z]", ["a.c", "A1 b2", "x-y_z", "line\nfeed", "Éé", "[]", LONG]),
    ("[[:digit:]]", ["A1 b2"]),
    (r"\d\s[^\d]", ["A1 b2"]),
    (r"[^\wÉé]", ["a.c", "A1 b2", "x-y_z", "line\nfeed", "[]", LONG]),
    ("[]]", ["[]"]),
    (r"[\]]|[z-]$", ["x-y_z", "[]"]),
    (r"\n", ["line\nfeed"]),
    (r"\x61\u0062", ["ab", "abc"]),
    (r"\mb", ["A1 b2"]),
    (r"c\M", ["abc", "a.c"]),
    (r"\yb\d", ["A1 b2"]),
    (r"a\Yb", ["ab", "abc"]),
    (r"\Aab\Z", ["ab"]),
    ("a*?c", ["abc", "a.c"]),
    ("(a+)+$", ["a"]),
    ("((a*)*)*b", ["ab", "abc", "A1 b2"]),
    ("(a|aa)+!", [LONG]),
    ("(a|a)*!", [LONG]),
    ("(a?){30}a{30}!", [LONG]),
    ("(.*)(.*)(.*)(.*)(.*)[xyz]!", []),
]


@pytest.mark.parametrize(("pattern", "expected"), MATCHES, ids=[each for each, _ in MATCHES])
async def test_an_expression_matches_alike_on_both_databases(api: Api, pattern: str, expected: list[str]) -> None:
    data = await run(api, QUERY, where={"text": {"regex": pattern}})
    assert [each["text"] for each in data["lines"]["nodes"]] == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("^A", ["a", "ab", "abc", "a.c", "A1 b2", LONG]),
        ("[B-Y]{2}", ["abc", "line\nfeed"]),
        ("^[^A]", ["x-y_z", "line\nfeed", "Éé", "[]"]),
    ],
)
async def test_case_is_ignored(api: Api, pattern: str, expected: list[str]) -> None:
    data = await run(api, QUERY, where={"text": {"iRegex": pattern}})
    assert [each["text"] for each in data["lines"]["nodes"]] == expected


def test_letters_of_any_script_have_a_case() -> None:
    assert matches("Éé", "^éÉ$", True) and not matches("Éé", "^éÉ$", False)
    assert matches("ςΣ", "^σ{2}$", True) and matches("я", "[А-Я]", True)
    assert matches(None, "a", True) is None


REFUSED = [
    *("(", ")", "[", "[a", "*", "+a", "a**", "a{2,1}", "a{256}", "a{1", "a{1,x}", "\\", "[z-a]", "[[:no:]]", "[[.a.]]"),
    *("(?=a)", "(?<=a)", "(?i)a", r"(a)\1", r"\q", r"\x6", r"[a-\d]", "^*", "[[=a=]]", r"\U7fffffff"),
    *("(" * 51 + ")" * 51, "((a{255}){255}){255}", "(((){255}){255}){255}", "(((a{0}){255}){255}){255}"),
]


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_is_not_understood_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError):
        matches("a", pattern, False)


@pytest.mark.parametrize("pattern", ["(", "*", "a{2,1}", "[z-a]", r"\q"])
async def test_what_is_no_expression_is_told(api: Api, pattern: str) -> None:
    message = "The database cannot compute with a value of this request."
    for operator in ("regex", "iRegex"):
        assert await refused(api, QUERY, where={"text": {operator: pattern}}) == [("VALIDATION", message)]


def test_one_text_takes_so_much_effort_and_no_more() -> None:
    """A thousand ways are open after each letter, and each letter is a new one."""
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 5000)))
    with pytest.raises(ValueError, match="takes too long"):
        matches(text, "(.*.*.*.*.*.*.*.*.*.*){50}x", False)


def test_what_is_known_of_an_expression_is_bounded() -> None:
    """Each of these letters leads to a state of its own, until what is known is forgotten."""
    text = "".join("ab"[number * number % 7 % 2] for number in range(3000))
    assert matches(text, "a[ab]{60}c", False) is False
    assert matches(text + "a" + "b" * 60 + "c", "a[ab]{60}c", False) is True


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\W", "é", "", r"\n"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}", "{0}", "*?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        inner.map(lambda each: f"^{each}"),
        inner.map(lambda each: f"{each}$"),
    ),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(pattern=PATTERNS, text=st.text("abAé\n ", max_size=6), ignore_case=st.booleans())
def test_an_expression_matches_as_in_python(pattern: str, text: str, ignore_case: bool) -> None:
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    expected = re.search(pattern.replace("$", r"\Z"), text, flags) is not None
    assert matches(text, pattern, ignore_case) is expected
