"""What a key may do is what its scopes say: every operation, every scope."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client

from accounts.models import ApiRequest, Scope
from api.authentication import ShopKey
from api.order_key import PostbackKey, PublishableKey
from api.request_log import REQUESTS
from api.v1 import api
from core.tenancy import acting_for
from tests.api.shop import ORDERS, Shop, key_for
from tests.cast import Cast, raw_order

READING = {"GET", "HEAD"}
# An operation that changes something needs one scope; one that reads needs "read", or one of these.
ALSO_READ_WITH = {"show_order": {Scope.ORDERS}, "show_order_of_source": {Scope.ORDERS}}


def operations() -> Iterator[tuple[str, str, str, ShopKey]]:
    """Every operation: its id, method, an address of it, and what it needs."""
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                [auth] = operation.auth_callbacks
                if isinstance(auth, PublishableKey | PostbackKey):
                    continue  # they open one operation each, and no scope opens that
                assert isinstance(auth, ShopKey)
                for method in operation.methods:
                    address = "/api/v1/" + re.sub(r"{[^}]+}", "1", f"{prefix}{path}").lstrip("/")
                    yield str(operation.operation_id), method, address, auth


EVERY = sorted(operations(), key=lambda one: one[:2])
every_operation = pytest.mark.parametrize(
    ("name", "method", "address", "auth"), EVERY, ids=[f"{one[0]} {one[1]}" for one in EVERY]
)


@every_operation
def test_every_operation_says_what_it_needs(
    name: str, method: str, address: str, auth: ShopKey
) -> None:
    assert isinstance(auth, ShopKey)
    if method in READING:
        assert set(auth.scopes) == {Scope.READ} | ALSO_READ_WITH.get(name, set())
    else:
        assert len(auth.scopes) == 1
        assert auth.scopes != (Scope.READ,)


@every_operation
def test_a_key_may_do_what_its_scopes_say_and_nothing_else(
    cast: Cast, name: str, method: str, address: str, auth: ShopKey
) -> None:
    for scope in Scope:
        headers = {"Authorization": f"Bearer {key_for(cast.juniper, scopes=[scope.value])}"}

        answer = Client().generic(
            method, address, "{}", content_type="application/json", headers=headers
        )

        assert (answer.status_code == 403) == (scope not in auth.scopes), scope
        if answer.status_code == 403:
            problem = answer.json()
            assert problem["code"] == "insufficient_scope"
            assert problem["needed"] == [one.value for one in auth.scopes]
            assert problem["scopes"] == [scope.value]


def test_the_answer_to_a_missing_scope_names_what_is_needed(cast: Cast) -> None:
    shop = Shop(key_for(cast.juniper, scopes=["read", "payouts"]))

    answer = shop.send(ORDERS, {})

    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == (
        "This needs a key with the scope orders. The scopes of this key: read, payouts."
    )


def test_staff_read_in_their_log_what_was_missing(cast: Cast) -> None:
    shop = Shop(key_for(cast.juniper, scopes=["read"]))
    REQUESTS.forget()

    shop.send(ORDERS, {})
    REQUESTS.store()

    with acting_for(cast.juniper):
        [kept] = ApiRequest.objects.all()
    assert (kept.status, kept.code) == (403, "insufficient_scope")
    assert "needs a key with the scope orders" in kept.detail


def test_an_order_that_was_sent_is_read_back_with_the_same_key(cast: Cast) -> None:
    shop = Shop(key_for(cast.juniper, scopes=["orders"]))

    shop.send(ORDERS, raw_order("1001"))

    assert shop.ask(f"{ORDERS}/1001").status_code == 200
    assert shop.ask(f"{ORDERS}/api/1001").status_code == 200
