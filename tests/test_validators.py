"""What validators of mapped classes refuse is told at the fields."""

import pytest
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, relationship, validates

from gqlcrud import Api
from tests.databases import MakeEngine
from tests.running import refused, run


class Base(DeclarativeBase):
    pass


class Team(Base):
    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))

    members: Mapped[list["Member"]] = relationship(back_populates="team")

    @validates("name")
    def check_name(self, _: str, name: str) -> str:
        if name != name.strip():
            raise ValueError("A name has no spaces around it.")
        return name.title()


class Member(Base):
    __tablename__ = "member"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(40))
    first_day: Mapped[int] = mapped_column()
    last_day: Mapped[int | None] = mapped_column()
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))

    team: Mapped["Team | None"] = relationship(back_populates="members")

    @validates("email")
    def check_email(self, _: str, email: str) -> str:
        if "@" not in email:
            raise AssertionError
        return email

    @validates("first_day")
    def check_first_day(self, _: str, day: int) -> int:
        if day < 1:
            raise ValueError("Days are counted from 1.")
        return day

    @validates("last_day")
    def check_last_day(self, _: str, day: int | None) -> int | None:
        if day is not None and day < self.first_day:
            raise ValueError("Nobody leaves before the first day.")
        return day

    @validates("team_id")
    def check_team(self, _: str, team: int | None) -> int | None:
        if team == 13:
            raise ValueError("Nobody joins team 13.")
        return team


async def errors_of(api: Api, field: str, value: str) -> list[tuple[list[str], str]]:
    data = await run(api, f"mutation {{ {field}(input: {value}) {{ errors {{ code message path }} }} }}")
    assert {each["code"] for each in data[field]["errors"]} <= {"VALIDATION"}
    return [(each["path"], each["message"]) for each in data[field]["errors"]]


@pytest.fixture
async def api(make_engine: MakeEngine) -> Api:
    return Api(Base, await make_engine(Base.metadata))


async def test_every_value_of_a_new_record_that_is_refused_is_told(api: Api) -> None:
    assert await errors_of(api, "createMember", '{data: {email: "x", firstDay: 0}}') == [
        (["input", "data", "email"], "email does not take this value."),
        (["input", "data", "firstDay"], "Days are counted from 1."),
    ]


async def test_a_validator_that_looks_at_other_values_finds_them(api: Api) -> None:
    assert await errors_of(api, "createMember", '{data: {email: "@", firstDay: 5, lastDay: 4}}') == [
        (["input", "data", "lastDay"], "Nobody leaves before the first day.")
    ]


async def test_a_validator_that_fails_for_want_of_a_refused_value_is_passed_over(api: Api) -> None:
    """`first_day` is refused, so `last_day` cannot be compared with it."""
    assert await errors_of(api, "createMember", '{data: {email: "@", firstDay: 0, lastDay: 4}}') == [
        (["input", "data", "firstDay"], "Days are counted from 1.")
    ]


async def test_what_a_validator_returns_is_stored(api: Api) -> None:
    data = await run(api, 'mutation { createTeam(input: {data: {name: "night shift"}}) { team { name } } }')

    assert data == {"createTeam": {"team": {"name": "Night Shift"}}}


async def test_refusals_of_all_nested_records_of_a_level_are_told(api: Api) -> None:
    members = '[{email: "a", firstDay: 1}, {email: "@", firstDay: 1}, {email: "@", firstDay: 0}]'
    value = f'{{data: {{name: "A", members: {{create: {members}}}}}}}'

    assert await errors_of(api, "createTeam", value) == [
        (["input", "data", "members", "create", "0", "email"], "email does not take this value."),
        (["input", "data", "members", "create", "2", "firstDay"], "Days are counted from 1."),
    ]
    assert await run(api, "{ teams { totalCount } members { totalCount } }") == {
        "teams": {"totalCount": 0},
        "members": {"totalCount": 0},
    }


async def test_every_changed_value_that_is_refused_is_told(api: Api) -> None:
    await run(api, 'mutation { createMember(input: {data: {email: "@", firstDay: 1}}) { errors { message } } }')

    assert await errors_of(api, "updateMember", '{by: {rowId: 1}, patch: {email: "x", firstDay: 0}}') == [
        (["input", "patch", "email"], "email does not take this value."),
        (["input", "patch", "firstDay"], "Days are counted from 1."),
    ]


async def test_a_refused_foreign_key_is_told_at_the_relation_that_sets_it(api: Api) -> None:
    names = ", ".join(
        f'm{each}: createTeam(input: {{data: {{name: "T"}}}}) {{ errors {{ message }} }}' for each in range(10)
    )
    await run(api, f"mutation {{ {names} }}")
    await run(api, f"mutation {{ {names} }}")

    assert await errors_of(api, "createMember", '{data: {email: "@", firstDay: 1, team: {connect: {rowId: 13}}}}') == [
        (["input", "data", "team"], "Nobody joins team 13.")
    ]


# ---------- refused as a whole ----------


class Records(MappedAsDataclass, DeclarativeBase):
    pass


class Span(Records):
    __tablename__ = "span"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    first: Mapped[int]
    last: Mapped[int]

    def __post_init__(self) -> None:
        if self.last == 99:
            raise AssertionError("a bug")
        if self.last < self.first:
            raise ValueError("A span ends after it begins.")


async def test_what_a_class_refuses_as_a_whole_is_told_at_the_record(make_engine: MakeEngine) -> None:
    api = Api(Records, await make_engine(Records.metadata))

    assert await errors_of(api, "createSpan", "{data: {first: 2, last: 1}}") == [
        (["input", "data"], "A span ends after it begins.")
    ]


async def test_an_assertion_that_is_no_validator_is_a_fault(make_engine: MakeEngine) -> None:
    api = Api(Records, await make_engine(Records.metadata))
    mutation = "mutation { createSpan(input: {data: {first: 2, last: 99}}) { errors { message } } }"

    ((code, message),) = await refused(api, mutation)

    assert (code, message) == ("INTERNAL_ERROR", "An internal error occurred.")
