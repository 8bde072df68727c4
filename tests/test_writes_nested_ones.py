"""Every operation of to-one relations, from both sides; keys of every kind; trees and circles."""

from typing import Any

import pytest
from sqlalchemy import ForeignKey
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Api, Limits
from tests import zoo
from tests.databases import MakeEngine, record_statements
from tests.family import Base, Family, Garden, House, Person, Street, family
from tests.running import save
from tests.writing import failed, state, written

START: Family = {
    "street": {"S": None, "T": None},
    "house": {"H": "S", "I": None},
    "garden": {"a": "H", "c": "I", "d": None},
}


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    engine = await make_engine(Base.metadata)
    h, i = House(name="H", street=Street(name="S")), House(name="I")
    await save(engine, h, i, Street(name="T"), Garden(name="a", house=h), Garden(name="c", house=i), Garden(name="d"))
    return engine


async def after(engine: AsyncEngine, relation: str, operation: str, house: str = "H") -> Family:
    """The tables that an operation on a house changes, as they are then."""
    data = f'{{by: {{name: "{house}"}}, patch: {{{relation}: {operation}}}}}'
    await written(Api(Base, engine), "updateHouse", data)
    found = await family(engine)
    return {name: found.get(name, {}) for name in START if found.get(name) != START[name]}


async def refusal(engine: AsyncEngine, relation: str, operation: str, house: str = "H") -> list[tuple[str, str, str]]:
    data = f'{{by: {{name: "{house}"}}, patch: {{{relation}: {operation}}}}}'
    errors = await failed(Api(Base, engine), "updateHouse", data)
    assert await family(engine) == START
    return errors


OWNING: dict[str, Family] = {
    '{connect: {name: "T"}}': {"house": {"H": "T", "I": None}},
    '{create: {name: "x"}}': {"street": dict.fromkeys("STx"), "house": {"H": "x", "I": None}},
    '{connectOrCreate: {by: {name: "T"}, create: {name: "T"}}}': {"house": {"H": "T", "I": None}},
    '{connectOrCreate: {by: {name: "x"}, create: {name: "x"}}}': {
        "street": dict.fromkeys("STx"),
        "house": {"H": "x", "I": None},
    },
    '{update: {name: "x"}}': {"street": dict.fromkeys("Tx"), "house": {"H": "x", "I": None}},
    '{upsert: {create: {name: "y"}, update: {name: "x"}}}': {
        "street": dict.fromkeys("Tx"),
        "house": {"H": "x", "I": None},
    },
    "{disconnect: true}": {"house": {"H": None, "I": None}},
    "{delete: true}": {"street": {"T": None}, "house": {"H": None, "I": None}},
}


@pytest.mark.parametrize("operation", OWNING)
async def test_an_operation_of_the_side_that_has_the_foreign_key(engine: AsyncEngine, operation: str) -> None:
    assert await after(engine, "street", operation) == OWNING[operation]


OTHER: dict[str, Family] = {
    '{connect: {name: "c"}}': {"garden": {"a": None, "c": "H", "d": None}},
    '{connect: {name: "a"}}': {},
    '{create: {name: "x"}}': {"garden": {"a": None, "c": "I", "d": None, "x": "H"}},
    '{connectOrCreate: {by: {name: "d"}, create: {name: "d"}}}': {"garden": {"a": None, "c": "I", "d": "H"}},
    '{connectOrCreate: {by: {name: "x"}, create: {name: "x"}}}': {"garden": {"a": None, "c": "I", "d": None, "x": "H"}},
    '{update: {name: "x"}}': {"garden": {"c": "I", "d": None, "x": "H"}},
    '{upsert: {create: {name: "y"}, update: {name: "x"}}}': {"garden": {"c": "I", "d": None, "x": "H"}},
    "{disconnect: true}": {"garden": {"a": None, "c": "I", "d": None}},
    "{delete: true}": {"garden": {"c": "I", "d": None}},
}


@pytest.mark.parametrize("operation", OTHER)
async def test_an_operation_of_the_other_side_of_one_to_one(engine: AsyncEngine, operation: str) -> None:
    assert await after(engine, "garden", operation) == OTHER[operation]


async def test_what_is_not_there_is_created_by_upsert_and_not_found_by_others(engine: AsyncEngine) -> None:
    nothing = "There is no record in street."

    assert await refusal(engine, "street", '{update: {name: "x"}}', "I") == [("NOT_FOUND", nothing, "patch.street")]
    assert await refusal(engine, "street", "{delete: true}", "I") == [("NOT_FOUND", nothing, "patch.street")]
    assert await refusal(engine, "street", '{connect: {name: "x"}}') == [
        ("NOT_FOUND", "There is no Street with this key.", "patch.street.connect")
    ]
    assert await after(engine, "street", "{disconnect: true}", "I") == {}
    assert await after(engine, "street", '{upsert: {create: {name: "x"}, update: {}}}', "I") == {
        "street": dict.fromkeys("STx"),
        "house": {"H": "S", "I": "x"},
    }


async def test_nothing_is_said_twice(engine: AsyncEngine) -> None:
    api = Api(Base, engine)
    found = await written(api, "updateHouse", '{by: {name: "H"}}', "house { streetId }")
    street = f'"{found["house"]["streetId"]}"'
    with record_statements(engine) as statements:
        twice = f'{{by: {{name: "H"}}, patch: {{streetId: {street}, street: {{update: {{name: "x"}}}}}}}}'
        nested = f'{{data: {{name: "x", houses: {{create: [{{name: "y", streetId: {street}}}]}}}}}}'
        back = '{data: {name: "x", houses: {create: [{name: "y", street: {create: {name: "z"}}}]}}}'
        errors = [
            *await failed(api, "updateHouse", twice),
            *await failed(api, "createStreet", nested),
            *await failed(api, "createStreet", back),
            *await failed(api, "updateHouse", '{by: {name: "H"}, patch: {street: {disconnect: false}}}'),
            *await failed(api, "updateHouse", '{by: {name: "H"}, patch: {street: null, guests: {set: null}}}'),
        ]

    inside = "is the record that this one is nested in; leave it out."
    assert errors == [
        ("VALIDATION", "streetId and street set the same relation; give one of them.", "patch.streetId"),
        ("VALIDATION", f"streetId {inside}", "data.houses.create.0.streetId"),
        ("VALIDATION", f"street {inside}", "data.houses.create.0.street"),
        ("VALIDATION", "disconnect takes true; leave it out otherwise.", "patch.street.disconnect"),
        ("VALIDATION", "street cannot be null; leave it out.", "patch.street"),
        ("VALIDATION", "set cannot be null; leave it out.", "patch.guests.set"),
    ]
    assert statements == []


async def test_a_key_is_copied_into_what_is_made_and_not_contradicted(engine: AsyncEngine) -> None:
    either = '{connectOrCreate: {by: {name: "x"}, create: {name: "y"}}}'

    assert await refusal(engine, "street", either) == [
        (
            "VALIDATION",
            "name contradicts the key that the record is named by.",
            "patch.street.connectOrCreate.create.name",
        )
    ]


async def test_a_record_that_needs_another_one_says_so(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Plain.metadata)
    api = Api(zoo.Plain, engine)

    assert await failed(api, "createPassport", '{data: {number: "1"}}') == [
        ("REQUIRED_RELATION", "Passport needs its person: give person or personId.", "data.person")
    ]
    assert await failed(api, "createLazyNote", '{data: {body: "1"}}') == [
        ("REQUIRED_RELATION", "LazyNote needs its Lazy: give lazyId.", "data.lazyId")
    ]
    await written(api, "createLazy", '{data: {notes: {create: [{body: "x"}]}}}')
    await written(api, "createPassport", '{data: {number: "1", person: {create: {name: "Ann"}}}}')
    assert await state(engine, zoo.Plain.metadata) == {
        "lazy": [(1, None)],
        "lazy_note": [(1, "x", 1)],
        "person": [(1, "Ann")],
        "passport": [(1, "1", 1)],
    }


async def test_one_to_one_whose_key_is_the_primary_key(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Plain.metadata)
    api = Api(zoo.Plain, engine)
    await written(api, "createPerson", '{data: {name: "Ann", locker: {create: {number: 1}}}}')
    await written(api, "createLocker", '{data: {number: 2, person: {create: {name: "Bob"}}}}')
    await written(api, "updatePerson", "{by: {rowId: 1}, patch: {locker: {create: {number: 3}}}}")
    await written(api, "updatePerson", "{by: {rowId: 2}, patch: {locker: {disconnect: true}}}")

    assert await state(engine, zoo.Plain.metadata) == {"person": [(1, "Ann"), (2, "Bob")], "locker": [(1, 3)]}


# ---------- trees ----------


def tree(depth: int) -> str:
    children = f", children: {{create: [{tree(depth - 1)}]}}" if depth else ""
    return f'{{name: "p{depth}"{children}}}'


async def test_a_tree_is_made_in_one_mutation(make_engine: MakeEngine) -> None:
    engine = await make_engine(Base.metadata)
    data = '{name: "a", children: {create: [{name: "b", children: {create: [{name: "c"}, {name: "d"}]}}, {name: "e"}]}}'
    shown = "person { name children { nodes { name children { nodes { name } } } } }"
    payload = await written(Api(Base, engine), "createPerson", f"{{data: {data}}}", shown)

    assert payload["person"] == {
        "name": "a",
        "children": {
            "nodes": [
                {"name": "b", "children": {"nodes": [{"name": "c"}, {"name": "d"}]}},
                {"name": "e", "children": {"nodes": []}},
            ]
        },
    }
    assert await family(engine) == {"person": {"a": None, "b": "a", "c": "b", "d": "b", "e": "a"}}


async def test_a_tree_is_made_upwards_and_hung_elsewhere(make_engine: MakeEngine) -> None:
    engine = await make_engine(Base.metadata)
    api = Api(Base, engine)
    await written(
        api, "createPerson", '{data: {name: "c", parent: {create: {name: "b", parent: {create: {name: "a"}}}}}}'
    )
    await written(api, "updatePerson", '{by: {name: "a"}, patch: {children: {connect: [{name: "c"}]}}}')
    await written(api, "updatePerson", '{by: {name: "a"}, patch: {parent: {connect: {name: "a"}}}}')

    assert await family(engine) == {"person": {"a": "a", "b": "a", "c": "a"}}


async def test_an_input_is_as_deep_as_the_limit_allows(make_engine: MakeEngine) -> None:
    engine = await make_engine(Base.metadata)
    api = Api(Base, engine)
    await written(api, "createPerson", f"{{data: {tree(6)}}}")
    errors = await failed(api, "createPerson", f"{{data: {tree(7)}}}")

    path = "data" + ".children.create.0" * 6 + ".children"
    assert errors == [("LIMIT", "An input nests relations at most 6 levels deep.", path)]
    assert len((await family(engine))["person"]) == 7


async def test_an_input_names_as_many_records_as_the_limit_allows(make_engine: MakeEngine) -> None:
    engine = await make_engine(Base.metadata)
    await save(engine, Person(name="a"))
    names = ", ".join('{name: "x"}' for _ in range(1001))
    errors = await failed(
        Api(Base, engine, limits=Limits(max_tokens=10_000)),
        "updatePerson",
        f'{{by: {{name: "a"}}, patch: {{children: {{disconnect: [{names}]}}}}}}',
    )

    assert ("LIMIT", "A mutation names at most 1000 records.", "patch.children.disconnect.1000") in errors


# ---------- composite keys ----------


async def test_composite_keys_are_given_by_the_parent(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Composites.metadata)
    api = Api(zoo.Composites, engine)
    parcels = '{create: [{barcode: "a"}, {barcode: "b"}]}'
    bins = f"{{create: [{{number: 1, parcels: {parcels}}}, {{number: 2}}]}}"
    await written(api, "createWarehouse", f'{{data: {{tenantId: 1, code: "W", bins: {bins}}}}}')
    await written(api, "createWarehouse", '{data: {tenantId: 2, code: "V"}}')
    contradiction = '{data: {tenantId: 3, code: "X", bins: {create: [{tenantId: 1, number: 1}]}}}'

    assert await failed(api, "createWarehouse", contradiction) == [
        (
            "VALIDATION",
            "This contradicts the record that the new one belongs to; leave it out.",
            "data.bins.create.0.tenantId",
        )
    ]
    assert await state(engine, zoo.Composites.metadata) == {
        "warehouse": [(1, "W"), (2, "V")],
        "bin": [(1, "W", 1), (1, "W", 2)],
        "parcel": [(1, 1, "W", 1, "a"), (2, 1, "W", 1, "b")],
    }


async def test_a_key_that_is_null_in_part_is_emptied_as_far_as_it_can_be(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Composites.metadata)
    api = Api(zoo.Composites, engine)
    await save(engine, zoo.Warehouse(tenant_id=1, code="W"))
    await save(engine, *(zoo.Bin(tenant_id=1, warehouse_code="W", number=number) for number in (1, 2)))
    place = {"tenant_id": 1, "warehouse_code": "W"}
    await save(engine, *(zoo.Parcel(**place, bin_number=1 + (key > 2), barcode=f"{key}") for key in (1, 2, 3, 4)))
    by = 'by: {tenantIdWarehouseCodeNumber: {tenantId: 1, warehouseCode: "W", number: %d}}'
    await written(api, "updateParcel", "{by: {rowId: 1}, patch: {bin: {disconnect: true}}}")
    await written(api, "updateBin", f"{{{by % 1}, patch: {{parcels: {{set: []}}}}}}")
    await written(api, "updateParcel", "{by: {rowId: 3}, patch: {bin: {delete: true}}}")

    assert await state(engine, zoo.Composites.metadata) == {
        "warehouse": [(1, "W")],
        "bin": [(1, "W", 1)],
        "parcel": [(key, 1, None, None, f"{key}") for key in (1, 2, 3, 4)],
    }


async def test_a_record_moves_though_its_parent_is_part_of_its_key(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Composites.metadata)
    api = Api(zoo.Composites, engine)
    await save(engine, zoo.Warehouse(tenant_id=1, code="W"), zoo.Warehouse(tenant_id=2, code="V"))
    await save(engine, *(zoo.Bin(tenant_id=1, warehouse_code="W", number=number) for number in (1, 2, 3)))
    await save(engine, zoo.Parcel(tenant_id=1, warehouse_code="W", bin_number=3, barcode="a"))
    key = 'tenantIdWarehouseCodeNumber: {tenantId: 1, warehouseCode: "W", number: %d}'
    other = '{tenantIdCode: {tenantId: 2, code: "V"}}'
    moved = await written(
        api, "updateBin", f"{{by: {{{key % 1}}}, patch: {{warehouse: {{connect: {other}}}}}}}", "bin { warehouseCode }"
    )
    await written(api, "updateWarehouse", f"{{by: {other}, patch: {{bins: {{connect: [{{{key % 2}}}]}}}}}}")
    referred = await failed(api, "updateWarehouse", f"{{by: {other}, patch: {{bins: {{connect: [{{{key % 3}}}]}}}}}}")

    assert moved == {"bin": {"warehouseCode": "V"}}
    assert [(code, path) for code, _, path in referred] == [("FOREIGN_KEY", "patch.bins.connect.0")]
    assert (await state(engine, zoo.Composites.metadata))["bin"] == [(1, "W", 3), (2, "V", 1), (2, "V", 2)]


async def test_a_tree_of_each_tenant(make_engine: MakeEngine) -> None:
    """Parent and child share a column that is part of both of their keys."""
    engine = await make_engine(zoo.Composites.metadata)
    api = Api(zoo.Composites, engine)
    leaf = '{folderId: 3, name: "c"}'
    middle = f'{{folderId: 2, name: "b", children: {{create: [{leaf}]}}}}'
    await written(
        api, "createFolder", f'{{data: {{tenantId: 1, folderId: 1, name: "a", children: {{create: [{middle}]}}}}}}'
    )
    by = "tenantIdFolderId: {tenantId: 1, folderId: %d}"
    await written(api, "updateFolder", f"{{by: {{{by % 3}}}, patch: {{parent: {{connect: {{{by % 1}}}}}}}}}")
    await written(api, "deleteFolder", f"{{by: {{{by % 1}}}}}")

    assert await state(engine, zoo.Composites.metadata) == {"folder": [(1, 2, None, "b"), (1, 3, None, "c")]}


async def test_a_record_cannot_go_before_those_whose_key_it_is_part_of(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Composites.metadata)
    await save(engine, zoo.Warehouse(tenant_id=1, code="W", bins=[zoo.Bin(number=1)]))

    assert await failed(
        Api(zoo.Composites, engine), "deleteWarehouse", '{by: {tenantIdCode: {tenantId: 1, code: "W"}}}'
    ) == [("REQUIRED_RELATION", "Bin records cannot be without this Warehouse.", "by")]


# ---------- circles ----------


class Circles(DeclarativeBase):
    pass


class Club(Circles):
    """Its members refer to it, and it refers to one of them."""

    __tablename__ = "circle_club"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    head_id: Mapped[int | None] = mapped_column(ForeignKey("circle_member.id", use_alter=True, name="head"))
    members: Mapped[list["Member"]] = relationship(back_populates="club", foreign_keys="Member.club_id")
    head: Mapped["Member | None"] = relationship(foreign_keys=head_id, post_update=True)


class Member(Circles):
    __tablename__ = "circle_member"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    club_id: Mapped[int] = mapped_column(ForeignKey("circle_club.id"))
    club: Mapped["Club"] = relationship(back_populates="members", foreign_keys=club_id)


async def clubs(engine: AsyncEngine) -> Any:
    return await state(engine, Circles.metadata)


async def test_a_key_that_is_set_last_leads_to_what_is_made_with_it(make_engine: MakeEngine) -> None:
    engine = await make_engine(Circles.metadata)
    api = Api(Circles, engine)
    members = '{create: [{name: "a"}, {name: "b"}]}'
    await written(api, "createClub", f'{{data: {{name: "C", members: {members}, head: {{connect: {{name: "b"}}}}}}}}')
    assert await clubs(engine) == {"circle_club": [(1, "C", 2)], "circle_member": [(1, "a", 1), (2, "b", 1)]}

    operations = '{head: {connect: {name: "c"}}, members: {create: [{name: "c"}], delete: [{name: "a"}]}}'
    await written(api, "updateClub", f'{{by: {{name: "C"}}, patch: {operations}}}')
    assert await clubs(engine) == {"circle_club": [(1, "C", 3)], "circle_member": [(2, "b", 1), (3, "c", 1)]}

    await written(api, "updateClub", '{by: {name: "C"}, patch: {head: {delete: true}}}')
    assert await clubs(engine) == {"circle_club": [(1, "C", None)], "circle_member": [(2, "b", 1)]}
