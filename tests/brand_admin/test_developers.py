"""Connections → For developers: keys, requests to copy that run, and what was answered."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from accounts.models import ApiKey, Brand
from api.request_log import REQUESTS
from brand_admin.connections.developers_examples import KEY, examples
from core.tenancy import acting_for
from tests.answers import page_text
from tests.api.shop import ORDERS, Shop, key_for
from tests.brand_admin.desk import at, csv_of, desk_of, new_key, shown
from tests.cast import NOW, Cast, assemble, raw_order
from tracking.models import Order, PromoCode

CURL, NODE, PHP = (shutil.which(name) for name in ("curl", "node", "php"))


def texts(cast: Cast) -> dict[str, str]:
    with acting_for(cast.juniper):
        return {one.language: one.text for one in examples(cast.juniper, now=NOW)}


@pytest.mark.django_db
def test_the_old_address_leads_to_the_keys(cast: Cast) -> None:
    answer = desk_of(cast.vera).get(at(cast.juniper, "settings_keys"))

    assert answer["Location"] == at(cast.juniper, "developers")
    assert "/settings/keys/" in at(cast.juniper, "settings_keys")


@pytest.mark.django_db
def test_the_examples_have_the_brands_own_values(cast: Cast, at_noon: None) -> None:
    for language, text in texts(cast).items():
        for value in ("http://testserver/api/v1/orders", "MARA15", "GBP", '"api"', "is_test", KEY):
            assert value in text, (language, value)
        assert "trb_" not in text.replace("trb_…", "")


@pytest.mark.django_db
def test_one_language_is_shown_and_the_key_is_in_none(cast: Cast, at_noon: None) -> None:
    ines = desk_of(cast.ines)

    page = shown(ines.get(at(cast.juniper, "developers") + "?language=Python"))
    made = page_text(ines.post(at(cast.juniper, "developers"), new_key("shop")))

    assert "urllib.request" in page
    assert "curl_init" not in page
    assert "curl -sS" in made
    assert "/api/v1/openapi.json" in page
    assert made.count("trb_") == made.count('data-copy="trb_') * 2 + made.count("trb_…") + (
        made.count('muted">trb_')
    )


@pytest.fixture
def served(live_server: LiveServer, transactional_db: None, monkeypatch: pytest.MonkeyPatch,
           settings: object) -> tuple[Cast, str]:  # fmt: skip
    """The cast, with a server that the examples name, and a key."""
    settings.BASE_URL = live_server.url  # type: ignore[attr-defined]
    cast = assemble()
    return cast, key_for(cast.juniper)


def run(command: list[str], key: str) -> str:
    """What a program says that has the key in its environment."""
    environment = {"PATH": os.environ["PATH"], KEY: key, "no_proxy": "*"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def assert_recorded(cast: Cast, said: str) -> None:
    with acting_for(cast.juniper):
        order = Order.objects.get(external_id="test-20261120-120000")
    assert "a test order never counts; the order brought the code MARA15" in said
    assert (order.is_test, order.promo_codes, order.source) == (True, ["MARA15"], "api")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(CURL is None, reason="curl is not here")
def test_the_request_in_curl_runs(served: tuple[Cast, str]) -> None:
    cast, key = served
    text = texts(cast)["curl"].replace("trb_…", key)

    assert_recorded(cast, run(["bash", "-c", text], key))


@pytest.mark.django_db(transaction=True)
def test_the_request_in_python_runs(served: tuple[Cast, str]) -> None:
    cast, key = served

    assert_recorded(cast, run([sys.executable, "-c", texts(cast)["Python"]], key))


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(PHP is None, reason="PHP is not here")
def test_the_request_in_php_is_a_program(served: tuple[Cast, str], tmp_path: Path) -> None:
    path = tmp_path / "order.php"
    path.write_text(texts(served[0])["PHP"])

    assert "No syntax errors" in run([str(PHP), "-l", str(path)], "")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(NODE is None, reason="Node is not here")
def test_the_request_in_node_runs(served: tuple[Cast, str], tmp_path: Path) -> None:
    cast, key = served
    path = tmp_path / "order.mjs"
    path.write_text(texts(cast)["Node"])

    assert_recorded(cast, run([str(NODE), str(path)], key))


@pytest.mark.django_db
def test_a_code_with_a_quote_breaks_no_example(cast: Cast) -> None:
    with acting_for(cast.juniper):
        PromoCode.objects.filter(code="MARA15").update(code="O'NEIL$10")
    found = texts(cast)

    ast.parse(found["Python"])
    checked = subprocess.run(
        ["bash", "-n", "-c", found["curl"]], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "O'NEIL$10" in found["Node"]


@pytest.fixture
def requests(cast: Cast, at_noon: None) -> Shop:
    """A shop whose requests are listed: one was taken, one refused."""
    REQUESTS.forget()
    shop = Shop(key_for(cast.juniper))
    shop.send(ORDERS, raw_order("1001") | {"customer_id": "c-77"})
    shop.send(ORDERS, raw_order("1002", currency="pounds"))
    REQUESTS.store()
    return shop


@pytest.mark.django_db
def test_requests_are_listed_with_their_answers(requests: Shop, cast: Cast) -> None:
    vera = desk_of(cast.vera)

    page = shown(vera.get(at(cast.juniper, "api_requests")))
    refused = csv_of(vera.get(at(cast.juniper, "api_requests_csv") + "?outcome=refused"))
    found = vera.get(at(cast.juniper, "api_requests") + "?q=currency").context["rows"]

    assert "POST /api/v1/orders" in page
    assert "invalid_input" in page
    assert [line[4] for line in refused] == ["status", "422"]
    assert [row.status for row in found] == [422]


@pytest.mark.django_db
def test_one_request_is_shown_without_the_shopper(requests: Shop, cast: Cast) -> None:
    vera = desk_of(cast.vera)
    taken = vera.get(at(cast.juniper, "api_requests") + "?outcome=taken").context["rows"][0]

    page = shown(vera.get(at(cast.juniper, "api_request", request_id=taken.pk)))

    assert "MARA15" in page
    assert "recorded" in page
    assert "c-77" not in page
    assert "key shop" in page


@pytest.mark.django_db
def test_another_brand_reads_no_request(requests: Shop, cast: Cast) -> None:
    otto = desk_of(cast.otto)
    with acting_for(cast.juniper):
        assert ApiKey.objects.count() == 1
    [first, *_] = desk_of(cast.vera).get(at(cast.juniper, "api_requests")).context["rows"]

    assert list(otto.get(at(cast.saltmarsh, "api_requests")).context["rows"]) == []
    address = at(cast.saltmarsh, "api_request", request_id=first.pk)
    assert otto.get(address).status_code == 404


@pytest.mark.django_db
def test_an_empty_log_says_what_to_do(cast: Cast, theo: Client) -> None:
    page = shown(theo.get(at(cast.juniper, "api_requests")))

    assert "No request yet" in page
    assert "Keys and examples" in page


@pytest.mark.django_db
def test_a_key_is_made_as_its_form_says(cast: Cast, at_noon: None) -> None:
    wanted = new_key(
        "reports",
        scopes=["read", "payouts"],
        expires_on="2026-12-31",
        allowed_addresses="192.0.2.7\n2001:db8::/48",
    )

    page = shown(desk_of(cast.ines).post(at(cast.juniper, "developers"), wanted))

    with acting_for(cast.juniper):
        key = ApiKey.objects.get()
    assert (key.scopes, key.allowed_addresses) == (
        ["read", "payouts"], ["192.0.2.7/32", "2001:db8::/48"],
    )  # fmt: skip
    assert key.expires_at == datetime(2027, 1, 1, tzinfo=UTC)  # the end of the last day in London
    for words in ("read, payouts", "only from 192.0.2.7/32", "until 31 Dec 2026", "never"):
        assert words in page, words


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scopes": []}, "Choose at least one."),
        ({"scopes": ["write"]}, "Select a valid choice."),
        ({"mode": "both"}, "Select a valid choice."),
        ({"expires_on": "2026-11-19"}, "Choose a time that is not over yet."),
        ({"expires_on": "soon"}, "Enter a valid date."),
        ({"allowed_addresses": "shop.example"}, "is not an address or a network"),
        ({"allowed_addresses": " ".join(f"10.0.0.{n}" for n in range(51))}, "at most 50"),
    ],
)
def test_a_key_that_can_not_be_is_refused(
    cast: Cast, at_noon: None, changes: dict[str, object], words: str
) -> None:
    answer = desk_of(cast.ines).post(at(cast.juniper, "developers"), new_key("shop", **changes))

    assert answer.status_code == 422
    assert words in page_text(answer)
    with acting_for(cast.juniper):
        assert not ApiKey.objects.exists()


@pytest.mark.django_db
def test_a_test_key_is_made_in_live_mode_too(cast: Cast, at_noon: None) -> None:
    ines = desk_of(cast.ines)

    page = shown(ines.post(at(cast.juniper, "developers"), new_key("staging", mode="test")))

    test_brand = Brand.objects.get(test_of=cast.juniper)
    with acting_for(test_brand):
        key = ApiKey.objects.get()
    assert f'data-copy="trb_test_{key.prefix}_' in page
    assert at(test_brand, "key_revoke", key_id=key.pk) in page
    in_test_mode = shown(ines.get(at(test_brand, "developers")))
    assert "staging" in in_test_mode
    assert 'name="mode"' not in in_test_mode


@pytest.mark.django_db
def test_an_expired_key_is_shown_as_such(cast: Cast, at_noon: None) -> None:
    key_for(cast.juniper, expires_at=NOW + timedelta(seconds=1))
    with acting_for(cast.juniper):
        ApiKey.objects.update(expires_at=NOW)

    assert "Expired" in shown(desk_of(cast.vera).get(at(cast.juniper, "developers")))
