"""What is said of a domain's SPF, DKIM and DMARC records, asked of a DNS server of our own."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from notifications.sender_identity import Check, CheckStatus, identity_of, sending_domain
from tests.notifications.dns_stand_in import DnsStandIn, dns

__all__ = ["dns"]

DOMAIN = "mail.juniper.example"
LONG_KEY = base64.b64encode(b"k" * 294).decode()
SHORT = base64.b64encode(b"k" * 162).decode()
SPF = "v=spf1 include:spf.service.example -all"
DKIM = f"v=DKIM1; k=rsa; p={LONG_KEY}"
DMARC = "v=DMARC1; p=reject; rua=mailto:dmarc@juniper.example"


@pytest.fixture(autouse=True)
def service(settings: Any, dns: DnsStandIn) -> None:
    """A domain where all is well."""
    settings.DKIM_SELECTORS = ["s1"]
    settings.SPF_INCLUDE = "spf.service.example"
    dns.texts = {
        DOMAIN: ["some-site-verification=1", SPF],
        "spf.service.example": ["v=spf1 ip4:203.0.113.0/24 -all"],
        f"s1._domainkey.{DOMAIN}": [DKIM],
        f"_dmarc.{DOMAIN}": [DMARC],
    }


def found(dns: DnsStandIn, name: str) -> Check:
    identity = identity_of(DOMAIN, resolver=dns.resolver())
    return {check.name: check for check in identity.checks}[name]


def test_a_domain_where_all_is_well(dns: DnsStandIn) -> None:
    identity = identity_of(DOMAIN, resolver=dns.resolver())

    assert [check.name for check in identity.checks] == ["SPF", "DKIM", "DMARC"]
    assert {check.status for check in identity.checks} == {CheckStatus.GOOD}
    assert identity.is_good
    assert [check.record for check in identity.checks] == [SPF, DKIM, DMARC]


@pytest.mark.parametrize(
    ("records", "status", "said"),
    [
        ([], "wrong", "no SPF record"),
        (["v=spf10 -all"], "wrong", "no SPF record"),
        ([SPF, "v=spf1 mx -all"], "wrong", "more than one"),
        (["v=spf1 mx -all"], "wrong", "include:spf.service.example"),
        (["v=spf1 include:spf.service.example +all"], "wrong", "every machine"),
        (["v=spf1 include:spf.service.example all"], "wrong", "every machine"),
        (["v=spf1 include:spf.service.example ?all"], "weak", "-all"),
        (["v=spf1 include:spf.service.example"], "weak", "-all"),
        (["V=SPF1 Include:SPF.service.example ~all"], "good", "nobody else"),
        (["v=spf1 include:spf.service.example " + "a:x.example " * 10 + "-all"], "wrong", "10"),
        (["v=spf1 include:spf.service.example " + "a:x.example " * 9 + "-all"], "good", "nobody"),
    ],
)
def test_spf(records: list[str], status: str, said: str, dns: DnsStandIn) -> None:
    dns.texts[DOMAIN] = records or ["nothing of interest"]

    check = found(dns, "SPF")

    assert (check.status, said in check.words) == (status, True), check.words


def test_an_spf_record_that_includes_itself_ends(dns: DnsStandIn) -> None:
    dns.texts["spf.service.example"] = ["v=spf1 include:spf.service.example -all"]

    assert found(dns, "SPF").status == CheckStatus.WRONG
    assert len(dns.asked) < 20


@pytest.mark.parametrize(
    ("records", "status", "said"),
    [
        ([], "wrong", "no key"),
        ([DKIM, DKIM + "A"], "wrong", "more than one"),
        (["v=DKIM1; p="], "wrong", "withdrawn"),
        (["v=DKIM1; p=not base64!"], "wrong", "damaged"),
        ([f"v=DKIM1; p={SHORT}"], "weak", "2,048"),
        ([f"v=DKIM1; k=ed25519; p={base64.b64encode(b'k' * 32).decode()}"], "good", "signed"),
        ([f"v=DKIM1; t=y; p={LONG_KEY}"], "weak", "test"),
        ([f"k=rsa; p={LONG_KEY}"], "good", "signed"),
    ],
)
def test_dkim(records: list[str], status: str, said: str, dns: DnsStandIn) -> None:
    dns.texts[f"s1._domainkey.{DOMAIN}"] = records or ["nothing of interest"]

    check = found(dns, "DKIM")

    assert (check.status, said in check.words) == (status, True), check.words


def test_the_best_of_two_selectors_counts(dns: DnsStandIn, settings: Any) -> None:
    settings.DKIM_SELECTORS = ["s0", "s1"]

    assert found(dns, "DKIM").place == f"s1._domainkey.{DOMAIN}"


def test_without_a_selector_nothing_is_claimed(dns: DnsStandIn, settings: Any) -> None:
    settings.DKIM_SELECTORS = []

    assert found(dns, "DKIM").status == CheckStatus.UNKNOWN


@pytest.mark.parametrize(
    ("place", "records", "status", "said"),
    [
        (DOMAIN, [], "wrong", "no DMARC record"),
        (DOMAIN, [DMARC, DMARC + ";"], "wrong", "more than one"),
        (DOMAIN, ["v=DMARC1; rua=mailto:x@y.example"], "wrong", "no policy"),
        (DOMAIN, ["v=DMARC1; p=none"], "weak", "let through"),
        (DOMAIN, ["v=DMARC1; p=reject; pct=20"], "weak", "let through"),
        (DOMAIN, ["v=DMARC1; p=quarantine"], "good", "spam"),
        ("juniper.example", ["v=DMARC1; p=reject"], "good", "turned away"),
        ("juniper.example", ["v=DMARC1; p=reject; sp=none"], "weak", "let through"),
    ],
)
def test_dmarc(place: str, records: list[str], status: str, said: str, dns: DnsStandIn) -> None:
    del dns.texts[f"_dmarc.{DOMAIN}"]
    if records:
        dns.texts[f"_dmarc.{place}"] = records

    check = found(dns, "DMARC")

    assert (check.status, said in check.words) == (status, True), check.words


def test_what_dns_does_not_answer_is_unknown_not_wrong(dns: DnsStandIn) -> None:
    dns.failing = {DOMAIN, f"s1._domainkey.{DOMAIN}", f"_dmarc.{DOMAIN}"}

    identity = identity_of(DOMAIN, resolver=dns.resolver())

    assert {check.status for check in identity.checks} == {CheckStatus.UNKNOWN}
    assert not identity.is_good


def test_an_international_domain_is_asked_for_in_ascii(dns: DnsStandIn) -> None:
    identity = identity_of("bücher.example", resolver=dns.resolver())

    assert identity.domain == "xn--bcher-kva.example"
    assert "_dmarc.xn--bcher-kva.example" in dns.asked


def test_the_domain_is_that_of_the_senders_address(settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "Tributary <tracking@Mail.Juniper.example>"

    assert sending_domain() == DOMAIN
