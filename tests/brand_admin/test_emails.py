"""The Emails section: campaigns, their reports, messages, suppressed addresses."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from core.tenancy import acting_for
from notifications.models import (
    Campaign,
    CampaignState,
    Message,
    MessageState,
    Purpose,
    Suppression,
    SuppressionReason,
)
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, shown
from tests.brand_admin.drawer import drawer, email_text
from tests.cast import NOW, Cast
from tests.notifications.senders import confirm, recipient
from tests.snapshot import snapshot


@pytest.fixture
def campaign(cast: Cast) -> Campaign:
    """A finished campaign to three: one accepted, one failed, one unknown."""
    abouts = [cast.mara_in_glow, cast.diego_in_glow, cast.june_in_glow]
    with acting_for(cast.juniper):
        sent = confirm(
            [
                recipient(number, about=f"enrollment:{row.pk}")
                for number, row in enumerate(abouts, 1)
            ],
            about=f"offer:{cast.glow.pk}",
            title="Winter Glow creators",
            purpose=Purpose.EMAIL_MEMBERS,
        )
        fates = [("accepted", ""), ("failed", "554 no"), ("unknown", "lost")]
        for number, (state, reason) in enumerate(fates, 1):
            Message.objects.filter(recipient=f"member:{number}").update(
                state=state, reason=reason, settled_at=NOW, attempts=1
            )
        Campaign.objects.update(state=CampaignState.DONE, finished_at=NOW)
        sent.refresh_from_db()
    return sent


def test_the_list_counts_every_campaign(cast: Cast, theo: Client, campaign: Campaign) -> None:
    page = shown(theo.get(at(cast.juniper, "emails")))

    assert "Winter Glow creators" in page
    assert "Your Winter Glow creators details from Juniper &amp; Co" in page
    assert "Done" in page
    assert csv_of(theo.get(at(cast.juniper, "emails_export")))[1][6:] == [
        "3", "1", "0", "0", "1", "1", "0", "0"
    ]  # fmt: skip
    nothing = shown(theo.get(at(cast.juniper, "emails") + "?q=nothing"))
    assert "No campaign matches" in nothing


def test_the_subject_names_the_brand_and_not_the_sender(
    cast: Cast, theo: Client, campaign: Campaign
) -> None:
    with acting_for(cast.juniper):
        Campaign.objects.update(from_name="Ines at Juniper")

    page = shown(theo.get(at(cast.juniper, "emails")))

    assert "Your Winter Glow creators details from Juniper &amp; Co" in page


def test_lists_cost_the_same_for_one_and_for_three(
    cast: Cast, theo: Client, campaign: Campaign
) -> None:
    one = queries_of(theo, at(cast.juniper, "emails"))
    with acting_for(cast.juniper):
        confirm([recipient(number) for number in range(3)])
        confirm([recipient(number) for number in range(3)])

    assert queries_of(theo, at(cast.juniper, "emails")) == one


def test_a_report_costs_the_same_for_one_and_for_three(
    cast: Cast, theo: Client, campaign: Campaign
) -> None:
    with acting_for(cast.juniper):
        small = confirm()
        Campaign.objects.update(state=CampaignState.DONE)
        Message.objects.filter(campaign=small).update(state=MessageState.FAILED)
    of_small, of_large = (
        queries_of(theo, at(cast.juniper, "campaign", campaign_id=one.pk))
        for one in (small, campaign)
    )

    assert of_small == of_large


def test_the_report_tells_what_became_of_each_mail(
    cast: Cast, theo: Client, campaign: Campaign
) -> None:
    address = at(cast.juniper, "campaign", campaign_id=campaign.pk)
    page = shown(theo.get(address))

    assert "3 of 3 done" in page
    assert "It is not known whether these mails arrived" in page
    assert "554 no" in page
    assert "Write to those not reached" in page
    filtered = shown(theo.get(f"{address}?state=failed"))
    assert "person2@example.com" in filtered
    assert "person1@example.com" not in filtered
    export = at(cast.juniper, "campaign_export", campaign_id=campaign.pk)
    assert [row[:4] for row in csv_of(theo.get(f"{export}?state=unknown"))[1:]] == [
        ["person3@example.com", "Person 3", "unknown", "lost"]
    ]


def test_those_not_reached_can_be_written_to(cast: Cast, theo: Client, campaign: Campaign) -> None:
    page = theo.get(at(cast.juniper, "campaign", campaign_id=campaign.pk))
    form = re.search(
        r'<form method="post" action="([^"]+compose/)".*?</form>', page.content.decode(), re.DOTALL
    )
    assert form
    fields = re.findall(r'name="(\w+)" value="([^"]*)"', form[0])
    selected = [value for name, value in fields if name == "selected"]
    posted = {
        name: value for name, value in fields if name not in {"selected", "csrfmiddlewaretoken"}
    }

    opened = theo.post(form[1], posted | {"selected": selected})

    assert "<b>2 members</b>" in shown(opened)


def test_pause_resume_and_cancel(cast: Cast, theo: Client) -> None:
    with acting_for(cast.juniper):
        running = confirm([recipient(1), recipient(2)])
    act = at(cast.juniper, "campaign_act", campaign_id=running.pk)

    def state_after(action: str) -> str:
        theo.post(act, {"action": action})
        running.refresh_from_db()
        return running.state

    with acting_for(cast.juniper):
        assert state_after("pause") == CampaignState.PAUSED
        assert state_after("resume") == CampaignState.SENDING
        assert state_after("nonsense") == CampaignState.SENDING
        assert state_after("cancel") == CampaignState.CANCELLED
        assert state_after("resume") == CampaignState.CANCELLED


def test_progress_asks_again_only_while_it_moves(
    cast: Cast, theo: Client, campaign: Campaign
) -> None:
    with acting_for(cast.juniper):
        running = confirm()

    moving = shown(theo.get(at(cast.juniper, "campaign_progress", campaign_id=running.pk)))
    still = shown(theo.get(at(cast.juniper, "campaign_progress", campaign_id=campaign.pk)))

    assert 'data-hx-trigger="every 2s"' in moving
    assert 'data-hx-trigger="every' not in still


def test_a_message_is_shown_as_it_went_out(cast: Cast, theo: Client, campaign: Campaign) -> None:
    with acting_for(cast.juniper):
        message = Message.objects.get(recipient="member:2")

    page = shown(theo.get(at(cast.juniper, "message", message_id=message.pk)))

    assert "Your Winter Glow details from Juniper &amp; Co" in page
    assert "554 no" in page
    assert "Your code: MARA15" in page
    found = shown(theo.get(at(cast.juniper, "messages") + "?q=PERSON2"))
    assert "person2@example.com" in found
    assert "person1@example.com" not in found


def test_suppressing_and_the_way_back(cast: Cast, theo: Client) -> None:
    address = at(cast.juniper, "suppressions")
    assert "Everybody can get mail" in shown(theo.get(address))

    assert theo.post(address, {"address": "not one"}).status_code == 422
    theo.post(address, {"address": "Loud@Example.com"})
    with acting_for(cast.juniper):
        row = Suppression.objects.get()
    assert (row.address, row.reason) == ("loud@example.com", SuppressionReason.BY_STAFF)
    assert "loud@example.com" in shown(theo.get(f"{address}?reason=by_staff"))
    assert csv_of(theo.get(at(cast.juniper, "suppressions_export")))[1][:2] == [
        "loud@example.com",
        "by_staff",
    ]

    lift = at(cast.juniper, "suppression_lift", suppression_id=row.pk)
    assert "Allow mail again?" in shown(theo.get(lift))
    with acting_for(cast.juniper):
        assert Suppression.objects.count() == 1
        theo.post(lift)
        assert Suppression.objects.count() == 0


READ = ["emails", "emails_export", "messages", "suppressions", "suppressions_export"]
ONE = ["campaign", "campaign_progress", "campaign_export"]


def test_a_viewer_reads_and_changes_nothing(cast: Cast, campaign: Campaign) -> None:
    vera = desk_of(cast.vera)
    for name in READ:
        assert vera.get(at(cast.juniper, name)).status_code == 200
    for name in ONE:
        address = at(cast.juniper, name, campaign_id=campaign.pk)
        assert vera.get(address).status_code == 200
    before = snapshot()

    denied = [
        vera.get(drawer(cast)),
        vera.post(at(cast.juniper, "compose"), email_text() | {"go": "send"}),
        vera.post(at(cast.juniper, "campaign_act", campaign_id=campaign.pk), {"action": "cancel"}),
        vera.post(at(cast.juniper, "suppressions"), {"address": "a@example.com"}),
    ]

    assert [answer.status_code for answer in denied] == [403] * 4
    assert snapshot() == before


def test_another_brands_mail_is_not_found(cast: Cast, campaign: Campaign) -> None:
    otto = desk_of(cast.otto)
    with acting_for(cast.juniper):
        message = Message.objects.first()
        assert message is not None
    before = snapshot()

    answers = [
        *(otto.get(at(cast.juniper, name)) for name in READ),
        *(otto.get(at(cast.saltmarsh, name, campaign_id=campaign.pk)) for name in ONE),
        otto.get(at(cast.saltmarsh, "message", message_id=message.pk)),
        otto.get(at(cast.saltmarsh, "message_frame", message_id=message.pk)),
        otto.post(
            at(cast.saltmarsh, "campaign_act", campaign_id=campaign.pk), {"action": "cancel"}
        ),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert snapshot() == before
