"""An Api in, its `Exposure` out."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from gqlcrud.api import Api
from gqlcrud.catalog import Catalog, Column, InputSchema, Model, Relation
from gqlcrud.checking.exposure import ExposedModel, Exposure, Extent, Member, Right
from gqlcrud.checking.rights import (
    column_right,
    extent,
    has_policy,
    offered_operations,
    operation_right,
    permission_right,
    relation_right,
    written_extent,
)
from gqlcrud.fields import GeneratedField
from gqlcrud.mutations import WriteField
from gqlcrud.options import Permission
from gqlcrud.persisted import PersistedDocuments
from gqlcrud.policies import Operation
from gqlcrud.types.writable import created_columns, patched_columns

_WRITES: tuple[Operation, ...] = ("create", "update", "delete")
_SAID = {Right.EVERYBODY: "for everybody", Right.ASKED: "by a function", Right.NOBODY: "off"}


def read_exposure(api: Api, graphiql: bool | None) -> Exposure:
    """graphiql: whether browsers get GraphiQL, None if that is not known."""
    engine = engine_of(api)
    return Exposure(
        database={"postgresql": "PostgreSQL", "sqlite": "SQLite"}.get(engine.dialect.name, engine.dialect.name)
        if engine is not None
        else "sessions of the application",
        models=tuple(_model(model, api.catalog) for model in api.catalog.models),
        queries=_own_fields(api.query),
        mutations=_own_fields(api.mutation),
        switches=_switches(api, graphiql),
        limits=tuple((each.name, getattr(api.limits, each.name)) for each in fields(api.limits)),
    )


def engine_of(api: Api) -> AsyncEngine | None:
    """None where the application gives sessions request by request."""
    database: Any = api.database
    if isinstance(database, async_sessionmaker):
        database = database.kw.get("bind")
    return database if isinstance(database, AsyncEngine) else None


def _own_fields(root: Any) -> tuple[str, ...]:
    if root is None:
        return ()
    found = [
        each for each in root.__strawberry_definition__.fields if not isinstance(each, GeneratedField | WriteField)
    ]
    return tuple(sorted(str(each.graphql_name or each.name) for each in found))


def _switches(api: Api, graphiql: bool | None) -> tuple[tuple[str, str], ...]:
    security, kept = api.row_level_security, api.idempotency
    found = {
        "introspection": _said(api.introspection),
        "suggestions": _said(api.suggestions),
        "graphiql": "not known, the router says it" if graphiql is None else "on" if graphiql else "off",
        "debug": "on" if api.debug else "off",
        "persisted documents": _documents(api.persisted),
        "idempotency keys": "off" if kept is None else "on",
        "row-level security": "off" if security is None else "on",
    }
    return tuple(found.items())


def _said(permission: Permission) -> str:
    return _SAID[permission_right(permission)]


def _documents(persisted: PersistedDocuments | None) -> str:
    if persisted is None:
        return "off, every document runs"
    return "automatic, every document runs" if persisted.trusted is None else "trusted ones alone run"


# ---------- models ----------


def _model(model: Model, catalog: Catalog) -> ExposedModel:
    reads = extent(model, "read")
    writes = {each: written_extent(model, each) for each in _WRITES}
    operations = [(each, operation_right(model, each)) for each in offered_operations(model)]
    deletion = model.soft_deletion
    return ExposedModel(
        entity=model.entity.__name__,
        name=model.name,
        fields=(model.one, model.many),
        policy=has_policy(model),
        operations=tuple(
            (name, right)
            for name, right in operations
            if right is not Right.NOBODY and writes.get(name) is not Extent.NONE
        ),
        reads=reads,
        creates=writes["create"],
        updates=writes["update"],
        deletes=writes["delete"],
        members=(*_columns(model), *_virtual(model), *(_relation(each, model, catalog) for each in model.relations)),
        search=() if model.search is None else tuple(each.name for each in model.search.fields),
        facets=tuple(each.name for each in model.facets),
        own_fields=tuple(sorted(each.name for each in model.own_fields)),
        deleted_shown=None if deletion is None else permission_right(deletion.show_deleted),
        hard_delete=None if deletion is None else permission_right(deletion.hard_delete),
    )


def _columns(model: Model) -> list[Member]:
    written = [*created_columns(model), *patched_columns(model)]
    return [_column(each, model, given=each in written) for each in model.columns if each.offered]


def _column(column: Column, model: Model, *, given: bool) -> Member:
    def right(use: str, *, offered: bool) -> Right:
        return column_right(model, use, column) if offered else Right.NOBODY

    changes = {written_extent(model, "create"), written_extent(model, "update")} != {Extent.NONE}
    return Member(
        column.key,
        column.name,
        column.scalar.name,
        right("read", offered=True),
        right("filter", offered=column.filterable),
        right("order", offered=column.sortable),
        right("write", offered=given and changes),
    )


def _virtual(model: Model) -> list[Member]:
    """What inputs take that no column holds."""
    schemas: list[InputSchema | None] = [model.create_schema, model.update_schema]
    found = {each.name: each for schema in schemas if schema is not None for each in schema.virtual}
    no = Right.NOBODY
    return [Member(each.attribute, each.name, each.scalar.name, no, no, no, Right.EVERYBODY) for each in found.values()]


def _relation(relation: Relation, owner: Model, catalog: Catalog) -> Member:
    target = catalog.model(relation.target)

    def right(use: str, *, offered: bool) -> Right:
        return relation_right(relation, owner, target, use) if offered else Right.NOBODY

    written = relation.writable and not owner.read_only
    return Member(
        relation.key,
        relation.name,
        f"[{target.name}]" if relation.many else target.name,
        right("read", offered=True),
        right("filter", offered=relation.filterable),
        right("order", offered=relation.sortable),
        right("write", offered=written),
    )
