"""What OpenAPI says of a list: each parameter with its type, its values, its bounds and what it is for; the page by type."""

import json
from typing import Any

import pytest

from gqlcrud import Crud
from tests.golden import CheckGolden
from tests.listing import Book, listing_app


def parameters(**options: Any) -> dict[str, dict[str, Any]]:
    """By name, without what all have in common."""
    document = listing_app(Crud(Book), None, **options).openapi()
    listed = document["paths"]["/books"]["get"]["parameters"]
    assert {(each["in"], each["required"]) for each in listed} == {("query", False)}
    return {
        each["name"]: {
            **{key: value for key, value in each["schema"].items() if key not in ("title", "description")},
            "description": each["description"],
        }
        for each in listed
    }


def test_every_column_has_its_parameters(check_golden: CheckGolden) -> None:
    check_golden("openapi/books.json", json.dumps(parameters(paging="both"), indent=2, ensure_ascii=False) + "\n")


def test_what_is_named_stands_in_its_order() -> None:
    found = parameters(filters={"price": ["lte"], "author.name": ["eq"]}, sort=["price"], max_limit=50, total=False)

    assert found == {
        "price__lte": {"type": "number", "description": "The price of the Book; may be null. This or less."},
        "author.name": {"type": "string", "description": "The name of the Author. Equal to this."},
        "sort": {
            "type": "array",
            "items": {"type": "string", "enum": ["price", "-price"]},
            "maxItems": 30,
            "description": "The order, most important first; a minus is for descending. Repeat the parameter, or put commas "
            "between.",
        },
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": 50,
            "default": 20,
            "description": "How many records a page has at most.",
        },
        "after": {"type": "string", "description": "The `next_cursor` of a page: the page after it."},
        "before": {"type": "string", "description": "The `previous_cursor` of a page: the page before it."},
    }


def test_the_page_is_typed() -> None:
    document = listing_app(Crud(Book), None).openapi()
    (content,) = document["paths"]["/books"]["get"]["responses"]["200"]["content"].values()
    schema = document["components"]["schemas"]["PageResponse_BookRead_"]

    assert content["schema"] == {"$ref": "#/components/schemas/PageResponse_BookRead_"}
    assert schema["properties"]["items"] == {
        "items": {"$ref": "#/components/schemas/BookRead"},
        "type": "array",
        "title": "Items",
    }


@pytest.mark.parametrize("paging", ["cursor", "offset", "both"])
def test_there_are_the_parameters_of_the_paging(paging: str) -> None:
    found = parameters(filters=[], sort=[], paging=paging)

    assert (
        list(found)
        == {
            "cursor": ["limit", "after", "before", "total"],
            "offset": ["limit", "offset", "total"],
            "both": ["limit", "after", "before", "offset", "total"],
        }[paging]
    )
