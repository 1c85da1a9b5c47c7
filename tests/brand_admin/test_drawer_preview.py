"""The preview of the email drawer: whose mail a test is, and what was sent before."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from core.tenancy import acting_for
from notifications.models import Message, MessageState, Purpose
from tests.answers import Answer
from tests.brand_admin.desk import at, shown
from tests.brand_admin.drawer import carried, drawer, email_text
from tests.cast import Cast
from tracking.outreach.first_texts import DASHBOARD

pytestmark = pytest.mark.django_db
AGAIN = "The same text went to them already"


def press(theo: Client, cast: Cast, go: str, **changes: Any) -> Answer:
    """Press a button of a drawer that was just opened."""
    page = theo.get(drawer(cast))
    return theo.post(
        at(cast.juniper, "compose"), carried(page) | email_text() | {"go": go} | changes
    )


def test_a_test_is_the_mail_of_the_member_who_is_shown(cast: Cast, theo: Client) -> None:
    page = press(theo, cast, "test", show="2", on="preview")

    assert "a test to theo@juniper.example: the mail of June Okafor." in shown(page)
    with acting_for(cast.juniper):
        assert Message.objects.get(purpose=Purpose.TEST).values["first_name"] == "June"


def test_who_got_the_same_text_before_is_counted(cast: Cast, theo: Client) -> None:
    assert AGAIN not in shown(press(theo, cast, "preview"))
    press(theo, cast, "send")
    with acting_for(cast.juniper):
        Message.objects.filter(to_name="Diego Arroyo").update(state=MessageState.FAILED)

    again = shown(press(theo, cast, "preview"))
    assert AGAIN in again
    assert "2 of 3 got it before" in again
    as_an_editor_writes = email_text()["body"].replace("\n", "")
    assert AGAIN in shown(press(theo, cast, "preview", body=as_an_editor_writes))
    assert AGAIN not in shown(press(theo, cast, "preview", subject="Something else"))


def test_members_who_sell_already_can_be_sent_their_dashboard(cast: Cast, theo: Client) -> None:
    page = shown(press(theo, cast, "replace", template=DASHBOARD))

    assert "Your performance dashboard for {{ offer_name }}" in page
