"""Two taps on a button of a creator's own affairs, one after the other and at once.

Of two requests at once, the second one was let in before the first one was done, and waited for it.
"""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import CodePurpose
from affiliates.models import Creator
from core.tenancy import acting_for
from payouts.details import change_details
from payouts.models import PayoutDetails
from payouts.releases import live_releases, take_back_release
from portal.creator import data, payout, payout_sharing
from tests.answers import page_text
from tests.cast import Cast
from tests.journeys.busy_creator import prove
from tests.mailbox import Mailbox
from tests.portal.test_own_affairs import ACCOUNT, GERMAN, june, proven
from tests.portal.test_payout_sharing import SHARE
from tests.portal.test_portal import JUNE
from tests.snapshot import snapshot
from tracking.privacy.erasure import erase_creator

__all__ = ["june"]


def test_a_second_tap_on_save_answers_like_the_first(
    cast: Cast, june: Client, mailbox: Mailbox
) -> None:
    proven(june, cast, CodePurpose.PAYOUT_DETAILS)
    june.post(GERMAN, ACCOUNT)
    before, mails = snapshot(), len(mailbox.mails)

    answer = june.post(GERMAN, ACCOUNT, follow=True)

    assert answer.redirect_chain == [("/portal/payout/", 302)]
    assert "Saved. You are paid to Bank account ····2051 from now on." in page_text(answer)
    assert (snapshot(), len(mailbox.mails)) == (before, mails)


def test_two_taps_on_save_at_once_answer_alike(
    cast: Cast, june: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second request had its code when the first one used it up."""
    proven(june, cast, CodePurpose.PAYOUT_DETAILS)

    def twice(**asked: Any) -> Any:
        change_details(**asked)
        return change_details(**asked)

    monkeypatch.setattr(payout, "change_details", twice)

    assert june.post(GERMAN, ACCOUNT)["Location"] == "/portal/payout/"


@pytest.mark.parametrize("minutes", [10, 11])
def test_a_second_tap_is_one_for_minutes_alone(
    cast: Cast, june: Client, time_machine: Any, minutes: int
) -> None:
    proven(june, cast, CodePurpose.PAYOUT_DETAILS)
    june.post(GERMAN, ACCOUNT)
    time_machine.move_to(cast.now + timedelta(minutes=minutes))

    assert june.post(GERMAN, ACCOUNT)["Location"] == "/portal/confirm/payout/"


def test_a_second_tap_on_share_answers_like_the_first(
    cast: Cast, june: Client, mailbox: Mailbox
) -> None:
    creator = Creator.objects.get(email=JUNE)
    for brand in (cast.juniper, cast.saltmarsh):
        take_back_release(creator=creator, brand=brand, by=cast.by, now=cast.now)
    proven(june, cast, CodePurpose.DETAILS_RELEASE)
    june.post(SHARE, {"brands": "juniper"})
    before, mails = snapshot(), len(mailbox.mails)

    answer = june.post(SHARE, {"brands": "juniper"}, follow=True)
    more = june.post(SHARE, {"brands": ["juniper", "saltmarsh"]})

    assert answer.redirect_chain == [("/portal/payout/", 302)]
    assert "Shared with Juniper &amp; Co." in page_text(answer)
    assert more["Location"] == "/portal/confirm/sharing/"
    assert (snapshot(), len(mailbox.mails)) == (before, mails)


def test_a_second_tap_on_delete_answers_like_the_first(
    cast: Cast, june: Client, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second request was let in before the first one deleted the data, and waited for it."""
    proven(june, cast, CodePurpose.DELETION)
    monkeypatch.setattr(
        data, "erase_creator", lambda **asked: erase_creator(**asked) and erase_creator(**asked)
    )

    answer = june.post("/portal/data/delete/", {"sure": "yes"}, follow=True)

    assert answer.status_code == 200
    assert "Your data is deleted, and you are logged out." in page_text(answer)
    assert june.get("/portal/")["Location"] == "/portal/login/"
    assert mailbox.to(JUNE) == []  # the first request mails


@pytest.mark.parametrize(
    ("module", "service", "purpose", "address", "sent"),
    [
        (payout_sharing, "release_details", CodePurpose.DETAILS_RELEASE, "/portal/payout/share/",
         {"brands": "juniper"}),
        (payout, "change_details", CodePurpose.PAYOUT_DETAILS, GERMAN, ACCOUNT),
        (payout_sharing, "take_back_release", None, "/portal/payout/share/saltmarsh/stop/", {}),
    ],
)  # fmt: skip
def test_an_act_that_waited_for_a_deletion_does_nothing(
    cast: Cast, june: Client, monkeypatch: pytest.MonkeyPatch, module: ModuleType, service: str,
    purpose: CodePurpose | None, address: str, sent: dict[str, str],
) -> None:  # fmt: skip
    creator = Creator.objects.get(email=JUNE)
    take_back_release(creator=creator, brand=cast.juniper, by=cast.by, now=cast.now)
    if purpose is not None:
        proven(june, cast, purpose)
    code, real = prove(creator, CodePurpose.DELETION, now=cast.now), getattr(module, service)

    def deleted_first(**asked: Any) -> Any:
        assert erase_creator(creator=creator, code=code, now=timezone.now())
        return real(**asked)

    monkeypatch.setattr(module, service, deleted_first)

    answer = june.post(address, sent, follow=True)

    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0] == "/portal/login/"
    assert not PayoutDetails.objects.filter(creator=creator.pk).exists()
    with acting_for(cast.juniper):
        assert not live_releases().filter(creator=creator.pk).exists()
