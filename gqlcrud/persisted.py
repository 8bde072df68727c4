"""What a request says of its document in, its text out: sent, registered before by its hash, or one of those that are trusted."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from gqlcrud.errors import ConfigurationError, ErrorCode, RequestError


class DocumentStore(Protocol):
    """Where the texts of documents are kept, by ids: the hashes of registered ones, ids of any kind of trusted ones."""

    async def get(self, key: str) -> str | None:
        """The text of a document; None if there is none, or none any more."""

    async def put(self, key: str, text: str) -> None:
        """Keep a document that has been found valid. It is never called for a store of trusted ones."""


@dataclass(slots=True)
class MemoryDocuments:
    """A `DocumentStore` of one process: of all documents, those that were used last, up to `maximum` bytes of text."""

    maximum: int = 4 * 1024 * 1024
    _known: OrderedDict[str, str] = field(default_factory=OrderedDict)
    _size: int = 0

    async def get(self, key: str) -> str | None:
        if key in self._known:
            self._known.move_to_end(key)
        return self._known.get(key)

    async def put(self, key: str, text: str) -> None:
        """One that would take an eighth of all that is kept is not."""
        size = _size(text)
        if key in self._known or size > self.maximum // 8:
            return
        self._known[key] = text
        self._size += size
        while self._size > self.maximum:
            _, dropped = self._known.popitem(last=False)
            self._size -= _size(dropped)


@dataclass(frozen=True, slots=True)
class PersistedDocuments:
    """Documents that clients name instead of sending them.

    automatic: where clients register documents by their hashes, as Apollo's "automatic persisted queries" do.
    trusted: texts by ids, or a store of them. No other document runs then.
    Raises ConfigurationError unless exactly one of both is given.
    """

    automatic: DocumentStore | None = None
    trusted: Mapping[str, str] | DocumentStore | None = None

    def __post_init__(self) -> None:
        if (self.automatic is None) == (self.trusted is None):
            raise ConfigurationError(
                "PersistedDocuments takes either automatic=MemoryDocuments(), for documents that clients register, or "
                "trusted={id: text, ...}, for those that alone may run."
            )


@dataclass(frozen=True, slots=True)
class AskedDocument:
    """What is to be run. register: the store and the key for a document that is to be kept if it is valid."""

    text: str
    register: tuple[DocumentStore, str] | None = None

    async def keep(self) -> None:
        if self.register is not None:
            store, key = self.register
            await store.put(key, self.text)


async def asked_document(
    persisted: PersistedDocuments | None, text: str | None, document_id: str | None, extensions: Mapping[str, Any]
) -> AskedDocument:
    """Raises RequestError for a document that is not known, not trusted, or not the one of its hash."""
    given_hash = _given_hash(extensions)
    if persisted is not None and persisted.trusted is not None:
        return AskedDocument(await _trusted(persisted.trusted, text, document_id or given_hash))
    store = persisted.automatic if persisted is not None else None
    if text is not None and (store is None or given_hash is None):
        return AskedDocument(text)
    if document_id is not None or store is None or given_hash is None:
        raise RequestError("PersistedQueryNotSupported", ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED)
    if text is not None:
        if _hash(text) != given_hash:
            raise RequestError("The document is not the one of its sha256Hash.", ErrorCode.BAD_REQUEST)
        return AskedDocument(text, (store, given_hash))
    return AskedDocument(_found(await store.get(given_hash)))


async def _trusted(trusted: Mapping[str, str] | DocumentStore, text: str | None, key: str | None) -> str:
    """A text that is sent is trusted if it stands in the list under its hash, or beside its id."""
    wanted = key if key is not None else _hash(text or "")
    known = trusted.get(wanted) if isinstance(trusted, Mapping) else await trusted.get(wanted)
    if text is not None and text != known:
        raise RequestError("This document is not one of those that may run.", ErrorCode.DOCUMENT_NOT_TRUSTED)
    return _found(known)


def _found(text: str | None) -> str:
    """What Apollo's clients know: they send the text then."""
    if text is None:
        raise RequestError("PersistedQueryNotFound", ErrorCode.PERSISTED_QUERY_NOT_FOUND)
    return text


def _given_hash(extensions: Mapping[str, Any]) -> str | None:
    """Source: Apollo's protocol of automatic persisted queries, version 1."""
    given = extensions.get("persistedQuery")
    if given is None:
        return None
    digest = given.get("sha256Hash") if isinstance(given, Mapping) else None
    if not isinstance(digest, str) or given.get("version") != 1:
        raise RequestError("persistedQuery has version 1 and a sha256Hash.", ErrorCode.BAD_REQUEST)
    return digest.lower()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
