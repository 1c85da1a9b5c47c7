"""A batch of statements by PUT gives what the same statements give one by one."""

from __future__ import annotations

from core.tenancy import acting_for
from offers.services import change_offer
from tests.api.shop import ORDERS, Shop
from tests.cast import NOW, SYSTEM, Cast, offer_values, raw_order
from tests.tracking.orders.stating import at, lines


def test_a_winner_that_is_uncancelled_and_a_later_order_stated_anew(shop: Shop, cast: Cast) -> None:
    with acting_for(cast.juniper):
        remembers = offer_values(remembers_customers=True)
        change_offer(offer=cast.glow, values=remembers, by=SYSTEM, now=NOW)
    winner = raw_order("W", customer_id="ada", ordered_at=at(-60))
    later = raw_order("X", customer_id="ada", ordered_at=at(-50), promo_code=None)
    cancelled = winner | {"cancelled_at": at(-59), "updated_at": at(-59)}
    shop.put(ORDERS, {"orders": [cancelled, later | {"updated_at": at(-50)}]})
    anew = [
        winner | {"updated_at": at(-40)},
        later | {"lines": lines("70"), "updated_at": at(-30)},
    ]

    first, second = (shop.put(ORDERS, {"orders": anew}) for _ in range(2))

    assert [first.status_code, second.status_code] == [200, 200]
    assert [one["outcome"] for one in first.json()["results"]] == ["revised", "revised"]
    assert shop.ask(f"{ORDERS}/X").json()["status"] == "accepted"
