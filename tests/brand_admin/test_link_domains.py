"""Owners add a domain for links, see what to set in DNS, and choose it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from core.tenancy import acting_for
from tests.answers import page_text
from tests.brand_admin.desk import at, desk_of, shown
from tests.cast import NOW, SYSTEM, Cast
from tests.notifications.dns_stand_in import DnsStandIn, dns
from tests.snapshot import snapshot
from tracking.links.link_domains import add_domain
from tracking.models import LinkDomain

__all__ = ["dns"]

HOST, OURS = "go.juniper.example", "links.tributary.example"
PROOF = f"_tributary.{HOST}"


@pytest.fixture(autouse=True)
def _our_host(settings: Any, dns: DnsStandIn) -> None:
    settings.LINK_HOST = OURS
    address, port = dns.socket.getsockname()
    settings.DNS_SERVER = f"{address}:{port}"


@pytest.fixture
def ines(cast: Cast) -> Client:
    """The browser of Juniper's owner."""
    return desk_of(cast.ines)


@pytest.fixture
def domain(cast: Cast) -> LinkDomain:
    with acting_for(cast.juniper):
        return add_domain(host=HOST, by=SYSTEM, now=NOW)


def test_adding_a_host_leads_to_the_records_to_set(cast: Cast, ines: Client) -> None:
    empty = shown(ines.get(at(cast.juniper, "link_domains")))

    page = shown(ines.post(at(cast.juniper, "link_domains"), {"host": HOST}, follow=True))

    with acting_for(cast.juniper):
        made = LinkDomain.objects.get()
    assert "No domain of your own yet" in empty
    for value in (HOST, OURS, PROOF, f"tributary-host={made.proof}"):
        assert f'data-copy="{value}"' in page
    assert "Waiting for DNS" in page


def test_a_check_says_what_is_missing_and_when_all_is_well(
    cast: Cast, ines: Client, dns: DnsStandIn, domain: LinkDomain
) -> None:
    check = at(cast.juniper, "link_domain_check", domain_id=domain.pk)

    missing = shown(ines.post(check, follow=True))
    dns.texts[PROOF] = ["tributary-host=other"]
    wrong = shown(ines.post(check, follow=True))
    dns.texts[PROOF] = [f"tributary-host={domain.proof}"]
    dns.aliases[HOST] = "shops.example"
    dns.addresses["shops.example"] = ["198.51.100.1"]
    elsewhere = shown(ines.post(check, follow=True))
    dns.failing = {PROOF}
    silent = shown(ines.post(check, follow=True))
    dns.failing = set()
    dns.aliases[HOST] = OURS
    works = shown(ines.post(check, follow=True))
    dns.aliases.clear()
    broken = shown(ines.post(check, follow=True))

    assert f"DNS has no TXT record {PROOF}" in missing
    assert "holds “tributary-host=other”" in wrong
    assert "leads to shops.example, which is not us" in elsewhere
    assert "DNS did not answer" in silent
    assert f"Both records are set: {HOST} works." in works
    assert "Links are shown and copied with it." in works
    assert "It stopped working" in broken
    assert "Broken since" in broken


def test_it_is_chosen_and_not_chosen(
    cast: Cast, ines: Client, dns: DnsStandIn, domain: LinkDomain
) -> None:
    choose = at(cast.juniper, "link_domain_main", domain_id=domain.pk)

    ours = shown(ines.post(choose, follow=True))
    again = shown(ines.post(choose, follow=True))

    assert "Links are shown with our host." in ours
    assert f"Links are shown with {HOST} while it works." in again


def test_removing_asks_once(cast: Cast, ines: Client, domain: LinkDomain) -> None:
    remove = at(cast.juniper, "link_domain_remove", domain_id=domain.pk)

    assert "stops leading to your shop" in shown(ines.get(remove))
    assert f"{HOST} is removed." in shown(ines.post(remove, follow=True))
    with acting_for(cast.juniper):
        assert not LinkDomain.objects.exists()


def test_a_refused_host_says_why(cast: Cast, ines: Client) -> None:
    before = snapshot()

    answer = ines.post(at(cast.juniper, "link_domains"), {"host": "www.juniper.example"})

    assert "is where your shop is" in page_text(answer)
    assert snapshot() == before


def test_only_owners_change_them(cast: Cast, theo: Client, domain: LinkDomain) -> None:
    before = snapshot()

    assert HOST in shown(theo.get(at(cast.juniper, "link_domains")))
    assert theo.post(at(cast.juniper, "link_domains"), {"host": "x.example"}).status_code == 403
    for name in ("link_domain_check", "link_domain_main", "link_domain_remove"):
        address = at(cast.juniper, name, domain_id=domain.pk)
        assert theo.post(address).status_code == 403
    assert snapshot() == before
