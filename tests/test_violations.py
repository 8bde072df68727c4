"""What the databases refuse becomes errors that name the fields, and the place in the input."""

# ruff: noqa: RUF012 - SQLAlchemy types `__table_args__` and `__mapper_args__` as instance attributes.

import sqlite3
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import DOMAIN, INT4RANGE, ExcludeConstraint, Range
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from gqlcrud import ModelOptions
from gqlcrud.catalog import Catalog, CatalogSettings, mapped_classes, read_catalog
from gqlcrud.errors import ErrorCode, UserError
from gqlcrud.unit_of_work import Violation, ViolationKind, WrittenRow, diagnose, is_transient, read_violation
from gqlcrud.write_plan import Path
from tests.databases import Backend, MakeEngine


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
    row: Mapped[int | None]


Index("slot_label", func.lower(Slot.label), unique=True)
Index(
    "slot_position", Slot.position, unique=True, postgresql_where=Slot.open.is_(True), sqlite_where=Slot.open.is_(True)
)
Index("slot_place", Slot.shelf, Slot.row, unique=True)


class Tenant(Shop):
    """`secret` and `owner_id` are not offered."""

    __tablename__ = "tenant"

    id: Mapped[int] = mapped_column(primary_key=True)
    secret: Mapped[str] = mapped_column(String(3), CheckConstraint("secret <> 'no'"), unique=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))


CATALOG = read_catalog(
    mapped_classes(Shop), CatalogSettings(options={Tenant: ModelOptions(exclude=("secret", "owner_id"))})
)


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
            record = session.get_one(row.model.entity, row.key)
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
    await fill(shop, Slot(id=1, shelf=1, row=1))

    errors = await refused(
        shop, created(Slot, "data", 0, id=2, shelf=1), created(Slot, "data", 1, id=3, shelf=1, row=1)
    )

    assert errors == (unique("Another Slot has the same shelf and row.", ("data", 1, "shelf"), "shelf", "row"),)


async def test_of_an_index_on_expressions_the_only_row_is_told(shop: AsyncEngine) -> None:
    await fill(shop, Slot(id=1, label="A"))
    row = created(Slot, "data", 0, id=2, label="a")

    names = ("label",) if shop.name == "sqlite" else ()
    told = (*names, *[]) or ()
    assert await refused(shop, row) == (
        unique(f"Another Slot has the same {'label' if names else 'values'}.", ("data", 0, *told), *names),
    )
    assert await refused(shop, row, created(Slot, "data", 1, id=3, label="b")) == (
        unique(f"Another Slot has the same {'label' if names else 'values'}.", ("data",), *names),
    )


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


# ---------- NOT NULL ----------


async def test_a_missing_value_is_required(shop: AsyncEngine) -> None:
    await fill(shop, Book(id=1, title="A"))

    errors = await refused(
        shop, created(Book, 0, id=2, title="B"), created(Book, 1, id=3), updated(Book, 1, 2, title=None)
    )

    assert errors == (
        invalid("Book.title is required.", (1, "title"), "title"),
        invalid("Book.title is required.", (2, "title"), "title"),
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
    errors = await refused(shop, created(Tenant, "data", id=1))

    assert errors == (invalid("A value of Tenant that the API does not offer is required.", ("data",)),)


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


class Reading(Desk):
    __tablename__ = "reading"
    __table_args__ = (UniqueConstraint("year", "place"), {"postgresql_partition_by": "RANGE (year)"})

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[str]


DESK = read_catalog(mapped_classes(Desk), CatalogSettings(options={Booking: ModelOptions(exclude=("during",))}))
DESK_SHOWN = read_catalog(mapped_classes([Reading]), CatalogSettings())


@pytest.fixture
async def postgres(backend: Backend, make_engine: MakeEngine) -> MakeEngine:
    if backend.name != "postgresql":
        pytest.skip("only PostgreSQL has it")
    return make_engine
