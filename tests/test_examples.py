"""The queries that GraphiQL offers: what they ask for, and that each runs as it is."""

import json
from typing import Any

import pytest

from gqlcrud import Api
from tests import market, shelf, tangle, zoo
from tests.databases import MakeEngine
from tests.serving import unused_engine

SELECTED = """\
query Selected {
  books(
    first: 10
    where: {isbn: {isNull: false}}
    orderBy: [{isbn: ASC}]
  ) {
    nodes {
      isbn
      title
      rowId
    }
  }
}
"""
PAGE = """\
# For the next page put the endCursor of the answer into the variable `after`.
query Page($after: String) {
  books(first: 5, after: $after) {
    nodes {
      isbn
      title
      rowId
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
"""
COUNTS = """\
query Counts {
  authors {
    totalCount
  }
  books {
    totalCount
  }
  orderItems {
    totalCount
  }
  tags {
    totalCount
  }
}
"""


def test_examples_are_of_the_model_with_the_most_relations() -> None:
    related, *others = Api(shelf.Base, unused_engine()).example_queries()

    assert (related.title, related.query.splitlines()[2:9]) == (
        "books, with what belongs to them",
        [
            "  books(first: 5) {",
            "    totalCount",
            "    nodes {",
            "      isbn",
            "      title",
            "      rowId",
            "      author {",
        ],
    )
    assert [(each.title, each.query, each.variables) for each in others] == [
        ("books, by a condition and in order", SELECTED, ""),
        ("books, page by page", PAGE, '{\n  "after": null\n}'),
        ("How many records there are", COUNTS, ""),
    ]


@pytest.mark.parametrize(
    "base", [zoo.Scalars, zoo.Composites, tangle.Base, market.Base], ids=["scalars", "composites", "tangle", "market"]
)
async def test_every_example_runs_as_it_is(make_engine: MakeEngine, base: Any) -> None:
    api = Api(base, await make_engine(base.metadata), skip_unknown=True)

    for example in api.example_queries():
        result = await api.execute(example.query, json.loads(example.variables or "{}"))

        assert result.errors is None, (example, result.errors)


@pytest.mark.parametrize("introspection", [False, lambda context: True], ids=["nobody", "some"])
def test_there_are_none_where_not_everybody_may_read_the_schema(introspection: Any) -> None:
    assert Api(shelf.Base, unused_engine(), introspection=introspection).example_queries() == []
