"""Texts of documents in, documents that are parsed and valid out: what was seen before is not looked at again."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from graphql import DocumentNode, GraphQLSchema

CACHED_BYTES = 512 * 1024
"""Texts of documents that are kept, together; parsed, a text takes about a hundred times its size."""


@dataclass(slots=True)
class PreparedDocuments:
    """Valid documents by schema and text; of all, those that were used last, up to `maximum` bytes of text.

    Nothing in it depends on who asks: variables, contexts and rights are those of each request.
    """

    maximum: int = CACHED_BYTES
    _known: OrderedDict[tuple[GraphQLSchema, str], DocumentNode] = field(default_factory=OrderedDict)
    _size: int = 0

    def find(self, schema: GraphQLSchema, text: str) -> DocumentNode | None:
        """The document of a text that is known to be valid."""
        document = self._known.get((schema, text))
        if document is not None:
            self._known.move_to_end((schema, text))
        return document

    def keep(self, schema: GraphQLSchema, text: str, document: DocumentNode) -> None:
        """Keep a valid document. One that would take an eighth of all that is kept is not."""
        size = len(text)
        if size > self.maximum // 8 or (schema, text) in self._known:
            return
        self._known[schema, text] = document
        self._size += size
        while self._size > self.maximum:
            (_, dropped), _ = self._known.popitem(last=False)
            self._size -= len(dropped)
