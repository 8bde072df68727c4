"""Texts of documents in, documents that are parsed and valid out: what was seen before is not looked at again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeGuard

from graphql import ASTValidationRule, DefinitionNode, DocumentNode, GraphQLSchema, OperationDefinitionNode

CACHED_BYTES = 512 * 1024
"""Texts of documents that are kept, together, in UTF-8; parsed, a text takes about a hundred times its size."""

Rules: TypeAlias = tuple[type[ASTValidationRule], ...]


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A parsed document. size: of its text, in bytes. rules: those that it has been found to keep. made: what was made of
    its operations, by their names; None of the only one."""

    document: DocumentNode
    size: int
    rules: Rules
    made: dict[str | None, Any] = field(default_factory=dict)

    def made_of(self, name: str | None, make: Callable[[], Any]) -> Any:
        """What `make` gives for an operation, made once. Nothing is kept for a name that no operation has."""
        if name in self.made:
            return self.made[name]
        made = make()
        names = [each.name and each.name.value for each in self.document.definitions if _is_operation(each)]
        if name in names or (name is None and len(names) == 1):
            self.made[name] = made
        return made


@dataclass(slots=True)
class PreparedDocuments:
    """Valid documents by schema and text; of all, those that were used last, up to `maximum` bytes of text.

    Nothing in it depends on who asks: variables, contexts and rights are those of each request. Rules of validation may be
    those of a request, so a document counts as valid by the rules that it was kept with, and no others.
    """

    maximum: int = CACHED_BYTES
    _known: OrderedDict[tuple[GraphQLSchema, str], PreparedDocument] = field(default_factory=OrderedDict)
    _size: int = 0

    @property
    def size(self) -> int:
        """How many bytes of text are kept."""
        return self._size

    def find(self, schema: GraphQLSchema, text: str) -> PreparedDocument | None:
        """The document of a text that has been valid."""
        found = self._known.get((schema, text))
        if found is not None:
            self._known.move_to_end((schema, text))
        return found

    def keep(self, schema: GraphQLSchema, text: str, document: DocumentNode, rules: Rules) -> None:
        """Keep a document that is valid by `rules`. One that would take an eighth of all that is kept is not."""
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > self.maximum // 8 or (schema, text) in self._known:
            return
        self._known[schema, text] = PreparedDocument(document, size, rules)
        self._size += size
        while self._size > self.maximum:
            _, dropped = self._known.popitem(last=False)
            self._size -= dropped.size


def _is_operation(definition: DefinitionNode) -> TypeGuard[OperationDefinitionNode]:
    return isinstance(definition, OperationDefinitionNode)
