"""Who asks: a customer signs in with address and password, and sends the token that comes back with each request."""

import asyncio
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import scrypt
from hmac import compare_digest
from secrets import token_bytes, token_hex
from typing import Annotated

import jwt
from fastapi import APIRouter, Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from example.models import Customer
from gqlcrud import Api

SECRET = os.environ.get("BOOKSHOP_SECRET") or token_hex(32)
"""What tokens are signed with. Without one of its own the shop makes one up, and its tokens end when it does."""
LIFETIME = timedelta(hours=8)


# ---------- tokens ----------


@dataclass(frozen=True)
class Caller:
    """Who sends a request: the context of policies, presets and resolvers. A visitor has no number."""

    customer: int | None = None
    name: str | None = None
    staff: bool = False


def token_for(caller: Caller) -> str:
    """A token that says who the caller is, until it expires."""
    claims = {"sub": str(caller.customer), "name": caller.name, "staff": caller.staff}
    return jwt.encode({**claims, "exp": datetime.now(UTC) + LIFETIME}, SECRET, algorithm="HS256")


async def caller(
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
) -> Caller:
    """The dependency that says who asks. Without a token it is a visitor; a token that is none is refused."""
    if token is None:
        return Caller()
    try:
        claims = jwt.decode(token.credentials, SECRET, algorithms=["HS256"], options={"require": ["exp", "sub"]})
    except jwt.InvalidTokenError:
        raise HTTPException(401, "Sign in again.", {"www-authenticate": "Bearer"}) from None
    return Caller(int(claims["sub"]), claims["name"], claims["staff"])


# ---------- passwords ----------


def hash_password(password: str) -> str:
    """Salt and hash, as `customers.password_hash` holds them."""
    salt = token_bytes(16)
    return f"{salt.hex()}:{_hash(password, salt).hex()}"


def is_password(password: str, stored: str) -> bool:
    salt, digest = map(bytes.fromhex, stored.split(":"))
    return compare_digest(_hash(password, salt), digest)


def _hash(password: str, salt: bytes) -> bytes:
    return scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


NOBODYS = hash_password(token_hex(16))
"""What a password is compared with where there is no account, which takes as long as if there were one."""


# ---------- signing in ----------


class Credentials(BaseModel):
    email: str
    password: str


class Token(BaseModel):
    access_token: str
    token_type: str = "bearer"


def login_router(api: Api) -> APIRouter:
    """The endpoint that gives tokens."""
    routes, customers = APIRouter(tags=["login"]), api.crud(Customer)

    @routes.post("/login")
    async def login(given: Credentials) -> Token:
        """A token for who knows the password, to be sent as `Authorization: Bearer ...`."""
        email, fields = given.email.strip().lower(), ["id", "name", "staff", "password_hash"]
        found = await customers.first(None, email=email, select=fields)
        stored = (found and found["password_hash"]) or NOBODYS
        if not await asyncio.to_thread(is_password, given.password, stored) or found is None:
            raise HTTPException(401, "No account has this address and this password.")
        return Token(access_token=token_for(Caller(found["id"], found["name"], found["staff"])))

    return routes
