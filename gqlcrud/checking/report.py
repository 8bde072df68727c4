"""An Api in, a `Report` out: what it exposes, what is dangerous about it, and what could not be looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from gqlcrud.api import Api
from gqlcrud.checking.database import DatabaseFacts, database_findings, read_database, table_name
from gqlcrud.checking.exposure import Exposure
from gqlcrud.checking.hazards import Finding, Hazard
from gqlcrud.checking.models import model_findings
from gqlcrud.checking.reading import engine_of, read_exposure
from gqlcrud.checking.switches import limit_findings, switch_findings


@dataclass(frozen=True, slots=True)
class Report:
    """findings: in the order of `Hazard`, those with equal texts together. ignored: how many were left out.
    notes: what was not looked at, and why."""

    target: str
    exposure: Exposure
    findings: tuple[Finding, ...]
    ignored: int
    notes: tuple[str, ...]


def make_report(target: str, api: Api, graphiql: bool | None, ignore: Collection[str] = ()) -> Report:
    """graphiql: whether browsers get GraphiQL, None if that is not known. ignore: `code`, or `code:place`."""
    facts, notes = _database(api)
    found = sorted(_findings(api, graphiql, facts), key=_place)
    kept = [each for each in found if not {each.hazard.value, f"{each.hazard.value}:{each.place}"} & set(ignore)]
    return Report(target, read_exposure(api, graphiql), tuple(kept), len(found) - len(kept), notes)


def _place(finding: Finding) -> tuple[int, str, str, str]:
    return list(Hazard).index(finding.hazard), finding.message, finding.instead, finding.place


def _findings(api: Api, graphiql: bool | None, facts: DatabaseFacts | None) -> list[Finding]:
    engine = engine_of(api)
    found = [*switch_findings(api, graphiql), *limit_findings(api, bounded=facts is not None and facts.bounded)]
    for model in api.catalog.models:
        secured = api.row_level_security is not None
        if engine is not None and facts is not None:
            # what the database does not secure is told by itself
            secured = secured or table_name(model, engine.dialect) in facts.secured
        found += model_findings(model, api.catalog, secured=secured)
    if engine is not None and facts is not None:
        found += database_findings(api, facts, engine.dialect)
    return found


def _database(api: Api) -> tuple[DatabaseFacts | None, tuple[str, ...]]:
    """What PostgreSQL says, or why nobody has asked it."""
    engine = engine_of(api)
    if engine is None:
        return None, ("The database was not asked: sessions are given request by request.",)
    if engine.dialect.name != "postgresql":
        return None, ()
    try:
        facts = asyncio.run(read_database(engine, api))
    except Exception as error:  # of whichever kind the driver has: the rest can be told without the database
        return None, (f"The database was not asked: {type(error).__name__}.",)
    if facts is None:
        return None, ("The database was not asked: it has no role of the name that RowLevelSecurity gives.",)
    return facts, ()
