"""Selections that come again in, what was planned for what stands below them out."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from gqlcrud.selection import Selection

KEPT = 1024
"""Selections whose plans are kept: a few kB each."""


@dataclass(frozen=True, slots=True)
class _Known:
    """children: held, so that nothing else takes their place in memory."""

    children: tuple[Selection, ...]
    planned: Any


@dataclass(slots=True)
class KnownPlans:
    """What was planned for the children of selections, for those that were planned last.

    The children of a selection stand in one place of one document, so they alone tell what is planned for them; where
    something depends on who asks, nothing is kept.
    """

    _known: OrderedDict[int, _Known] = field(default_factory=OrderedDict)

    def find(self, selection: Selection) -> Any:
        """What was kept for the children of a selection; None if nothing was."""
        known = self._known.get(id(selection.children))
        if known is None:
            return None
        self._known.move_to_end(id(selection.children))
        return known.planned

    def keep(self, selection: Selection, planned: Any) -> bool:
        """Keep what was planned, if these children come again and are answered alike whoever asks. False if not."""
        if not selection.lasting or not selection.children or any(map(_depends_on_caller, selection.children)):
            return False
        self._known[id(selection.children)] = _Known(selection.children, planned)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return True


def _depends_on_caller(selection: Selection) -> bool:
    """Deleted records are shown to some."""
    return bool(selection.arguments.get("deleted")) or any(map(_depends_on_caller, selection.children))
