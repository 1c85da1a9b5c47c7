"""Flags in words: one sentence for each rule, and one for what a flag found, with its figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from core.templatetags.display import day as shown_day
from tracking.flags.rules import LIMITS
from tracking.models import Flag, FlagKind

# What each rule does, for the page of the settings.
RULES_IN_WORDS: Mapping[FlagKind, str] = {
    FlagKind.SELF_PURCHASE: "The customer has the member's own email address, also with dots or"
    " “+anything” added. Needs the customer's address from your shop, of which we keep no more"
    " than a fingerprint.",
    FlagKind.PAID_SEARCH: "The click came from an advertisement on Google or Bing.",
    FlagKind.COUPON_SITE: "The shopper came from a coupon site or a browser extension for coupons,"
    " by the list in the settings.",
    FlagKind.CODE_SURGE: f"At least {LIMITS.surge_orders} orders of a day use a member's code"
    f" without a click, more than {LIMITS.surge_times} times the usual number, while nobody clicks"
    " on their link.",
    FlagKind.FAST_ORDER: "The order was placed less than"
    f" {LIMITS.fast_order_seconds} seconds after the click.",
    FlagKind.SAME_CUSTOMER: f"A customer's order number {LIMITS.same_customer_orders} or later with"
    f" the same member in {LIMITS.same_customer_days} days.",
    FlagKind.SHARED_ACCOUNT: "Two members who share their payout details with you are paid to the"
    " same account.",
    FlagKind.VELOCITY: f"A member sells at least {LIMITS.velocity_sales} times in a day, and more"
    f" than {LIMITS.velocity_times} times what is usual for them in the {LIMITS.usual_days} days"
    " before.",
}
ADVERTISEMENTS = {"gclid": "Google", "gbraid": "Google", "wbraid": "Google", "msclkid": "Microsoft"}


def sentence(flag: Flag) -> str:
    """Return what the flag found, for staff; `named` has set the name of another member."""
    return _SENTENCES[FlagKind(flag.kind)]({**flag.evidence, "name": flag.other_name})


def _usual(found: Mapping[str, Any]) -> str:
    """How many a day are usual, rounded to tenths: "2.1 a day"."""
    tenths = (20 * found["before"] + found["days"]) // (2 * found["days"])
    return f"{tenths // 10}.{tenths % 10} a day in the {found['days']} days before"


def _self_purchase(found: Mapping[str, Any]) -> str:
    return "The customer's email address is the member's own."


def _paid_search(found: Mapping[str, Any]) -> str:
    engine = ADVERTISEMENTS[found["mark"]]
    return f"The click came from an advertisement of {engine} ({found['mark']})."


def _coupon_site(found: Mapping[str, Any]) -> str:
    if found["host"] == found["site"]:
        return f"The shopper came from {found['host']}, a coupon site."
    return f"The shopper came from {found['host']}, a part of the coupon site {found['site']}."


def _fast_order(found: Mapping[str, Any]) -> str:
    seconds = f"{found['seconds']} second{'' if found['seconds'] == 1 else 's'}"
    return f"The order was placed {seconds} after the click; we flag less than {found['limit']}."


def _same_customer(found: Mapping[str, Any]) -> str:
    return (
        f"It is the customer's order number {found['orders']} with this member in {found['days']}"
        f" days; we flag from {found['limit']} on."
    )


def _shared_account(found: Mapping[str, Any]) -> str:
    return f"{found['name'] or 'Another member'} is paid to the same account."


def _code_surge(found: Mapping[str, Any]) -> str:
    return (
        f"{found['orders']} orders used the code without a click on"
        f" {shown_day(date.fromisoformat(found['day']))}, and nobody clicked on the link that day"
        f" or the day before. Usual are {_usual(found)}, with {found['clicks_before']} clicks."
    )


def _velocity(found: Mapping[str, Any]) -> str:
    return (
        f"{found['sales']} sales on {shown_day(date.fromisoformat(found['day']))}. Usual are"
        f" {_usual(found)}."
    )


_SENTENCES: Mapping[FlagKind, Callable[[Mapping[str, Any]], str]] = {
    FlagKind.SELF_PURCHASE: _self_purchase,
    FlagKind.PAID_SEARCH: _paid_search,
    FlagKind.COUPON_SITE: _coupon_site,
    FlagKind.CODE_SURGE: _code_surge,
    FlagKind.FAST_ORDER: _fast_order,
    FlagKind.SAME_CUSTOMER: _same_customer,
    FlagKind.SHARED_ACCOUNT: _shared_account,
    FlagKind.VELOCITY: _velocity,
}
