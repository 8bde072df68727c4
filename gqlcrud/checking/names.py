"""The name and the type of a column in, whether it looks like a secret, or like a right, out."""

from __future__ import annotations

import re

from gqlcrud.catalog import Column
from gqlcrud.scalars import BOOLEAN

_SECRETS = (
    *("password", "passwd", "pwd", "passphrase", "passcode", "secret", "token", "credential", "credentials", "tokens"),
    *("api key", "apikey", "private key", "access key", "secret key", "signing key", "encryption key"),
    *("otp", "totp", "mfa", "recovery code", "session id", "session key"),
)
_NUMBERS = (
    *("ssn", "social security", "iban", "account number", "card number", "credit card", "cvv", "cvc", "pin", "tax id"),
    *("passport", "national id"),
)
_RIGHTS = ("admin", "superuser", "staff", "privileges", "permissions")
_ROLES = ("role", "roles", "scopes", "groups")
_ACCOUNTS = ("password", "passwd", "login", "username", "user name", "email")
_TIMES = frozenset({"Date", "Time", "DateTime", "Duration"})


def looks_secret(column: Column) -> bool:
    """A time, a flag, a count or a reference that is named after a secret is none: `password_changed_at`, `token_id`."""
    if column.references is not None or column.scalar is BOOLEAN or column.scalar.name in _TIMES:
        return False
    words = _words(column.key)
    number = column.scalar.name in ("Int", "BigInt", "Float", "Decimal")
    return _has(words, _NUMBERS) or (not number and _has(words, _SECRETS))


def looks_privileged(column: Column, others: tuple[Column, ...]) -> bool:
    """Whether it may say what its record, an account, is allowed to. others: the columns beside it."""
    words = _words(column.key)
    is_account = any(_has(_words(each.key), _ACCOUNTS) for each in others)
    flag = column.scalar is BOOLEAN and _has(words, _RIGHTS)
    return flag or (is_account and column.references is None and _has(words, (*_RIGHTS, *_ROLES)))


def _words(key: str) -> str:
    """`passwordHash`, `password_hash` -> ` password hash `."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", key).lower()
    return f" {' '.join(re.findall(r'[a-z0-9]+', apart))} "


def _has(words: str, names: tuple[str, ...]) -> bool:
    return any(f" {name} " in words for name in names)
