"""Members' codes in Stripe: one coupon for each discount, one promotion code for each member.

The coupon's id follows from the discount, so that it is found again. A promotion code is unique
among the active ones of an account, whatever its case; an ended one can be made active again.
https://docs.stripe.com/api/promotion_codes
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256

from core.money import plain_percent
from integrations.shop import Discount, ShopCode
from integrations.stripe import payload
from integrations.stripe.api import RefusedRequestError, StripeApi
from integrations.stripe.payload import Object

COUPONS, CODES = "/v1/coupons", "/v1/promotion_codes"
ALLOWED = re.compile(r"[A-Za-z0-9-]{1,200}")
MAX_NAME_LENGTH = 40


def coupon_id(discount: Discount) -> str:
    digest = sha256(f"{discount.percent_bp}:{discount.name}".encode()).hexdigest()
    return f"tributary-{digest[:24]}"


def listed(api: StripeApi, discount: Discount) -> Iterator[ShopCode]:
    """Return each code of the discount once. What was ended and made anew is counted together."""
    by_code: dict[str, list[Object]] = {}
    for one in _promotion_codes(api, discount):
        by_code.setdefault(payload.text(one, "code").upper(), []).append(one)
    for found in by_code.values():
        current = _current(found)
        yield ShopCode(
            payload.text(current, "code"),
            current.get("active") is True,
            payload.text(current, "id"),
            sum(payload.units(one, "times_redeemed") for one in found),
        )


def make(api: StripeApi, discount: Discount, codes: Sequence[str]) -> dict[str, str]:
    """Make codes that are missing, and make ended ones active again.

    Returns a sentence for each that could not be made. Doing it again changes nothing.
    """
    _ensure_coupon(api, discount)
    known = {code.code.upper(): code for code in listed(api, discount)}

    def make_one(code: str) -> None:
        there = known.get(code.upper())
        if there is None:
            promotion = {"type": "coupon", "coupon": coupon_id(discount)}
            api.post(CODES, code=code, promotion=promotion, metadata={"made_by": "Tributary"})
        elif not there.is_active:
            api.post(f"{CODES}/{there.shop_id}", active=True)

    refused = [code for code in codes if not ALLOWED.fullmatch(code)]
    sentence = "Stripe takes only letters from A to Z, digits and hyphens in a code."
    tried = [code for code in codes if code not in refused]
    return dict.fromkeys(refused, sentence) | _each(tried, make_one)


def end(api: StripeApi, discount: Discount, codes: Sequence[str]) -> dict[str, str]:
    """Take codes out of use. Returns a sentence for each that could not be ended.

    A code that is not in the shop is out of use.
    """
    active = {code.code.upper(): code for code in listed(api, discount) if code.is_active}

    def end_one(code: str) -> None:
        there = active.get(code.upper())
        if there is not None:
            api.post(f"{CODES}/{there.shop_id}", active=False)

    return _each(codes, end_one)


def _each(codes: Sequence[str], act: Callable[[str], None]) -> dict[str, str]:
    failed = {}
    for code in codes:
        try:
            act(code)
        except RefusedRequestError as error:
            failed[code] = _sentence(code, error)
    return failed


def _sentence(code: str, error: RefusedRequestError) -> str:
    if "already exists" in str(error):
        return (
            f"Stripe has an active promotion code {code} already, of another coupon. End that one"
            " in Stripe, or choose another code."
        )
    return f"Stripe refused {code}: {error}"


def _current(found: Sequence[Object]) -> Object:
    """Return the active one, or else the newest: Stripe lists the newest first."""
    return next((one for one in found if one.get("active") is True), found[0])


def _promotion_codes(api: StripeApi, discount: Discount) -> Iterator[Object]:
    return api.all(CODES, coupon=coupon_id(discount))


def _ensure_coupon(api: StripeApi, discount: Discount) -> None:
    """Make the coupon if it is missing. On a subscription it takes off the first payment."""
    try:
        api.get(f"{COUPONS}/{coupon_id(discount)}")
    except RefusedRequestError as error:
        if not error.is_about_unknown:
            raise
        _make_coupon(api, discount)


def _make_coupon(api: StripeApi, discount: Discount) -> Mapping[str, object]:
    return api.post(
        COUPONS,
        id=coupon_id(discount),
        name=discount.name[:MAX_NAME_LENGTH] or "Discount",
        percent_off=plain_percent(discount.percent_bp),
        duration="once",
        metadata={"made_by": "Tributary"},
    )
