"""Who may do what: visitors read the catalogue, customers have what is their own, and staff may do everything."""

from collections.abc import Callable
from typing import Any

from example.auth import Caller
from example.models import (
    Address,
    Customer,
    CustomerProfile,
    ItemReturn,
    Order,
    OrderItem,
    Payment,
    Review,
)
from gqlcrud import AllBut, Policy


def is_staff(caller: Caller | None) -> bool:
    """Staff, and the shop's own code, which runs without a caller."""
    return caller is None or caller.staff


def caller_name(caller: Caller | None) -> str | None:
    return caller.name if caller else None


def caller_number(caller: Caller | None) -> int | None:
    return caller.customer if caller else None


def own(customer: Any, *path: Any) -> Callable[[Caller | None], Any]:
    """Records that belong to the customer who asks. customer: the column that says whose they are; path: the relations
    that lead to it."""

    def rule(caller: Caller | None) -> Any:
        if is_staff(caller):
            return True
        if caller is None or caller.customer is None:
            return False
        condition = customer == caller.customer
        for relation in reversed(path):
            condition = relation.has(condition)
        return condition

    return rule


def staff_alone(*attributes: str) -> Callable[[Caller | None], Any]:
    """All columns but these, which are for staff."""
    return lambda caller: True if is_staff(caller) else AllBut(*attributes)


def kept_by(rule: Callable[[Caller | None], Any]) -> Policy:
    """Who may read a record may make, change and delete it as well."""
    return Policy(read=rule, create=rule, update=rule, delete=rule)


CATALOGUE = Policy(create=is_staff, update=is_staff, delete=is_staff)
"""What holds where a model says nothing else: everybody reads, staff write."""

ACCOUNTS = Policy(
    read=own(Customer.id),
    create=True,
    update=own(Customer.id),
    read_columns=staff_alone("token"),
    write_columns=staff_alone("staff"),
)
"""Everybody may open an account, and nobody says of themselves that they are staff."""
PROFILES = kept_by(own(CustomerProfile.customer_id))
ADDRESSES = kept_by(own(Address.customer_id))

ORDERS = Policy(
    read=own(Order.customer_id), create=own(Order.customer_id), write_columns=staff_alone("status", "placed_at")
)
"""An order stands once it is placed, with its lines: staff alone change it."""
ORDER_ITEMS = Policy(read=own(Order.customer_id, OrderItem.order), create=own(Order.customer_id, OrderItem.order))
PAYMENTS = Policy(read=own(Order.customer_id, Payment.order))
RETURNS = Policy(read=own(Order.customer_id, ItemReturn.item, OrderItem.order))

REVIEWS = Policy(
    create=own(Review.customer_id),
    update=own(Review.customer_id),
    delete=own(Review.customer_id),
    write_columns=staff_alone("verified"),
)
"""Everybody reads reviews, and writes their own."""
EMPLOYEES = Policy(read_columns=staff_alone("salary"))
