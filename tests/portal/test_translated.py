"""No page that a member or a creator reads has a text left in English, in any other language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from babel import Locale
from django.test import Client

from accounts.models import Brand, CodePurpose
from affiliates.logins import user_for_proven_address
from affiliates.models import Member
from config.local.messages import TRANSLATED, translated
from core.tenancy import acting_for
from notifications.unsubscribe_links import unsubscribe_link
from offers.dashboard_links import token_for
from offers.models import Enrollment, Offer, OfferStatus
from payouts.models import LedgerEntry, Payout
from tests.answers import page_text
from tests.architecture.routes import routes
from tests.architecture.source import ROOT
from tests.cast import Cast
from tests.journeys.busy_creator import make_busy, prove
from tests.journeys.furnished import Furnished, furnish_richly
from tests.portal.visible import WORD, texts_of, without
from tracking.models import Conversion, PromoCode, Question

# Names, and what is written the same everywhere.
PROPER = [
    "Tributary", "PayPal", "IBAN", "BIC", "SWIFT", "CSV", "QR", "UTC", "London", "New York",
    "English", "Español", "Deutsch", "Français", "GBP", "USD", "JPY", "EUR", "US$", "JP¥", "$US",
    "Deleted member", "#1001", "DEUTDEFF",
]  # fmt: skip
# Pages of the portal that need a value in their address, with one that opens.
IN_THE_PORTAL = {"act": "payout"}


@pytest.fixture
def full(cast: Cast) -> Furnished:
    return furnish_richly(cast)


def dashboards_of(full: Furnished) -> Iterator[str]:
    """Every page of dashboards in every state."""
    cast = full.world.cast
    with acting_for(cast.juniper):
        payouts = Payout.objects.filter(member=cast.mara)
        payments = [f"/payments/{payout.public_id}" for payout in payouts]
        ended = Enrollment.objects.filter(offer__status=OfferStatus.ENDED).select_related("brand")
        states = [full.inactive, full.paused, full.in_yen, cast.diego_in_glow, *ended[:1]]
    mara = f"/d/{token_for(cast.mara_in_glow)}"
    pages = ["", *payments, *(f"?range={key}" for key in ("today", "7d", "month", "all", "custom"))]
    pages += ["?range=custom&first=2026-11-09&last=2026-11-01", "?status=pending"]
    pages += ["/why", "/questions", "/links", "/qr"]
    yield from (mara + page for page in pages)
    for row in (*states, cast.june_in_tide):
        address = f"/d/{token_for(row)}"
        yield from (address, f"{address}/why", f"{address}/links")
    yield "/d/not-a-link"


def portal_pages() -> Iterator[str]:
    """Every page of the portal that opens with nothing but a login."""
    for route in routes():
        is_portal = route.pattern.startswith("portal/") and "options" not in route.pattern
        if is_portal and set(route.parameters) <= IN_THE_PORTAL.keys():
            yield route.address(IN_THE_PORTAL)
    change = "/portal/payout/change/"
    yield from (f"{change}?method=bank&country={country}" for country in ("DE", "GB", "US", "IN"))
    yield f"{change}?method=paypal&country=FR"


def data_of(brands: list[Brand]) -> list[str]:
    """What people and shops wrote, which nobody translates."""
    found: list[str] = []
    for brand in brands:
        with acting_for(brand):
            found += [brand.name, brand.slug]
            for rows in (
                Offer.objects.values_list("name", "destination_url", "allowed_domains"),
                Member.objects.values_list("first_name", "last_name", "email"),
                PromoCode.objects.values_list("code"),
                Conversion.objects.values_list("reason"),
                LedgerEntry.objects.values_list("note"),
                Payout.objects.values_list("reference", "reason"),
                Question.objects.values_list("order_reference", "note", "answer"),
            ):
                for row in rows:
                    for value in row:
                        found += value if isinstance(value, list) else [value]
    return [text for text in found if text]


def same_in(language: str) -> set[str]:
    """Texts, and names of countries and months, that the language has as English has them."""
    catalog: Any = translated(ROOT, language)
    return _names("en") & _names(language) | {
        text
        for message in catalog
        if message.id
        for text in (message.id if isinstance(message.id, tuple) else [message.id])
        if text in (message.string if isinstance(message.string, tuple) else [message.string])
    }


def read(client: Client, address: str, language: str) -> set[str]:
    answer = client.get(address, headers={"Accept-Language": language})
    assert answer.status_code < 500, address
    if answer.status_code in {302, 405} or "text/html" not in answer.get("Content-Type", ""):
        return set()
    page = page_text(answer)
    assert f'<html lang="{language}"' in page, address
    return texts_of(page)


def _names(language: str) -> set[str]:
    locale = Locale.parse(language)
    months = locale.months["stand-alone"]["abbreviated"]
    return {*locale.territories.values(), *months.values()}


def untranslated(
    client: Client, addresses: list[str], language: str, data: list[str]
) -> dict[str, list[str]]:
    """What each page says in English and in the other language alike, and should not."""
    alike = same_in(language)
    faults: dict[str, list[str]] = {}
    for address in addresses:
        both = read(client, address, "en") & read(client, address, language)
        left = {
            text
            for text in both - alike
            if WORD.search(without(without(text, data), [*PROPER, *alike]))
        }
        if left:
            faults[address] = sorted(left)
    return faults


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_dashboard_is_in_the_readers_language(
    full: Furnished, client: Client, language: str
) -> None:
    data = data_of([full.world.cast.juniper, full.world.cast.saltmarsh])
    addresses = list(dashboards_of(full))
    assert len(addresses) > 30

    assert untranslated(client, addresses, language, data) == {}


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_portal_is_in_the_readers_language(cast: Cast, client: Client, language: str) -> None:
    creator = make_busy(cast, now=cast.now)
    user = user_for_proven_address(email=creator.email, now=cast.now)
    assert user is not None
    client.force_login(user)
    session = client.session
    session["asked_codes"] = {
        purpose: str(prove(creator, purpose, now=cast.now)) for purpose in CodePurpose
    }
    session.save()
    data = data_of(list(Brand.objects.all()))
    addresses = list(portal_pages())
    assert len(addresses) > 15

    assert untranslated(client, addresses, language, data) == {}


@pytest.mark.parametrize("language", TRANSLATED)
def test_pages_of_strangers_are_in_the_readers_language(
    cast: Cast, client: Client, language: str
) -> None:
    leave = urlsplit(unsubscribe_link(brand_id=cast.juniper.pk, address=cast.mara.email)).path
    addresses = ["/portal/login/", leave, "/u/nonsense", "/d/nothing", "/nowhere", "/r/nothing"]

    assert untranslated(client, addresses, language, data_of([cast.juniper])) == {}


@pytest.mark.parametrize("language", TRANSLATED)
def test_refused_forms_say_why_in_the_readers_language(
    cast: Cast, client: Client, path: str, language: str
) -> None:
    def answers(accepted: str, address: str, sent: dict[str, Any]) -> set[str]:
        answer = client.post(address, sent, headers={"Accept-Language": accepted})
        assert answer.status_code in {200, 422}, address
        return texts_of(answer.content.decode())

    data = data_of([cast.juniper])
    alike = same_in(language)
    for address, sent in (
        (f"{path}/questions", {}),
        (f"{path}/questions", {"order_reference": "1", "ordered_on": "2099-01-01"}),
        (f"{path}/links", {"page": ""}),
        (f"{path}/links", {"page": "nonsense"}),
        (f"{path}/links", {"page": "https://elsewhere.example/"}),
        ("/portal/login/", {"email": ""}),
        ("/portal/login/", {"email": "not an address"}),
    ):
        both = answers("en", address, sent) & answers(language, address, sent)
        left = [text for text in both - alike if WORD.search(without(text, [*data, *PROPER]))]
        assert left == [], address


def test_a_sentence_left_in_english_is_found(client: Client) -> None:
    texts = texts_of("<p title='Close'>Not translated <b>MARA15</b></p><script>let it</script>")

    assert texts == {"Not translated", "Close", "MARA15"}
    assert not WORD.search(without("MARA15 Mara Lindqvist", ["Mara", "Lindqvist", "MARA15"]))
