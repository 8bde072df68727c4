"""The tables of a bookshop as SQLAlchemy models. It knows nothing of GraphQL.

The docstrings, column comments and `doc` texts are the descriptions in the API that is generated from these classes.
"""

# ruff: noqa: RUF012 - SQLAlchemy types `__mapper_args__` as an instance attribute; a ClassVar fails the type check.

import enum
import re
import uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    column_property,
    mapped_column,
    relationship,
    synonym,
)

VAT = Decimal("0.07")
BESTSELLER_SALES = 100_000

JSON_COLUMN = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """What all models of the bookshop share: constraint names, and the column types of `datetime` and `dict`."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSON_COLUMN,
    }


# ---------- catalogue ----------


class Author(Base):
    """A person who wrote or translated a book, or contributed to one."""

    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True, comment="Number of the author in the shop's catalogue.")
    first_name: Mapped[str | None] = mapped_column(
        String(80), comment="Given names; none for authors known by one name."
    )
    last_name: Mapped[str] = mapped_column(
        String(80), index=True, comment="Family name, or the only name; books are shelved by it."
    )
    email: Mapped[str | None] = mapped_column(
        String(200), unique=True, comment="Where the shop reaches the author; unique."
    )
    born_on: Mapped[date | None] = mapped_column(comment="Date of birth, if known.")
    biography: Mapped[str | None] = mapped_column(
        Text, deferred=True, comment="A few paragraphs for the author's page."
    )
    full_name: Mapped[str] = column_property(
        func.coalesce(first_name + " ", "", type_=String()) + last_name,
        doc="Given names and family name, as printed on a cover.",
    )

    books: Mapped[list["Book"]] = relationship(
        back_populates="author", foreign_keys="Book.author_id", doc="Books that the author wrote."
    )
    translations: Mapped[list["Book"]] = relationship(
        back_populates="translator", foreign_keys="Book.translator_id", doc="Books that the author translated."
    )
    published_books: Mapped[list["Book"]] = relationship(
        primaryjoin="and_(Author.id == Book.author_id, Book.published_at.is_not(None))",
        viewonly=True,
        doc="Books that the author wrote and that are out already. Read only: change `books` instead.",
    )
    contributions: Mapped[list["BookContributor"]] = relationship(
        back_populates="author",
        cascade="all, delete-orphan",
        doc="Books that the author edited, illustrated, narrated or introduced.",
    )


class Publisher(Base):
    """A publishing house that the shop orders from."""

    __tablename__ = "publishers"

    id: Mapped[int] = mapped_column(primary_key=True, comment="Number of the publisher in the shop's catalogue.")
    name: Mapped[str] = mapped_column(String(120), unique=True, comment="Name of the house; unique.")
    website: Mapped[str | None] = mapped_column(String(200), comment="Address of the publisher's site.")
    founded_in: Mapped[int | None] = mapped_column(SmallInteger, comment="Year in which the house was founded.")

    books: Mapped[list["Book"]] = relationship(back_populates="publisher", doc="Books of this house.")


class Category(Base):
    """A shelf of the shop: a tree, from whole floors down to single boards."""

    __tablename__ = "categories"
    __table_args__ = (UniqueConstraint("parent_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True, comment="Number of the category.")
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("categories.id"), index=True, comment="The category above; none for a floor."
    )
    name: Mapped[str] = mapped_column(String(80), comment="What the sign says; unique under one parent.")
    position: Mapped[int] = mapped_column(default=0, comment="Place among its siblings, from the left.")

    parent: Mapped["Category | None"] = relationship(
        back_populates="children", remote_side=[id], doc="The category above."
    )
    children: Mapped[list["Category"]] = relationship(
        back_populates="parent", order_by="Category.position", doc="The categories directly below, from the left."
    )
    books: Mapped[list["Book"]] = relationship(back_populates="category", doc="Books on exactly this shelf.")


book_genres = Table(
    "book_genres",
    Base.metadata,
    Column("book_id", ForeignKey("books.id", ondelete="CASCADE"), primary_key=True),
    Column("genre_id", ForeignKey("genres.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Genre(Base):
    """A literary genre. A book has any number of them."""

    __tablename__ = "genres"

    id: Mapped[int] = mapped_column(primary_key=True, comment="Number of the genre.")
    name: Mapped[str] = mapped_column(String(60), unique=True, comment="Name of the genre; unique.")

    books: Mapped[list["Book"]] = relationship(
        secondary=book_genres, back_populates="genres", doc="Books of this genre."
    )


class Tag(Base):
    """A free keyword that staff and customers put on books."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True, comment="Number of the tag.")
    label: Mapped[str] = mapped_column(String(60), unique=True, comment="The keyword itself; unique.")

    book_links: Mapped[list["BookTag"]] = relationship(
        back_populates="tag", cascade="all, delete-orphan", doc="The books that carry the tag, with their weights."
    )


class BookTag(Base):
    """One tag on one book, and how well it fits."""

    __tablename__ = "book_tags"

    book_id: Mapped[int] = mapped_column(
        ForeignKey("books.id", ondelete="CASCADE"), primary_key=True, comment="The book that carries the tag."
    )
    tag_id: Mapped[int] = mapped_column(
        ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True, comment="The tag on the book."
    )
    weight: Mapped[int | None] = mapped_column(
        comment="How well the tag fits, from 1 to 100; none if nobody has judged it."
    )

    book: Mapped["Book"] = relationship(back_populates="tag_links", doc="The book that carries the tag.")
    tag: Mapped["Tag"] = relationship(back_populates="book_links", doc="The tag on the book.")


class ContributorRole(enum.Enum):
    """What a contributor did for a book, apart from writing or translating it."""

    EDITOR = "editor"
    ILLUSTRATOR = "illustrator"
    NARRATOR = "narrator"
    FOREWORD = "foreword"


class BookContributor(Base):
    """One author's part in a book that somebody else wrote."""

    __tablename__ = "book_contributors"

    book_id: Mapped[int] = mapped_column(
        ForeignKey("books.id", ondelete="CASCADE"), primary_key=True, comment="The book contributed to."
    )
    author_id: Mapped[int] = mapped_column(
        ForeignKey("authors.id", ondelete="CASCADE"), primary_key=True, index=True, comment="Who contributed."
    )
    role: Mapped[ContributorRole] = mapped_column(
        primary_key=True, comment="What the contributor did; one person may have several roles."
    )
    credit: Mapped[str | None] = mapped_column(
        String(200), comment="The line on the title page, where it differs from the usual wording."
    )

    book: Mapped["Book"] = relationship(back_populates="contributors", doc="The book contributed to.")
    author: Mapped["Author"] = relationship(back_populates="contributions", doc="Who contributed.")


class Review(Base):
    """What a customer, or somebody unnamed, thinks of a book."""

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("book_id", "customer_id"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, comment="Number of the review.")
    book_id: Mapped[int] = mapped_column(
        ForeignKey("books.id", ondelete="CASCADE"), index=True, comment="The book reviewed."
    )
    customer_id: Mapped[int | None] = mapped_column(
        ForeignKey("customers.id"), index=True, comment="Who wrote it; none for unnamed reviews. One per book."
    )
    rating: Mapped[int] = mapped_column(comment="Stars, from 1 (poor) to 5 (excellent).")
    score: Mapped[float | None] = mapped_column(
        comment="How helpful readers found the review, from 0 to 1; none before the first vote."
    )
    body: Mapped[str | None] = mapped_column(Text, comment="The text; none if there are only stars.")
    verified: Mapped[bool] = mapped_column(default=False, comment="Whether the reviewer bought the book here.")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), comment="When the review was sent.")
    deleted_at: Mapped[datetime | None] = mapped_column(comment="When it was taken down; none for one that is shown.")
    comment: Mapped[str | None] = synonym("body", doc="The same as `body`, under the name that the till software uses.")

    book: Mapped["Book"] = relationship(back_populates="reviews", doc="The book reviewed.")
    customer: Mapped["Customer | None"] = relationship(back_populates="reviews", doc="Who wrote it.")


class Book(Base):
    """A title in one edition, in stock or on order."""

    __tablename__ = "books"
    __table_args__ = (
        UniqueConstraint("publisher_id", "catalog_no"),
        CheckConstraint("price >= 0", name="price"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, comment="Number of the book in the shop's catalogue.")
    isbn: Mapped[str | None] = mapped_column(
        String(17), unique=True, comment="ISBN-13 with hyphens; unique. None for old and self-published books."
    )
    catalog_no: Mapped[str | None] = mapped_column(
        String(20), comment="The publisher's order number; unique for each publisher."
    )
    title: Mapped[str] = mapped_column(String(200), index=True, comment="Title, as printed.")
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2), comment="Price in euros, before tax.")
    binding: Mapped[str | None] = mapped_column(
        Enum("hard-cover", "paper-back", "e-book", "audio book", name="binding"), comment="What the reader holds."
    )
    pages: Mapped[int | None] = mapped_column(comment="Number of the last page; none for audio books.")
    sales: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", comment="Copies sold worldwide, as the publisher reports."
    )
    in_print: Mapped[bool] = mapped_column(default=True, comment="Whether the publisher still delivers it.")
    published_at: Mapped[datetime | None] = mapped_column(
        index=True, comment="When the edition came out; none if it is announced only."
    )
    meta: Mapped[dict[str, Any] | None] = mapped_column(
        comment="Whatever else the publisher sends: awards, dimensions, keywords."
    )
    sample: Mapped[str | None] = mapped_column(Text, deferred=True, comment="The first pages, to read online.")
    thumbnail: Mapped[bytes | None] = mapped_column(
        LargeBinary, deferred=True, comment="The cover as a small PNG image."
    )
    version: Mapped[int] = mapped_column(comment="Counts the changes; send it back to detect a lost update.")

    author_id: Mapped[int | None] = mapped_column(
        ForeignKey("authors.id"), index=True, comment="Who wrote it; none for anonymous works."
    )
    translator_id: Mapped[int | None] = mapped_column(
        ForeignKey("authors.id"), index=True, comment="Who translated it; none for originals."
    )
    publisher_id: Mapped[int] = mapped_column(ForeignKey("publishers.id"), index=True, comment="Who publishes it.")
    category_id: Mapped[int | None] = mapped_column(
        ForeignKey("categories.id"), index=True, comment="The shelf on which it stands; none while in the stockroom."
    )
    review_count: Mapped[int] = column_property(
        select(func.count(Review.id))
        .where(Review.book_id == id, Review.deleted_at.is_(None))
        .correlate_except(Review)
        .scalar_subquery(),
        doc="How many reviews there are.",
    )

    __mapper_args__ = {"version_id_col": version}

    author: Mapped["Author | None"] = relationship(
        back_populates="books", foreign_keys=[author_id], doc="Who wrote it; none for anonymous works."
    )
    translator: Mapped["Author | None"] = relationship(
        back_populates="translations", foreign_keys=[translator_id], doc="Who translated it; none for originals."
    )
    publisher: Mapped["Publisher"] = relationship(back_populates="books", doc="Who publishes it.")
    category: Mapped["Category | None"] = relationship(back_populates="books", doc="The shelf on which it stands.")
    genres: Mapped[list["Genre"]] = relationship(
        secondary=book_genres, back_populates="books", doc="Its literary genres."
    )
    tag_links: Mapped[list["BookTag"]] = relationship(
        back_populates="book", cascade="all, delete-orphan", doc="Its tags, with their weights."
    )
    contributors: Mapped[list["BookContributor"]] = relationship(
        back_populates="book", cascade="all, delete-orphan", doc="Who else took part, with their roles."
    )
    reviews: Mapped[list["Review"]] = relationship(
        back_populates="book", cascade="all, delete-orphan", doc="What readers think of it."
    )
    top_reviews: Mapped[list["Review"]] = relationship(
        primaryjoin="and_(Book.id == Review.book_id, Review.rating >= 4)",
        viewonly=True,
        doc="Reviews of four and five stars. Read only: change `reviews` instead.",
    )
    order_items: Mapped[list["OrderItem"]] = relationship(back_populates="book", doc="The order lines that ask for it.")

    @hybrid_property
    def is_bestseller(self) -> bool:
        """Whether at least 100,000 copies are sold worldwide."""
        return self.sales >= BESTSELLER_SALES

    @hybrid_property
    def price_with_tax(self) -> Decimal:
        """Price in euros, tax included, not rounded."""
        return self.price * (1 + VAT)

    @price_with_tax.inplace.expression
    @classmethod
    def _price_with_tax_expression(cls) -> ColumnElement[Decimal]:
        # The product has four decimals; with the type of `price`, SQLite's result would be cut to two.
        return type_coerce(cls.price * (1 + VAT), Numeric(12, 4))

    @hybrid_property
    def slug(self) -> str:
        """The title in small letters and hyphens, for addresses. Worked out after loading: no filter, no order."""
        return "-".join(re.findall(r"\w+", self.title.lower()))


# ---------- customers ----------


class Customer(Base):
    """Somebody with an account at the shop."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True, comment="Customer number.")
    name: Mapped[str] = mapped_column(String(120), index=True, comment="Full name, as the customer wrote it.")
    email: Mapped[str] = mapped_column(String(200), unique=True, comment="Address used to sign in; unique.")
    password_hash: Mapped[str | None] = mapped_column(
        String(200), comment="Salt and scrypt hash of the password; none for who signs in by e-mail only."
    )
    token: Mapped[uuid.UUID] = mapped_column(
        Uuid, unique=True, default=uuid.uuid4, comment="Names the customer in links sent by e-mail; unique."
    )
    newsletter: Mapped[bool] = mapped_column(default=False, comment="Whether the customer wants the newsletter.")
    staff: Mapped[bool] = mapped_column(default=False, comment="Whether the customer works in the shop.")
    joined_at: Mapped[datetime] = mapped_column(server_default=func.now(), comment="When the account was opened.")

    profile: Mapped["CustomerProfile | None"] = relationship(
        back_populates="customer",
        cascade="all, delete-orphan",
        doc="What the customer tells about themselves, if anything.",
    )
    addresses: Mapped[list["Address"]] = relationship(
        back_populates="customer", cascade="all, delete-orphan", doc="The customer's address book."
    )
    orders: Mapped[list["Order"]] = relationship(back_populates="customer", doc="What the customer ordered.")
    reviews: Mapped[list["Review"]] = relationship(back_populates="customer", doc="What the customer reviewed.")


class CustomerProfile(Base):
    """What a customer tells about themselves. Each customer has at most one."""

    __tablename__ = "customer_profiles"

    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, comment="Whose profile it is."
    )
    nickname: Mapped[str | None] = mapped_column(String(60), comment="Name shown beside reviews.")
    birthday: Mapped[date | None] = mapped_column(comment="Date of birth, for the birthday voucher.")
    preferences: Mapped[dict[str, Any] | None] = mapped_column(comment="Settings of the shop's site.")

    customer: Mapped["Customer"] = relationship(back_populates="profile", doc="Whose profile it is.")


class Address(Base):
    """A postal address in a customer's address book."""

    __tablename__ = "addresses"

    id: Mapped[int] = mapped_column(primary_key=True, comment="Number of the address.")
    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), index=True, comment="Whose address book it is in."
    )
    street: Mapped[str] = mapped_column(String(160), comment="Street and house number.")
    postal_code: Mapped[str | None] = mapped_column(String(16), comment="Postal code, where the country has them.")
    city: Mapped[str] = mapped_column(String(80), index=True, comment="Town or city.")
    country: Mapped[str] = mapped_column(String(2), comment="Country: two letters of ISO 3166.")

    customer: Mapped["Customer"] = relationship(back_populates="addresses", doc="Whose address book it is in.")
    billed_orders: Mapped[list["Order"]] = relationship(
        back_populates="billing_address",
        foreign_keys="Order.billing_address_id",
        doc="Orders whose invoice goes to this address.",
    )
    shipped_orders: Mapped[list["Order"]] = relationship(
        back_populates="shipping_address",
        foreign_keys="Order.shipping_address_id",
        doc="Orders whose parcel goes to this address.",
    )


# ---------- orders ----------


class OrderStatus(enum.Enum):
    """How far an order has come."""

    NEW = "new"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class Order(Base):
    """What a customer buys at one time."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True, comment="Order number.")
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True, comment="Who ordered.")
    billing_address_id: Mapped[int] = mapped_column(
        ForeignKey("addresses.id"), index=True, comment="Where the invoice goes."
    )
    shipping_address_id: Mapped[int | None] = mapped_column(
        ForeignKey("addresses.id"), index=True, comment="Where the parcel goes; none if collected at the shop."
    )
    status: Mapped[OrderStatus] = mapped_column(default=OrderStatus.NEW, comment="How far the order has come.")
    placed_at: Mapped[datetime] = mapped_column(
        server_default=func.now(), index=True, comment="When the customer ordered."
    )
    placed_by: Mapped[str | None] = mapped_column(
        String(120), comment="The account that placed it; none if nobody was signed in."
    )
    note: Mapped[str | None] = mapped_column(Text, comment="What the customer wrote to the shop.")

    customer: Mapped["Customer"] = relationship(back_populates="orders", doc="Who ordered.")
    billing_address: Mapped["Address"] = relationship(
        back_populates="billed_orders", foreign_keys=[billing_address_id], doc="Where the invoice goes."
    )
    shipping_address: Mapped["Address | None"] = relationship(
        back_populates="shipped_orders",
        foreign_keys=[shipping_address_id],
        doc="Where the parcel goes; none if collected at the shop.",
    )
    items: Mapped[list["OrderItem"]] = relationship(
        back_populates="order",
        cascade="all, delete-orphan",
        order_by="OrderItem.line_no",
        doc="The lines of the order, from the top.",
    )
    payments: Mapped[list["Payment"]] = relationship(
        back_populates="order", cascade="all, delete-orphan", doc="What was paid for the order."
    )


class OrderItem(Base):
    """One line of an order: a number of copies of one book."""

    __tablename__ = "order_items"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)

    order_id: Mapped[int] = mapped_column(
        ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True, comment="The order."
    )
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="Number of the line, from 1.")
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), index=True, comment="The book ordered.")
    quantity: Mapped[int] = mapped_column(default=1, comment="Number of copies, at least 1.")
    unit_price: Mapped[Decimal] = mapped_column(
        Numeric(10, 2), comment="Price of one copy in euros, before tax, on the day of the order."
    )

    order: Mapped["Order"] = relationship(back_populates="items", doc="The order.")
    book: Mapped["Book"] = relationship(back_populates="order_items", doc="The book ordered.")
    returns: Mapped[list["ItemReturn"]] = relationship(
        back_populates="item", cascade="all, delete-orphan", doc="Copies of this line that came back."
    )


class ItemReturn(Base):
    """Copies of one order line that a customer sent back."""

    __tablename__ = "item_returns"
    __table_args__ = (
        ForeignKeyConstraint(
            ["order_id", "line_no"], ["order_items.order_id", "order_items.line_no"], ondelete="CASCADE"
        ),
        Index(None, "order_id", "line_no"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, comment="Number of the return.")
    order_id: Mapped[int] = mapped_column(comment="The order of the line that came back.")
    line_no: Mapped[int] = mapped_column(comment="The number of the line that came back.")
    quantity: Mapped[int] = mapped_column(default=1, comment="Number of copies that came back.")
    reason: Mapped[str | None] = mapped_column(String(200), comment="Why, in the customer's words.")
    returned_on: Mapped[date] = mapped_column(comment="Day on which the parcel arrived.")

    item: Mapped["OrderItem"] = relationship(back_populates="returns", doc="The order line that came back.")


class Payment(Base):
    """Money received for an order, in cash unless it is one of the other kinds."""

    __tablename__ = "payments"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "cash"}

    id: Mapped[int] = mapped_column(primary_key=True, comment="Number of the payment.")
    kind: Mapped[str] = mapped_column(String(16), comment="How it was paid: `cash`, `card` or `invoice`.")
    order_id: Mapped[int] = mapped_column(
        ForeignKey("orders.id", ondelete="CASCADE"), index=True, comment="The order paid for."
    )
    amount: Mapped[Decimal] = mapped_column(Numeric(10, 2), comment="Amount in euros.")
    paid_at: Mapped[datetime | None] = mapped_column(comment="When the money arrived; none while it is awaited.")

    order: Mapped["Order"] = relationship(back_populates="payments", doc="The order paid for.")


class CardPayment(Payment):
    """A payment by credit or debit card."""

    __mapper_args__ = {"polymorphic_identity": "card"}

    card_last_digits: Mapped[str | None] = mapped_column(String(4), comment="The last four digits of the card.")


class InvoicePayment(Payment):
    """A payment by bank transfer, after an invoice."""

    __mapper_args__ = {"polymorphic_identity": "invoice"}

    invoice_no: Mapped[str | None] = mapped_column(String(20), unique=True, comment="Number of the invoice; unique.")
    due_on: Mapped[date | None] = mapped_column(comment="Day by which the money has to arrive.")


# ---------- staff and events ----------


class Employee(Base):
    """Somebody who works at the shop."""

    __tablename__ = "employees"

    id: Mapped[int] = mapped_column(primary_key=True, comment="Personnel number.")
    name: Mapped[str] = mapped_column(String(120), comment="Full name.")
    manager_id: Mapped[int | None] = mapped_column(
        ForeignKey("employees.id"), index=True, comment="Whom the employee reports to; none for the owner."
    )
    hired_on: Mapped[date] = mapped_column(comment="First day at work.")
    shift_starts: Mapped[time | None] = mapped_column(comment="When the usual shift starts, by the clock in the shop.")
    salary: Mapped[Decimal | None] = mapped_column(Numeric(10, 2), comment="Monthly salary in euros, before tax.")

    manager: Mapped["Employee | None"] = relationship(
        back_populates="reports", remote_side=[id], doc="Whom the employee reports to."
    )
    reports: Mapped[list["Employee"]] = relationship(
        back_populates="manager", doc="Who reports directly to the employee."
    )
    events: Mapped[list["Event"]] = relationship(back_populates="host", doc="Events that the employee hosts.")


class Event(Base):
    """An evening at the shop. Readings and signings are events with more to tell."""

    __tablename__ = "events"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "event"}

    id: Mapped[int] = mapped_column(primary_key=True, comment="Number of the event.")
    kind: Mapped[str] = mapped_column(String(16), comment="What happens: `event`, `reading` or `signing`.")
    title: Mapped[str] = mapped_column(String(200), comment="Title on the poster.")
    starts_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=False), index=True, comment="Day and time, by the clock in the shop."
    )
    doors_open: Mapped[time | None] = mapped_column(comment="When guests are let in, by the clock in the shop.")
    duration: Mapped[timedelta | None] = mapped_column(comment="How long it takes, if that is planned.")
    host_id: Mapped[int | None] = mapped_column(
        ForeignKey("employees.id"), index=True, comment="Who hosts the event; none if not settled."
    )

    host: Mapped["Employee | None"] = relationship(back_populates="events", doc="Who hosts the event.")


class Reading(Event):
    """An event at which somebody reads from a book."""

    __tablename__ = "readings"
    __mapper_args__ = {"polymorphic_identity": "reading"}

    id: Mapped[int] = mapped_column(
        ForeignKey("events.id", ondelete="CASCADE"), primary_key=True, comment="Number of the event."
    )
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), index=True, comment="The book read from.")
    language: Mapped[str | None] = mapped_column(String(2), comment="Language: two letters of ISO 639.")

    book: Mapped["Book"] = relationship(doc="The book read from.")


class Signing(Event):
    """An event at which an author signs books."""

    __tablename__ = "signings"
    __mapper_args__ = {"polymorphic_identity": "signing"}

    id: Mapped[int] = mapped_column(
        ForeignKey("events.id", ondelete="CASCADE"), primary_key=True, comment="Number of the event."
    )
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"), index=True, comment="Who signs.")
    copies: Mapped[int | None] = mapped_column(comment="Number of copies on hand; none if not counted.")

    author: Mapped["Author"] = relationship(doc="Who signs.")
