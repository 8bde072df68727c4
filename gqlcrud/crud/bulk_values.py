"""The values of one column in many records in, the same as planning would have them out: all at once where they pass.

Only a column that does not pass so is gone through value by value, which converts and tells what is wrong, as it does for
a single record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gqlcrud.catalog import Catalog, Column
from gqlcrud.crud.values import given_value
from gqlcrud.errors import RequestError
from gqlcrud.write_planning import Problems, checked_assignment, input_value, pass_at_once


def checked_values(
    column: Column, values: Sequence[Any], places: Sequence[int], catalog: Catalog, problems: Problems
) -> Sequence[Any]:
    """The values as attributes take them; of one that is refused anything, and `problems` tells it at its place."""
    if pass_at_once(column, values):
        return values
    found: list[Any] = []
    for place, value in zip(places, values, strict=True):
        try:
            made = input_value(column, given_value(column.scalar, value), catalog)
            found.append(checked_assignment(column, made).value)
        except (RequestError, ValueError) as error:
            problems.keep(error, (place, column.key))
            found.append(None)
    return found
