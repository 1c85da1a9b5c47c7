"""Where links may lead, checked whenever an address is saved; what was typed stays as it is."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Brand
from core.tenancy import acting_for
from offers.destinations import DestinationError, read_destination, read_domain
from offers.models import Offer
from offers.services import change_offer, create_offer
from offers.terms import OfferError, TermsValues
from tests.cast import NOW, SYSTEM, Cast, offer_values
from tests.snapshot import snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_production(settings: Any) -> None:
    settings.LOCAL = False
    settings.BASE_URL = "https://tracking.example.com"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("https://shop.example/caf%E9", "https://shop.example/caf%E9"),
        ("https://shop.example?abc", "https://shop.example?abc"),
        ("https://shop.example/?a;b[]=1&c=d+e%20f#x?y", "https://shop.example/?a;b[]=1&c=d+e%20f#x?y"),
        ("https://shop.example/?", "https://shop.example/?"),
        ("https://shop.example/#", "https://shop.example/#"),
        ("  https://Shop.Example/Path ", "https://shop.example/Path"),
        ("HTTPS://shop.example/", "https://shop.example/"),
        ("https://bücher.example/ä?ö", "https://xn--bcher-kva.example/ä?ö"),
        ("http://shop.example:8080/a@b", "http://shop.example:8080/a@b"),
        ("https://93.184.216.34/x", "https://93.184.216.34/x"),
        (
            "https://[2606:2800:220:1:248:1893:25c8:1946]:444/x",
            "https://[2606:2800:220:1:248:1893:25c8:1946]:444/x",
        ),
        ("https://notracking.example.com/r/x", "https://notracking.example.com/r/x"),
    ],
)  # fmt: skip
def test_only_the_host_is_rewritten(typed: str, stored: str) -> None:
    assert read_destination(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "", "shop.example", "//shop.example/", "https:shop.example", "https://", "https:///x",
        "ftp://shop.example/", "javascript://shop.example/%0aalert(1)", "data:text/html,x",
        "https://user@shop.example/", "https://user:pass@shop.example/", "https://@shop.example/",
        r"https://evil.example\@shop.example/", r"https:\\shop.example/",
        "https://shop.example/a b", "https://shop.example/\nx", "https://shop.example/\tx",
        "https://shop.example/\x00", "https://shop.example:99999/", "https://shop.example:x/",
        "https://[shop.example/", "https://shop", "https://ex%61mple.com/",
        "https://shop.example/" + "x" * 2_000,
        "http://localhost/", "http://127.0.0.1:8000/", "http://2130706433/", "http://0x7f.1/",
        "http://[::1]/", "http://[::ffff:10.0.0.1]/", "http://169.254.169.254/latest/meta-data",
        "http://printer.local/", "http://db.internal/", "http://\N{FULLWIDTH DIGIT ONE}27.0.0.1/",
        "https://tracking.example.com/r/abc", "https://TRACKING.example.com./r/abc",
        "https://tracking.example.com:8443/",
        "https://tracking\N{IDEOGRAPHIC FULL STOP}example.com/",
    ],
)  # fmt: skip
def test_nothing_else_is_accepted(typed: str) -> None:
    with pytest.raises(DestinationError):
        read_destination(typed)


def test_in_local_mode_shops_are_on_other_ports_of_this_machine(settings: Any) -> None:
    settings.LOCAL, settings.BASE_URL = True, "http://127.0.0.1:8000"

    assert read_destination("http://127.0.0.1:9000/shop") == "http://127.0.0.1:9000/shop"
    for wrong in ("http://127.0.0.1:8000/r/x", "http://10.0.0.1:9000/", "http://127.1:9000/"):
        with pytest.raises(DestinationError):
            read_destination(wrong)


def test_a_link_domain_of_any_brand_is_no_destination(cast: Cast) -> None:
    Brand.objects.filter(pk=cast.saltmarsh.pk).update(link_hosts=["go.saltmarsh.example"])

    with pytest.raises(DestinationError, match="where tracking links begin"):
        read_destination("https://Go.Saltmarsh.example/x")
    with pytest.raises(DestinationError):
        read_domain("go.saltmarsh.example")
    assert read_destination("https://saltmarsh.example/x") == "https://saltmarsh.example/x"


@pytest.mark.parametrize(
    "name", ["com", "localhost", "db.internal", "https://x.example", "10.0.0.1", "a b.example", ""]
)
def test_a_domain_is_one_of_the_internet(name: str) -> None:
    with pytest.raises(DestinationError):
        read_domain(name)


def test_an_offer_is_made_and_changed_under_the_same_rules(cast: Cast) -> None:
    with acting_for(cast.juniper):
        made = create_offer(
            values=offer_values(
                name="Books",
                destination_url="https://Bücher.example/%E9",
                allowed_domains=["Geschenke-Bücher.example"],
            ),
            terms=TermsValues(percent_bp=1),
            by=SYSTEM,
            now=NOW,
        )
        before = snapshot()
        for wrong in (
            {"destination_url": "http://10.0.0.1/"},
            {"allowed_domains": ["shop.example", "db.internal"]},
        ):
            with pytest.raises(OfferError) as refused:
                change_offer(
                    offer=made, values=offer_values(name="Books", **wrong), by=SYSTEM, now=NOW
                )
            assert refused.value.field == next(iter(wrong))

    assert made.destination_url == "https://xn--bcher-kva.example/%E9"
    assert made.allowed_domains == ["xn--geschenke-bcher-9vb.example"]
    assert made.allows_host_of("https://www.xn--bcher-kva.example/x")
    assert snapshot() == before


def test_what_an_offer_had_before_stays_when_something_else_changes(cast: Cast) -> None:
    old = {"destination_url": "http://10.0.0.1/shop", "allowed_domains": ["db.internal"]}
    with acting_for(cast.juniper):
        Offer.objects.filter(pk=cast.glow.pk).update(**old)

        row = change_offer(
            offer=cast.glow, values=offer_values(**old, description="new"), by=SYSTEM, now=NOW
        )

    assert (row.description, row.destination_url) == ("new", old["destination_url"])
