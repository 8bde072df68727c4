"""A `Report` in, a document for programs out, which JSON can hold."""

from __future__ import annotations

from dataclasses import asdict
from enum import Enum
from typing import Any

from gqlcrud.checking.report import Report


def report_document(report: Report) -> dict[str, Any]:
    exposure = asdict(report.exposure, dict_factory=_document)
    return {
        "target": report.target,
        **exposure,
        "switches": dict(report.exposure.switches),
        "limits": dict(report.exposure.limits),
        "models": [{**each, "operations": dict(each["operations"])} for each in exposure["models"]],
        "notes": list(report.notes),
        "warnings": [
            {"code": each.hazard.value, "place": each.place, "message": each.message, "instead": each.instead}
            for each in report.findings
        ],
        "ignored": report.ignored,
    }


def _document(items: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: _value(value) for name, value in items}


def _value(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case tuple() | list():
            return [_value(each) for each in value]
        case _:
            return value
