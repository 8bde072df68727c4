"""A `Report` in, lines for people out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from gqlcrud.checking.exposure import ExposedModel, Exposure, Extent, Member, Right
from gqlcrud.checking.hazards import Finding
from gqlcrud.checking.report import Report

_RIGHTS = {Right.EVERYBODY: "yes", Right.ASKED: "function", Right.NOBODY: "-"}
_WHO = {Right.EVERYBODY: "everybody", Right.ASKED: "a function says who", Right.NOBODY: "nobody"}
_EXTENTS = {
    Extent.ALL: "all records",
    Extent.CONDITION: "those of a condition",
    Extent.ASKED: "a function says which",
    Extent.NONE: "none",
}


def report_text(report: Report) -> str:
    blocks = [
        f"{report.target}: {_number(len(report.exposure.models), 'model')} on {report.exposure.database}",
        *("\n".join(_model(each)) for each in report.exposure.models),
        "\n".join(_whole(report.exposure)),
        "\n".join(report.notes),
        *_warnings(report.findings),
        _number(len(report.findings), "warning") + (f", {report.ignored} ignored" if report.ignored else ""),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _model(model: ExposedModel) -> Iterator[str]:
    yield f"{model.name} ({', '.join(model.fields)})" + ("" if model.policy else ", without a policy")
    yield from _pairs(_facts(model))
    head = ("", "read", "filter", "order", "write")
    rows = [head, *(_row(each) for each in model.members)]
    first = max(len(row[0]) for row in rows)
    second = max(len(cell) for row in rows for cell in row[1:])
    for row in rows:
        yield "  ".join(["", row[0].ljust(first), *(cell.ljust(second) for cell in row[1:])]).rstrip()


def _facts(model: ExposedModel) -> list[tuple[str, str]]:
    asked = [name for name, right in model.operations if right is Right.ASKED]
    names = ", ".join(name for name, _ in model.operations)
    found = [
        ("operations", f"{names}; a function says whose" if asked else names),
        ("reads", _EXTENTS[model.reads]),
        ("creates", _EXTENTS[model.creates]),
        ("updates", _EXTENTS[model.updates]),
        ("deletes", _EXTENTS[model.deletes]),
        ("search", ", ".join(model.search)),
        ("facets", ", ".join(model.facets)),
        ("own fields", ", ".join(model.own_fields)),
    ]
    if model.deleted_shown is not None and model.hard_delete is not None:
        found += [("deleted shown", _WHO[model.deleted_shown]), ("deletes for good", _WHO[model.hard_delete])]
    return [(name, text) for name, text in found if text]


def _row(member: Member) -> tuple[str, ...]:
    rights = (member.read, member.filter, member.order, member.write)
    return (f"{member.name}: {member.kind}", *(_RIGHTS[each] for each in rights))


def _whole(exposure: Exposure) -> Iterator[str]:
    yield "API"
    own = [("own queries", ", ".join(exposure.queries)), ("own mutations", ", ".join(exposure.mutations))]
    yield from _pairs([*((name, text) for name, text in own if text), *exposure.switches])
    yield ""
    yield "Limits"
    yield from _pairs([(name, "none" if value is None else str(value)) for name, value in exposure.limits])


def _pairs(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max(len(name) for name, _ in pairs)
    for name, text in pairs:
        yield f"  {name.ljust(width)}  {text}"


def _warnings(findings: Sequence[Finding]) -> Iterator[str]:
    """Findings that differ in their place alone are told together."""
    for (hazard, message, instead), found in groupby(
        findings, key=lambda each: (each.hazard, each.message, each.instead)
    ):
        places = ", ".join(each.place for each in found)
        yield f"WARNING {hazard.value}: {places}\n  {message}\n  Instead: {instead}"
