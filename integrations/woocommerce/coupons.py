"""Members' codes as coupons of the store: one coupon per code, marked with its discount's name.

A coupon that we did not make is never changed. A code is ended by its date of expiry, as a deleted
coupon would lose its count of uses, and its code would be free for another. WooCommerce keeps codes
in lower case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from core.batches import batches
from core.money import plain_percent
from integrations.shop import Discount, NotUnderstoodError, ShopAwayError, ShopCode
from integrations.woocommerce import values
from integrations.woocommerce.rest import Rest

BATCH_SIZE = 100
MAKER = "Tributary"  # begins the description, by which WordPress finds what is ours
MARK = "_tributary_discount"
TAKEN = "woocommerce_rest_coupon_code_already_exists"


def codes_of(rest: Rest, discount: Discount) -> Iterator[ShopCode]:
    """Return the codes of this discount, as the store has them."""
    for coupon in _ours(rest):
        if _discount_of(coupon) == discount.name:
            yield ShopCode(
                code=values.text(coupon, "code"),
                is_active=_is_active(coupon),
                shop_id=values.shop_id(coupon),
                times_used=_times_used(coupon),
            )


def make_codes(rest: Rest, discount: Discount, codes: Sequence[str]) -> dict[str, str]:
    """Make missing coupons and renew ended ones. Returns why a code could not be made, by code."""
    known = _by_code(rest)
    wanted = list(dict.fromkeys(codes))
    new = [code for code in wanted if code.casefold() not in known]
    others = [(code, known[code.casefold()]) for code in wanted if code.casefold() in known]
    stale = [(code, coupon) for code, coupon in others if not _is_right(coupon, discount)]
    problems: dict[str, str] = {}
    for batch in batches(new, BATCH_SIZE):
        asked = [{"code": code, **_contents(discount)} for code in batch]
        parts = rest.batch("/coupons/batch", create=asked)["create"]
        problems |= _problems(batch, parts)
    for some in batches(stale, BATCH_SIZE):
        changes = [
            {"id": int(values.shop_id(coupon)), "date_expires": "", **_contents(discount)}
            for _, coupon in some
        ]
        parts = rest.batch("/coupons/batch", update=changes)["update"]
        problems |= _problems([code for code, _ in some], parts)
    return problems


def end_codes(rest: Rest, codes: Sequence[str], *, now: datetime) -> dict[str, str]:
    """Let coupons of ours expire. Returns why a code could not be ended, by code."""
    known = _by_code(rest)
    wanted = list(dict.fromkeys(codes))
    active = [
        code for code in wanted
        if (coupon := known.get(code.casefold())) is not None and _is_active(coupon)
    ]  # fmt: skip
    # The day is read in the store's time zone; two days ago is past in all of them.
    expired = (now - timedelta(days=2)).strftime("%Y-%m-%dT00:00:00")
    problems: dict[str, str] = {}
    for batch in batches(active, BATCH_SIZE):
        ids = [int(values.shop_id(known[code.casefold()])) for code in batch]
        changes = [{"id": one, "date_expires": expired} for one in ids]
        parts = rest.batch("/coupons/batch", update=changes)["update"]
        problems |= _problems(batch, parts)
    for code in wanted:
        if code.casefold() not in known and rest.list_page("/coupons", code=code)[0]:
            problems[code] = (
                f"The coupon {code} was not made by {MAKER}, so it was left as it is. End it in "
                "the store, under Marketing → Coupons."
            )
    return problems


def _contents(discount: Discount) -> dict[str, Any]:
    return {
        "discount_type": "percent",
        "amount": plain_percent(discount.percent_bp),
        "description": f"{MAKER}: {discount.name}",
        "meta_data": [{"key": MARK, "value": discount.name}],
    }


def _ours(rest: Rest) -> Iterator[Mapping[str, Any]]:
    for coupon in rest.pages("/coupons", search=MAKER):
        if values.shop_id(coupon) and _discount_of(coupon):
            yield coupon


def _by_code(rest: Rest) -> dict[str, Mapping[str, Any]]:
    return {values.text(coupon, "code").casefold(): coupon for coupon in _ours(rest)}


def _discount_of(coupon: Mapping[str, Any]) -> str:
    """The name of the discount that we made the coupon for; "" if we did not."""
    try:
        marks = [
            values.text(meta, "value") for meta in values.items(coupon, "meta_data")
            if meta.get("key") == MARK
        ]  # fmt: skip
    except NotUnderstoodError:
        return ""
    return marks[-1] if marks else ""


def _is_right(coupon: Mapping[str, Any], discount: Discount) -> bool:
    amount = Decimal(plain_percent(discount.percent_bp))
    return (
        _is_active(coupon)
        and _discount_of(coupon) == discount.name
        and coupon.get("discount_type") == "percent"
        and _read(values.number, coupon, "amount") == amount
    )


def _is_active(coupon: Mapping[str, Any]) -> bool:
    if values.text(coupon, "status") not in ("", "publish"):
        return False
    expires = _read(values.moment, coupon, "date_expires_gmt")
    return not expires or datetime.fromisoformat(expires) > datetime.now(UTC)


def _times_used(coupon: Mapping[str, Any]) -> int | None:
    used = coupon.get("usage_count")
    return used if isinstance(used, int) and not isinstance(used, bool) and used >= 0 else None


def _read(reader: Any, coupon: Mapping[str, Any], name: str) -> Any:
    try:
        return reader(coupon, name)
    except NotUnderstoodError as error:
        raise ShopAwayError(
            f"The store answered with a coupon that can't be read: {error}"
        ) from None


def _problems(codes: Sequence[str], parts: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Why each code failed whose part of the answer is an error."""
    found = {}
    for code, part in zip(codes, parts, strict=True):
        error = part.get("error")
        if not isinstance(error, Mapping):
            continue
        if error.get("code") == TAKEN:
            found[code] = (
                f"The store has a coupon {code} already, which was not made by {MAKER}. It works "
                "as it is; check its discount in the store, under Marketing → Coupons."
            )
        else:
            said = values.text(error, "message", max_length=200)
            found[code] = f"The store refused the coupon {code}. {said}".strip()
    return found
