"""The names of classes, columns and relations, and the words that they are made of."""

import pytest

from gqlcrud import Api
from gqlcrud.reflected_names import pascal, snake
from tests.databases import MakeEngine
from tests.reflecting import PLAYLISTS, columns, link, mapper, read, relations


async def test_class_names_are_singular_pascal_case_and_legal(make_engine: MakeEngine) -> None:
    names = ["media_type", "FilmActors", "class", "None", "2fa codes", "addresses", "---"]
    _, reflection = await read(make_engine, *(f'CREATE TABLE "{name}" (id INTEGER PRIMARY KEY)' for name in names))

    assert {model.__name__: mapper(model).local_table.description for model in reflection.models} == {
        "Table": "---",
        "Table2faCode": "2fa codes",
        "FilmActor": "FilmActors",
        "None_": "None",
        "Address": "addresses",
        "Class": "class",
        "MediaType": "media_type",
    }


async def test_classes_of_the_same_name_are_numbered_in_the_order_of_their_tables(make_engine: MakeEngine) -> None:
    names = ["users", "user", "user_2", "x_users"]
    _, reflection = await read(make_engine, *(f'CREATE TABLE "{name}" (id INTEGER PRIMARY KEY)' for name in names))

    assert {model.__name__: mapper(model).local_table.description for model in reflection.models} == {
        "User": "user",
        "User2": "user_2",
        "User3": "users",
        "XUser": "x_users",
    }


async def test_columns_become_legal_attributes(make_engine: MakeEngine) -> None:
    names = ["zip code", "zip_code", "AlbumId", "metadata", "registry", "class", "2fa", "HTTPCode", "$", "_x", "Größe"]
    _, reflection = await read(
        make_engine,
        "CREATE TABLE thing (id INTEGER PRIMARY KEY, " + ", ".join(f'"{name}" INTEGER' for name in names) + ")",
    )

    assert columns(reflection)["Thing"] == {
        "id": "id",
        "zip_code": "zip code",
        "zip_code_2": "zip_code",
        "album_id": "AlbumId",
        "metadata_": "metadata",
        "registry_": "registry",
        "class_": "class",
        "column_2fa": "2fa",
        "http_code": "HTTPCode",
        "column": "$",
        "x": "_x",
        "grosse": "Größe",
    }


async def test_classes_avoid_types_and_root_fields_of_the_schema(make_engine: MakeEngine) -> None:
    """`PurchaseOrder` would be what orders a `Purchase`, and `Sheep` is listed by `sheepList`."""
    names = ["nodes", "query", "page_info", "purchase", "purchase_orders", "sheep", "sheep_lists"]
    engine, reflection = await read(make_engine, *(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY)" for name in names))

    assert {mapper(model).local_table.description: model.__name__ for model in reflection.models} == {
        "nodes": "NodeRecord",
        "query": "QueryRecord",
        "page_info": "PageInfoRecord",
        "purchase": "Purchase",
        "purchase_orders": "PurchaseOrderRecord",
        "sheep": "Sheep",
        "sheep_lists": "SheepListRecord",
    }
    assert [model.many for model in Api(reflection.models, engine).catalog.models] == [
        "nodeRecords",
        "pageInfoRecords",
        "purchases",
        "purchaseOrderRecords",
        "queryRecords",
        "sheepList",
        "sheepListRecords",
    ]


async def test_columns_avoid_each_other_and_combinators_in_graphql(make_engine: MakeEngine) -> None:
    names = ["row_id", "and", "or", "not", "rowId", "title", "TITLE_", "__type"]
    engine, reflection = await read(
        make_engine,
        "CREATE TABLE thing (id INTEGER PRIMARY KEY, " + ", ".join(f'"{name}" INTEGER' for name in names) + ")",
    )

    assert columns(reflection)["Thing"] == {
        "id": "id",
        "row_id_2": "row_id",
        "and_2": "and",
        "or_2": "or",
        "not_2": "not",
        "row_id_3": "rowId",
        "title": "title",
        "title_2": "TITLE_",
        "type": "__type",
    }
    (model,) = Api(reflection.models, engine).catalog.models
    assert list(model.members) == ["rowId", "rowId2", "and2", "or2", "not2", "rowId3", "title", "title2", "type"]


async def test_to_one_is_named_by_its_column_without_id(make_engine: MakeEngine) -> None:
    _, reflection = await read(
        make_engine,
        "CREATE TABLE person (id INTEGER PRIMARY KEY)",
        """CREATE TABLE book (
            id INTEGER PRIMARY KEY,
            author_id INTEGER REFERENCES person,
            "SupportRepId" INTEGER REFERENCES person,
            class_id INTEGER REFERENCES person
        )""",
    )

    assert relations(reflection)["Book"] == {"author": "Person", "class_": "Person", "support_rep": "Person"}


async def test_to_one_is_named_by_its_target_where_the_column_has_no_id(make_engine: MakeEngine) -> None:
    _, reflection = await read(
        make_engine,
        "CREATE TABLE people (id INTEGER PRIMARY KEY)",
        "CREATE TABLE city (id INTEGER PRIMARY KEY)",
        """CREATE TABLE book (
            id INTEGER PRIMARY KEY,
            written_in INTEGER REFERENCES city,
            author INTEGER REFERENCES people,
            editor INTEGER REFERENCES people
        )""",
    )

    assert relations(reflection) == {
        "Book": {"city": "City", "person_by_author": "Person", "person_by_editor": "Person"},
        "City": {"books": "[Book]"},
        "Person": {"books_by_author": "[Book]", "books_by_editor": "[Book]"},
    }


async def test_columns_keep_their_names_where_a_relation_would_take_them(make_engine: MakeEngine) -> None:
    _, reflection = await read(
        make_engine,
        "CREATE TABLE artist (id INTEGER PRIMARY KEY, albums INTEGER)",
        "CREATE TABLE label (id INTEGER PRIMARY KEY)",
        """CREATE TABLE album (
            id INTEGER PRIMARY KEY,
            artist TEXT,
            artist_id INTEGER REFERENCES artist,
            label INTEGER REFERENCES label,
            label_by_label INTEGER
        )""",
    )

    assert relations(reflection) == {
        "Album": {"artist_by_artist": "Artist", "label_by_label_2": "Label"},
        "Artist": {"albums_by_artist": "[Album]"},
        "Label": {"albums": "[Album]"},
    }


async def test_unique_keys_are_one_to_one(make_engine: MakeEngine) -> None:
    """A partial index, or one on more columns than the key, allows several children."""
    _, reflection = await read(
        make_engine,
        "CREATE TABLE person (id INTEGER PRIMARY KEY)",
        "CREATE TABLE passport (id INTEGER PRIMARY KEY, person_id INTEGER UNIQUE REFERENCES person)",
        "CREATE TABLE profile (id INTEGER PRIMARY KEY REFERENCES person)",
        "CREATE TABLE badge (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES person)",
        "CREATE UNIQUE INDEX badge_person ON badge (person_id)",
        "CREATE TABLE card (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES person, active INTEGER)",
        "CREATE UNIQUE INDEX card_person ON card (person_id) WHERE active = 1",
        "CREATE UNIQUE INDEX card_active ON card (person_id, active)",
        "CREATE UNIQUE INDEX card_sum ON card (person_id, (active + 1))",
    )

    assert relations(reflection) == {
        "Badge": {"person": "Person"},
        "Card": {"person": "Person"},
        "Passport": {"person": "Person"},
        "Person": {"badge": "Badge", "cards": "[Card]", "passport": "Passport", "profile": "Profile"},
        "Profile": {"person": "Person"},
    }


async def test_several_link_tables_between_two_models_name_their_relations(make_engine: MakeEngine) -> None:
    _, reflection = await read(make_engine, *PLAYLISTS, link("playlist_track"), link("favourites"))

    assert relations(reflection) == {
        "Playlist": {"tracks_by_favourite": "[Track]", "tracks_by_playlist_track": "[Track]"},
        "Track": {"playlists_by_favourite": "[Playlist]", "playlists_by_playlist_track": "[Playlist]"},
    }


async def test_a_link_gives_way_to_one_to_many(make_engine: MakeEngine) -> None:
    _, reflection = await read(
        make_engine,
        "CREATE TABLE playlist (id INTEGER PRIMARY KEY)",
        "CREATE TABLE track (id INTEGER PRIMARY KEY, origin_id INTEGER REFERENCES playlist)",
        link("playlist_track"),
    )

    assert relations(reflection) == {
        "Playlist": {"tracks": "[Track]", "tracks_by_playlist_track": "[Track]"},
        "Track": {"origin": "Playlist", "playlists": "[Playlist]"},
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("AlbumId", "album_id"),
        ("zip code", "zip_code"),
        ("HTTPCode", "http_code"),
        ("ISBN13", "isbn13"),
        ("customerID", "customer_id"),
        ("a  b-c.d", "a_b_c_d"),
        ("__class__", "class"),
        ("Café", "cafe"),
        ("$", ""),
    ],
)
def test_snake_case(name: str, words: str) -> None:
    assert snake(name) == words


def test_pascal_case() -> None:
    assert [pascal(words) for words in ("album", "media_type", "address2")] == ["Album", "MediaType", "Address2"]
