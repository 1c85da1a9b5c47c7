"""Brands' own hosts for links: proven in DNS, one brand for each, checked again and again."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from accounts.models import AuditEntry, Brand
from accounts.test_mode import open_test_brand
from core.tenancy import acting_for
from tests.cast import NOW, SYSTEM, Cast, assemble
from tests.notifications.dns_stand_in import DnsStandIn, dns
from tracking.links.domain_records import records_to_set
from tracking.links.items import items_of
from tracking.links.link_domains import (
    LinkDomainError,
    add_domain,
    answers_links,
    check_domain,
    check_due_domains,
    choose_main,
    remove_domain,
)
from tracking.models import LinkDomain

__all__ = ["dns"]

HOST = "go.juniper.example"
OURS = "links.tributary.example"


@pytest.fixture(autouse=True)
def _our_host(settings: Any, dns: DnsStandIn) -> None:
    settings.LINK_HOST = OURS
    address, port = dns.socket.getsockname()
    settings.DNS_SERVER = f"{address}:{port}"
    dns.addresses[OURS] = ["203.0.113.7", "2001:db8::7"]


def add(brand: Brand, host: str = HOST) -> LinkDomain:
    with acting_for(brand):
        return add_domain(host=host, by=SYSTEM, now=NOW)


def prove(dns: DnsStandIn, domain: LinkDomain) -> None:
    """Set the records that the page names."""
    alias, proof = records_to_set(domain.host, domain.proof)
    dns.aliases[alias.name] = alias.text
    dns.texts.setdefault(proof.name, []).append(proof.text)


def check(domain: LinkDomain, *, later: timedelta = timedelta(0)) -> LinkDomain:
    with acting_for(domain.brand_id):
        return check_domain(domain=domain, by=SYSTEM, now=NOW + later)


def shown_link(cast: Cast) -> str | None:
    with acting_for(cast.juniper):
        return items_of([cast.mara_in_glow])[cast.mara_in_glow.pk].tracking_link


def test_a_proven_host_is_shown_in_every_link(cast: Cast, dns: DnsStandIn) -> None:
    domain = add(cast.juniper)
    before = shown_link(cast)
    assert not check(domain).works
    prove(dns, domain)

    row = check(domain)

    assert (row.works, row.problem, row.verified_at) == (True, "", NOW)
    assert row.next_check_at == NOW + timedelta(days=1)
    assert before is not None
    slug = before.rpartition("/")[2]
    assert before == f"http://testserver/r/{slug}"
    assert shown_link(cast) == f"https://{HOST}/{slug}"
    cast.juniper.refresh_from_db()
    assert (cast.juniper.link_host, cast.juniper.link_hosts) == (HOST, [HOST])
    assert answers_links(HOST)
    assert not answers_links("go.saltmarsh.example")
    with acting_for(cast.juniper):
        actions = AuditEntry.objects.filter(action__startswith="link_domain.").order_by("pk")
        assert [one.action for one in actions] == ["link_domain.added", "link_domain.works"]


@pytest.mark.parametrize(
    ("change", "problem", "seen"),
    [
        ("no proof", "no_proof", ""),
        ("another proof", "wrong_proof", "tributary-host=other"),
        ("no host", "no_address", ""),
        ("elsewhere by name", "elsewhere", "shops.example"),
        ("elsewhere by address", "elsewhere", "198.51.100.1"),
        ("one address of two", "elsewhere", "198.51.100.1, 203.0.113.7"),
        ("an alias to nowhere", "no_address", "nowhere.example"),
    ],
)
def test_what_is_wrong_is_named(
    cast: Cast, dns: DnsStandIn, change: str, problem: str, seen: str
) -> None:
    domain = add(cast.juniper)
    prove(dns, domain)
    proof = f"_tributary.{HOST}"
    if change == "no proof":
        del dns.texts[proof]
    elif change == "another proof":
        dns.texts[proof] = ["something else", "tributary-host=other"]
    elif change == "no host":
        del dns.aliases[HOST]
    elif change == "elsewhere by name":
        dns.aliases[HOST] = "shops.example"
        dns.addresses["shops.example"] = ["198.51.100.1"]
    elif change == "an alias to nowhere":
        dns.aliases[HOST] = "nowhere.example"
    else:
        del dns.aliases[HOST]
        dns.addresses[HOST] = ["198.51.100.1", *["203.0.113.7"] * (change == "one address of two")]

    row = check(domain)

    assert (row.problem, row.seen, row.verified_at) == (problem, seen, None)
    assert not answers_links(HOST)


@pytest.mark.parametrize(
    "addresses", [["203.0.113.7"], ["2001:db8::7"], ["203.0.113.7", "2001:db8::7"]]
)
def test_addresses_that_are_ours_will_do(cast: Cast, dns: DnsStandIn, addresses: list[str]) -> None:
    domain = add(cast.juniper)
    prove(dns, domain)
    del dns.aliases[HOST]
    dns.addresses[HOST] = addresses

    assert check(domain).works


def test_a_host_that_breaks_is_told_of_once_and_links_are_ours_again(
    cast: Cast, dns: DnsStandIn
) -> None:
    domain = add(cast.juniper)
    prove(dns, domain)
    check(domain)
    del dns.aliases[HOST]
    day = timedelta(days=1)

    row = check(domain, later=day)
    check(domain, later=day + timedelta(hours=1))

    assert (row.problem, row.problem_since) == ("no_address", NOW + day)
    assert row.next_check_at == NOW + day + timedelta(hours=1)
    assert row.verified_at == NOW  # whoever comes by it is still led to the shop
    assert answers_links(HOST)
    assert (shown_link(cast) or "").startswith("http://testserver/r/")
    [told] = mail.outbox
    assert told.to == ["ines@juniper.example"]
    assert HOST in told.subject
    assert "The host does not exist in DNS" in told.body
    dns.aliases[HOST] = OURS
    assert check(domain, later=2 * day).works
    assert (shown_link(cast) or "").startswith(f"https://{HOST}/")


def test_where_dns_is_silent_nothing_changes(cast: Cast, dns: DnsStandIn) -> None:
    domain = add(cast.juniper)
    prove(dns, domain)
    check(domain)
    dns.failing = {HOST, f"_tributary.{HOST}"}

    row = check(domain, later=timedelta(days=1))

    assert row.works
    assert (row.answered_at, row.checked_at) == (NOW, NOW + timedelta(days=1))
    assert row.next_check_at == NOW + timedelta(days=1, hours=1)
    assert mail.outbox == []


def test_who_only_enters_a_host_keeps_nobody_from_it(cast: Cast, dns: DnsStandIn) -> None:
    squatter = add(cast.saltmarsh)
    owner = add(cast.juniper)
    prove(dns, owner)

    assert check(owner).works
    assert check(squatter).problem == "wrong_proof"
    cast.saltmarsh.refresh_from_db()
    assert cast.saltmarsh.link_hosts == []


def test_a_proven_host_stays_with_its_brand_while_the_proof_is_there(
    cast: Cast, dns: DnsStandIn
) -> None:
    first, second = add(cast.juniper), add(cast.saltmarsh)
    prove(dns, first)
    check(first)
    prove(dns, second)

    assert check(second).problem == "taken"
    assert check(first).works

    dns.texts[f"_tributary.{HOST}"].pop(0)
    assert check(second).works
    with acting_for(cast.juniper):
        first.refresh_from_db()
        assert (first.verified_at, first.problem) == (None, "taken")
        assert AuditEntry.objects.filter(action="link_domain.taken").count() == 1
    cast.juniper.refresh_from_db()
    assert (cast.juniper.link_host, cast.juniper.link_hosts) == ("", [])


def test_postgresql_has_one_brand_for_a_verified_host(cast: Cast) -> None:
    first, second = add(cast.juniper), add(cast.saltmarsh)
    with acting_for(cast.juniper):
        LinkDomain.objects.filter(pk=first.pk).update(verified_at=NOW, problem="")
    with acting_for(cast.saltmarsh), pytest.raises(IntegrityError), transaction.atomic():
        LinkDomain.objects.filter(pk=second.pk).update(verified_at=NOW, problem="")
    for wrong in ("GO.juniper.example", "go", "10.0.0.1", "go.juniper.example."):
        with acting_for(cast.juniper), pytest.raises(IntegrityError), transaction.atomic():
            LinkDomain.objects.create(host=wrong, proof="x")


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("", "a host alone"), ("go", "a host alone"), ("go.juniper.example/x", "a host alone"),
        ("localhost", "a host alone"), ("10.0.0.1", "a host alone"),
        ("93.184.216.34", "a host alone"), ("go.juniper.example:443", "a host alone"),
        (OURS, "is ours"), (f"x.{OURS}", "is ours"),
        ("www.juniper.example", "where your shop is"), (HOST, "in the list already"),
    ],
)  # fmt: skip
def test_what_can_be_no_link_domain_is_refused(cast: Cast, host: str, why: str) -> None:
    add(cast.juniper)

    with pytest.raises(LinkDomainError, match=why):
        add(cast.juniper, host)


def test_a_host_is_stored_as_punycode_and_only_so_many(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.links.link_domains.MAX_DOMAINS", 1)

    assert add(cast.juniper, " https://Los.Bücher.example/ ").host == "los.xn--bcher-kva.example"
    with pytest.raises(LinkDomainError, match="at most 1"):
        add(cast.juniper)


def test_test_mode_has_none(cast: Cast) -> None:
    with acting_for(cast.juniper):
        test = open_test_brand(brand=cast.juniper, by=SYSTEM, now=NOW)
    with pytest.raises(LinkDomainError, match="Test mode"):
        add(test)
    with (
        acting_for(test),
        pytest.raises(ProgrammingError, match="link domains"),
        transaction.atomic(),
    ):
        LinkDomain.objects.create(host=HOST, proof="x")


def test_one_is_chosen_and_one_is_removed(cast: Cast, dns: DnsStandIn) -> None:
    first, second = add(cast.juniper), add(cast.juniper, "to.juniper.example")
    for domain in (first, second):
        prove(dns, domain)
        check(domain)

    def shown() -> str:
        cast.juniper.refresh_from_db()
        return cast.juniper.link_host

    with acting_for(cast.juniper):
        hosts = [shown()]
        choose_main(domain=second, by=SYSTEM, now=NOW)
        hosts.append(shown())
        choose_main(domain=None, by=SYSTEM, now=NOW)
        hosts.append(shown())
        choose_main(domain=first, by=SYSTEM, now=NOW)
        remove_domain(domain=first, by=SYSTEM, now=NOW)
        hosts.append(shown())

    assert hosts == [HOST, "to.juniper.example", "", ""]
    assert cast.juniper.link_hosts == ["to.juniper.example"]
    assert not answers_links(HOST)


def test_those_that_are_due_are_checked(cast: Cast, dns: DnsStandIn, time_machine: Any) -> None:
    first, second = add(cast.juniper), add(cast.saltmarsh, "go.saltmarsh.example")
    prove(dns, first)
    time_machine.move_to(NOW + timedelta(minutes=10), tick=False)

    assert check_due_domains(now=NOW) == 0
    assert check_due_domains(now=NOW + timedelta(minutes=10)) == 2
    assert check_due_domains(now=NOW + timedelta(minutes=10)) == 0
    with acting_for(cast.juniper):
        assert LinkDomain.objects.get(pk=first.pk).works
    with acting_for(cast.saltmarsh):
        assert not LinkDomain.objects.get(pk=second.pk).works


@pytest.mark.django_db(transaction=True)
def test_of_two_brands_verified_at_once_one_has_the_host(dns: DnsStandIn) -> None:
    cast = assemble()
    domains = [add(cast.juniper), add(cast.saltmarsh)]
    for domain in domains:
        prove(dns, domain)
    start, found = threading.Barrier(2), []

    def verify(domain: LinkDomain) -> None:
        try:
            start.wait()
            found.append(check(domain).problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=verify, args=[domain]) for domain in domains]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == ["", "taken"]
