"""The keys of related records in, the values of foreign keys out: one statement for each relation of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from gqlcrud.catalog import Relation
from gqlcrud.crud.reads import Reads
from gqlcrud.crud.scope import Session
from gqlcrud.errors import ErrorCode
from gqlcrud.files.failures import Rejected
from gqlcrud.files.fields import is_given
from gqlcrud.files.values import FileRecord, Reference


async def resolve(reads: Reads[Any], session: Session, records: Sequence[FileRecord]) -> list[Rejected]:
    """Put what the references of the records lead to into their values. Those that lead to nothing come back."""
    missing: dict[int, Rejected] = {}
    groups: dict[Relation, list[tuple[int, Reference]]] = {}
    for place, record in enumerate(records):
        for reference in record.references:
            groups.setdefault(reference.relation, []).append((place, reference))
    for relation, found in groups.items():
        known = await _lookup(reads, session, relation, [reference for _, reference in found])
        for place, reference in found:
            record, there = records[place], known.get((reference.key, reference.values))
            if there is None:
                missing.setdefault(place, _missing(record, reference, relation))
            elif _is_plain(relation):
                record.values.update(zip([column.key for column in relation.local], there, strict=True))
            else:
                names = [column.key for column in reference.key.columns]
                record.values[relation.key] = {"connect": dict(zip(names, reference.values, strict=True))}
    return [missing[place] for place in sorted(missing)]


def _is_plain(relation: Relation) -> bool:
    """Whether the relation is written by setting its foreign key, which is cheaper than an operation."""
    return relation.owns_key and not relation.custom and all(map(is_given, relation.local))


def _missing(record: FileRecord, reference: Reference, relation: Relation) -> Rejected:
    pairs = ", ".join(
        f"{column.key} {value!r}" for column, value in zip(reference.key.columns, reference.values, strict=True)
    )
    reason = f"There is no {relation.target.__name__} with {pairs}."
    return Rejected(record.row, ErrorCode.NOT_FOUND, reason, (reference.path[0],))


async def _lookup(
    reads: Reads[Any], session: Session, relation: Relation, references: Iterable[Reference]
) -> dict[tuple[Any, tuple[Any, ...]], tuple[Any, ...]]:
    """What the foreign keys are to be, by unique key and its values."""
    target = reads.scope.catalog.model(relation.target)
    others: Reads[Any] = Reads(replace(reads.scope, model=target))
    found: dict[tuple[Any, tuple[Any, ...]], tuple[Any, ...]] = {}
    for key in {reference.key: None for reference in references}:
        names = [column.key for column in key.columns]
        wanted = list(dict.fromkeys(each.values for each in references if each.key is key))
        remote = [column.key for column in relation.remote] or [column.key for column in target.primary_key]
        if len(names) == 1:
            where: dict[str, Any] = {names[0]: {"in": [values[0] for values in wanted]}}
        else:
            where = {"or": [dict(zip(names, values, strict=True)) for values in wanted]}
        select = list(dict.fromkeys([*names, *remote]))
        for row in await others.get_multi(session, where, select=select, limit=None):
            found[key, tuple(row[name] for name in names)] = tuple(row[name] for name in remote)
    return found
