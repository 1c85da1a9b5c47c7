"""The page that says whether mails can be told from forged ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from accounts.models import Brand
from brand_admin.emails import sender
from notifications.sender_identity import identity_of
from tests.brand_admin.desk import at, desk_of, shown
from tests.cast import Cast
from tests.notifications.dns_stand_in import DnsStandIn, dns

__all__ = ["dns"]


@pytest.fixture(autouse=True)
def asked(dns: DnsStandIn, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[DnsStandIn]:
    """The page asks the stand-in, and forgets afterwards."""
    settings.DEFAULT_FROM_EMAIL = "tracking@tributary.example"
    settings.DKIM_SELECTORS, settings.SPF_INCLUDE = ["s1"], ""
    dns.texts = {
        "tributary.example": ["v=spf1 mx -all"],
        "_dmarc.tributary.example": ["v=DMARC1; p=none"],
    }
    monkeypatch.setattr(
        sender, "identity_of", lambda domain: identity_of(domain, resolver=dns.resolver())
    )
    cache.clear()
    yield dns
    cache.clear()


def test_the_page_shows_the_sender_and_the_result_of_each_record(cast: Cast) -> None:
    Brand.objects.filter(pk=cast.juniper.pk).update(
        sender_name="Ines", reply_to="hi@juniper.example"
    )

    page = shown(desk_of(cast.vera).get(at(cast.juniper, "sender_identity")))

    assert "Ines &lt;tracking@tributary.example&gt;" in page
    assert "hi@juniper.example" in page
    assert page.index("In order") < page.index("Needs work") < page.index("Could be better")
    assert "v=spf1 mx -all" in page
    assert "s1._domainkey.tributary.example" in page


def test_dns_is_asked_once_in_a_while(cast: Cast, asked: DnsStandIn) -> None:
    vera, address = desk_of(cast.vera), at(cast.juniper, "sender_identity")

    vera.get(address)
    before = len(asked.asked)
    vera.get(address)

    assert before == len(asked.asked) > 0


def test_without_an_answer_nothing_is_claimed(cast: Cast, asked: DnsStandIn) -> None:
    asked.failing = {
        "tributary.example",
        "_dmarc.tributary.example",
        "s1._domainkey.tributary.example",
    }

    page = shown(desk_of(cast.vera).get(at(cast.juniper, "sender_identity")))

    assert page.count("Not known") == 3
