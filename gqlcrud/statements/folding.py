"""Letter case beyond ASCII, the same on every database: Unicode's simple case folding, one character for one."""

from __future__ import annotations

import functools
import string
from collections.abc import Mapping


def fold(text: str) -> str:
    """`text` without the distinctions of case: `É` is `é`, `ẞ` is `ß`, and that is not `ss`; all three sigmas are one.

    ASCII letters equal ASCII letters only, as in PostgreSQL's `lower`: the Kelvin sign is no k.

    Source: Unicode Character Database, CaseFolding.txt, statuses C and S.
    """
    return text.lower() if text.isascii() else "".join(map(_fold, text))


def any_case(text: str) -> str:
    """A regular expression of PostgreSQL for the texts that fold to what `text` folds to.

    It names every form of every letter, so that it does not depend on the database's locale: `lower` and `ILIKE` leave
    `É` alone where that is C.
    """
    return "".join(map(_pattern, text))


def forms(char: str) -> str:
    """All characters that fold to what a character folds to."""
    return _variants().get(_fold(char), char)


def _pattern(char: str) -> str:
    variants = _variants().get(_fold(char))
    if variants is not None:
        return f"[{variants}]"
    return f"\\{char}" if char.isascii() and not char.isalnum() else char


@functools.lru_cache(maxsize=4096)
def _fold(char: str) -> str:
    if char.isascii():
        return char.lower()
    for folded in (char.casefold(), char.lower()):
        if len(folded) == 1 and not folded.isascii():
            return folded
    return char


_LAST_CASED = 0x1E943
"""The last letter of Unicode that has a case: ADLAM SMALL LETTER SHA."""


@functools.cache
def _variants() -> Mapping[str, str]:
    """Folded character -> all characters that fold to it, where there is more than one."""
    found: dict[str, list[str]] = {}
    for char in [*string.ascii_letters, *map(chr, range(0x80, _LAST_CASED + 1))]:
        if char.lower() != char or char.upper() != char:
            found.setdefault(_fold.__wrapped__(char), []).append(char)
    return {folded: "".join(chars) for folded, chars in found.items() if len(chars) > 1}
