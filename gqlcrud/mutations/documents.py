"""All root fields of a mutation in, what each of them gives out: written in one transaction, wholly or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from gqlcrud.context import Operation
from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.execution import Transaction
from gqlcrud.mutations.payloads import Payload
from gqlcrud.mutations.presets import presets_of
from gqlcrud.mutations.running import Mutation, Prepared, prepare, write
from gqlcrud.observing import Purpose, running_for
from gqlcrud.selection import Selection

Outcome: TypeAlias = Payload | Exception
"""What a root field gives, or raises."""

ROLLED_BACK = UserError(ErrorCode.ROLLED_BACK, "Another field of the document failed, so nothing of it is written.")


@dataclass(frozen=True, slots=True)
class Document:
    """The root fields of a mutation by response key, in order. refused: what those give that cannot be written."""

    fields: Mapping[str, Prepared]
    refused: Mapping[str, Outcome]


async def prepare_document(operation: Operation, writes: Mapping[str, tuple[Mutation, Selection]]) -> Document:
    """Plan every root field, so that all mistakes are told at once, before any SQL."""
    presets = await presets_of(operation)
    fields: dict[str, Prepared] = {}
    refused: dict[str, Outcome] = {}
    for key, (mutation, selection) in writes.items():
        try:
            with running_for(Purpose("write", (key,))):
                fields[key] = prepare(operation, presets, mutation, selection)
        except Exception as error:  # it is for the field to raise, where graphql-core expects it
            refused[key] = error
            continue
        if fields[key].plan is None:
            refused[key] = fields[key].failure(fields[key].errors)
    return Document(fields, refused)


async def run_document(operation: Operation, document: Document) -> dict[str, Outcome]:
    """What each root field gives, once all are written and committed; one that fails undoes them all."""
    if document.refused:
        return undone(document, document.refused)
    try:
        with running_for(Purpose("write")):
            payloads = await operation.write(lambda transaction: write_document(transaction, document))
    except Exception as error:  # it is for the fields to raise, where graphql-core expects it
        return failed(document, error)
    return dict(payloads)


async def write_document(transaction: Transaction, document: Document) -> dict[str, Payload]:
    """Write the root fields in order, and read the payload of each when it is written.

    Raises WriteError with paths that begin with the response key of a field; () is the path of what cannot be placed.
    """
    payloads: dict[str, Payload] = {}
    for key, prepared in document.fields.items():
        transaction.place = (key,)
        with running_for(Purpose("write", (key,))):
            payloads[key] = await write(transaction, prepared)
    transaction.place = ()
    return payloads


def failed(document: Document, error: Exception) -> dict[str, Outcome]:
    """What the root fields give when nothing is written. What cannot be placed is told by all of them."""
    if not isinstance(error, WriteError):
        return dict.fromkeys(document.fields, error)
    found: dict[str, list[UserError]] = {}
    for each in error.errors:
        for key in map(str, each.path[:1] or document.fields):
            found.setdefault(key, []).append(replace(each, path=each.path[1:]))
    return undone(document, {key: document.fields[key].failure(errors) for key, errors in found.items()})


def undone(document: Document, outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """The outcomes of the fields that failed, and for all others that they are rolled back."""
    others = {key: each.failure([ROLLED_BACK]) for key, each in document.fields.items()}
    return {**others, **outcomes}
