"""What the check of a connection finds, and the sentence that says what to do."""

from __future__ import annotations

import pytest

from integrations.shop import Finding
from integrations.woocommerce.client import WooClient
from tests.integrations.stand_in import Fault, Reply
from tests.integrations.woocommerce.conftest import client_of
from tests.integrations.woocommerce.stand_in import KEY, WooStore

ALL = ["Store address", "REST API", "Clock", "Key", "Permissions", "WooCommerce version"]


def problem(client: WooClient) -> Finding:
    """The one thing that is wrong."""
    wrong = [one for one in client.check() if not one.is_ok]
    assert len(wrong) == 1
    assert wrong[0].advice.endswith(".")
    return wrong[0]


def test_a_store_that_is_right(store: WooStore, client: WooClient) -> None:
    found = client.check()
    assert [one.title for one in found] == ALL
    assert all(one.is_ok and not one.advice for one in found)
    assert store.webhooks == {}


@pytest.mark.parametrize(
    ("changes", "title", "said"),
    [
        ({"consumer_key": "ck_" + "0" * 40}, "Key", "does not know the key"),
        ({"consumer_secret": "cs_" + "0" * 40}, "Key", "does not belong to the consumer key"),
        ({"store": "http://127.0.0.1:1"}, "Store address", "can't be reached. Check the address"),
        ({"store": "https://10.0.0.7"}, "Store address", "private network"),
    ],
)
def test_wrong_credentials(changes: dict[str, str], title: str, said: str, store: WooStore) -> None:
    found = problem(client_of(store, **changes))
    assert found.title == title
    assert said in found.advice


@pytest.mark.parametrize(
    ("changes", "title", "said"),
    [
        ({"permissions": "read"}, "Permissions", "may only read"),
        ({"permissions": "write"}, "Key", "may only write"),
        ({"permissions": None}, "Key", "does not know the key"),
        ({"is_user_allowed": False}, "Key", "an administrator or a shop manager"),
        ({"has_api": False}, "REST API", "no REST API at this address"),
        ({"has_plain_permalinks": True}, "Permalinks", "choose “Post name”"),
        ({"namespaces": ("wp/v2",)}, "REST API", "not WooCommerce"),
        ({"namespaces": ("wp/v2", "wc/v2")}, "WooCommerce version", "too old"),
        ({"version": "5.7.2"}, "WooCommerce version", "WooCommerce 5.7 is too old"),
        ({"clock_ahead": 3600.0}, "Clock", "60 minutes ahead"),
        ({"clock_ahead": -1200.0}, "Clock", "20 minutes behind"),
    ],
)
def test_each_thing_that_can_be_wrong(
    changes: dict[str, object], title: str, said: str, store: WooStore, client: WooClient
) -> None:
    for name, value in changes.items():
        setattr(store, name, value)
    found = problem(client)
    assert found.title == title
    assert said in found.advice


@pytest.mark.parametrize(
    ("reply", "title", "said"),
    [
        (Reply(301, b"", {"location": "https://www.example.com/"}), "Store address", "moved to"),
        (Reply(503, b"<html>"), "Store address", "Try again in a few minutes"),
        (Reply(200, b"<html>Welcome</html>"), "REST API", "no REST API"),
    ],
)
def test_a_first_page_that_is_none(
    reply: Reply, title: str, said: str, store: WooStore, client: WooClient
) -> None:
    store.faults.append(Fault(reply))
    found = problem(client)
    assert found.title == title
    assert said in found.advice


def test_an_index_that_only_those_who_log_in_may_see(store: WooStore, client: WooClient) -> None:
    hidden = Reply.of({"code": "rest_not_logged_in", "message": "No."}, status=401)
    store.faults.append(Fault(hidden))
    assert all(one.is_ok for one in client.check())


def test_a_firewall_in_front_of_the_orders(store: WooStore, client: WooClient) -> None:
    index = Reply.of({"namespaces": list(store.namespaces)})
    store.faults.extend([Fault(index), Fault(Reply(403, b"<html>Blocked</html>"))])
    assert "firewall" in problem(client).advice


def test_a_store_that_keeps_its_version_to_itself(store: WooStore, client: WooClient) -> None:
    store.version = ""
    assert [one.title for one in client.check()] == ALL[:-1]


def test_the_first_page_is_asked_for_without_the_key(store: WooStore, client: WooClient) -> None:
    client.check()
    assert "authorization" not in store.requests[0].headers
    assert KEY not in repr(store.requests)
