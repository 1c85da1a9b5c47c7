"""The rules of flags: small functions of the facts of one sale or one day. Pure.

Each returns the evidence for its flag, or None. The evidence holds what the rule saw and the limit
that it stands above; tracking.flags.sentences makes a sentence of it. Every limit is in `Limits`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from payouts.fingerprints import AccountSharer
from tracking.models import FlagKind

Found = dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Limits:
    """When something is flagged. Days are those of the brand's time zone."""

    fast_order_seconds: int = 15  # from the click to the order
    same_customer_orders: int = 5  # of one customer for one member
    same_customer_days: int = 30
    usual_days: int = 28  # before a day, of which its usual number of sales is the average
    surge_orders: int = 10  # with a code and without a click, on one day
    surge_times: int = 3  # as many as usual
    velocity_sales: int = 20  # on one day
    velocity_times: int = 10  # as many as usual


LIMITS = Limits()
PAID_SEARCH_MARKS = ("gclid", "msclkid", "gbraid", "wbraid")


@dataclass(frozen=True, slots=True)
class StoredClick:
    """What is stored of the click that an order named."""

    referrer_host: str
    landing: str


@dataclass(frozen=True, slots=True)
class SaleFacts:
    """What the rules know of one sale. `clicked_at` is from the signed click id."""

    occurred_at: datetime
    customer_digest: str = ""
    member_digests: frozenset[str] = frozenset()
    clicked_at: datetime | None = None
    click: StoredClick | None = None
    order_referrer: str = ""
    customer_orders: int = 0  # of the customer for this member, up to this one
    shared_accounts: Sequence[AccountSharer] = ()
    coupon_sites: Collection[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class DayFacts:
    """The sales of a member in an offer on one day, and of the days before it.

    `clicks` are those of the day and the day before, so that a code from last night's click does
    not count as one without a click.
    """

    day: date
    sales: int
    sales_before: int  # on the `usual_days` before it
    code_orders: int  # with a code, and without a click id
    clicks: int
    clicks_before: int


def self_purchase(sale: SaleFacts, limits: Limits = LIMITS) -> Found:
    """The customer's address is the member's. Dots, and what follows a plus, do not matter."""
    return {} if sale.customer_digest and sale.customer_digest in sale.member_digests else None


def paid_search(sale: SaleFacts, limits: Limits = LIMITS) -> Found:
    """The click came from an advertisement of a search engine."""
    mark = sale.click.landing if sale.click else ""
    return {"mark": mark} if mark in PAID_SEARCH_MARKS else None


def coupon_site(sale: SaleFacts, limits: Limits = LIMITS) -> Found:
    """The click, or else the shopper, came from a coupon site or an extension for coupons."""
    for host in (sale.click.referrer_host if sale.click else "", sale.order_referrer):
        if host and (site := site_of(host, sale.coupon_sites)):
            return {"host": host, "site": site}
    return None


def fast_order(sale: SaleFacts, limits: Limits = LIMITS) -> Found:
    """The order was placed seconds after the click: few shoppers are as fast, extensions are."""
    if sale.clicked_at is None:
        return None
    seconds = (sale.occurred_at - sale.clicked_at).total_seconds()
    if not 0 <= seconds < limits.fast_order_seconds:
        return None
    return {"seconds": int(seconds), "limit": limits.fast_order_seconds}


def same_customer(sale: SaleFacts, limits: Limits = LIMITS) -> Found:
    """One customer orders again and again with the same member."""
    if sale.customer_orders < limits.same_customer_orders:
        return None
    return {
        "orders": sale.customer_orders,
        "days": limits.same_customer_days,
        "limit": limits.same_customer_orders,
    }


def shared_account(sale: SaleFacts, limits: Limits = LIMITS) -> Found:
    """When the order was placed, another member was paid to the same account."""
    for other in sale.shared_accounts:
        if sale.occurred_at >= other.since:
            return {"member": other.member_id}
    return None


def code_surge(day: DayFacts, limits: Limits = LIMITS) -> Found:
    """A code is used far more than usual, while nobody clicks on its link any more."""
    many = day.code_orders >= limits.surge_orders
    unusual = day.code_orders * limits.usual_days > limits.surge_times * day.sales_before
    if not (many and unusual and day.clicks == 0 and day.clicks_before > 0):
        return None
    return {
        "orders": day.code_orders,
        "limit": limits.surge_orders,
        "clicks_before": day.clicks_before,
        **_of_day(day, limits),
    }


def velocity(day: DayFacts, limits: Limits = LIMITS) -> Found:
    """A member sells many times as much on one day as they usually do."""
    many = day.sales >= limits.velocity_sales
    if not (many and day.sales * limits.usual_days > limits.velocity_times * day.sales_before):
        return None
    return {"sales": day.sales, "limit": limits.velocity_sales, **_of_day(day, limits)}


def _of_day(day: DayFacts, limits: Limits) -> dict[str, Any]:
    return {"day": day.day.isoformat(), "before": day.sales_before, "days": limits.usual_days}


def site_of(host: str, sites: Collection[str]) -> str:
    """Return the site of the list that `host` is, or is a part of; "" if it is none."""
    labels = host.lower().rstrip(".").split(".")
    parents = (".".join(labels[place:]) for place in range(len(labels)))
    return next((parent for parent in parents if parent in sites), "")


SALE_RULES: Mapping[FlagKind, Callable[[SaleFacts], Found]] = {
    FlagKind.SELF_PURCHASE: self_purchase,
    FlagKind.PAID_SEARCH: paid_search,
    FlagKind.COUPON_SITE: coupon_site,
    FlagKind.FAST_ORDER: fast_order,
    FlagKind.SAME_CUSTOMER: same_customer,
    FlagKind.SHARED_ACCOUNT: shared_account,
}
DAY_RULES: Mapping[FlagKind, Callable[[DayFacts], Found]] = {
    FlagKind.CODE_SURGE: code_surge,
    FlagKind.VELOCITY: velocity,
}
# Facts that come later can show that there was nothing unusual. What the other rules saw was so.
CAN_BE_WITHDRAWN = frozenset({FlagKind.SAME_CUSTOMER, *DAY_RULES})
assert {*SALE_RULES, *DAY_RULES} == {*FlagKind}  # noqa: S101
