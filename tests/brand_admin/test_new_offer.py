"""Adding an offer: few fields first, the member's sentence as it is typed, and what is unusual."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from offers.models import Offer
from offers.services import supersede_terms
from offers.structure import Rule, RuleKind
from offers.terms import TermsValues
from tests.brand_admin.desk import shown
from tests.brand_admin.staff import address
from tests.brand_admin.typed import typed
from tests.cast import NOW, SYSTEM, Cast

pytestmark = pytest.mark.usefixtures("at_juniper", "at_noon")


def sentence(client: Client, **changes: Any) -> str:
    answer = client.get(address("terms_sentence"), typed(**changes))
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).replace("\N{NO-BREAK SPACE}", " ").split())


def open_folds(page: str) -> list[str]:
    return re.findall(
        r'<details class="card fold-card" open[^>]*>\s*<summary>\s*<h2>(.*?)</h2>', page
    )


def test_only_what_every_offer_needs_is_asked_and_the_hold_is_two_weeks(theo: Client) -> None:
    page = theo.get(address("offer_new")).text

    assert open_folds(page) == []
    assert page.index('name="percent"') < page.index("fold-card") < page.index('name="per_click"')
    assert 'name="hold_days" value="14"' in page


def test_the_member_s_sentence_is_that_of_the_dashboard(theo: Client) -> None:
    assert "You earn 12.5% of every sale plus £2.00" in sentence(theo)
    assert "It can be paid 14 days after the order" in sentence(theo)
    assert "¥2 for every sale" in sentence(theo, currency="JPY", fixed="2")


@pytest.mark.parametrize("changes", [{"percent": "140"}, {"fixed": "x"}, {"hold_days": ""}])
def test_no_sentence_is_made_of_what_is_not_valid(theo: Client, changes: dict[str, Any]) -> None:
    assert sentence(theo, **changes) == ""


def test_a_name_is_not_needed_for_the_sentence(theo: Client) -> None:
    assert "You earn 12.5%" in sentence(theo, name="", destination_url="")


@pytest.mark.parametrize(
    ("changes", "fold"),
    [
        ({"cap": "0"}, "More on what members earn"),
        ({"code_pattern": "{nothing}"}, "Codes and what counts"),
        ({"utm_template": "{nobody}"}, "Links"),
        ({"more_tiers": "1"}, "Tiers"),
        ({"more_rules": "1"}, "Rules"),
        ({"tiers-TOTAL_FORMS": "1", "tiers-0-threshold": "5"}, "Tiers"),
    ],
)
def test_a_fold_with_a_refused_field_stands_open(
    theo: Client, changes: dict[str, Any], fold: str
) -> None:
    sent = typed(approval="automatic", **changes)
    assert open_folds(theo.post(address("offer_new"), sent).text) == [fold]


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ({"tiers-TOTAL_FORMS": "1", "tiers-0-name": "Gold", "tiers-0-threshold": "many"}, "Tiers"),
        ({"rules-TOTAL_FORMS": "1", "rules-0-value": "GLOW"}, "Rules"),
        ({"rules-TOTAL_FORMS": "1", "rules-0-kind": "code"}, "Rules"),
    ],
)
def test_a_refused_row_is_named_above_the_form(
    theo: Client, row: dict[str, str], part: str
) -> None:
    page = theo.post(address("offer_new"), typed(approval="automatic", **row)).text

    assert open_folds(page) == [part]
    assert f"Please check the {part}." in page


def test_enter_adds_no_row(cast: Cast, theo: Client) -> None:
    """It presses the first button of a form."""
    for page in (address("offer_new"), address("terms_new", cast.glow.pk)):
        form = theo.get(page).text.partition('class="narrow stack"')[2]
        first = form.partition("<button")[2].partition(">")[0]
        assert "aria-hidden" in first
        assert "more_" not in first


def test_a_fold_names_a_few_of_many(cast: Cast, theo: Client) -> None:
    rules = tuple(Rule(RuleKind.PRODUCT, f"SKU{n}", 500) for n in range(60))
    values = TermsValues(percent_bp=1_000, rules=rules)
    soon = NOW + timedelta(minutes=1)
    supersede_terms(offer=cast.glow, values=values, starts_at=soon, by=SYSTEM, now=NOW)

    page = shown(theo.get(address("terms_new", cast.glow.pk)))
    assert "Product (SKU) SKU0, Product (SKU) SKU1, Product (SKU) SKU2 and 57 more" in page


def test_a_form_of_what_there_is_shows_what_is_set(cast: Cast, theo: Client) -> None:
    opened = {
        page: open_folds(theo.get(address(page, cast.glow.pk)).text)
        for page in ("offer_edit", "terms_new")
    }
    capped = TermsValues(percent_bp=1_000, cap_minor=5_000)
    soon = NOW + timedelta(minutes=1)
    supersede_terms(offer=cast.glow, values=capped, starts_at=soon, by=SYSTEM, now=NOW)

    assert opened == {"offer_edit": [], "terms_new": []}
    page = theo.get(address("terms_new", cast.glow.pk)).text
    assert open_folds(page) == ["More on what members earn"]


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"ends_on": "2026-11-19"}, "The last day, 19 Nov 2026, is over"),
        ({"name": "WINTER glow CREATORS"}, "There is an offer called Winter Glow creators already"),
    ],
)
def test_what_is_unusual_is_asked_once(
    cast: Cast, theo: Client, changes: dict[str, Any], warning: str
) -> None:
    before = Offer.objects.count()

    asked = theo.post(address("offer_new"), typed(**changes))
    added = theo.post(address("offer_new"), typed(**changes, add_anyway="on"))

    assert (asked.status_code, added.status_code) == (422, 302)
    assert warning in asked.text
    assert Offer.objects.count() == before + 1


def test_today_is_no_day_that_is_over(theo: Client) -> None:
    assert theo.post(address("offer_new"), typed(ends_on="2026-11-20")).status_code == 302
