"""What the databases refuse becomes errors that name the fields, and the place in the input."""

# ruff: noqa: RUF012 - SQLAlchemy types `__table_args__` and `__mapper_args__` as instance attributes.

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    cast,
    func,
    literal_column,
    null,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import DOMAIN, INET, INT4RANGE, JSONB, ExcludeConstraint, Range
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from gqlcrud import ModelOptions, custom_scalar
from gqlcrud.catalog import Catalog, CatalogSettings, mapped_classes, read_catalog
from gqlcrud.diagnosis import Violation, ViolationKind, WrittenRow, diagnose, is_transient, read_violation
from gqlcrud.errors import ErrorCode, UserError
from gqlcrud.write_plan import Path
from tests.databases import MakeEngine, PostgresServer, engine_maker, record_statements


class Shop(DeclarativeBase):
    pass


class Author(Shop):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column("author_code", unique=True)
    mentor_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))


class Book(Shop):
    __tablename__ = "book"
    __table_args__ = (
        CheckConstraint("price > 0", name="price_positive"),
        CheckConstraint("pages <> 13"),
        CheckConstraint("pages < price * 1000"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    isbn: Mapped[str | None] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column(String(5))
    price: Mapped[Decimal | None] = mapped_column(Numeric(4, 2))
    pages: Mapped[int | None] = mapped_column(SmallInteger)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author | None] = relationship()


class Review(Shop):
    __tablename__ = "review"
    __table_args__ = (UniqueConstraint("book_id", "reviewer"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"))
    reviewer: Mapped[str | None]
    book: Mapped[Book] = relationship(backref="reviews")


class Loan(Shop):
    """Refers to a book that no other may take away, and knows so only at the end of a transaction."""

    __tablename__ = "loan"

    id: Mapped[int] = mapped_column(primary_key=True)
    isbn: Mapped[str | None] = mapped_column(ForeignKey("book.isbn", deferrable=True, initially="DEFERRED"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id", ondelete="RESTRICT"))


class Line(Shop):
    __tablename__ = "line"

    order_no: Mapped[int] = mapped_column(primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True)


class Parcel(Shop):
    __tablename__ = "parcel"
    __table_args__ = (ForeignKeyConstraint(["order_no", "line_no"], ["line.order_no", "line.line_no"]),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_no: Mapped[int | None]
    line_no: Mapped[int | None]


class Person(Shop):
    __tablename__ = "person"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)


class Employee(Person):
    __tablename__ = "employee"
    __mapper_args__ = {"polymorphic_identity": "employee"}

    id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    badge: Mapped[int] = mapped_column(unique=True)


class Slot(Shop):
    """`label` is unique in any case, `position` among those that are open."""

    __tablename__ = "slot"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str | None]
    position: Mapped[int | None]
    open: Mapped[bool] = mapped_column(default=True)
    shelf: Mapped[int | None]
    row: Mapped[int | None] = mapped_column(default=1)
    column: Mapped[int | None] = mapped_column(default=lambda: 1)


Index("slot_label", func.lower(Slot.label), unique=True)
Index(
    "slot_position", Slot.position, unique=True, postgresql_where=Slot.open.is_(True), sqlite_where=Slot.open.is_(True)
)
Index("slot_place", Slot.shelf, Slot.row, unique=True)
Index("slot_column", Slot.column, Slot.shelf, unique=True)


class Chapter(Shop):
    __tablename__ = "chapter"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id", ondelete="CASCADE"))


class Note(Shop):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    chapter_id: Mapped[int] = mapped_column(ForeignKey("chapter.id"))


class Ghost(Shop):
    """A column of its table is not mapped."""

    __table__ = Table(
        "ghost", Shop.metadata, Column("id", Integer, primary_key=True), Column("sheet", String, nullable=False)
    )
    __mapper_args__ = {"exclude_properties": ["sheet"]}


class Tenant(Shop):
    """`secret` and `owner_id` are not offered."""

    __tablename__ = "tenant"

    id: Mapped[int] = mapped_column(primary_key=True)
    secret: Mapped[str] = mapped_column(String(3), CheckConstraint("secret <> 'no'"), unique=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))


CATALOG = read_catalog(
    mapped_classes(Shop), CatalogSettings(options={Tenant: ModelOptions(exclude=("secret", "owner_id"))})
)


class Tree(DeclarativeBase):
    pass


class Leaf(Tree):
    """Its table is made by hand: the database does not have the check, which SQLite could not, and has others."""

    __tablename__ = "leaf"
    __table_args__ = (CheckConstraint(cast(literal_column("twig"), INET).is_not(None)),)

    id: Mapped[int] = mapped_column(primary_key=True)
    twig: Mapped[int | None]


Table("bark", Tree.metadata, Column("id", ForeignKey("nowhere.id")))
TREE = read_catalog(mapped_classes(Tree), CatalogSettings())


def created(entity: type, *steps: str | int, catalog: Catalog = CATALOG, **values: Any) -> WrittenRow:
    return WrittenRow(catalog.model(entity), values, path=("input", *steps))


def updated(entity: type, key: Any, *steps: str | int, catalog: Catalog = CATALOG, **values: Any) -> WrittenRow:
    whole = key if isinstance(key, tuple) else (key,)
    return WrittenRow(catalog.model(entity), values, whole, ("input", *steps))


def deleted(entity: type, key: Any, *steps: str | int) -> WrittenRow:
    return WrittenRow(CATALOG.model(entity), {}, (key,), ("input", *steps), deleted=True)


def write(session: Session, rows: tuple[WrittenRow, ...]) -> None:
    """Each row for itself, in this order; the constraints that wait do so until the end."""
    for row in rows:
        if row.key is None:
            session.add(row.model.entity(**row.values))
        else:
            record: Any = session.get_one(row.model.entity, row.key)
            for attribute, value in row.values.items():
                setattr(record, attribute, value)
            if row.deleted:
                session.delete(record)
        session.flush()
    session.commit()


def violation_of(session: Session, work: Callable[[Session], None]) -> Violation:
    try:
        work(session)
    except (DBAPIError, OverflowError, UnicodeEncodeError) as error:
        session.rollback()
        violation = read_violation(error)
        assert violation is not None, error
        return violation
    raise AssertionError("the database takes the rows")


async def refused(engine: AsyncEngine, *rows: WrittenRow, catalog: Catalog = CATALOG) -> tuple[UserError, ...]:
    """What the client is told after these rows were written one by one. The transaction is usable then."""

    def work(session: Session) -> tuple[UserError, ...]:
        violation = violation_of(session, lambda session: write(session, rows))
        errors = diagnose(session, violation, rows, catalog)
        assert session.execute(text("SELECT 1")).scalar() == 1
        return errors

    async with AsyncSession(engine) as session:
        return await session.run_sync(work)


async def fill(engine: AsyncEngine, *records: object) -> None:
    async with AsyncSession(engine) as session:
        for record in records:
            session.add(record)
            await session.flush()
        await session.commit()


@pytest.fixture
async def shop(make_engine: MakeEngine) -> AsyncEngine:
    return await make_engine(Shop.metadata)


def unique(message: str, path: Path, *fields: str) -> UserError:
    return UserError(ErrorCode.UNIQUE, message, ("input", *path), fields)


def foreign_key(message: str, path: Path, *fields: str) -> UserError:
    return UserError(ErrorCode.FOREIGN_KEY, message, ("input", *path), fields)


def check(message: str, path: Path, *fields: str) -> UserError:
    return UserError(ErrorCode.CHECK, message, ("input", *path), fields)


def invalid(message: str, path: Path, *fields: str) -> UserError:
    return UserError(ErrorCode.VALIDATION, message, ("input", *path), fields)


# ---------- UNIQUE ----------


async def test_a_value_that_another_record_has_is_named_with_its_field(shop: AsyncEngine) -> None:
    await fill(shop, Book(id=1, title="A", isbn="978"))

    errors = await refused(shop, created(Book, "data", id=2, title="B", isbn="978"))

    assert errors == (unique("Another Book has the isbn '978'.", ("data", "isbn"), "isbn"),)


async def test_every_offender_of_a_batch_is_told(shop: AsyncEngine) -> None:
    """Those that the database holds already, and those that stand twice in the input; a NULL never conflicts."""
    await fill(shop, Book(id=1, title="A", isbn="x3"), Book(id=2, title="B", isbn="x250"))
    rows = [created(Book, "data", n, id=10 + n, title="C", isbn=f"x{n}" if n > 1 else None) for n in range(300)]
    rows[299] = created(Book, "data", 299, id=400, title="C", isbn="x7")

    errors = await refused(shop, *rows)

    assert errors == (
        unique("Another Book has the isbn 'x3'.", ("data", 3, "isbn"), "isbn"),
        unique("Another Book has the isbn 'x250'.", ("data", 250, "isbn"), "isbn"),
        unique("Another Book in this input has the isbn 'x7'.", ("data", 299, "isbn"), "isbn"),
    )


async def test_a_primary_key_is_unique_too(shop: AsyncEngine) -> None:
    await fill(shop, Line(order_no=1, line_no=1))

    errors = await refused(shop, created(Line, "data", order_no=1, line_no=1))

    assert errors == (
        unique("Another Line has the same orderNo and lineNo.", ("data", "orderNo"), "orderNo", "lineNo"),
    )


async def test_a_composite_constraint_names_all_fields(shop: AsyncEngine) -> None:
    """Of an update, the database gives what the input does not. NULLs are not equal."""
    book = Book(id=1, title="A")
    await fill(shop, book, *(Review(id=n, book=book, reviewer=who) for n, who in enumerate(["a", "b", None])))

    errors = await refused(shop, updated(Review, 2, "patch", reviewer=None), updated(Review, 1, "patch", reviewer="a"))

    assert errors == (
        unique("Another Review has the same bookId and reviewer.", ("patch", "bookId"), "bookId", "reviewer"),
    )


async def test_an_attribute_may_be_called_unlike_its_column(shop: AsyncEngine) -> None:
    await fill(shop, Author(id=1, code="a"), Author(id=2, code="b"))

    errors = await refused(shop, updated(Author, 2, "patch", code="a"))

    assert errors == (unique("Another Author has the code 'a'.", ("patch", "code"), "code"),)


async def test_sql_gives_the_value_of_an_update(shop: AsyncEngine) -> None:
    await fill(shop, Book(id=1, title="A", isbn="ab"), Book(id=2, title="B", isbn="a"))

    errors = await refused(shop, updated(Book, 2, "ops", isbn=Book.isbn + "b"))

    assert errors == (unique("Another Book has the same isbn.", ("ops", "isbn"), "isbn"),)


async def test_a_record_that_is_changed_as_well_is_held_against_a_row_if_nothing_else_is(shop: AsyncEngine) -> None:
    await fill(shop, *(Book(id=n, title="A", isbn=isbn) for n, isbn in enumerate("abc")))
    swapped = updated(Book, 0, "items", 0, isbn="b"), updated(Book, 1, "items", 1, isbn="a")

    assert await refused(shop, *swapped) == (
        unique("Another Book has the isbn 'b'.", ("items", 0, "isbn"), "isbn"),
        unique("Another Book has the isbn 'a'.", ("items", 1, "isbn"), "isbn"),
    )
    assert await refused(shop, *swapped, created(Book, "create", id=9, title="D", isbn="c")) == (
        unique("Another Book has the isbn 'c'.", ("create", "isbn"), "isbn"),
    )


async def test_joined_classes_have_the_constraints_of_each_table(shop: AsyncEngine) -> None:
    """A column of the base class is that of every Person."""
    await fill(shop, Person(id=1, email="a"), Employee(id=2, email="b", badge=7))

    by_email = await refused(shop, created(Employee, "data", id=3, email="a", badge=8))
    by_badge = await refused(shop, created(Employee, "data", id=3, email="c", badge=7))

    assert by_email == (unique("Another Person has the email 'a'.", ("data", "email"), "email"),)
    assert by_badge == (unique("Another Employee has the badge 7.", ("data", "badge"), "badge"),)


async def test_a_unique_index_is_a_constraint(shop: AsyncEngine) -> None:
    await fill(shop, Slot(id=1, shelf=1, row=null(), column=2), Slot(id=2, shelf=2))

    errors = await refused(
        shop,
        created(Slot, "data", 0, id=3, shelf=1, column=3),
        created(Slot, "data", 1, id=4, shelf=2, row=null(), column=4),
        created(Slot, "data", 2, id=5, shelf=2, row=None, column=3),
    )

    assert errors == (unique("Another Slot has the same shelf and row.", ("data", 2, "shelf"), "shelf", "row"),)


async def test_a_default_that_is_computed_is_not_known(shop: AsyncEngine) -> None:
    await fill(shop, Slot(id=1, shelf=1, row=1))
    rows = created(Slot, "data", 0, id=2, shelf=1, row=2), created(Slot, "data", 1, id=3, shelf=2, row=2)
    message, fields = "Another Slot has the same column and shelf.", ("column", "shelf")

    assert await refused(shop, *rows) == (unique(message, ("data",), *fields),)
    assert await refused(shop, rows[0]) == (unique(message, ("data", 0, "column"), *fields),)


async def test_of_an_index_on_expressions_the_only_row_is_told(shop: AsyncEngine) -> None:
    await fill(shop, Slot(id=1, label="A"))
    row = created(Slot, "data", 0, id=2, label="a")
    message = "Another Slot has the same label."

    of_one = await refused(shop, row)
    of_two = await refused(shop, row, created(Slot, "data", 1, id=3, label="b"))

    assert of_one == (unique(message, ("data", 0, "label"), "label"),)
    assert of_two == (unique(message, ("data",), "label"),)


async def test_an_index_on_expressions_may_be_known_to_the_database_alone(shop: AsyncEngine) -> None:
    async with shop.begin() as connection:
        await connection.exec_driver_sql("CREATE UNIQUE INDEX one_isbn ON book (lower(isbn))")
    await fill(shop, Book(id=1, title="A", isbn="a"))

    errors = await refused(shop, created(Book, "data", id=2, title="B", isbn="A"))

    assert errors == (unique("Another Book has the same values.", ("data",)),)


async def test_of_a_partial_index_the_offender_is_told_if_there_is_but_one(shop: AsyncEngine) -> None:
    await fill(shop, Slot(id=1, position=1), Slot(id=2, position=2, open=False))
    rows = [created(Slot, "data", n, id=3 + n, position=n) for n in range(2)]

    assert await refused(shop, *rows) == (
        unique("Another Slot has the same position.", ("data", 1, "position"), "position"),
    )
    assert await refused(shop, *rows, created(Slot, "data", 2, id=9, position=2)) == (
        unique("Another Slot has the same position.", ("data",), "position"),
    )


async def test_a_hidden_column_is_not_named(shop: AsyncEngine) -> None:
    await fill(shop, Tenant(id=1, secret="abc"))

    errors = await refused(shop, created(Tenant, "data", id=2, secret="abc"))

    assert errors == (unique("Another Tenant has the same values.", ("data",)),)


# ---------- FOREIGN KEY ----------


async def test_a_target_that_does_not_exist_is_told_at_the_foreign_key(shop: AsyncEngine) -> None:
    await fill(shop, Author(id=1), Book(id=1, title="A"))

    errors = await refused(
        shop,
        created(Book, "data", 0, id=2, title="A", author_id=1),
        created(Book, "data", 1, id=3, title="A", author_id=8),
        created(Book, "data", 2, id=4, title="A"),
        updated(Book, 1, "data", 3, author_id=9),
    )

    assert errors == (
        foreign_key("There is no Author with this id.", ("data", 1, "authorId"), "authorId"),
        foreign_key("There is no Author with this id.", ("data", 3, "authorId"), "authorId"),
    )


async def test_a_target_that_is_created_too_exists(shop: AsyncEngine) -> None:
    errors = await refused(
        shop,
        created(Author, "data", "author", id=5),
        created(Book, "data", id=3, title="A", author_id=5),
        created(Review, "data", "reviews", 0, id=1, book_id=3),
        created(Review, "data", "reviews", 1, id=2, book_id=4),
    )

    assert errors == (foreign_key("There is no Book with this id.", ("data", "reviews", 1, "bookId"), "bookId"),)


async def test_a_composite_foreign_key_names_all_fields(shop: AsyncEngine) -> None:
    """It refers to nothing if a part of it is NULL. Of an update, the database gives what the input does not."""
    await fill(shop, Line(order_no=1, line_no=1), Parcel(id=1, order_no=1, line_no=1))
    fields = ("orderNo", "lineNo")
    message = "There is no Line with this orderNo and lineNo."

    errors = await refused(
        shop,
        created(Parcel, "data", 0, id=2, order_no=7),
        created(Parcel, "data", 1, id=3, order_no=7, line_no=1),
        updated(Parcel, 1, "data", 2, line_no=2),
    )

    assert errors == (
        foreign_key(message, ("data", 1, "orderNo"), *fields),
        foreign_key(message, ("data", 2, "orderNo"), *fields),
    )


async def test_a_hidden_foreign_key_is_told_at_the_record(shop: AsyncEngine) -> None:
    errors = await refused(shop, created(Tenant, "data", id=1, secret="abc", owner_id=1))

    assert errors == (foreign_key("There is no such Author.", ("data",)),)


async def test_a_deferred_foreign_key_fails_at_the_end(shop: AsyncEngine) -> None:
    """It refers to a unique column here."""
    await fill(shop, Book(id=1, title="A", isbn="978"))

    errors = await refused(shop, created(Loan, 0, id=1, isbn="978"), created(Loan, 1, id=2, isbn="979"))

    assert errors == (foreign_key("There is no Book with this isbn.", (1, "isbn"), "isbn"),)


async def test_records_that_refer_to_what_is_deleted_are_named(shop: AsyncEngine) -> None:
    """Those that go with it, in one write, do not count."""
    await fill(
        shop,
        *(Author(id=n) for n in (1, 2, 3)),
        Author(id=4, mentor_id=1),
        *(Book(id=n, title="A", author_id=n) for n in (1, 2)),
        Loan(id=1, author_id=3),
    )

    by_books = await refused(
        shop, deleted(Book, 1, "ids", 0), deleted(Author, 4, 1), deleted(Author, 1, 2), deleted(Author, 2, 3)
    )
    by_restriction = await refused(shop, deleted(Author, 3, "id"))

    assert by_books == (foreign_key("Book records still refer to this Author.", (3,)),)
    assert by_restriction == (foreign_key("Loan records still refer to this Author.", ("id",)),)


async def test_records_that_refer_to_a_changed_key_are_named(shop: AsyncEngine) -> None:
    await fill(shop, Book(id=1, title="A", isbn="978"), Book(id=2, title="A", isbn="979"), Loan(id=1, isbn="978"))

    errors = await refused(shop, updated(Book, 1, "patch", isbn="1"), updated(Book, 2, "patch", isbn="2"))

    assert errors == (foreign_key("Loan records still refer to this Book.", ("patch",)),)


async def test_a_target_that_the_same_write_deletes_does_not_exist(shop: AsyncEngine) -> None:
    await fill(shop, Book(id=1, title="A", isbn="978"))

    errors = await refused(shop, created(Loan, "create", id=1, isbn="978"), deleted(Book, 1, "delete"))

    assert errors == (foreign_key("There is no Book with this isbn.", ("create", "isbn"), "isbn"),)


async def test_the_tables_of_one_joined_record_do_not_refer_to_each_other(shop: AsyncEngine) -> None:
    await fill(shop, Employee(id=1, email="a", badge=1), Author(id=1), Book(id=1, title="A", author_id=1))

    errors = await refused(
        shop,
        created(Employee, "create", id=2, email="b", badge=2),
        deleted(Employee, 1, "delete", 0),
        deleted(Author, 1, "delete", 1),
    )

    assert errors == (foreign_key("Book records still refer to this Author.", ("delete", 1)),)


async def test_records_that_refer_to_what_goes_with_a_record_are_named_if_the_database_names_them(
    shop: AsyncEngine,
) -> None:
    await fill(shop, Book(id=1, title="A"), Book(id=2, title="A"), Chapter(id=1, book_id=1), Note(id=1, chapter_id=1))
    who = "Other" if shop.name == "sqlite" else "Note"

    of_one = await refused(shop, deleted(Book, 1, "id"))
    of_two = await refused(shop, deleted(Book, 2, "ids", 0), deleted(Book, 1, "ids", 1))

    assert of_one == (foreign_key(f"{who} records still refer to what is deleted with this Book.", ("id",)),)
    assert of_two == (foreign_key(f"{who} records still refer to what is deleted.", ("ids",)),)


async def test_a_foreign_key_that_the_database_computes_cannot_be_looked_up(shop: AsyncEngine) -> None:
    book = created(Book, "data", id=2, title="A", author_id=literal_column("5 + 4"))
    await fill(shop, Book(id=1, title="A"))

    of_new = await refused(shop, book)
    of_both = await refused(shop, updated(Book, 1, "patch", title="B"), book)

    assert of_new == (foreign_key("A record that is referred to does not exist.", ("data",)),)
    assert of_both == (
        foreign_key("A record that is referred to does not exist, or one that goes is still referred to.", ()),
    )


async def test_a_foreign_key_to_a_table_that_the_metadata_lacks_is_not_looked_at(make_engine: MakeEngine) -> None:
    engine = await make_engine()
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE stray (id integer PRIMARY KEY)")
        await connection.exec_driver_sql("CREATE TABLE leaf (id integer PRIMARY KEY, twig integer REFERENCES stray)")

    errors = await refused(engine, created(Leaf, "data", id=1, twig=1, catalog=TREE), catalog=TREE)

    assert errors == (foreign_key("A record that is referred to does not exist.", ("data",)),)


# ---------- NOT NULL ----------


async def test_a_missing_value_is_required(shop: AsyncEngine) -> None:
    await fill(shop, Book(id=1, title="A"))

    errors = await refused(
        shop,
        created(Book, 0, id=2, title="B"),
        created(Book, 1, id=3),
        updated(Book, 1, 2, title=None),
        created(Book, 3, id=4, title=null()),
        deleted(Book, 1, 4),
    )

    assert errors == (
        invalid("Book.title is required.", (1, "title"), "title"),
        invalid("Book.title is required.", (2, "title"), "title"),
        invalid("Book.title is required.", (3, "title"), "title"),
    )


async def test_a_missing_foreign_key_of_a_relation_is_a_required_relation(shop: AsyncEngine) -> None:
    errors = await refused(shop, created(Review, "data", id=1))

    assert errors == (
        UserError(ErrorCode.REQUIRED_RELATION, "Review.book is required.", ("input", "data", "bookId"), ("bookId",)),
    )


async def test_records_that_lose_what_they_need_are_named_at_what_is_deleted(shop: AsyncEngine) -> None:
    """SQLAlchemy sets the foreign keys of the children to NULL, before it deletes the parent."""
    book = Book(id=1, title="A")
    await fill(shop, book, Review(id=1, book=book))

    errors = await refused(shop, deleted(Book, 1, "id"))

    assert errors == (UserError(ErrorCode.REQUIRED_RELATION, "Review.book is required.", ("input", "id"), ("bookId",)),)


async def test_a_hidden_column_without_a_value_is_not_named(shop: AsyncEngine) -> None:
    of_hidden = await refused(shop, created(Tenant, "data", id=1))
    of_unmapped = await refused(shop, created(Ghost, "data", id=1))

    assert of_hidden == (invalid("A value of Tenant that the API does not offer is required.", ("data",)),)
    assert of_unmapped == (invalid("A value of Ghost that the API does not offer is required.", ("data",)),)


# ---------- CHECK ----------


async def test_a_check_is_called_by_its_name(shop: AsyncEngine) -> None:
    """Each row is tried; a NULL satisfies every check."""
    errors = await refused(
        shop,
        created(Book, "data", 0, id=1, title="A", price=Decimal("1.5")),
        created(Book, "data", 1, id=2, title="A", price=Decimal("-1.5")),
        created(Book, "data", 2, id=3, title="A"),
        created(Book, "data", 3, id=4, title="A", price=Decimal(0)),
    )

    assert errors == (
        check("The check price_positive does not hold.", ("data", 1, "price"), "price"),
        check("The check price_positive does not hold.", ("data", 3, "price"), "price"),
    )


async def test_a_check_without_a_name_is_told_by_its_columns(shop: AsyncEngine) -> None:
    await fill(shop, Book(id=1, title="A", pages=5, price=1))

    of_one = await refused(shop, created(Book, "data", id=2, title="A", pages=13))
    of_two = await refused(shop, updated(Book, 1, "patch", pages=1001))

    assert of_one == (check("A check on pages does not hold.", ("data", "pages"), "pages"),)
    assert len(of_two) == 1
    assert sorted(of_two[0].fields) == ["pages", "price"]
    assert (of_two[0].code, of_two[0].path) == (ErrorCode.CHECK, ("input", "patch"))


async def test_a_check_of_a_hidden_column_does_not_name_it(shop: AsyncEngine) -> None:
    errors = await refused(shop, created(Tenant, "data", id=1, secret="no"))

    assert errors == (check("A check of Tenant does not hold.", ("data",)),)


async def test_a_check_that_the_metadata_lacks_is_told_as_well_as_the_database_does(make_engine: MakeEngine) -> None:
    engine = await make_engine()
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE leaf (id integer PRIMARY KEY, twig integer, CHECK (twig < 1))")
    rows = [created(Leaf, "data", n, id=n, twig=n or None, catalog=TREE) for n in range(2)]

    of_two = await refused(engine, *rows, catalog=TREE)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE leaf ADD COLUMN colour text CHECK (colour IS NOT NULL)")
    of_unmapped = await refused(engine, created(Leaf, "data", id=2, twig=-1, catalog=TREE), catalog=TREE)

    assert of_unmapped == (check("A check of Leaf does not hold.", ("data",)),)
    if engine.name == "sqlite":
        assert of_two == (check("A check of Leaf does not hold.", ("data",)),)
    else:
        assert of_two == (check("A check on twig does not hold.", ("data", 1, "twig"), "twig"),)


# ---------- values that do not fit ----------


async def test_a_number_that_sqlite_cannot_take_is_out_of_range(shop: AsyncEngine) -> None:
    """The drivers refuse it themselves."""
    bounds = f"between {-(2**63)} and {2**63 - 1}" if shop.name == "sqlite" else "between -32768 and 32767"

    errors = await refused(
        shop, created(Book, 0, id=1, title="A", pages=2), created(Book, 1, id=2, title="A", pages=2**64)
    )

    assert errors == (invalid(f"Book.pages must be {bounds}.", (1, "pages"), "pages"),)


async def test_a_text_with_a_lone_surrogate_cannot_be_stored(shop: AsyncEngine) -> None:
    errors = await refused(shop, created(Author, "data", id=1, code="\ud800"))

    assert errors == (
        invalid("Author.code holds a character that the database cannot store.", ("data", "code"), "code"),
    )


async def test_a_failure_of_a_table_that_is_none_of_the_api_is_not_told(shop: AsyncEngine) -> None:
    """A trigger writes into it. One that raises an error of its own breaks no constraint at all."""
    book = created(Book, "data", id=1, title="A")
    async with shop.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE audit (title text UNIQUE)")
        await connection.exec_driver_sql("INSERT INTO audit VALUES ('A')")
        for statement in TRIGGERS[shop.name]:
            await connection.exec_driver_sql(statement)

    errors = await refused(shop, book)

    assert errors == ()
    async with AsyncSession(shop) as session:
        session.add(Book(id=1, title="!"))
        with pytest.raises(DBAPIError) as caught:
            await session.flush()
    assert read_violation(caught.value) is None
    assert not is_transient(caught.value)


TRIGGERS = {
    "sqlite": [
        """
        CREATE TRIGGER audited AFTER INSERT ON book BEGIN
            SELECT RAISE(ABORT, 'UNIQUE constraint failed: book.isbn') WHERE new.title = '!';
            INSERT INTO audit VALUES (new.title);
        END
        """
    ],
    "postgresql": [
        """
        CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF new.title = '!' THEN RAISE 'unique constraint "book_isbn_key"'; END IF;
            INSERT INTO audit VALUES (new.title);
            RETURN new;
        END $$
        """,
        "CREATE TRIGGER audited BEFORE INSERT ON book FOR EACH ROW EXECUTE FUNCTION audited()",
    ],
}


@pytest.mark.parametrize("number", [2, 99])
async def test_a_batch_is_looked_up_in_few_statements(shop: AsyncEngine, number: int) -> None:
    """A lookup takes one for each hundred rows. PostgreSQL is asked for the constraint as well."""
    await fill(shop, Author(id=1, code="a"), *(Book(id=n, title="A", isbn=str(n)) for n in range(number)))
    conflicts = tuple(updated(Book, n, "data", n, isbn="same") for n in range(number))
    lost = tuple(updated(Book, n, "data", n, author_id=9) for n in range(number))
    looked_up = []
    for kind, rows in ((ViolationKind.UNIQUE, conflicts), (ViolationKind.FOREIGN_KEY, lost)):
        violation = Violation(kind, "book", ("isbn",), "book_isbn_key", "public")
        async with AsyncSession(shop) as session:
            with record_statements(shop) as statements:
                await session.run_sync(partial(diagnose, violation=violation, rows=rows, catalog=CATALOG))
        looked_up.append(len([sql for sql, _ in statements if "SAVEPOINT" not in sql]))

    assert looked_up == ([1, 1] if shop.name == "sqlite" else [2, 1])


async def test_a_transaction_may_go_on_from_a_savepoint(shop: AsyncEngine) -> None:
    """What it wrote before counts as there."""
    rows = created(Book, "data", 0, id=1, title="A", isbn="a"), created(Book, "data", 1, id=2, title="A", isbn="b")

    def work(session: Session) -> tuple[UserError, ...]:
        session.add(Book(id=9, title="A", isbn="b"))
        session.flush()
        try:
            with session.begin_nested():
                session.add_all([Book(**row.values) for row in rows])
        except DBAPIError as error:
            violation = read_violation(error)
            assert violation is not None
            errors = diagnose(session, violation, rows, CATALOG)
            session.commit()
            return errors
        raise AssertionError("the database takes the rows")

    async with AsyncSession(shop) as session:
        errors = await session.run_sync(work)
        kept = (await session.scalars(select(Book.id))).all()

    assert errors == (unique("Another Book has the isbn 'b'.", ("data", 1, "isbn"), "isbn"),)
    assert kept == [9]


async def test_without_rows_nothing_is_told(shop: AsyncEngine) -> None:
    async with AsyncSession(shop) as session:
        violation = Violation(ViolationKind.FOREIGN_KEY)

        assert await session.run_sync(lambda session: diagnose(session, violation, (), CATALOG)) == ()


# ---------- only PostgreSQL ----------


class Desk(DeclarativeBase):
    pass


Positive = DOMAIN("positive", Integer, check="VALUE > 0", constraint_name="is_positive")
Even = DOMAIN("even", Integer, check="VALUE % 2 = 0")


class Booking(Desk):
    __tablename__ = "booking"
    __table_args__ = (
        ExcludeConstraint(("during", "&&"), name="no_overlap", using="gist"),
        UniqueConstraint("room", "seat", postgresql_nulls_not_distinct=True),
        {"schema": "desk"},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    during: Mapped[Range[int] | None] = mapped_column(INT4RANGE)
    room: Mapped[str | None]
    seat: Mapped[int | None]
    size: Mapped[int | None] = mapped_column(Positive)
    left: Mapped[int | None] = mapped_column(Even)
    right: Mapped[int | None] = mapped_column(Even)
    ratio: Mapped[float | None]
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), unique=True)


class Badge(Desk):
    __tablename__ = "badge"

    id: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[str | None] = mapped_column(DOMAIN("holder", String, not_null=True))


class Reading(Desk):
    __tablename__ = "reading"
    __table_args__ = (UniqueConstraint("year", "place"), {"postgresql_partition_by": "RANGE (year)"})

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str]


PERIOD = custom_scalar("Period", serialize=str, parse=str)
DESK = read_catalog(mapped_classes(Desk), CatalogSettings(scalars={INT4RANGE: PERIOD}))


@pytest.fixture
async def desk(postgres_server: PostgresServer) -> AsyncIterator[AsyncEngine]:
    async with engine_maker(postgres_server) as make:
        engine = await make()
        async with engine.begin() as connection:
            await connection.exec_driver_sql("CREATE SCHEMA desk")
            await connection.run_sync(Desk.metadata.create_all)
            await connection.exec_driver_sql(
                "CREATE TABLE reading_2025 PARTITION OF reading FOR VALUES FROM (2025) TO (2026)"
            )
        yield engine


def booking(*steps: str | int, **values: Any) -> WrittenRow:
    return created(Booking, *steps, catalog=DESK, **values)


async def test_records_that_exclude_each_other_overlap(desk: AsyncEngine) -> None:
    """The code is that of UNIQUE, of which an exclusion constraint is the general form."""
    await fill(desk, Booking(id=1, during=Range(1, 5)))
    free = booking("data", 0, id=2, seat=2, during=Range(6, 7))

    with_one_there = await refused(desk, free, booking("data", 1, id=3, seat=3, during=Range(2, 3)), catalog=DESK)
    among_themselves = await refused(desk, free, booking("data", 1, id=3, seat=3, during=Range(5, 9)), catalog=DESK)

    message = "Another Booking overlaps with this one in during."
    assert with_one_there == (unique(message, ("data", 1, "during"), "during"),)
    assert among_themselves == (unique(message, ("data",), "during"),)


async def test_nulls_may_be_equal(desk: AsyncEngine) -> None:
    """The table is in a schema of its own."""
    await fill(desk, Booking(id=1, room="a"))

    errors = await refused(desk, *(booking(n, id=2 + n, room=room) for n, room in enumerate("bab")), catalog=DESK)

    assert errors == (
        unique("Another Booking has the same room and seat.", (1, "room"), "room", "seat"),
        unique("Another Booking in this input has the same room and seat.", (2, "room"), "room", "seat"),
    )


async def test_the_check_of_a_domain_is_told_at_the_column(desk: AsyncEngine) -> None:
    by_name = await refused(desk, booking(0, id=1, size=1), booking(1, id=2, size=0), booking(2, id=3), catalog=DESK)
    by_columns = await refused(desk, booking(0, id=1, left=2, right=3), catalog=DESK)
    by_sql = await refused(desk, booking(0, id=1, left=literal_column("2 + 1")), catalog=DESK)
    missing = await refused(desk, created(Badge, "data", id=1, catalog=DESK), catalog=DESK)

    assert by_name == (check("The check is_positive does not hold.", (1, "size"), "size"),)
    assert by_columns == (check("A check on right does not hold.", (0, "right"), "right"),)
    assert by_sql == (check("A check of Booking does not hold.", (0,)),)
    assert missing == (invalid("Badge.holder is required.", ("data", "holder"), "holder"),)


async def test_json_values_are_compared_whatever_the_order_of_their_keys(desk: AsyncEngine) -> None:
    values = [{"a": [1], "b": 2}, {"a": [2]}, {"b": 2, "a": [1]}]

    errors = await refused(desk, *(booking(n, id=n, seat=n, facts=each) for n, each in enumerate(values)), catalog=DESK)

    assert errors == (unique("Another Booking in this input has the same facts.", (2, "facts"), "facts"),)


async def test_a_trigger_may_raise_what_looks_like_a_constraint(desk: AsyncEngine) -> None:
    async with desk.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE audit (reading integer REFERENCES badge)")
        await connection.exec_driver_sql("""
            CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF new.place = 'a' THEN
                    RAISE unique_violation USING SCHEMA = 'public', TABLE = 'reading', CONSTRAINT = 'of_its_own';
                END IF;
                IF new.place = 'b' THEN RAISE check_violation; END IF;
                IF new.place = 'c' THEN
                    RAISE check_violation USING SCHEMA = 'public', TABLE = 'reading', CONSTRAINT = 'of_its_own';
                END IF;
                INSERT INTO audit VALUES (new.id);
                RETURN new;
            END $$
        """)
        await connection.exec_driver_sql(
            "CREATE TRIGGER audited BEFORE INSERT ON reading FOR EACH ROW EXECUTE FUNCTION audited()"
        )

    for place in "abcd":
        reading = created(Reading, "data", id=1, year=2025, place=place, catalog=DESK)
        assert await refused(desk, reading, catalog=DESK) == ()


async def test_a_constraint_of_a_partition_is_that_of_the_whole_table(desk: AsyncEngine) -> None:
    await fill(desk, Reading(id=1, year=2025, place="a"))

    errors = await refused(desk, created(Reading, "data", id=2, year=2025, place="a", catalog=DESK), catalog=DESK)

    assert errors == (unique("Another Reading has the same year and place.", ("data", "year"), "year", "place"),)


async def test_a_constraint_that_only_the_database_knows_is_looked_up(desk: AsyncEngine) -> None:
    async with desk.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE desk.booking ADD CHECK (seat < 100)")

    errors = await refused(desk, booking(0, id=1, seat=99), booking(1, id=2, seat=100), catalog=DESK)

    assert errors == (check("A check on seat does not hold.", (1, "seat"), "seat"),)


async def test_what_does_not_fit_into_a_column_is_told_with_the_bound(desk: AsyncEngine) -> None:
    async with desk.begin() as connection:
        await connection.run_sync(Shop.metadata.create_all)
    await fill(desk, Book(id=1, title="A", price=99, pages=9))

    def book(number: int, **values: Any) -> WrittenRow:
        return created(Book, number, **{"id": 2 + number, "title": "A", **values})

    too_long = await refused(desk, book(0), book(1, title="ABCDEF"), book(2, title="ABCDE"))
    too_large = await refused(desk, book(0, price=Decimal("99.995")), book(1, price=Decimal("99.994")))
    computed = await refused(desk, updated(Book, 1, "ops", price=Book.price + 1))
    several = await refused(desk, updated(Book, 1, "ops", price=Book.price + 1, pages=Book.pages * 5000))
    seat = await refused(desk, booking(0, id=1, ratio=1.5, seat=2**31), catalog=DESK)
    zero = await refused(desk, book(0, title="A", isbn="a\0"))
    hidden = await refused(desk, created(Tenant, 0, id=1, secret="abcd"), created(Tenant, 1, id=2, secret="abc"))

    assert too_long == (invalid("Book.title may have at most 5 characters.", (1, "title"), "title"),)
    assert too_large == (
        invalid("Book.price may have at most 2 digits before the decimal point.", (0, "price"), "price"),
    )
    assert computed == (invalid("Book.price leaves its range.", ("ops", "price"), "price"),)
    assert several == (invalid("A value is out of range.", ("ops",)),)
    assert seat == (invalid(f"Booking.seat must be between {-(2**31)} and {2**31 - 1}.", (0, "seat"), "seat"),)
    assert zero == (invalid("Book.isbn holds a character that the database cannot store.", (0, "isbn"), "isbn"),)
    assert hidden == (invalid("A text is too long.", (0,)),)


async def test_a_lookup_that_fails_leaves_one_error_for_all(desk: AsyncEngine) -> None:
    """The last row was never sent: the database does not take its value, not even to compare it."""
    async with desk.begin() as connection:
        await connection.run_sync(Shop.metadata.create_all)
    await fill(desk, Book(id=1, title="A", isbn="a"))

    errors = await refused(
        desk, created(Book, "data", 0, id=2, title="A", isbn="a"), created(Book, "data", 1, id=3, title="A", isbn="\0")
    )

    assert errors == (unique("Another Book has the same isbn.", ("data",), "isbn"),)


# ---------- what the databases say ----------


async def test_the_parts_of_an_error_are_read(shop: AsyncEngine) -> None:
    await fill(shop, Author(id=1, code="a"))

    def work(*rows: WrittenRow) -> Callable[[Session], Violation]:
        return lambda session: violation_of(session, lambda session: write(session, rows))

    async with AsyncSession(shop) as session:
        violations = [
            await session.run_sync(work(row))
            for row in (
                created(Author, id=2, code="a"),
                created(Book, id=2, title="A", author_id=5),
                created(Book, id=2),
                created(Book, id=2, title="A", price=0),
            )
        ]

    postgresql = [
        Violation(ViolationKind.UNIQUE, "author", (), "author_author_code_key", "public"),
        Violation(ViolationKind.FOREIGN_KEY, "book", (), "book_author_id_fkey", "public"),
        Violation(ViolationKind.NOT_NULL, "book", ("title",), None, "public"),
        Violation(ViolationKind.CHECK, "book", (), "price_positive", "public"),
    ]
    sqlite = [
        Violation(ViolationKind.UNIQUE, "author", ("author_code",)),
        Violation(ViolationKind.FOREIGN_KEY),
        Violation(ViolationKind.NOT_NULL, "book", ("title",)),
        Violation(ViolationKind.CHECK, constraint="price_positive"),
    ]
    assert violations == (sqlite if shop.name == "sqlite" else postgresql)


async def test_what_another_transaction_hinders_may_be_tried_again(shop: AsyncEngine) -> None:
    """Both have read; one writes, and the other then cannot. The reading one may be tried again."""
    await fill(shop, Author(id=1, code="a"))
    read, change = text("SELECT author_code FROM author"), text("UPDATE author SET author_code = author_code || 'b'")
    level = "REPEATABLE READ" if shop.name == "postgresql" else "SERIALIZABLE"
    async with shop.connect() as first, shop.connect() as second:
        await first.execution_options(isolation_level=level)
        if shop.name == "sqlite":
            await first.exec_driver_sql("PRAGMA journal_mode = WAL")
            await first.rollback()
            await first.exec_driver_sql("BEGIN")
        await first.execute(read)
        await second.execute(change)
        await second.commit()
        with pytest.raises(DBAPIError) as caught:
            await first.execute(change)

    assert is_transient(caught.value)
    assert read_violation(caught.value) is None


async def test_two_transactions_that_wait_for_each_other_may_be_tried_again(shop: AsyncEngine) -> None:
    """SQLite has no such waits: one finds the database locked."""
    await fill(shop, Author(id=1), Author(id=2))
    change = text("UPDATE author SET author_code = :code WHERE id = :id")
    hasty = "PRAGMA busy_timeout = 0" if shop.name == "sqlite" else "SET deadlock_timeout = '10ms'"
    async with shop.connect() as first, shop.connect() as second:
        for number, connection in enumerate((first, second), start=1):
            await connection.exec_driver_sql(hasty)
            if shop.name == "postgresql" or number == 1:
                await connection.execute(change, {"id": number, "code": f"a{number}"})
        results = await asyncio.gather(
            second.execute(change, {"id": 1, "code": "c"}),
            first.execute(change, {"id": 2, "code": "d"}),
            return_exceptions=True,
        )
        failures = [each for each in results if isinstance(each, BaseException)]

        assert [(type(each), is_transient(each)) for each in failures] == [(type(failures[0]), True)]
        # the one that waits for the other in vain goes on when that one is gone
        await asyncio.gather(first.rollback(), second.rollback())


@pytest.mark.parametrize(
    "error", [ValueError("x"), sqlite3.Error("database is locked"), DBAPIError("", {}, ValueError())]
)
def test_an_error_of_no_database_is_neither(error: BaseException) -> None:
    assert read_violation(error) is None
    assert not is_transient(error)
