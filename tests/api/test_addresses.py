"""A key that works from some addresses only: the client's address is the one behind our proxies."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import ApiRequest
from api.request_log import REQUESTS
from config.forwarding import parse_networks, trust_proxies
from core.tenancy import acting_for
from tests.api.shop import ORDERS, Shop, key_for
from tests.cast import Cast

PROXY, SHOP, STRANGER = "10.0.0.9", "192.0.2.7", "198.51.100.7"
SHOP_V6 = "2001:db8:7::1"


def status_of(secret: str, *, peer: str, forwarded: str = "") -> int:
    """What the product answers, behind its proxies, to a look at an order that does not exist."""
    passed: dict[str, Any] = {}

    def serve(environ: dict[str, Any], _begin: object) -> list[bytes]:
        passed.update(environ)
        return []

    sent = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "https"}
    if forwarded:
        sent["HTTP_X_FORWARDED_FOR"] = forwarded
    trust_proxies(serve, proxies=parse_networks(["10.0.0.0/8"]))(sent, lambda *_: None)
    shop = Shop(secret)
    return shop.client.get(f"{ORDERS}/1001", headers=shop.headers, **passed).status_code


@pytest.mark.parametrize(
    ("peer", "forwarded", "is_allowed"),
    [
        (SHOP, "", True),
        (SHOP_V6, "", True),
        (STRANGER, "", False),
        (PROXY, SHOP, True),
        (PROXY, SHOP_V6, True),
        (PROXY, f"::ffff:{SHOP}", True),
        (PROXY, STRANGER, False),
        (PROXY, f"{SHOP}, {STRANGER}", False),  # the stranger wrote the first one
        (PROXY, f"{STRANGER}, {SHOP}", True),
        (STRANGER, SHOP, False),  # a header of somebody who is no proxy of ours
        (PROXY, "", False),
        ("", "", False),
    ],
)
@pytest.mark.django_db
def test_the_address_behind_the_proxies_counts(
    cast: Cast, peer: str, forwarded: str, is_allowed: bool
) -> None:
    secret = key_for(cast.juniper, allowed_addresses=["192.0.2.0/24", "2001:db8:7::/48"])

    assert status_of(secret, peer=peer, forwarded=forwarded) == (404 if is_allowed else 401)


@pytest.mark.django_db
def test_staff_read_in_their_log_why_it_was_refused(cast: Cast) -> None:
    secret = key_for(cast.juniper, allowed_addresses=[SHOP])
    REQUESTS.forget()

    status_of(secret, peer=STRANGER)
    REQUESTS.store()

    with acting_for(cast.juniper):
        [kept] = ApiRequest.objects.all()
    assert (kept.status, kept.code) == (401, "invalid_api_key")
    assert kept.detail == (
        f"The key of shop may not be used from {STRANGER}. Allow it, or use another."
    )
