"""Fills a database with a made-up bookshop: the same rows every time.

Usage: python -m example.seed URL

    python -m example.seed sqlite+aiosqlite:///shop.sqlite
    python -m example.seed postgresql+asyncpg://user:password@localhost/shop
"""

import asyncio
import sys
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import FromClause, Table, exists, func, insert, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from example.models import (
    Address,
    Author,
    Base,
    Book,
    BookContributor,
    BookTag,
    Category,
    ContributorRole,
    Customer,
    CustomerProfile,
    Employee,
    Event,
    Genre,
    ItemReturn,
    Order,
    OrderItem,
    OrderStatus,
    Payment,
    Publisher,
    Reading,
    Review,
    Signing,
    Tag,
    book_genres,
)

Row = dict[str, Any]


def words(text: str) -> list[str]:
    return text.split()


TODAY = date(2025, 3, 1)
LIGHTHOUSE = (
    "6c696768746c696768746c6967687421:"
    "08c032be8d9d01c607c820dc7a3290de3887f12a2ab40c89cc4f1af136db504b"
    "092442debae38886cd70bfaece93e5abe89aa0ecc90d05f1b644bc5810a32b61"
)
"""What is stored of the password `lighthouse`, that of customer 1, and of customer 2, who works in the shop."""
"""The day on which the made-up shop is open. The clock is not asked, so that the rows are always the same."""

FIRST_NAMES = words(
    "Ada Agnes Amara Anton Beatriz Boris Carla Chinua Dagmar Dmitri Édouard Elena Emil Fatima Felix Gabriela Giovanni"
    " Greta Hana Hugo Ingrid Ivo Jana João Jun Karin Kofi Lena Léon Lucía Marek Mei Naomi Nils Noor Olga Orhan Paula"
    " Rafael Rosa Samir Selma Søren Tariq Tove Ursula Víctor Wanda Yuki Zadie"
)
LAST_NAMES = words(
    "Abbot Achterberg Almeida Anand Baptiste Berglund Bianchi Brontë Castell Čapek Dahl Delgado Dvořák Eriksen Fontane"
    " Fournier Gallo Grün Haddad Hollander İpekçi Ivanova Jansen Kovács Kurosawa Laurent Lindqvist Łuczak Marchetti"
    " Mbeki Moreau Nakamura Núñez Okafor Olsen Park Petrova Quiroga Rahman Ribeiro Rossi Şahin Schäfer Silva"
    " Tanaka Thorne Ueda Vargas Weiss Yılmaz Zambrano Żeleński"  # noqa: RUF001
)
SINGLE_NAMES = ("東野", "Stendhal", "Ouida", "Saki", "Колетт")
ADJECTIVES = words(
    "Silent Crimson Hidden Broken Distant Endless Forgotten Gentle Hollow Invisible Last Luminous Northern Paper"
    " Quiet Restless Salted Second Slow Unwritten Velvet Winter"
)
NOUNS = words(
    "Archive Bridge Cartographer Clockmaker Comet Garden Ghost Harbour Island Key Labyrinth Lantern Library Lighthouse"
    " Map Mirror Orchard Passenger Piano River Season Shadow Station Storm Tailor Train Window"
)
PLACES = (
    "Lisbon",
    "İstanbul",
    "the Sea",
    "Kraków",
    "Glass",
    "Zürich",
    "Tomorrow",
    "京都",
    "the Moors",
    "São Paulo",
    "Ashes",
    "Málaga",
)
CITIES = (
    ("Lisboa", "PT", "1100-038"),
    ("İstanbul", "TR", "34110"),
    ("Kraków", "PL", "31-042"),
    ("Zürich", "CH", "8001"),
    ("Málaga", "ES", "29015"),
    ("Göteborg", "SE", "411 06"),
    ("Galway", "IE", None),
    ("München", "DE", "80331"),
)
STREETS = ("Mill Lane", "Rua do Sol", "Hauptstraße", "İstiklal Caddesi", "Calle Mayor", "Långgatan", "ulica Długa")
GENRES = (
    "Adventure",
    "Biography",
    "Children's",
    "Crime",
    "Drama",
    "Essay",
    "Fantasy",
    "Historical",
    "Horror",
    "Humour",
    "Nature",
    "Philosophy",
    "Poetry",
    "Romance",
    "Science fiction",
    "Short stories",
    "Thriller",
    "Travel",
)
TAGS = (
    "award winner",
    "beach",
    "bestseller list",
    "book club",
    "café",
    "classic",
    "debut",
    "family",
    "first edition",
    "gift",
    "illustrated",
    "island",
    "large print",
    "music",
    "night train",
    "rediscovered",
    "signed",
    "staff pick",
    "übersetzt",
    "war",
    "winter",
    "100% fun",
    "half_price",
)
SENTENCES = (
    "I could not put it down.",
    "The middle drags, the end does not.",
    "My grandmother's favourite, and now mine.",
    "Beautifully translated.",
    "Not for me.",
    "Read it twice; the second time was better.",
    "Smells like rain and old paper.",
    "Überraschend komisch.",
)
SHELVES = {
    "Ground floor": {
        "Fiction": {"World literature": ["Africa", "Asia", "Europe", "Latin America"], "Crime": ["Classic", "Nordic"]},
        "Young readers": {"Picture books": ["Animals", "Vehicles"], "From 10": []},
    },
    "First floor": {
        "Knowledge": {"History": ["Ancient", "Modern"], "Nature": ["Birds", "Stars"], "Philosophy": []},
        "Arts": {"Music": ["Jazz", "Opera"], "Photography": []},
    },
    "Cellar": {},
}
PNG_HEADER = b"\x89PNG\r\n\x1a\n"


# ---------- the rows ----------


def moment(random: Random, *, years: int) -> datetime:
    """A full second of the past `years`, in UTC."""
    seconds = random.randrange(years * 365 * 24 * 3600)
    return datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC) - timedelta(seconds=seconds)


def day(random: Random, *, years: int) -> date:
    return TODAY - timedelta(days=random.randrange(1, years * 365))


def person_name(random: Random) -> str:
    return f"{random.choice(FIRST_NAMES)} {random.choice(LAST_NAMES)}"


def book_title(random: Random) -> str:
    adjective, noun, place = random.choice(ADJECTIVES), random.choice(NOUNS), random.choice(PLACES)
    nouns = f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return random.choice(
        (f"The {adjective} {noun}", f"The {noun} of {place}", f"{adjective} {nouns}", f"{noun}, {place}")
    )


def sometimes(random: Random, share: float, value: Any) -> Any:
    """`value` in that share of the calls, else None."""
    return value if random.random() < share else None


def author_rows(random: Random, count: int) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, count + 1):
        first: str | None = random.choice(FIRST_NAMES)
        last = random.choice(LAST_NAMES)
        if number <= len(SINGLE_NAMES):
            first, last = None, SINGLE_NAMES[number - 1]
        rows.append(
            {
                "id": number,
                "first_name": first,
                "last_name": last,
                "email": sometimes(random, 0.6, f"author{number}@example.com"),
                "born_on": sometimes(random, 0.8, day(random, years=90)),
                "biography": sometimes(random, 0.5, f"{first or last} lives in {random.choice(PLACES)} and writes."),
            }
        )
    return rows


def publisher_rows(random: Random) -> list[Row]:
    return [
        {
            "id": number,
            "name": f"{last} {random.choice(('& Sons', 'Verlag', 'Press', 'Éditions', 'Books'))}",
            "website": sometimes(random, 0.7, f"https://publisher{number}.example.com"),
            "founded_in": sometimes(random, 0.8, random.randrange(1780, 2020)),
        }
        for number, last in enumerate(random.sample(LAST_NAMES, 24), start=1)
    ]


def category_rows(
    shelves: Mapping[str, Any] | Sequence[str], rows: list[Row], parent_id: int | None = None
) -> list[Row]:
    """Adds a tree of categories to `rows`, parents first, and gives back the whole list."""
    for position, name in enumerate(shelves):
        number = len(rows) + 1
        rows.append({"id": number, "parent_id": parent_id, "name": name, "position": position})
        if isinstance(shelves, Mapping):
            category_rows(shelves[name], rows, number)
    return rows


def book_meta(random: Random) -> Row | None:
    meta: Row = {"language": random.choice(("en", "de", "fr", "pt")), "keywords": random.sample(NOUNS, 3)}
    if random.random() < 0.5:
        meta["size"] = {"width": random.randrange(105, 200), "height": random.randrange(170, 300), "weight": None}
    if random.random() < 0.2:
        meta["awards"] = [{"name": f"Prix {random.choice(LAST_NAMES)}", "year": random.randrange(1990, 2025)}]
    return random.choice((meta, meta, meta, {}, None))


def book_rows(random: Random, count: int, *, authors: int, publishers: int, categories: int) -> list[Row]:
    """Prices, dates and sales are coarse on purpose: ties are what makes ordering and paging hard."""
    bindings = ("hard-cover", "paper-back", "paper-back", "e-book", "audio book", None)
    rows: list[Row] = []
    for number in range(1, count + 1):
        binding = random.choice(bindings)
        midnight = moment(random, years=30).replace(hour=0, minute=0, second=0)
        rows.append(
            {
                "id": number,
                "isbn": sometimes(random, 0.9, f"978-3-{number // 1000:03}-{number % 1000:05}-{number % 10}"),
                "catalog_no": sometimes(random, 0.8, f"{random.choice('ABC')}{number:05}"),
                "title": book_title(random),
                "price": Decimal(random.randrange(4, 40)) + random.choice((Decimal("0.99"), Decimal("0.50"), 0)),
                "binding": binding,
                "pages": None if binding == "audio book" else random.randrange(40, 900, 4),
                "sales": random.choice((0, 500, 10_000, 250_000, 3_000_000_000)) + random.randrange(100),
                "in_print": random.random() < 0.8,
                "published_at": sometimes(random, 0.85, midnight),
                "meta": book_meta(random),
                "sample": sometimes(random, 0.3, " ".join(random.choices(SENTENCES, k=12))),
                "thumbnail": sometimes(random, 0.3, PNG_HEADER + random.randbytes(48)),
                "version": 1,
                "author_id": sometimes(random, 0.93, random.randrange(1, authors + 1)),
                "translator_id": sometimes(random, 0.25, random.randrange(1, authors + 1)),
                "publisher_id": random.randrange(1, publishers + 1),
                "category_id": sometimes(random, 0.9, random.randrange(1, categories + 1)),
            }
        )
    return rows


def genre_link_rows(random: Random, books: int) -> list[Row]:
    return [
        {"book_id": book, "genre_id": genre}
        for book in range(1, books + 1)
        for genre in random.sample(range(1, len(GENRES) + 1), random.randrange(4))
    ]


def tag_link_rows(random: Random, books: int) -> list[Row]:
    return [
        {"book_id": book, "tag_id": tag, "weight": sometimes(random, 0.8, random.randrange(10, 101, 10))}
        for book in range(1, books + 1)
        for tag in random.sample(range(1, len(TAGS) + 1), random.choice((0, 0, 1, 2, 5)))
    ]


def contributor_rows(random: Random, books: int, *, authors: int) -> list[Row]:
    roles = list(ContributorRole)
    return [
        {
            "book_id": book,
            "author_id": random.randrange(1, authors + 1),
            "role": role,
            "credit": sometimes(random, 0.2, f"with a few words by {person_name(random)}"),
        }
        for book in range(1, books + 1, 2)
        for role in random.sample(roles, random.randrange(1, 3))
    ]


def review_rows(random: Random, *, books: int, customers: int) -> list[Row]:
    rows: list[Row] = []
    for book in range(1, books + 1):
        named = random.sample(range(1, customers + 1), min(customers, random.choice((0, 0, 1, 2, 6))))
        for customer in [*named, *([None] if random.random() < 0.3 else [])]:
            rows.append(
                {
                    "id": len(rows) + 1,
                    "book_id": book,
                    "customer_id": customer,
                    "rating": random.choice((1, 2, 3, 4, 4, 5, 5)),
                    "score": sometimes(random, 0.7, random.randrange(0, 101) / 100),
                    "body": sometimes(random, 0.8, random.choice(SENTENCES)),
                    "verified": customer is not None and random.random() < 0.5,
                    "created_at": moment(random, years=3),
                    "deleted_at": None,
                }
            )
    return [*rows, *spam_rows(len(rows) + 1, books=books)]


def spam_rows(number: int, *, books: int) -> list[Row]:
    """Reviews of the first books that have been taken down, numbered from `number` on."""
    return [
        {
            "id": number + place,
            "book_id": book,
            "customer_id": None,
            "rating": 5,
            "score": None,
            "body": "Cheap watches!",
            "verified": False,
            "created_at": datetime(2025, 2, 27, tzinfo=UTC),
            "deleted_at": datetime(2025, 2, 28, tzinfo=UTC),
        }
        for place, book in enumerate(range(1, min(books, 3) + 1))
    ]


def customer_rows(random: Random, count: int) -> list[Row]:
    return [
        {
            "id": number,
            "name": person_name(random),
            "email": f"customer{number}@example.com",
            "token": uuid.UUID(int=random.getrandbits(128), version=4),
            "newsletter": random.random() < 0.4,
            "staff": number == 2,
            "password_hash": LIGHTHOUSE if number <= 2 else None,
            "joined_at": moment(random, years=8),
        }
        for number in range(1, count + 1)
    ]


def profile_rows(random: Random, customers: int) -> list[Row]:
    return [
        {
            "customer_id": customer,
            "nickname": sometimes(random, 0.8, f"{random.choice(ADJECTIVES)}{random.choice(NOUNS)}"),
            "birthday": sometimes(random, 0.6, day(random, years=80)),
            "preferences": sometimes(
                random, 0.7, {"theme": random.choice(("dark", "light")), "compact": customer % 2 == 0}
            ),
        }
        for customer in range(1, customers + 1)
        if customer == 1 or random.random() < 0.6
    ]


def address_rows(random: Random, customers: int) -> list[Row]:
    """One or two addresses for each customer; the first one of customer n is address n."""
    owners = [*range(1, customers + 1), *range(1, customers + 1, 3)]
    rows: list[Row] = []
    for number, customer in enumerate(owners, start=1):
        city, country, postal_code = random.choice(CITIES)
        street = f"{random.choice(STREETS)} {random.randrange(1, 120)}"
        rows.append(
            {
                "id": number,
                "customer_id": customer,
                "street": street,
                "postal_code": postal_code,
                "city": city,
                "country": country,
            }
        )
    return rows


def order_rows(random: Random, count: int, *, addresses: Sequence[Row]) -> list[Row]:
    """Addresses belong to the customer who orders."""
    rows: list[Row] = []
    for number in range(1, count + 1):
        billing = random.choice(addresses)
        elsewhere = [row["id"] for row in addresses if row["customer_id"] == billing["customer_id"]]
        rows.append(
            {
                "id": number,
                "customer_id": billing["customer_id"],
                "billing_address_id": billing["id"],
                "shipping_address_id": sometimes(random, 0.75, random.choice(elsewhere)),
                "status": random.choice(list(OrderStatus)),
                "placed_at": moment(random, years=2),
                "note": sometimes(random, 0.2, "Please wrap it as a gift."),
            }
        )
    return rows


def item_rows(random: Random, *, orders: int, books: Sequence[Row]) -> list[Row]:
    return [
        {
            "order_id": order,
            "line_no": line_no,
            "book_id": book["id"],
            "quantity": random.choice((1, 1, 1, 2, 3, 10)),
            "unit_price": book["price"],
        }
        for order in range(1, orders + 1)
        for line_no, book in enumerate(random.choices(books, k=random.randrange(1, 6)), start=1)
    ]


def return_rows(random: Random, items: Sequence[Row]) -> list[Row]:
    return [
        {
            "id": number,
            "order_id": item["order_id"],
            "line_no": item["line_no"],
            "quantity": random.randrange(1, item["quantity"] + 1),
            "reason": sometimes(random, 0.6, random.choice(("Wrong edition", "Damaged", "Got it twice"))),
            "returned_on": day(random, years=1),
        }
        for number, item in enumerate(items[::15], start=1)
    ]


def payment_rows(random: Random, items: Sequence[Row]) -> list[Row]:
    """One payment for each order, over the sum of its lines. Rows of all kinds have the same keys."""
    totals: dict[int, Decimal] = {}
    for item in items:
        totals[item["order_id"]] = totals.get(item["order_id"], Decimal(0)) + item["quantity"] * item["unit_price"]
    rows: list[Row] = []
    for number, (order, amount) in enumerate(totals.items(), start=1):
        kind = ("card", "invoice", "cash")[number % 3]
        rows.append(
            {
                "id": number,
                "kind": kind,
                "order_id": order,
                "amount": amount,
                "paid_at": sometimes(random, 0.8, moment(random, years=2)),
                "card_last_digits": f"{random.randrange(10_000):04}" if kind == "card" else None,
                "invoice_no": f"R-{number:06}" if kind == "invoice" else None,
                "due_on": day(random, years=2) if kind == "invoice" else None,
            }
        )
    return rows


def employee_rows(random: Random, count: int) -> list[Row]:
    """Everybody reports to the employee with a third of the number: with 30 employees, a tree 4 deep."""
    return [
        {
            "id": number,
            "name": person_name(random),
            "manager_id": None if number == 1 else max(1, number // 3),
            "hired_on": day(random, years=20),
            "shift_starts": random.choice((time(7, 30), time(9), time(13, 15), None)),
            "salary": sometimes(random, 0.8, Decimal(random.randrange(24, 60)) * 100),
        }
        for number in range(1, count + 1)
    ]


def event_rows(random: Random, count: int, *, employees: int) -> list[Row]:
    """Kinds take turns: event, reading, signing."""
    return [
        {
            "id": number,
            "kind": ("event", "reading", "signing")[(number - 1) % 3],
            "title": f"An evening with {person_name(random)}",
            "starts_at": datetime.combine(day(random, years=3), time(random.choice((18, 19, 20)))),
            "doors_open": sometimes(random, 0.7, time(17, 45)),
            "duration": sometimes(random, 0.8, timedelta(minutes=random.choice((45, 90, 120)))),
            "host_id": sometimes(random, 0.8, random.randrange(1, employees + 1)),
        }
        for number in range(1, count + 1)
    ]


def reading_rows(random: Random, events: Sequence[Row], *, books: int) -> list[Row]:
    return [
        {
            "id": event["id"],
            "book_id": random.randrange(1, books + 1),
            "language": random.choice(("en", "de", "tr", None)),
        }
        for event in events
        if event["kind"] == "reading"
    ]


def signing_rows(random: Random, events: Sequence[Row], *, authors: int) -> list[Row]:
    return [
        {
            "id": event["id"],
            "author_id": random.randrange(1, authors + 1),
            "copies": sometimes(random, 0.7, random.randrange(10, 200, 10)),
        }
        for event in events
        if event["kind"] == "signing"
    ]


def shop_rows(books: int) -> list[tuple[FromClause, list[Row]]]:
    """The rows of the whole shop, table by table, in an order that foreign keys allow."""
    random = Random(7)
    author_count, customer_count = max(len(SINGLE_NAMES), books // 6), max(3, books // 4)
    authors, publishers = author_rows(random, author_count), publisher_rows(random)
    categories = category_rows(SHELVES, [])
    book_list = book_rows(random, books, authors=author_count, publishers=len(publishers), categories=len(categories))
    addresses = address_rows(random, customer_count)
    orders = order_rows(random, max(1, books // 2), addresses=addresses)
    items = item_rows(random, orders=len(orders), books=book_list)
    employees = employee_rows(random, 30)
    events = event_rows(random, 40, employees=len(employees))
    return [
        (Author.__table__, authors),
        (Publisher.__table__, publishers),
        (Category.__table__, categories),
        (Genre.__table__, [{"id": number, "name": name} for number, name in enumerate(GENRES, start=1)]),
        (Tag.__table__, [{"id": number, "label": label} for number, label in enumerate(TAGS, start=1)]),
        (Book.__table__, book_list),
        (book_genres, genre_link_rows(random, books)),
        (BookTag.__table__, tag_link_rows(random, books)),
        (BookContributor.__table__, contributor_rows(random, books, authors=author_count)),
        (Customer.__table__, customer_rows(random, customer_count)),
        (CustomerProfile.__table__, profile_rows(random, customer_count)),
        (Address.__table__, addresses),
        (Review.__table__, review_rows(random, books=books, customers=customer_count)),
        (Order.__table__, orders),
        (OrderItem.__table__, items),
        (ItemReturn.__table__, return_rows(random, items)),
        (Payment.__table__, payment_rows(random, items)),
        (Employee.__table__, employees),
        (Event.__table__, events),
        (Reading.__table__, reading_rows(random, events, books=books)),
        (Signing.__table__, signing_rows(random, events, authors=author_count)),
    ]


# ---------- the database ----------


async def has_rows(connection: AsyncConnection) -> bool:
    """Whether any table of the shop holds a row."""
    found = or_(*(exists(select(literal(1)).select_from(table)) for table in Base.metadata.sorted_tables))
    return bool(await connection.scalar(select(literal(1)).where(found)))


async def advance_sequences(connection: AsyncConnection) -> None:
    """Lets PostgreSQL number further rows after the seeded ones, which carry numbers of their own."""
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            await connection.execute(select(func.setval(sequence, func.max(column))))


async def seed(engine: AsyncEngine, *, books: int = 800) -> None:
    """Creates the tables that are missing, and fills them unless one of them holds a row already.

    The number of books, at least 1, sets the size of the rest. All is written in one transaction.
    """
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        if await has_rows(connection):
            return
        for table, rows in shop_rows(books):
            assert isinstance(table, Table)
            if rows:
                await connection.execute(insert(table), rows)
        if connection.dialect.name == "postgresql":
            await advance_sequences(connection)


async def main(url: str) -> None:
    engine = create_async_engine(url)
    try:
        await seed(engine)
    finally:
        await engine.dispose()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1]))
