"""Pages of lists, case by case, the same wherever a list stands: at the root, below records, through links and joins.

Source: Relay cursor connections, https://relay.dev/graphql/connections.htm.
"""

from collections.abc import AsyncIterator

import pytest

from tests.databases import MakeEngine
from tests.levels import LEVELS, Level, Lists, Shown, fill_levels


@pytest.fixture(scope="module")
async def lists(make_module_engine: MakeEngine) -> AsyncIterator[Lists]:
    yield await fill_levels(await make_module_engine())


@pytest.fixture(params=LEVELS, ids=lambda level: level.name)
def level(request: pytest.FixtureRequest) -> Level:
    found: Level = request.param
    return found


def path_to(level: Level, argument: str) -> list[str]:
    """Where an argument stands in the request, seen from the root field; above each list are `nodes`."""
    steps = [step for field in level.above[1:] for step in (field, "nodes")]
    return [*(["nodes"] if level.above else []), *steps, *(["page"] if level.above else []), argument]


# ---------- sizes: cases 1 to 6, 8 ----------


async def test_first_zero_shows_nothing_and_tells_whether_the_list_has_any(lists: Lists, level: Level) -> None:
    """Case 1."""
    assert await lists.show(level, "first: 0") == Shown("", True, False)
    assert await lists.show(level, "first: 0, after: b") == Shown("", True, True)
    assert await lists.show(level, "first: 0, after: e") == Shown("", False, True)
    assert await lists.show(level, "first: 0, where: ") == Shown("", False, False, 0)


async def test_last_zero_shows_nothing_and_tells_whether_the_list_has_any(lists: Lists, level: Level) -> None:
    """Case 1."""
    assert await lists.show(level, "last: 0") == Shown("", False, True)
    assert await lists.show(level, "last: 0, before: d") == Shown("", True, True)
    assert await lists.show(level, "last: 0, before: a") == Shown("", True, False)
    assert await lists.show(level, "first: 2, last: 0") == Shown("", True, True)
    assert await lists.show(level, "first: 0, last: 2") == Shown("", True, False)


@pytest.mark.parametrize("argument", ["first", "last", "offset"])
async def test_negative_number_is_refused(lists: Lists, level: Level, argument: str) -> None:
    """Case 2."""
    assert await lists.errors(level, f"{argument}: -1") == [
        {"message": f"{argument} cannot be negative.", "code": "VALIDATION", "inputPath": path_to(level, argument)}
    ]


async def test_null_argument_is_as_if_absent(lists: Lists, level: Level) -> None:
    """Case 3."""
    nulls = "first: null, last: null, after: null, before: null, offset: null, where: null, orderBy: null"

    assert await lists.show(level, nulls) == await lists.show(level) == Shown("abc", True, False)
    assert await lists.show(level, "last: 2, first: null, offset: null") == Shown("de", False, True)


async def test_page_without_a_size_has_the_default_size(lists: Lists, level: Level) -> None:
    """Case 4."""
    assert await lists.show(level) == Shown("abc", True, False)
    assert await lists.show(level, "after: a") == Shown("bcd", True, True)
    assert await lists.show(level, "after: b") == Shown("cde", False, True)
    assert await lists.show(level, "before: c") == Shown("ab", True, False)
    assert await lists.show(level, "before: e") == Shown("abc", True, False)
    assert await lists.show(level, "offset: 1") == Shown("bcd", True, True)


@pytest.mark.parametrize("argument", ["first", "last"])
async def test_size_above_the_maximum_is_refused(lists: Lists, level: Level, argument: str) -> None:
    """Case 5."""
    many = {"bins": "bins", "tracks": "tracks", "errors": "logLines", "workers": "workers", "following": "accounts"}
    plural = many.get(level.field, level.field)

    assert (await lists.show(level, f"{argument}: 5")).records == "abcde"
    assert await lists.errors(level, f"{argument}: 6") == [
        {
            "message": f"{argument} is 6; a page of {plural} has at most 5 records.",
            "code": "LIMIT",
            "inputPath": path_to(level, argument),
        }
    ]


async def test_last_alone_shows_the_end_of_the_list_in_its_order(lists: Lists, level: Level) -> None:
    """Case 6."""
    assert await lists.show(level, "last: 2") == Shown("de", False, True)
    assert await lists.show(level, "last: 5") == Shown("abcde", False, False)
    assert await lists.show(level, "last: 2", level.order("DESC")) == Shown("ba", False, True)


async def test_first_and_last_show_the_last_of_the_first(lists: Lists, level: Level) -> None:
    """Case 8."""
    assert await lists.show(level, "first: 4, last: 2") == Shown("cd", True, True)
    assert await lists.show(level, "first: 2, last: 4") == Shown("ab", True, False)
    assert await lists.show(level, "first: 5, last: 1") == Shown("e", False, True)
    assert await lists.show(level, "first: 2, last: 1, after: b") == Shown("d", True, True)
    assert await lists.show(level, "first: 4, last: 2, before: d") == Shown("bc", True, True)


# ---------- cursors: cases 7, 9 to 14 ----------


async def test_after_and_before_are_both_left_out(lists: Lists, level: Level) -> None:
    """Case 7."""
    assert await lists.show(level, "after: a, before: e") == Shown("bcd", True, True)
    assert await lists.show(level, "first: 2, after: a, before: e") == Shown("bc", True, True)
    assert await lists.show(level, "last: 2, after: a, before: e") == Shown("cd", True, True)
    assert await lists.show(level, "after: b, before: c") == Shown("", True, True)
    assert await lists.show(level, "after: c, before: c") == Shown("", True, True)
    assert await lists.show(level, "after: d, before: b") == Shown("", True, True)
    assert await lists.show(level, "last: 5, after: d, before: b") == Shown("", True, True)


async def test_previous_page_exists_where_a_record_precedes(lists: Lists, level: Level) -> None:
    """Case 9."""
    assert await lists.show(level, "first: 2, after: a") == Shown("bc", True, True)
    assert await lists.show(level, "first: 2, after: a, where: bcde") == Shown("bc", True, False, 4)
    assert await lists.show(level, "first: 2, after: c, where: ade") == Shown("de", False, True, 3)


async def test_next_page_exists_where_a_record_follows(lists: Lists, level: Level) -> None:
    """Case 10."""
    assert await lists.show(level, "last: 2, before: e") == Shown("cd", True, True)
    assert await lists.show(level, "last: 2, before: e, where: abcd") == Shown("cd", False, True, 4)
    assert await lists.show(level, "first: 3, before: c, where: abe") == Shown("ab", True, False, 3)


async def test_empty_page_has_no_cursors(lists: Lists, level: Level) -> None:
    """Case 11."""
    assert await lists.show(level, "where: ") == Shown("", False, False, 0)
    assert await lists.show(level, "last: 2, where: ") == Shown("", False, False, 0)
    assert await lists.show(level, "after: e") == Shown("", False, True)
    assert await lists.show(level, "last: 2, before: a") == Shown("", True, False)


async def test_cursor_of_a_missing_record_keeps_its_place(lists: Lists, level: Level) -> None:
    """Cases 12 and 14: whether it is deleted or `where` does not let it through is the same for a list."""
    assert await lists.show(level, "first: 2, after: b, where: acde") == Shown("cd", True, True, 4)
    assert await lists.show(level, "last: 2, before: d, where: abce") == Shown("bc", True, True, 4)
    assert await lists.show(level, "after: b, before: d, where: ae") == Shown("", True, True, 2)
    assert await lists.show(level, "first: 1, after: b, where: ae", level.order("DESC")) == Shown("a", False, True, 2)


# ---------- the list: cases 23, 24 ----------


async def test_total_count_knows_the_filter_but_not_the_page(lists: Lists, level: Level) -> None:
    """Case 23."""
    pages = ["first: 1", "last: 1", "after: d", "before: b", "offset: 4", "first: 0", "after: b, before: d"]

    for page in pages:
        assert (await lists.show(level, page)).total == 5
        assert (await lists.show(level, f"{page}, where: ace")).total == 3


async def test_offset_passes_over_the_first(lists: Lists, level: Level) -> None:
    """Case 24."""
    assert await lists.show(level, "first: 2, offset: 1") == Shown("bc", True, True)
    assert await lists.show(level, "first: 2, offset: 0") == Shown("ab", True, False)
    assert await lists.show(level, "first: 2, offset: 4") == Shown("e", False, True)
    assert await lists.show(level, "first: 2, offset: 9") == Shown("", False, True)
    assert await lists.show(level, "first: 2, offset: 9, where: ") == Shown("", False, False, 0)
    assert await lists.show(level, "first: 2, offset: 1, after: a") == Shown("cd", True, True)
    assert await lists.show(level, "first: 0, offset: 5") == Shown("", False, True)
    assert await lists.show(level, "offset: 2147483647") == Shown("", False, True)


@pytest.mark.parametrize(("other", "value"), [("last", "last: 2"), ("before", "before: c")])
async def test_offset_is_refused_backward(lists: Lists, level: Level, other: str, value: str) -> None:
    """Case 24."""
    text = value.replace("before: c", 'before: "x"')

    assert await lists.errors(level, f"offset: 1, {text}") == [
        {
            "message": f"offset counts from the start of the list; it cannot be used with {other}.",
            "code": "VALIDATION",
            "inputPath": path_to(level, "offset"),
        }
    ]


# ---------- parents: case 22 ----------

OTHERS = {
    "one-to-many": [Shown("??", False, False, 2)],
    "nested in nested": [Shown("??", False, False, 2), *[Shown("", False, False, 0)] * 3],
    "many-to-many with data on edges": [Shown("ab", False, False, 2), Shown("", False, False, 0)],
    "many-to-many with itself": [Shown("?e", False, False, 2), Shown("", False, False, 0)],
    "through an association object": [Shown("e?", False, False, 2)],
    "composite key": [Shown("??", False, False, 2)],
    "join with a condition": [Shown("?", False, False, 1), Shown("", False, False, 0)],
    "join by a range": [Shown("?", False, False, 1)],
}
"""The whole lists of the other parents on the page."""


@pytest.mark.parametrize("below", LEVELS[1:], ids=lambda level: level.name)
async def test_window_holds_for_each_parent_by_itself(lists: Lists, below: Level) -> None:
    """Case 22."""
    assert await lists.show_all(below) == [Shown("abc", True, False), *OTHERS[below.name]]
    assert await lists.show_all(below, "first: 1") == [
        Shown("a", True, False),
        *[Shown(each.records[:1], each.total > 1, False, each.total) for each in OTHERS[below.name]],
    ]
    assert await lists.show_all(below, "last: 1") == [
        Shown("e", False, True),
        *[Shown(each.records[-1:], False, each.total > 1, each.total) for each in OTHERS[below.name]],
    ]


async def test_cursor_is_a_place_in_the_list_of_every_parent(lists: Lists) -> None:
    """Case 22."""
    tags, bins = LEVELS[3], LEVELS[6]

    assert await lists.show_all(tags, "after: a") == [
        Shown("bcd", True, True),
        Shown("b", False, True, 2),
        Shown("", False, False, 0),
    ]
    assert await lists.show_all(bins, "after: d") == [Shown("e", False, True), Shown("??", False, False, 2)]
    assert await lists.show_all(bins, "before: b") == [Shown("a", True, False), Shown("", True, False, 2)]
