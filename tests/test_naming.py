"""Words of Python in, names of GraphQL out; two uses of one name are refused."""

import pytest
from graphql.type import assert_name
from hypothesis import given
from hypothesis import strategies as st

from gqlcrud import ConfigurationError
from gqlcrud.naming import (
    Names,
    camel_name,
    constant_name,
    is_graphql_name,
    link_type_name,
    list_field_name,
    member_name,
    pascal_name,
    plural,
    singular,
)


@pytest.mark.parametrize(
    ("attribute", "name"),
    [
        ("title", "title"),
        ("published_at", "publishedAt"),
        ("publishedAt", "publishedAt"),
        ("HTTPCode", "httpCode"),
        ("URL", "url"),
        ("ISBN13", "isbn13"),
        ("Title", "title"),
        ("a_1", "a1"),
        ("trailing_", "trailing"),
        ("_leading", "leading"),
        ("class_", "class"),
        ("two__words", "twoWords"),
        ("2nd", "_2nd"),
        ("Full Name", "fullName"),
        ("grösse", "grosse"),
        ("straße", "strasse"),
        ("œuvre_Ørsted", "oeuvreOrsted"),
        ("naïve-café", "naiveCafe"),
        ("__type", "type"),
        ("имя", "_"),
        ("___", "_"),
    ],
)
def test_attributes_become_camel_case(attribute: str, name: str) -> None:
    assert camel_name(attribute) == name


@pytest.mark.parametrize("attribute", ["id", "ID", "Id", "id_", "_id"])
def test_a_column_called_id_leaves_that_name_to_the_global_id(attribute: str) -> None:
    assert member_name(attribute) == "rowId"
    assert member_name(f"{attribute}_no") == "idNo"


def test_types_are_in_pascal_case() -> None:
    assert [pascal_name(word) for word in ("order_items", "user_group", "HTTPCode", "tags", "2nd")] == [
        "OrderItems",
        "UserGroup",
        "HttpCode",
        "Tags",
        "_2nd",
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("paper-back", "paper_back"),
        ("2nd hand", "_2nd_hand"),
        ("PG-13", "PG_13"),
        ("größe", "grosse"),
        ("true", "_true"),
        ("null", "_null"),
        ("__x__", "x"),
        ("", "EMPTY"),
        (" ", "EMPTY"),
        ("+", "VALUE"),
        ("да", "VALUE"),
    ],
)
def test_texts_become_enum_values(text: str, name: str) -> None:
    assert constant_name(text) == name


@given(st.text(max_size=20))
def test_every_text_becomes_a_legal_name(text: str) -> None:
    for make in (camel_name, member_name, pascal_name, constant_name):
        name = make(text)

        assert is_graphql_name(name)
        assert assert_name(name) == name


@pytest.mark.parametrize(
    ("name", "legal"),
    [
        ("title", True),
        ("_", True),
        ("_2nd", True),
        ("2nd", False),
        ("", False),
        ("a-b", False),
        ("grösse", False),
        ("__typename", False),
        ("title\n", False),
    ],
)
def test_which_names_graphql_takes(name: str, legal: bool) -> None:
    assert is_graphql_name(name) is legal


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("album", "albums"),
        ("media_type", "media_types"),
        ("mediaType", "mediaTypes"),
        ("category", "categories"),
        ("address", "addresses"),
        ("status", "statuses"),
        ("person", "people"),
        ("film_cache", "film_caches"),
        ("filmCache", "filmCaches"),
        ("Cache", "Caches"),
        ("movie", "movies"),
        ("bonus", "bonuses"),
        ("leaf", "leaves"),
        ("bus", "buses"),
        ("hero", "heroes"),
        ("superHero", "superHeroes"),
        ("criterion", "criteria"),
        ("order_analysis", "order_analyses"),
        ("house", "houses"),
        ("series", "series"),
        ("news", "news"),
        ("data", "data"),
        ("staff", "staffs"),
        ("address2", "address2s"),
    ],
)
def test_singular_and_plural(one: str, many: str) -> None:
    assert (singular(many), plural(one), singular(one)) == (one, many, one)


@pytest.mark.parametrize("word", ["canvas", "gas", "atlas", "dns", "media", "process", "focus", "tls", "orderStatus"])
def test_a_singular_that_looks_like_a_plural_is_kept(word: str) -> None:
    assert singular(word) == word


@pytest.mark.parametrize(
    ("type_name", "field"),
    [
        ("Book", "books"),
        ("OrderItem", "orderItems"),
        ("Person", "people"),
        ("Hero", "heroes"),
        ("Sheep", "sheepList"),
        ("Series", "seriesList"),
        ("Users", "usersList"),
        ("user_group", "userGroups"),
        ("HTTPLog", "httpLogs"),
        ("URL", "urls"),
    ],
)
def test_lists_are_named_by_the_plural(type_name: str, field: str) -> None:
    assert list_field_name(type_name) == field


def test_the_connection_of_a_link_is_named_after_both_ends() -> None:
    assert link_type_name("Book", "tags", {"Book", "Tag"}) == "BookTag"
    assert link_type_name("Book", "tags", {"Book", "Tag", "BookTag"}) == "BookTags"
    assert link_type_name("Book", "series", {"Book"}) == "BookSeries"


def test_a_name_can_be_taken_again_by_its_owner_only() -> None:
    names = Names("the type Book")
    assert names.take("title", "the column Book.title", "") == "title"
    assert names.take("title", "the column Book.title", "") == "title"

    with pytest.raises(ConfigurationError) as caught:
        names.take("title", "the relation Book.title_", "Rename one of them.")
    assert str(caught.value) == (
        "The relation Book.title_ and the column Book.title are both named 'title' in the type Book. Rename one of them."
    )


def test_a_name_that_graphql_cannot_take_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Names("the schema").take("Größe", "the class shop.Größe", "Name it: ModelOptions(name='...').")
    assert str(caught.value) == (
        "The class shop.Größe would be named 'Größe' in the schema, which is no GraphQL name. "
        "Name it: ModelOptions(name='...')."
    )
