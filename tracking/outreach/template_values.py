"""The values of the variables in mails about an offer, for each enrollment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from accounts.selectors import current_brand
from offers.models import Enrollment, Offer
from offers.selectors import terms_histories
from offers.wording import describe
from tracking.links.items import Items

Value = str | None


def values_for(
    enrollments: Sequence[Enrollment], *, items: dict[int, Items], now: datetime
) -> dict[int, dict[str, Value]]:
    """Return the variables by enrollment id; enrollments come with member and offer.

    A value is None if the offer's kind has no code or link, and "" if the member has none yet.
    """
    common = common_values({row.offer_id: row.offer for row in enrollments}.values(), now)
    return {
        row.pk: {
            "first_name": row.member.first_name,
            "full_name": row.member.full_name,
            "dashboard_link": items[row.pk].dashboard_link,
            **item_values(row.offer, items[row.pk].promo_code, items[row.pk].tracking_link),
            **common[row.offer_id],
        }
        for row in enrollments
    }


def common_values(offers: Iterable[Offer], now: datetime) -> dict[int, dict[str, Value]]:
    """Return the values that are the same for all members of an offer, by offer id."""
    brand = current_brand()
    known = list(offers)
    histories = terms_histories({offer.pk for offer in known})
    return {
        offer.pk: {
            "brand_name": brand.name,
            "offer_name": offer.name,
            "commission": describe(histories[offer.pk].at(now), offer.currency),
            "sender_name": brand.sender_name or brand.name,
        }
        for offer in known
    }


def item_values(offer: Offer, code: Value, link: Value) -> dict[str, Value]:
    return {
        "promo_code": _given(offer.gives_codes, code),
        "tracking_link": _given(offer.gives_links, link),
    }


def _given(applies: bool, value: Value) -> Value:
    return (value or "") if applies else value
