"""Pydantic models that the values of writes pass through: what they refuse, change and add."""

import enum
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import pydantic
import pytest
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, RootModel, SecretStr, field_validator, model_validator
from pydantic.alias_generators import to_camel
from sqlalchemy import JSON, ForeignKey, Numeric, String
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Api, ConfigurationError, ModelOptions
from tests.databases import MakeEngine, record_statements
from tests.running import refused, run
from tests.test_options import fields


class Base(DeclarativeBase):
    pass


class Genre(enum.Enum):
    PROSE = "prose"
    POETRY = "poetry"


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    email: Mapped[str | None] = mapped_column(String(40))
    password_hash: Mapped[str] = mapped_column(String(80), default="none")

    books: Mapped[list["Book"]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(40))
    slug: Mapped[str] = mapped_column(String(40))
    price: Mapped[Decimal] = mapped_column(Numeric(8, 2), default=Decimal(5))
    genre: Mapped[Genre | None] = mapped_column()
    site: Mapped[str | None] = mapped_column(String(80))
    meta: Mapped[Any | None] = mapped_column(JSON)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))

    author: Mapped["Author"] = relationship(back_populates="books")


@pytest.fixture
def offline() -> AsyncEngine:
    """An engine that nobody connects to."""
    return create_async_engine("sqlite+aiosqlite://")


Name = Annotated[str, Field(min_length=2, max_length=20), pydantic.StringConstraints(strip_whitespace=True)]


class AuthorIn(BaseModel):
    name: Name
    email: str | None = None

    @field_validator("email")
    @classmethod
    def check_email(cls, email: str | None) -> str | None:
        if email is not None and "@" not in email:
            raise ValueError("An email has an @.")
        return email and email.lower()


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class Meta(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)

    tags: list[int | bool] = []
    page_count: int = 0
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None


class BookIn(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    title: Name
    slug: str = ""
    price: Decimal = Field(default=Decimal(7), gt=0)
    meta: Meta | None = None
    site: HttpUrl | None = None
    author_id: int

    @model_validator(mode="after")
    def fill_slug(self) -> "BookIn":
        if "title" in self.model_fields_set:
            self.slug = self.title.lower().replace(" ", "-")
        return self


def make_api(
    engine: AsyncEngine, book: type[BaseModel] | None = BookIn, author: type[BaseModel] | None = AuthorIn
) -> Api:
    options: dict[type, ModelOptions] = {
        Book: ModelOptions(create_schema=book, update_schema=book),
        Author: ModelOptions(create_schema=author, update_schema=author, exclude={"password_hash"}),
    }
    return Api(Base, engine, models=options)


@pytest.fixture
async def api(make_engine: MakeEngine) -> Api:
    return make_api(await make_engine(Base.metadata))


async def write(api: Api, field: str, value: str, shown: str = "") -> Any:
    """What a mutation shows, or its errors as (path, message), all of them VALIDATION."""
    data = await run(api, f"mutation {{ {field}(input: {value}) {{ {shown} errors {{ code message path }} }} }}")
    payload = data[field]
    errors = payload.pop("errors")
    assert {each["code"] for each in errors} <= {"VALIDATION"}
    return [(".".join(each["path"]), each["message"]) for each in errors] if errors else payload


# ---------- values ----------


async def test_what_the_model_makes_of_a_value_is_stored(api: Api) -> None:
    value = '{data: {name: "  Jane ", email: "Jane@X"}}'

    assert await write(api, "createAuthor", value, "author { name email }") == {
        "author": {"name": "Jane", "email": "jane@x"}
    }


async def test_a_default_fills_in_and_none_leaves_the_column_to_its_own(api: Api) -> None:
    """`slug` is set by a validator, `price` by its default in the model, `site` stays null."""
    value = '{data: {title: "Old Tales", author: {create: {name: "Jane"}}}}'

    assert await write(api, "createBook", value, "book { slug price site }") == {
        "book": {"slug": "old-tales", "price": "7.00", "site": None}
    }


async def test_a_patch_changes_what_it_gives_and_what_validators_set(api: Api) -> None:
    value = '{data: {title: "Old Tales", price: "3", author: {create: {name: "Jane"}}}}'
    await write(api, "createBook", value)

    assert await write(api, "updateBook", '{by: {rowId: 1}, patch: {title: " New "}}', "book { title slug price }") == {
        "book": {"title": "New", "slug": "new", "price": "3.00"}
    }
    assert await write(api, "updateBook", "{by: {rowId: 1}, patch: {genre: POETRY}}", "book { title slug genre }") == {
        "book": {"title": "New", "slug": "new", "genre": "POETRY"}
    }


async def test_nested_models_of_json_are_stored_as_json(api: Api) -> None:
    value = """{data: {title: "Tales", site: "https://example.org", author: {create: {name: "Jane"}},
        meta: {tags: [1, true], pageCount: 3, pet: {kind: "cat"}}}}"""

    assert await write(api, "createBook", value, "book { meta site }") == {
        "book": {
            "meta": {"tags": [1, True], "pageCount": 3, "pet": {"kind": "cat", "lives": 9}},
            "site": "https://example.org/",
        }
    }


async def test_a_null_is_refused_where_the_model_takes_none(api: Api) -> None:
    await write(api, "createAuthor", '{data: {name: "Jane"}}')

    assert await write(api, "updateAuthor", "{by: {rowId: 1}, patch: {name: null}}") == [
        ("input.patch.name", "Input should be a valid string")
    ]


# ---------- errors ----------


async def test_all_errors_are_told_at_once_without_a_statement(make_engine: MakeEngine) -> None:
    """Those of Pydantic beside those of columns and of nested records."""
    engine = await make_engine(Base.metadata)
    site = "x" * 90
    value = f"""{{data: {{title: "x", price: "0", genre: PROSE, site: "{site}",
        author: {{create: {{name: "J", email: "none"}}}}}}}}"""

    with record_statements(engine) as statements:
        errors = await write(make_api(engine), "createBook", value)

    assert statements == []
    assert errors == [
        ("input.data.title", "String should have at least 2 characters"),
        ("input.data.price", "Input should be greater than 0"),
        ("input.data.site", "Input should be a valid URL, relative URL without a base"),
        ("input.data.author.create.name", "String should have at least 2 characters"),
        ("input.data.author.create.email", "An email has an @."),
    ]


async def test_a_path_leads_into_json_without_the_branches_of_unions(api: Api) -> None:
    value = """{data: {title: "Tales", author: {create: {name: "Jane"}},
        meta: {tags: [1, "x"], pageCount: "many", pet: {kind: "dog"}}}}"""

    assert await write(api, "createBook", value) == [
        ("input.data.meta.tags.1", "Input should be a valid integer, unable to parse string as an integer"),
        ("input.data.meta.tags.1", "Input should be a valid boolean, unable to interpret input"),
        ("input.data.meta.pageCount", "Input should be a valid integer, unable to parse string as an integer"),
        ("input.data.meta.pet.name", "Field required"),
    ]


async def test_records_in_lists_pass_through_the_schema_of_their_model(api: Api) -> None:
    value = '{data: {name: "Jane", books: {create: [{title: "Tales", slug: ""}, {title: "x", price: "-1"}]}}}'

    assert await write(api, "createAuthor", value) == [
        ("input.data.books.create.1.title", "String should have at least 2 characters"),
        ("input.data.books.create.1.price", "Input should be greater than 0"),
    ]


async def test_both_halves_of_an_upsert_pass_through_their_schemas(api: Api) -> None:
    value = '{on: NAME, create: {name: " Jane ", email: "x"}, update: {email: "y"}}'

    assert await write(api, "upsertAuthor", value) == [
        ("input.create.email", "An email has an @."),
        ("input.update.email", "An email has an @."),
    ]
    value = '{on: NAME, create: {name: " Jane "}, update: {email: "Y@"}}'
    await write(api, "upsertAuthor", value)
    assert await write(api, "upsertAuthor", value, "author { rowId name email }") == {
        "author": {"rowId": 1, "name": "Jane", "email": "y@"}
    }


async def test_the_key_that_a_record_is_named_by_is_the_one_that_the_schema_makes(api: Api) -> None:
    """Else it would be looked for by another name than it gets."""
    book = '{title: "Tales", author: {connectOrCreate: {by: {name: "%s"}, create: {name: "%s"}}}}'

    assert await write(api, "createBook", f"{{data: {book % (' Jane', 'Jane')}}}") == [
        ("input.data.author.connectOrCreate.create.name", "name contradicts the key that the record is named by.")
    ]
    assert await write(api, "createBook", f"{{data: {book % ('Jane', ' Jane ')}}}", "book { author { name } }") == {
        "book": {"author": {"name": "Jane"}}
    }


async def test_a_foreign_key_that_the_schema_requires_may_be_set_by_its_relation(api: Api) -> None:
    data = await run(api, 'mutation { createBook(input: {data: {title: "Tales"}}) { errors { code path } } }')

    assert data["createBook"]["errors"] == [{"code": "REQUIRED_RELATION", "path": ["input", "data", "author"]}]


async def test_an_error_of_the_whole_model_is_told_at_the_record(make_engine: MakeEngine) -> None:
    class Whole(BaseModel):
        name: str
        email: str | None = None

        @model_validator(mode="after")
        def compare(self) -> "Whole":
            if self.name == self.email:
                raise AssertionError
            return self

    api = make_api(await make_engine(Base.metadata), author=Whole)

    assert await write(api, "createAuthor", '{data: {name: "a", email: "a"}}') == [
        ("input.data", "This value is refused.")
    ]


# ---------- virtual fields ----------


class Account(BaseModel):
    name: str
    password: SecretStr = Field(min_length=8, description="At least eight characters.")

    def to_columns(self) -> dict[str, Any]:
        if self.password.get_secret_value() == "password":
            raise ValueError("Anybody would try this password.")
        return {"password_hash": f"hash of {self.password.get_secret_value()}"}


class AccountPatch(BaseModel):
    password: SecretStr | None = None

    def to_columns(self) -> dict[str, Any]:
        return {} if self.password is None else {"password_hash": f"hash of {self.password.get_secret_value()}"}


def account_api(engine: AsyncEngine) -> Api:
    options = ModelOptions(create_schema=Account, update_schema=AccountPatch, exclude={"password_hash"})
    return Api([Author], engine, models={Author: options})


async def test_a_password_becomes_a_hash(make_engine: MakeEngine) -> None:
    engine = await make_engine(Base.metadata)
    api = account_api(engine)

    async def stored() -> Any:
        async with engine.connect() as connection:
            return (await connection.execute(Author.__table__.select())).mappings().one()["password_hash"]

    assert await write(api, "createAuthor", '{data: {name: "Jane", password: "short"}}') == [
        ("input.data.password", "Value should have at least 8 items after validation, not 5")
    ]
    assert await write(api, "createAuthor", '{data: {name: "Jane", password: "password"}}') == [
        ("input.data", "Anybody would try this password.")
    ]
    await write(api, "createAuthor", '{data: {name: "Jane", password: "long enough"}}')
    assert await stored() == "hash of long enough"
    await write(api, "updateAuthor", '{by: {rowId: 1}, patch: {email: "@"}}')
    assert await stored() == "hash of long enough"
    await write(api, "updateAuthor", '{by: {rowId: 1}, patch: {password: "another one"}}')
    assert await stored() == "hash of another one"


def test_a_virtual_field_stands_in_the_input_and_nowhere_else(offline: AsyncEngine) -> None:
    api = account_api(offline)

    assert fields(api, "AuthorCreate") == {"name": "String!", "email": "String", "password": "String!"}
    assert fields(api, "AuthorPatch") == {"name": "String", "email": "String", "password": "String"}
    assert fields(api, "Author") == {"id": "ID!", "rowId": "Int!", "name": "String!", "email": "String"}
    assert '"""At least eight characters."""' in api.sdl()


class Colour(enum.Enum):
    RED = "red"


class Kinds(BaseModel):
    a_text: str
    number: int | None
    decimal: Decimal | None = None
    flag: bool = False
    day: date
    colours: list[Colour]
    choice: Literal["a", "b"]
    link: Annotated[HttpUrl | None, Field(alias="webLink")] = None
    given: dict[str, Any] = {}

    def to_columns(self) -> dict[str, Any]:
        return {"email": f"{self.day:%d} {[each.name for each in self.colours]} {self.choice}"}


async def test_virtual_fields_have_the_types_of_their_annotations(make_engine: MakeEngine) -> None:
    api = Api([Author], await make_engine(Base.metadata), models={Author: ModelOptions(create_schema=Kinds)})

    assert list(fields(api, "AuthorCreate").items())[3:] == [
        ("aText", "String!"),
        ("number", "Int"),
        ("decimal", "Decimal"),
        ("flag", "Boolean"),
        ("day", "Date!"),
        ("colours", "[Colour!]!"),
        ("choice", "String!"),
        ("webLink", "String"),
        ("given", "JSON"),
    ]
    value = '{data: {name: "A", aText: "x", number: null, day: "2020-01-02", colours: [RED], choice: "b"}}'
    assert await write(api, "createAuthor", value, "author { email }") == {"author": {"email": "02 ['RED'] b"}}
    assert await write(api, "createAuthor", value.replace("number: null, ", "").replace('"b"', '"c"')) == [
        ("input.data.number", "Field required"),
        ("input.data.choice", "Input should be 'a' or 'b'"),
    ]


async def test_a_column_that_to_columns_invents_is_a_fault(make_engine: MakeEngine) -> None:
    class Inventive(BaseModel):
        def to_columns(self) -> dict[str, Any]:
            return {"pasword_hash": "x"}

    api = make_api(await make_engine(Base.metadata), author=Inventive)

    ((code, _),) = await refused(api, 'mutation { createAuthor(input: {data: {name: "A"}}) { errors { code } } }')

    assert code == "INTERNAL_ERROR"


# ---------- inputs ----------


def test_the_schema_says_what_a_new_record_needs(offline: AsyncEngine) -> None:
    """A slug has a default in the model, and none in the table."""
    assert fields(make_api(offline), "BookCreate") == {
        "title": "String!",
        "slug": "String",
        "price": "Decimal",
        "genre": "Genre",
        "site": "String",
        "meta": "JSON",
        "authorId": "ID",
        "author": "BookAuthorCreate",
    }


def test_columns_that_a_schema_forbids_are_no_part_of_the_input(offline: AsyncEngine) -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(extra="forbid")

        name: str

    api = make_api(offline, author=Strict)

    assert fields(api, "AuthorCreate") == {"name": "String!", "books": "AuthorBooksCreate"}
    assert fields(api, "AuthorPatch") == {"name": "String", "books": "AuthorBooksUpdate"}


# ---------- mistakes ----------


class Relations(BaseModel):
    books: list[str]


class Unknown(BaseModel):
    nmae: complex


class Pathed(BaseModel):
    name: str = Field(validation_alias=pydantic.AliasPath("names", 0))


class Twice(BaseModel):
    name: str
    full_name: str = Field(alias="name")


class Unreachable(BaseModel):
    password_hash: str


class Clash(BaseModel):
    a_b: int = Field(alias="books")


class Forbidding(BaseModel):
    model_config = ConfigDict(extra="forbid")


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (
            Author,
            "ModelOptions(create_schema=Author) of Author takes a Pydantic model: a subclass of pydantic.BaseModel.",
        ),
        ("X", "ModelOptions(create_schema='X') of Author takes a Pydantic model: a subclass of pydantic.BaseModel."),
        (RootModel[int], "is a RootModel; it takes a Pydantic model with fields."),
        (Relations, "books leads to other records, and a schema is for columns."),
        (Unknown, "nmae is no column of Author, so it is a further field of the input, and <class 'complex'> has no"),
        (Pathed, "name takes its value from a path; give it an alias that is one name."),
        (Twice, "name and full_name are both for Author.name."),
        (Unreachable, "password_hash is required, and clients cannot give Author.password_hash a value."),
        (Clash, "The field Clash.a_b and the relation Author.books are both named 'books' in the inputs of Author."),
        (Forbidding, "has extra='forbid' and no field name, which a new Author needs."),
    ],
)
def test_a_schema_that_cannot_be_meant_is_refused(offline: AsyncEngine, schema: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Api(Base, offline, models={Author: ModelOptions(create_schema=schema, exclude={"password_hash"})})

    assert message in str(error.value)


def test_a_schema_of_a_model_that_nobody_writes_is_refused(offline: AsyncEngine) -> None:
    with pytest.raises(ConfigurationError) as error:
        Api(Base, offline, models={Author: ModelOptions(update_schema=AuthorIn, read_only=True)})

    assert "is for writes, and ModelOptions(read_only=True) allows none." in str(error.value)


async def test_a_default_does_not_change_a_record_that_is_there(make_engine: MakeEngine) -> None:
    """In bulk writes an item changes what it gives."""

    class Contact(BaseModel):
        name: str
        email: str | None = "none@example.org"

    api = make_api(await make_engine(Base.metadata), author=Contact)
    await write(api, "createAuthor", '{data: {name: "Ada", email: "ada@example.org"}}')
    for field, value in (
        ("upsertAuthors", '{on: NAME, data: [{name: "Ada"}, {name: "Bob"}]}'),
        ("createAuthors", '{data: [{name: "Ada"}, {name: "Bob"}], onConflict: {on: NAME, update: [EMAIL]}}'),
    ):
        assert await write(api, field, value, "authors { email }") == {
            "authors": [{"email": "ada@example.org"}, {"email": "none@example.org"}]
        }


async def test_what_a_schema_sets_is_in_no_operator(make_engine: MakeEngine) -> None:
    class Patch(BaseModel):
        title: str | None = None

        def to_columns(self) -> dict[str, Any]:
            return {} if self.title is None else {"price": len(self.title)}

    api = Api(Base, await make_engine(Base.metadata), models={Book: ModelOptions(update_schema=Patch)})
    value = '{where: {rowId: {gt: 0}}, patch: {title: "Emma"}, ops: {price: {increment: "1"}}}'

    assert await write(api, "updateBooks", value) == [
        ("input.ops.price", "price stands in patch and in ops; give it once.")
    ]
