"""The composition root: mapped classes and a database in, a schema that answers requests out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, TypeAlias, TypeVar

from fastapi import APIRouter
from fastapi.params import Depends
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from strawberry.directive import StrawberryDirective
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from gqlcrud.answering import Asked, not_to_be_run, refused, timed_out
from gqlcrud.catalog import Catalog, CatalogSettings, mapped_classes, read_catalog
from gqlcrud.context import Operation
from gqlcrud.crud import Crud, python_catalog
from gqlcrud.direct import NOTHING_GIVEN, DirectAnswers, Given
from gqlcrud.errors import ConfigurationError, RequestError
from gqlcrud.examples import example_queries
from gqlcrud.execution import OperationConnection, Sources, Writer, session_sources
from gqlcrud.execution.observed import api_sources, observed_session
from gqlcrud.extension import extension_of
from gqlcrud.fastapi import router
from gqlcrud.faults import client_errors
from gqlcrud.graphiql import Example
from gqlcrud.holding import Holding
from gqlcrud.hooks import Hooks
from gqlcrud.http import PartialStatus, RefusalStatus
from gqlcrud.idempotency import Idempotency, check_key
from gqlcrud.known_selections import KnownSelections
from gqlcrud.observability import Observability, read_observability
from gqlcrud.observing import tell_document
from gqlcrud.options import Limits, ModelOptions, Permission, check_kinds, read_switches
from gqlcrud.persisted import PersistedDocuments, asked_document
from gqlcrud.planning import KnownPlans, Planner, Visibility, check_stored_position, check_typed_position
from gqlcrud.policies import Policy, RowLevelSecurity
from gqlcrud.prepared import PreparedDocuments
from gqlcrud.reporting import ObservedOperation, Observer
from gqlcrud.scalars import Scalar
from gqlcrud.schema import build_schema
from gqlcrud.statements import Database
from gqlcrud.types import ATOMIC, ERROR_TYPES, SCALARS, declare_types, mutation_type, query_type
from gqlcrud.uncollected import uncollected

T = TypeVar("T")
SessionDependency: TypeAlias = Callable[..., Any]
_CHECKS = {Database.POSTGRESQL: check_typed_position, Database.SQLITE: check_stored_position}


class Api:
    """A GraphQL API over mapped classes.

    base: a declarative base, a registry, or an iterable of mapped classes.
    database: an `AsyncEngine`, an `async_sessionmaker`, or a FastAPI dependency that gives an `AsyncSession`.
    models: mapped class -> what to say about it. scalars: SQLAlchemy type -> scalar, for types that gqlcrud does not know.
    limits: what bounds every request. title: of GraphiQL's page.
    query, mutation: a class, or several, whose Strawberry fields are added to the type Query, or Mutation.
    idempotency: keeps the answers to mutations that come with a key, so that a repeated request writes nothing.
    skip_unknown: leave out columns without a scalar instead of refusing them; `catalog.left_out` tells which. Enums, and
    values of enums, whose names are taken get others.
    enforced_foreign_keys: False where foreign keys may point at nothing; to-one fields are nullable then.
    read_only: True offers no mutations but those of `mutation`.
    hooks: what is called around writes, of whichever model; before those of the model.
    policy: what callers may do with the records of all models, where the policy of a model says nothing else.
    row_level_security: what PostgreSQL is told of the caller in each transaction, for its own policies.
    introspection: who may read the schema: all, nobody, or for whom a function of `info.context` says so. suggestions: who
    is told the names of the schema that are like one that is not there; by default who may read it.
    persisted: documents that clients name instead of sending them, and whether others may run.
    observability: what operations are told of to logs and to OpenTelemetry; None is nothing.
    debug: True shows in answers which statements were run, with their values, and what errors were raised by; it is never for
    an API that others reach.

    Attributes: `schema`, the Strawberry schema; `query` and `mutation`, its roots (`mutation` is None if nothing can be
    written), `extension`, `directives` and `types`, for a schema of one's own; `catalog`, what was read from the models.

    Raises ConfigurationError for whatever cannot be offered as it stands.
    """

    @uncollected()
    def __init__(
        self,
        base: object,
        database: AsyncEngine | async_sessionmaker[Any] | SessionDependency,
        *,
        models: Mapping[type, ModelOptions] | None = None,
        scalars: Mapping[Any, Scalar] | None = None,
        limits: Limits | None = None,
        query: type | Sequence[type] = (),
        mutation: type | Sequence[type] = (),
        idempotency: Idempotency | None = None,
        title: str = "GraphQL API",
        skip_unknown: bool = False,
        enforced_foreign_keys: bool = True,
        read_only: bool = False,
        hooks: Hooks | None = None,
        policy: Policy | None = None,
        row_level_security: RowLevelSecurity | None = None,
        introspection: Permission = True,
        suggestions: Permission | None = None,
        persisted: PersistedDocuments | None = None,
        observability: Observability | None = None,
        debug: bool = False,
    ) -> None:
        self.title, self.limits, self.database = title, limits or Limits(), database
        check_kinds(hooks, row_level_security)
        self.row_level_security, self.idempotency, self.persisted = row_level_security, idempotency, persisted
        self.introspection, self.suggestions = read_switches(introspection, suggestions)
        said = models or {}, scalars or {}, self.limits, skip_unknown, enforced_foreign_keys, read_only, hooks, policy
        self._settings, self._classes = CatalogSettings(*said), mapped_classes(base)
        self.catalog: Catalog = read_catalog(self._classes, self._settings)
        self._selections, self._documents, self._plans = KnownSelections(), PreparedDocuments(), KnownPlans()
        self.observability, self.debug = read_observability(observability, debug), debug
        self._database = api_sources(database, row_level_security, observed=self.observability is not None)
        self.session_dependency: Any = database if self._database is None else None
        self._registry = declare_types(self.catalog, self)
        self.query = query_type(self._registry, self, query if isinstance(query, Sequence) else [query])
        self.mutation = mutation_type(self._registry, self, mutation if isinstance(mutation, Sequence) else [mutation])
        self._session: ContextVar[AsyncSession | None] = ContextVar("gqlcrud_session", default=None)
        self._given: ContextVar[Given] = ContextVar("gqlcrud_given", default=NOTHING_GIVEN)
        self.extension: type[SchemaExtension] = extension_of(self, self._documents)
        self.directives: Sequence[StrawberryDirective[Any]] = [ATOMIC] if self.mutation is not None else []
        self.schema = build_schema(self.query, self.mutation, self.types, self.extension, self.directives, SCALARS)
        self._direct = DirectAnswers(self, self.schema._schema, self._documents)
        self._observer = Observer(self.observability, debug, self.limits, self.schema._schema, self._documents)

    async def execute(
        self,
        query: str | None,
        variables: Mapping[str, Any] | None = None,
        *,
        context: Any = None,
        operation_name: str | None = None,
        session: AsyncSession | None = None,
        allow_mutations: bool = True,
        idempotency_key: str | None = None,
        document_id: str | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> ExecutionResult:
        """Run one operation.

        context: `info.context` in resolvers. operation_name: which of several operations of the document. session: is
        used, and joined in its transaction, in place of the API's own connections. allow_mutations: False refuses a
        mutation, as over GET. idempotency_key: of a mutation, which is answered as it was first if it is repeated; of
        1 to 255 characters. document_id, extensions: of the request, where they name a document, for `query=None`.

        Never raises for what a request says: the result's `errors` hold it, each with `extensions["code"]`.
        Raises ConfigurationError if there is neither a session nor a database, and for a key without `idempotency`.
        """
        check_key(idempotency_key, self.idempotency)
        asked = Asked(query, variables or {}, context, operation_name, allow_mutations, document_id, extensions or {})
        if session is None and idempotency_key is None and self._given.get() is NOTHING_GIVEN:
            return await self._observed(asked)
        with self.using(session or self._session.get()), Holding(self._given, Given(idempotency_key)):
            return await self._observed(asked)

    async def _observed(self, asked: Asked) -> ExecutionResult:
        """What an operation gives, told to who observes it."""
        if not self._observer.observes(asked.extensions):
            return await self._timed(asked)
        try:
            return await self._observer.run(partial(self._timed, asked), asked.operation_name, asked.extensions)
        except RequestError as error:
            return refused(error)

    async def _timed(self, asked: Asked) -> ExecutionResult:
        """What a document gives, or what is told where it takes too long, or is not to be had."""
        seconds = self.limits.request_timeout
        try:
            async with asyncio.timeout(seconds) as timer:
                document = await asked_document(self.persisted, asked.query, asked.document_id, asked.extensions)
                result = await self._execute(document.text, asked)
                if document.register is not None and not isinstance(result, PreExecutionError):
                    await document.keep()
                return result
        except RequestError as error:
            return refused(error)
        except TimeoutError:
            if not timer.expired():
                raise
            return timed_out(seconds)

    async def _execute(self, text: str, asked: Asked) -> ExecutionResult:
        tell_document(text, None, known=True)
        sources = self._sources()
        direct = await self._direct.answer(
            *(text, asked.variables, asked.operation_name, lambda: self._new_operation(sources, asked.context)),
            mutations=asked.mutations and sources.writes.joined is None and not self._keeps_answers,
        )
        if isinstance(direct, ExecutionResult):
            return direct
        try:
            with Holding(self._given, replace(self._given.get(), outcomes=direct)):
                result = await self.schema.execute(
                    text,
                    variable_values=dict(asked.variables),
                    context_value=asked.context,
                    operation_name=asked.operation_name,
                    allowed_operation_types=[
                        OperationType.QUERY,
                        *([OperationType.MUTATION] if asked.mutations else []),
                    ],
                )
        except (CannotGetOperationTypeError, InvalidOperationTypeError, MissingQueryError) as error:
            return not_to_be_run(error)
        if result.errors:
            result.errors = client_errors(result.errors, executed=not isinstance(result, PreExecutionError))
        return result

    def using(self, session: AsyncSession | None) -> Holding[AsyncSession | None]:
        """Let operations that start in this block read through `session`; None leaves the API's own connections."""
        return Holding(self._session, session)

    def sdl(self) -> str:
        """The schema in GraphQL's schema definition language."""
        return self.schema.as_str() + "\n"

    @cached_property
    def types(self) -> Sequence[Any]:
        """The types of records and of errors, for a schema of one's own."""
        names = [*(model.name for model in self.catalog.models), *ERROR_TYPES]
        return [self._registry.types[name] for name in names if name in self._registry.types]

    @cached_property
    def python_catalog(self) -> Catalog:
        """The models as Python callers know them, for `Crud`: read when it is first needed."""
        return python_catalog(self._classes, self._settings)

    def crud(self, entity: type[T]) -> Crud[T]:
        """Reads and writes of a mapped class for Python callers, with the options and the database of this API."""
        return Crud(entity, api=self)

    def use_query(self, query: type) -> None:
        """Let the field `query` of payloads be the query root of a schema of one's own, which inherits from `query`."""
        self._registry.use("Query", query)

    def type(self, entity: type) -> Any:
        """The Strawberry type that is generated for a mapped class, for annotations in types of one's own."""
        return self._registry.types[self.catalog.model(entity).name]

    def router(
        self,
        *,
        path: str = "",
        context: Callable[..., Any] | None = None,
        dependencies: Sequence[Depends] = (),
        graphiql: bool = True,
        example_query: str | None = None,
        partial_status: PartialStatus = 200,
        refusal_status: RefusalStatus = 422,
    ) -> APIRouter:
        """A FastAPI router that serves this API; `gqlcrud.fastapi.router` explains the options."""
        return router(
            self,
            path=path,
            context=context,
            dependencies=dependencies,
            graphiql=graphiql,
            example_query=example_query,
            partial_status=partial_status,
            refusal_status=refusal_status,
        )

    def example_queries(self) -> list[Example]:
        """Queries that run as they are, for the first look; none where not everybody may read the schema."""
        return example_queries(self.catalog) if self.introspection is True else []

    def new_operation(self, context: Any = None) -> Operation:
        """The state of one operation: its connection, its loaders. context: `info.context` of the request.

        Raises ConfigurationError without a database.
        """
        operation = self._new_operation(self._sources(), context)
        operation.outcomes = self._given.get().outcomes
        return operation

    def _new_operation(self, sources: Sources, context: Any) -> Operation:
        sources, timeout = sources.telling(self.row_level_security, context), self.limits.statement_timeout
        visibility = Visibility(context, secured=self.row_level_security is not None)
        planner = Planner(self.catalog, self.limits, _CHECKS[sources.reads.database], visibility, self._plans)
        writer = Writer(sources.writes, self.catalog, context, rules=visibility, timeout=timeout)
        make = ObservedOperation if self._observer.is_observing() else Operation
        return make(planner, OperationConnection(sources.reads, timeout), writer, selections=self._selections)

    @property
    def idempotency_key(self) -> str | None:
        """The key that `execute` was given for the running operation."""
        return self._given.get().key

    @property
    def _keeps_answers(self) -> bool:
        """Whether the running operation may be one whose answer is kept."""
        return self.idempotency is not None and (
            self.idempotency.client_mutation_id or self.idempotency_key is not None
        )

    def _sources(self) -> Sources:
        session = self._session.get()
        if session is not None:
            found = session_sources(session, joined=session.in_transaction())
            return found if self.observability is None else observed_session(found, session)
        if self._database is None:
            raise ConfigurationError(
                "This Api was given a session dependency, and there is no session: hand one in, "
                "await api.execute(query, session=session), or serve it with api.router()."
            )
        return self._database
