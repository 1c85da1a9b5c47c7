"""Planned terms are withdrawn and replaced on pages, and who was told of them is told of that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from notifications.models import Campaign, CampaignState, Message, MessageState, Purpose
from offers.dashboard_links import token_for
from offers.models import Terms, WithdrawnTerms
from offers.selectors import terms_of
from tests.answers import page_text
from tests.brand_admin.desk import desk_of
from tests.brand_admin.staff import address
from tests.brand_admin.typed import terms
from tests.cast import Cast
from tests.snapshot import snapshot

pytestmark = pytest.mark.usefixtures("at_juniper")


def in_days(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def plan(theo: Client, cast: Cast, **changes: str) -> Terms:
    """Version 2 is planned in ten days, with a typo; members are told."""
    typo = {"percent": "90", "starts_on": in_days(10), "tells_members": "on"}
    assert theo.post(address("terms_new", cast.glow.pk), terms(**typo | changes)).status_code == 302
    return terms_of(cast.glow).latest


def arrived(*addresses: str) -> None:
    """The mails to these addresses went out."""
    sent = Message.objects.filter(to_address__in=addresses)
    assert sent.update(state=MessageState.ACCEPTED) == len(addresses)


def told(campaign: Campaign) -> list[str]:
    rows = Message.objects.filter(campaign=campaign)
    return sorted(rows.values_list("to_address", flat=True))


def test_a_planned_version_is_withdrawn_after_a_question(cast: Cast, theo: Client) -> None:
    planned = plan(theo, cast, tells_members="")
    page = address("terms_withdraw", cast.glow.pk, planned.pk)
    before = snapshot()

    asked = page_text(theo.get(page))

    assert snapshot() == before
    assert "Withdraw version 2 of the terms, planned from" in asked
    assert "You earn 90% of every sale" in asked
    assert "From that time on these terms apply: “You earn 10%" in asked
    assert "No member was told of it by mail." in asked

    answer = theo.post(page, follow=True)

    shown = page_text(answer)
    assert "Version 2 of the terms is withdrawn." in shown
    assert terms_of(cast.glow).latest.version == 1
    assert "by Theo Marsh" in shown
    assert "Withdrawn" in shown
    assert address("terms_replace", cast.glow.pk, planned.pk) not in shown
    assert not Campaign.objects.exists()


def test_who_was_told_is_told_and_who_was_not_is_not(cast: Cast, theo: Client) -> None:
    planned = plan(theo, cast)
    arrived("mara@lindqvist.example")
    page = address("terms_withdraw", cast.glow.pk, planned.pk)
    asked = page_text(theo.get(page))

    answer = page_text(theo.post(page, follow=True))

    assert "One member was told of it by mail" in asked
    assert "2 mails about it are not sent yet and will be cancelled." in asked
    assert "1 member will get a mail." in answer
    first, second = Campaign.objects.order_by("pk")
    assert (first.state, told(second)) == (CampaignState.CANCELLED, ["mara@lindqvist.example"])
    assert Message.objects.filter(state=MessageState.CANCELLED).count() == 2
    assert second.subject == "The new terms for {{ offer_name }} are withdrawn"
    assert "They are withdrawn and do not come." in second.text
    assert "You earn 10% of every sale" in second.text


def test_a_replaced_version_is_replaced_for_those_who_knew_of_it(cast: Cast, theo: Client) -> None:
    planned = plan(theo, cast)
    arrived("mara@lindqvist.example")
    page = address("terms_replace", cast.glow.pk, planned.pk)
    form = page_text(theo.get(page))
    assert 'value="90"' in form
    assert f'value="{in_days(10)}"' in form
    fixed = terms(percent="9", starts_on=in_days(10), tells_members="on")

    review = page_text(theo.post(page, fixed | {"step": "review"}))
    theo.post(page, fixed)

    assert "Version 2, planned from" in review
    assert "One member was told of it by mail" in review
    assert [row.version for row in terms_of(cast.glow).versions] == [1, 3]
    assert WithdrawnTerms.objects.get().percent_bp == 9_000
    _, knowing, others = Campaign.objects.order_by("pk")
    assert told(knowing) == ["mara@lindqvist.example"]
    assert told(others) == ["diego@arroyo.example", "june@okafor.example"]
    assert "The terms below take their place." in knowing.text
    assert "take their place" not in others.text
    for campaign in (knowing, others):
        assert "You earn 9% of every sale" in campaign.text
        assert "You earn 10% of every sale" in campaign.text


def test_who_knew_is_told_of_a_replacement_even_if_nobody_else_is(cast: Cast, theo: Client) -> None:
    planned = plan(theo, cast)
    arrived("mara@lindqvist.example")
    page = address("terms_replace", cast.glow.pk, planned.pk)
    quietly = terms(percent="9", starts_on=in_days(10))

    review = page_text(theo.post(page, quietly | {"step": "review"}))
    theo.post(page, quietly)

    assert "Only members who were told of version 2 get a mail." in review
    assert told(Campaign.objects.latest("pk")) == ["mara@lindqvist.example"]


def test_a_version_that_has_begun_or_was_withdrawn_has_neither_page(
    cast: Cast, theo: Client
) -> None:
    begun = terms_of(cast.glow).latest
    withdrawn = plan(theo, cast)
    theo.post(address("terms_withdraw", cast.glow.pk, withdrawn.pk))
    theirs = address("terms_withdraw", cast.glow.pk, 10**15)
    before = snapshot()

    for view in ("terms_replace", "terms_withdraw"):
        for gone in (begun, withdrawn):
            answer = theo.post(address(view, cast.glow.pk, gone.pk), terms(), follow=True)
            said = f"Version {gone.version} of the terms is not planned any more."
            assert said in page_text(answer)

    assert theo.post(theirs).status_code == 404
    assert snapshot() == before


def test_a_viewer_withdraws_nothing(cast: Cast, theo: Client) -> None:
    planned = plan(theo, cast)
    vera = desk_of(cast.vera)

    assert vera.post(address("terms_withdraw", cast.glow.pk, planned.pk)).status_code == 403
    replaced = vera.post(address("terms_replace", cast.glow.pk, planned.pk), terms())
    assert replaced.status_code == 403
    assert terms_of(cast.glow).latest == planned
    assert Campaign.objects.filter(purpose=Purpose.TERMS_CHANGED).count() == 1


def test_the_dashboard_shows_the_next_of_two_planned_versions(
    cast: Cast, theo: Client, client: Client
) -> None:
    plan(theo, cast, percent="12")
    later = terms(percent="14", starts_on=in_days(20), seen="2")
    theo.post(address("terms_new", cast.glow.pk), later)

    shown = page_text(client.get(f"/d/{token_for(cast.mara_in_glow)}"))

    assert "you earn 12" in shown.lower()
    assert "you earn 14" not in shown.lower()
