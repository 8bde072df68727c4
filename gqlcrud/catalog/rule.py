"""What a CHECK asks of the value of one column, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class Comparison(Enum):
    """How a value is compared with what a `Rule` holds."""

    GT = ">"
    GTE = ">="
    LT = "<"
    LTE = "<="
    EQ = "="
    NE = "<>"
    IN = "IN"
    NOT_IN = "NOT IN"


@dataclass(frozen=True, slots=True)
class Rule:
    """A CHECK of the database that the value of one column alone can break; NULL does not.

    operands: one number or text, several for IN and NOT_IN. of_length: the length of the text is compared.
    """

    comparison: Comparison
    operands: tuple[Decimal | str, ...]
    of_length: bool = False
