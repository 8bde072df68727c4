"""Objects that come again in, what was made of them out: by which objects they are, not by what is in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class ByIdentity(Generic[T]):
    """What was made of objects that are known to come again, of the last `maximum` of them.

    To compare frozen values, and to hash them, takes a look at all that is in them: a plan has dozens of parts. The objects
    are held, so that nothing else takes their place in memory.
    """

    maximum: int
    _known: dict[tuple[int, ...], tuple[tuple[object, ...], T]] = field(default_factory=dict)

    def made_of(self, objects: tuple[object, ...], make: Callable[[], T]) -> T:
        """What `make` gives for these objects, made once."""
        key = tuple(map(id, objects))
        known = self._known.get(key)
        if known is not None:
            return known[1]
        made = make()
        self._known[key] = objects, made
        if len(self._known) > self.maximum:
            del self._known[next(iter(self._known))]
        return made
