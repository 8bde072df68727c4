"""What an operation does, told wherever it happens, in; one `Observation` of it out. Where nobody observes nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from time import perf_counter_ns, time_ns
from typing import Any, Literal, ParamSpec, TypeAlias, TypeVar

from gqlcrud.holding import Holding

P = ParamSpec("P")
T = TypeVar("T")

Part: TypeAlias = Literal["rows", "count", "facet", "write", "session"]
"""What of a plan a statement reads, or that it writes; "session" is what the database is told of the caller."""
PhaseName: TypeAlias = Literal["parse", "validate", "plan", "render"]
Path: TypeAlias = tuple[str, ...]
"""Response keys from the root, without the places in lists."""


@dataclass(slots=True, eq=False)
class Purpose:
    """What statements are run for. path: of the field that writes. plan: what is read. rows: how many were read; None as long
    as nobody has counted."""

    part: Part
    path: Path = ()
    plan: Any = None
    rows: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SeenStatement:
    """A statement that was run.

    sql, parameters: as the driver took them; of `sets` sets of parameters the first. began: nanoseconds after the operation.
    counted: rows by the database's own count; None where it does not tell. purpose: None of a statement of the application's
    own. kept: whether it had been built before. by_driver: whether SQLAlchemy was left out. error: what it failed with.
    """

    sql: str
    parameters: Any
    began: int
    nanoseconds: int
    counted: int | None
    purpose: Purpose | None
    kept: bool
    by_driver: bool
    sets: int = 1
    error: BaseException | None = None

    @property
    def rows(self) -> int | None:
        """How many rows it gave, or changed."""
        if self.error is None and self.purpose is not None and self.purpose.rows is not None:
            return self.purpose.rows
        return self.counted


@dataclass(frozen=True, slots=True)
class Phase:
    """Where the time went. began: nanoseconds after the operation."""

    name: PhaseName
    began: int
    nanoseconds: int


@dataclass(frozen=True, slots=True, eq=False)
class SeenPlan:
    """What was planned for a field. rows: how many records it reads at most."""

    path: Path
    plan: Any
    rows: int


@dataclass(slots=True, eq=False)
class Observation:
    """One operation that is observed.

    request_id: None where nobody asked for one. owner: who observes. text, document: of the operation, as far as it came.
    known: whether the document was known to be valid. plans: by what tells them apart. plans_found: selections whose plans
    were kept; plans_made: those that were planned. faults: unexpected exceptions by the ids that clients are told. built:
    texts of statements that the driver has been given for the first time. hidden: texts that policies compare with, which
    nobody is shown. source: where it reads. direct: whether it was answered without graphql-core's executor. ended: whether
    nothing counts any more.
    """

    request_id: str | None = None
    owner: Any = None
    began_at: int = field(default_factory=time_ns)
    began: int = field(default_factory=perf_counter_ns)
    text: str = ""
    document: Any = None
    known: bool = True
    statements: list[SeenStatement] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    plans: dict[object, SeenPlan] = field(default_factory=dict)
    plans_found: int = 0
    plans_made: int = 0
    faults: dict[str, BaseException] = field(default_factory=dict)
    built: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    source: Any = None
    nanoseconds: int = 0
    direct: bool = False
    ended: bool = False
    _timing: bool = False

    def tell(self, statement: SeenStatement) -> None:
        """A statement was run. What goes on after the operation, in tasks that it started, is none of it."""
        if not self.ended:
            self.statements.append(statement)

    def forget(self) -> None:
        """Let go of all that was told: a connection that was opened meanwhile keeps its context, and this in it."""
        self.ended = True
        for kept in (self.statements, self.phases, self.plans, self.faults, self.built, self.hidden):
            kept.clear()
        self.document = self.source = None

    def now(self) -> int:
        """Nanoseconds since it began."""
        return perf_counter_ns() - self.began

    @contextmanager
    def timing(self, name: PhaseName) -> Iterator[None]:
        """The time of the block counts for a phase, unless the block is a part of one that is timed."""
        if self._timing:
            yield
            return
        self._timing, began = True, self.now()
        try:
            yield
        finally:
            self._timing = False
            self.phases.append(Phase(name, began, self.now() - began))

    def spent(self, name: PhaseName) -> int | None:
        """Nanoseconds of a phase; None if there was none."""
        found = [each.nanoseconds for each in self.phases if each.name == name]
        return sum(found) if found else None


RUNNING: ContextVar[Observation | None] = ContextVar("gqlcrud_observation", default=None)
"""That of the operation which is running; None where nobody observes."""
PURPOSE: ContextVar[Purpose | None] = ContextVar("gqlcrud_purpose", default=None)
"""What the statements that are run here are for."""
REQUEST_ID: ContextVar[str | None] = ContextVar("gqlcrud_request_id", default=None)


def request_id() -> str | None:
    """The id of the request that is running, for log records of one's own; None where requests have none."""
    return REQUEST_ID.get()


def identified(identity: str | None) -> Holding[str | None]:
    """The request that is served in the block has this id."""
    return Holding(REQUEST_ID, identity)


def timed(name: PhaseName) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """The time that the function takes counts for a phase, where somebody observes."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def measured(*arguments: P.args, **options: P.kwargs) -> T:
            observation = RUNNING.get()
            if observation is None:
                return function(*arguments, **options)
            with observation.timing(name):
                return function(*arguments, **options)

        return measured

    return decorate


def running_for(purpose: Purpose) -> Holding[Purpose | None]:
    """The statements that are run in the block are for this."""
    return Holding(PURPOSE, purpose)


def tell_document(text: str, document: Any, *, known: bool) -> None:
    """What is run. known: whether it had been found valid before."""
    observation = RUNNING.get()
    if observation is not None:
        observation.text, observation.document, observation.known = text, document, known


def tell_fault(identity: str, origin: BaseException) -> None:
    """An unexpected exception, and the id that the client is told."""
    observation = RUNNING.get()
    if observation is not None:
        observation.faults[identity] = origin


def hide(values: Sequence[Any]) -> None:
    """Values that nobody is to be shown: what policies compare with comes from the context of the request."""
    observation = RUNNING.get()
    if observation is not None:
        for value in values:
            texts = value if isinstance(value, list | tuple) else (value,)
            observation.hidden.update(each for each in texts if isinstance(each, str) and each)
