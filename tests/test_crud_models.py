"""A `Crud` over every way of mapping a class, its subclasses, and what it is not for."""

import uuid
from decimal import Decimal
from typing import Any, Generic, TypeVar

import pytest
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import aliased

from gqlcrud import Api, ConfigurationError, Crud, Invalid, ModelOptions
from tests import shelf, zoo
from tests.databases import MakeEngine
from tests.running import save
from tests.shelf import Book, Tag
from tests.test_crud_reads import told
from tests.zoo_sqlmodel import Club, Headquarters, Hero, HeroBase, Membership, Models, Power

# ---------- SQLModel ----------


class ClubNew(BaseModel):
    name: str


async def test_models_of_sqlmodel_are_read_and_written(make_engine: MakeEngine) -> None:
    engine = await make_engine(Models.metadata)
    heroes, clubs = Crud(Hero), Crud(Club)
    club = await clubs.create(engine, {"id": uuid.UUID(int=1), "name": "Night"})

    class HeroCreate(HeroBase):
        power: Power | None = None
        club_ids: list[uuid.UUID] = Field(default=[])

    made = await heroes.create(engine, HeroCreate(name="Owl", power=Power.FLIGHT, club_ids=[club.id]))
    assert (made.name, made.age, made.power, made.fee) == ("Owl", None, Power.FLIGHT, Decimal(0))
    given = Hero(name="Bat", headquarters_id=None, gear={"cape": True})
    bat = await heroes.create(engine, given, select=["name", "gear", "headquarters_id"])
    assert bat == {"name": "Bat", "gear": {"cape": True}, "headquarters_id": None}
    changed = await heroes.update(
        engine,
        {"id": made.id},
        {"headquarters": {"create": {"city": "Rome"}}, "clubs": [ClubNew(name="Day")], "power": "x-ray"},
        select=["power", "headquarters.city", "clubs.name"],
    )
    assert changed == {
        "power": Power.X_RAY,
        "headquarters": {"city": "Rome"},
        "clubs": changed["clubs"],
    }
    assert sorted(each["name"] for each in changed["clubs"]) == ["Day", "Night"]
    assert await heroes.count(engine, Hero.name == "Owl", headquarters={"is": {"city": "Rome"}}) == 1
    assert await Crud(Membership).count(engine, club_id=club.id) == 1
    assert await Crud(Headquarters).first(engine, heroes={"some": {"power": Power.X_RAY}}, select=["heroes.name"]) == {
        "heroes": [{"name": "Owl"}]
    }


async def test_a_session_of_sqlmodel_is_a_session(make_engine: MakeEngine) -> None:
    from sqlmodel.ext.asyncio.session import AsyncSession as ModelSession

    engine = await make_engine(Models.metadata)
    async with ModelSession(engine) as session:
        await Crud(Headquarters).create(session, {"city": "Rome"}, commit=True)
        assert [each.city for each in await Crud(Headquarters).get_multi(session)] == ["Rome"]


# ---------- ways of mapping ----------


async def test_classes_that_are_mapped_by_a_registry_know_each_other(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.imperative.metadata)
    ships = Crud(zoo.Ship)

    made = await ships.create(engine, {"name": "Argo", "sailors": {"create": [{"name": "Jason"}]}})
    assert (made.name, await ships.count(engine, {"sailors": {"some": {"name": "Jason"}}})) == ("Argo", 1)
    assert await ships.get(engine, made.id, select=["name", "sailors.name"]) == {
        "name": "Argo",
        "sailors": [{"name": "Jason"}],
    }
    assert await Crud(zoo.Sailor).count(engine, zoo.Sailor.ship.has(name="Argo")) == 1  # type: ignore[attr-defined]  # mapped


async def test_types_that_are_unknown_are_left_out(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Unknown.metadata)
    places = Crud(zoo.Place)

    assert (await places.create(engine, {"name": "here"})).name == "here"
    with pytest.raises(Invalid) as raised:
        await places.create(engine, {"name": "there", "position": "(1,2)"})
    assert told(raised.value) == [("VALIDATION", "Place has no attribute 'position'. It has: id, name.", ("position",))]
    assert await places.count(engine, zoo.Place.position.is_(None)) == 1


async def test_types_of_the_users_own_are_theirs(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Custom.metadata)
    customized = Crud(zoo.Customized)

    made = await customized.create(engine, {"email": "ADA@x.org", "document": {"a": [1]}, "counter": 2**31 - 1})
    assert (made.email, made.document, made.counter) == ("ada@x.org", {"a": [1]}, 2**31 - 1)
    assert (await customized.get(engine, {"email": "ADA@x.org"})).id == made.id
    assert await customized.count(engine, email="Ada@x.org") == 1


async def test_attributes_are_called_as_in_python_whatever_the_columns_are(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Odd.metadata)
    odd = Crud(zoo.OddName)
    values = {
        "node_id": "n", "class_": "c", "from_": "f", "full_name": "u", "second": "s", "grösse": 1, "type": "t", "order": 2,
        "where": "w", "first": 3, "cursor": "r", "true": True, "self": "e", "items": "i", "keys": "k", "count": 4,
        "index": 5, "mixedCase": "m", "HTTPCode": 6, "a_1": 7, "trailing_": 8,
    }  # fmt: skip

    made = await odd.create(engine, values)
    assert {name: getattr(made, name) for name in values} == values
    assert await odd.get(engine, made.id, select=list(values)) == values
    for name, value in values.items():
        assert [each.id for each in await odd.get_multi(engine, {name: value}, order_by=f"-{name}")] == [made.id]
        assert (await odd.update(engine, made.id, {name: value}, select=[name])) == {name: value}
    assert await odd.count(engine, class_="c", mixedCase="m") == 1


async def test_what_is_computed_is_read_and_not_written(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Made.metadata)
    invoices = Crud(zoo.Invoice)

    made = await invoices.create(engine, {"number": "A", "quantity": 100, "amount": "1.5", "currency": "EUR"})
    assert (made.total, made.label, made.is_large, made.version) == (Decimal(100), "No. A", True, 1)
    assert [each.number for each in await invoices.get_multi(engine, {"label": "No. A", "is_large": True})] == ["A"]
    assert await invoices.count(engine, zoo.Invoice.is_large & (zoo.Invoice.label == "No. A")) == 1
    assert [each.number for each in await invoices.get_multi(engine, order_by=[zoo.Invoice.label.desc()])] == ["A"]
    for name, message in (
        ("total", "total is set by the API or the database, not by a caller."),
        ("label", "label is computed, not stored."),
        ("shouted", "shouted is computed, not stored."),
        ("is_large", "is_large is computed, not stored."),
    ):
        with pytest.raises(Invalid) as raised:
            await invoices.create(engine, {"number": "B", name: "x"})
        assert told(raised.value) == [("VALIDATION", message, (name,))]


async def test_a_proxy_is_no_attribute_and_a_synonym_is_its_column(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.ManyToMany.metadata)
    playlists = Crud(zoo.Playlist)

    made = await playlists.create(
        engine, {"name": "p", "entries": {"create": [{"position": 2, "track": {"create": {"title": "t"}}}]}}
    )
    assert await playlists.get(engine, made.id, select=["entries.position", "entries.track.title"]) == {
        "entries": [{"position": 2, "track": {"title": "t"}}]
    }
    with pytest.raises(Invalid) as raised:
        await playlists.create(engine, {"name": "q", "track_titles": ["t"]})
    assert [each.path for each in raised.value.errors] == [("track_titles",)]


async def test_records_of_a_hierarchy_are_of_their_own_class(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Joined.metadata)
    trucks, vehicles = Crud(zoo.Truck), Crud(zoo.Vehicle)

    truck = await trucks.create(engine, {"wheels": 6, "load": 9, "garage": {"create": {}}})
    assert (truck.kind, truck.wheels, truck.load) == ("truck", 6, 9)
    await Crud(zoo.FireEngine).create(engine, {"wheels": 8, "load": 1, "ladder": 5})
    assert [each.wheels for each in await vehicles.get_multi(engine, order_by="wheels")] == [6, 8]
    assert [each.load for each in await trucks.get_multi(engine, {"wheels": {"gt": 6}})] == [1]
    assert (await vehicles.update(engine, truck.id, {"wheels": 4})).wheels == 4
    await vehicles.delete(engine, truck.id)
    assert (await trucks.count(engine), await Crud(zoo.Garage).count(engine)) == (1, 1)


async def test_mapped_dataclasses_are_made(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Dataclasses.metadata)

    planet = await Crud(zoo.Planet).create(engine, {"name": "Mars", "moons": {"create": [{"name": "Phobos"}]}})
    assert (planet.mass, await Crud(zoo.Moon).count(engine, planet_id=planet.id)) == (None, 1)


@pytest.mark.parametrize("section", zoo.PORTABLE, ids=lambda each: getattr(each, "__name__", "imperative"))
async def test_every_class_of_the_zoo_is_read(make_engine: MakeEngine, section: Any) -> None:
    """Names that clash in GraphQL do not in Python."""
    engine = await make_engine(section.metadata)
    registry = getattr(section, "registry", section)

    for mapper in registry.mappers:
        crud: Crud[Any] = Crud(mapper.class_)
        assert list(await crud.get_multi(engine, total=True)) == []
        assert (await crud.first(engine), await crud.count(engine)) == (None, 0)


# ---------- subclasses ----------

M = TypeVar("M")
K = TypeVar("K")


class Tags(Crud[Tag]):
    async def labels(self, session: AsyncEngine) -> list[str]:
        return [tag.label for tag in await self.get_multi(session, order_by="label")]


class LoudTags(Tags):
    async def labels(self, session: AsyncEngine) -> list[str]:
        return [label.upper() for label in await super().labels(session)]


class Shelved(Crud[M]):
    async def how_many(self, session: AsyncEngine) -> int:
        return await self.count(session)


class ShelvedTags(Shelved[Tag]):
    pass


class Cached(Generic[K]):
    """Says nothing of a mapped class."""


class CachedTags(Cached[int], Crud[Tag]):
    def __init__(self, size: int, **options: Any) -> None:
        super().__init__(**options)
        self.size = size


async def test_a_subclass_says_its_class_and_adds_methods(make_engine: MakeEngine) -> None:
    engine = await make_engine(shelf.Base.metadata)
    await save(engine, Tag(label="a"), Tag(label="b"))

    assert await Tags().labels(engine) == ["a", "b"]
    assert await LoudTags().labels(engine) == ["A", "B"]
    assert await LoudTags(api=Api(shelf.Base, engine)).with_context(1).labels(engine) == ["A", "B"]
    assert (await ShelvedTags().how_many(engine), await Shelved(Tag).how_many(engine)) == (2, 2)
    cached = CachedTags(5).with_context({})
    assert (cached.size, cached.entity, await cached.count(engine)) == (5, Tag, 2)
    assert (repr(LoudTags()), repr(Crud(Book))) == ("LoudTags(Tag)", "Crud(Book)")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Crud, "Crud needs a mapped class: Crud(Book), or class Books(Crud[Book]): ..."),
        (Shelved, "Crud needs a mapped class: Crud(Book), or class Books(Crud[Book]): ..."),
        (lambda: Crud(int), "Crud takes a mapped class, as in Crud(Book), not <class 'int'>."),
        (lambda: Crud(BaseModel), "Crud takes a mapped class, as in Crud(Book), not <class 'pydantic."),
        (lambda: Crud(HeroBase), "Crud takes a mapped class, as in Crud(Book), not <class 'tests."),
        (lambda: Crud(shelf.Base), "Crud takes a mapped class, as in Crud(Book), not <class 'tests."),
        (lambda: Crud("Book"), "Crud takes a mapped class, as in Crud(Book), not 'Book'."),  # type: ignore[arg-type]
        (lambda: Crud(Book(id=1)), "Crud takes a mapped class, as in Crud(Book), not <tests."),  # type: ignore[arg-type]
        (lambda: Crud(aliased(Book)), "Crud takes a mapped class, as in Crud(Book), not <AliasedClass"),
        (
            lambda: Api([Tag], create_async_engine("sqlite+aiosqlite://")).crud(Book),
            "<class 'tests.shelf.Book'> is not a model of this API. Its models are: Tag.",
        ),
    ],
    ids=[
        "none",
        "none of a subclass",
        "int",
        "schema",
        "no table",
        "base",
        "name",
        "instance",
        "alias",
        "not of the api",
    ],
)
def test_what_is_no_mapped_class_is_refused_at_once(make: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        make()
    assert str(raised.value).startswith(message)


async def test_a_wrong_option_is_told_when_it_is_first_used(make_engine: MakeEngine) -> None:
    engine = await make_engine(shelf.Base.metadata)
    tags = Crud(Tag, models={Tag: ModelOptions(presets={"labl": lambda context: "x"})})
    async with AsyncSession(engine) as session:
        with pytest.raises(ConfigurationError) as raised:
            await tags.count(session)
    assert "labl" in str(raised.value)
