"""Accounts with secrets, and their notes: what `gqlcrud check` looks at in its tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, MetaData, String
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import AllBut, Api, Idempotency, Limits, ModelOptions, Policy, SoftDelete, idempotency_table


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(50), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    password_changed_at: Mapped[datetime | None]
    is_admin: Mapped[bool] = mapped_column(default=False)
    role: Mapped[str] = mapped_column(String(20), default="reader")
    ssn: Mapped[int | None]

    notes: Mapped[list[Note]] = relationship(back_populates="account", cascade="all, delete-orphan")


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    deleted_at: Mapped[datetime | None]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    account: Mapped[Account] = relationship(back_populates="notes")


def engine() -> AsyncEngine:
    """Of a database that is never asked."""
    return create_async_engine("sqlite+aiosqlite:///nowhere.sqlite")


def signed_in(caller: Any) -> bool:
    return caller is not None


ACCOUNTS = Policy(
    read=lambda caller: Account.id == caller,
    create=False,
    update=lambda caller: Account.id == caller,
    delete=False,
    read_columns=AllBut("password_hash", "ssn"),
    write_columns=AllBut("is_admin", "role"),
)
NOTES = Policy(
    read=True,
    create=signed_in,
    update=lambda caller: Note.account_id == caller,
    delete=lambda caller: Note.account_id == caller,
    operations=lambda caller: {"get", "list", "create", "update", "delete"},
)

open_api = Api(
    Base,
    engine(),
    models={
        Note: ModelOptions(
            policy=Policy(read=True),
            operators={"title": {"regex"}},
            soft_delete=SoftDelete("deleted_at", show_deleted=True, hard_delete=True),
            facets=["title"],
            max_page_size=10_000,
        )
    },
    limits=Limits(statement_timeout=None, request_timeout=None, max_rows=100_000_000),
    idempotency=Idempotency(idempotency_table(MetaData())),
)
guarded_api = Api(
    Base,
    engine(),
    models={
        Account: ModelOptions(policy=ACCOUNTS),
        Note: ModelOptions(policy=NOTES, soft_delete=SoftDelete("deleted_at"), searchable=["title", "account.email"]),
    },
    introspection=signed_in,
)
