"""The running operation of each API, found from any resolver: a context variable, so that it works in any schema."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from graphql import GraphQLResolveInfo, get_named_type

from gqlcrud.catalog import Catalog, Column, Model, Relation
from gqlcrud.errors import ConfigurationError, ErrorCode, RequestError
from gqlcrud.execution import LoneWriter, OperationConnection, Reader, Transaction, Writer
from gqlcrud.known_selections import KnownSelections
from gqlcrud.plan import PagePlan, RecordPlan
from gqlcrud.planning import Planner, planned_rows
from gqlcrud.rendering import (
    SHAPING,
    ConnectionShape,
    PayloadShape,
    RecordShape,
    Renderer,
    connection_shape,
    payload_shape,
    record_shape,
)
from gqlcrud.selection import FieldInfo, Selection, read_selection
from gqlcrud.unit_of_work import LoneRows
from gqlcrud.write_planning import Presets

T = TypeVar("T")
Plan = TypeVar("Plan", bound=PagePlan | RecordPlan)


@dataclass(slots=True)
class Operation:
    """One GraphQL operation on one API: its planner, its connection and what it has loaded.

    renders: whether the executor passes on what is rendered. alone: whether it has one root field.
    selections: those that the API has read before.
    presets: what the presets gave, once anything is written.
    outcomes: what root fields give, by response key, of a mutation that is written before any of them is resolved; an
    exception is raised. None for all other operations.
    """

    planner: Planner
    connection: OperationConnection
    writer: Writer
    reader: Reader = field(init=False)
    renders: bool = False
    alone: bool = False
    selections: KnownSelections = field(default_factory=KnownSelections)
    presets: Presets | None = None
    outcomes: Mapping[str, Any] | None = None
    _plans: dict[object, PagePlan | RecordPlan] = field(default_factory=dict)
    _rows: dict[object, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reader = Reader(self.connection)

    @property
    def catalog(self) -> Catalog:
        return self.planner.catalog

    @property
    def context(self) -> Any:
        """What the application knows of the request: `info.context`."""
        return self.planner.visibility.context

    @property
    def renderer(self) -> Renderer:
        return Renderer(self.reader, self.alone)

    def connection_shape(self, info: FieldInfo, selection: Selection) -> ConnectionShape | None:
        """What is shown of the connection that is being resolved; None if graphql-core has to walk it."""
        if not self.renders:
            return None
        name = get_named_type(info.return_type).name
        return self.selections.made_of(
            info, None, name, SHAPING, lambda: connection_shape(selection, info.schema, name, self.planner.limits)
        )

    def record_shape(self, info: FieldInfo, selection: Selection, type_name: str | None = None) -> RecordShape | None:
        """What is shown of a record that is being resolved; None if graphql-core has to walk it. type_name: of the object
        type, where the field has an interface."""
        if not self.renders:
            return None
        name = type_name or get_named_type(info.return_type).name
        return self.selections.made_of(
            info, type_name, name, SHAPING, lambda: record_shape(selection, info.schema, name, self.planner.limits)
        )

    def payload_shape(self, info: FieldInfo, selection: Selection) -> PayloadShape | None:
        """What is shown of the payload that is being resolved; None if graphql-core has to walk it."""
        if not self.renders:
            return None
        name = get_named_type(info.return_type).name
        return self.selections.made_of(
            info, None, name, SHAPING, lambda: payload_shape(selection, info.schema, name, self.planner.limits)
        )

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in a transaction; see `Writer.run`. What has been read before it is read anew after it.

        What still reads for fields that are done ends before: nobody waits for it, and it may hold the connection.
        """
        await self.connection.close()
        try:
            return await self.writer.run(work)
        finally:
            self.forget()

    @property
    def writes_alone(self) -> bool:
        """Whether rows that are all there is to write may be written without a session."""
        driver = self.writer.source.driver
        return driver is not None and driver.is_free_to_write

    async def write_alone(self, rows: LoneRows, show: Callable[[Reader], Awaitable[T]]) -> T | None:
        """Write rows, and nothing else; see `LoneWriter.run`."""
        driver = self.writer.source.driver
        assert driver is not None, "asked before"
        await self.connection.close()
        try:
            return await LoneWriter(driver, self.writer.timeout).run(rows, show)
        finally:
            self.forget()

    def forget(self) -> None:
        """Read anew what has been read, since it may have changed."""
        self.reader = Reader(self.connection)

    async def end(self) -> None:
        """Give the connection back, and let go of what has been read: a connection that was opened for this operation keeps
        its context for as long as it lives."""
        await self.connection.close()
        self.reader.forget()
        self._plans.clear()
        self._rows.clear()

    def read_in(self, transaction: Transaction) -> None:
        """From here on all that is read comes from a transaction that is still open."""
        self.connection = transaction.connection()
        self.reader = Reader(self.connection)

    def plan_once(
        self, identity: object, make: Callable[[], PagePlan | RecordPlan], *, at: FieldInfo | str = ""
    ) -> PagePlan | RecordPlan:
        """A plan made at its first use. `identity` tells it from others, by the field nodes that it is made for."""
        plan = self._plans.get(identity)
        if plan is None:
            plan = self._plans[identity] = self.bounded(identity, make(), at=at)
        return plan

    def bounded(self, identity: object, plan: Plan, records: int = 1, *, at: FieldInfo | str = "") -> Plan:
        """The plan itself, which `identity` tells from others of the operation. records: how many of it there are. at: the
        field that it is for, or its response key below a root field that writes; for those who observe.

        Raises RequestError where all that was planned so far may read more records than one operation is to.
        """
        self._rows[identity] = records * planned_rows(plan)
        rows, maximum = sum(self._rows.values()), self.planner.limits.max_rows
        if rows > maximum:
            message = (
                f"An operation reads at most {maximum} records; by the sizes of its pages this one reads up to {rows}."
            )
            raise RequestError(message, ErrorCode.LIMIT)
        return plan

    def relation_plan(self, info: GraphQLResolveInfo[Any], relation: Relation) -> PagePlan | RecordPlan:
        """The plan of a relation field whose parent was not planned."""
        target = self.catalog.model(relation.target)

        def make() -> PagePlan | RecordPlan:
            selection = read_selection(info)
            if relation.many:
                return self.planner.page(selection, target, relation)
            return self.planner.record(selection, target, relation.remote, relation)

        return self.plan_once((relation, *map(id, info.field_nodes)), make, at=info)


ApiKey: TypeAlias = object
_operations: ContextVar[Mapping[ApiKey, Operation]] = ContextVar("gqlcrud_operations")


def begin_operation(api: ApiKey, operation: Operation) -> Token[Mapping[ApiKey, Operation]]:
    """Make `operation` the running one of `api` for this task and those it starts."""
    return _operations.set({**_operations.get({}), api: operation})


def end_operation(token: Token[Mapping[ApiKey, Operation]]) -> None:
    _operations.reset(token)


def running_operation(api: ApiKey) -> Operation:
    """The running operation of `api`. Raises ConfigurationError in a schema that lacks the API's extension."""
    operation = _operations.get({}).get(api)
    if operation is None:
        raise ConfigurationError(
            "Generated types are used in a schema without their API. Give it the extension: "
            "strawberry.Schema(query=Query, extensions=[api.extension])."
        )
    return operation


def operation_of_model(entity: type) -> Operation:
    """The running operation of the API that offers `entity`, for resolvers of the user's own."""
    for operation in _operations.get({}).values():
        if entity in operation.catalog.by_entity:
            return operation
    raise ConfigurationError(
        f"No API that offers {entity.__name__} is running here: load records in resolvers of its schema only."
    )


def column_named(model: Model, key: Any) -> Column | Relation:
    """The column or relation of a model by attribute name. Raises ConfigurationError for one it does not have."""
    members: list[Column | Relation] = [*model.columns, *model.relations]
    for each in members:
        if each.key == key:
            return each
    raise ConfigurationError(f"{model.name} has no attribute {key!r} in this API.")
