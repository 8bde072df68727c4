"""An upsert, or a connectOrCreate, that finds another unique key taken than the one that it looks for."""

from typing import Any

import pytest
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Api
from tests.databases import MakeEngine
from tests.running import run


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    email: Mapped[str] = mapped_column(String(40), unique=True)


class Post(Base):
    __tablename__ = "post"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))

    user: Mapped["User"] = relationship()


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("upsertUser", '{on: NAME, create: {name: "bo", email: "a@"}}', ["input", "create", "email"]),
        (
            "createPost",
            '{data: {user: {connectOrCreate: {by: {name: "bo"}, create: {name: "bo", email: "a@"}}}}}',
            ["input", "data", "user", "connectOrCreate", "create", "email"],
        ),
    ],
)
async def test_the_other_key_is_told(make_engine: MakeEngine, field: str, value: str, path: list[str]) -> None:
    api = Api(Base, await make_engine(Base.metadata))
    await run(api, 'mutation { createUser(input: {data: {name: "al", email: "a@"}}) { errors { code } } }')

    data: Any = await run(api, f"mutation {{ {field}(input: {value}) {{ errors {{ code path }} }} }}")

    assert data[field]["errors"] == [{"code": "UNIQUE", "path": path}]
