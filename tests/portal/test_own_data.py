"""Which brands may write, the file of everything, and deletion: as a creator's pages do them."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.test import Client

from accounts.models import CodePurpose
from affiliates.models import Creator, Member
from affiliates.services import add_member
from core.tenancy import acting_for
from notices.models import DeclinedKind, NoticeKind
from notifications.models import Suppression, SuppressionReason
from notifications.selectors import suppressed_among
from notifications.services import suppress
from tests.answers import page_text
from tests.cast import Cast
from tests.journeys.busy_creator import make_busy
from tests.mailbox import Mailbox
from tests.portal.conftest import text_of
from tests.portal.test_own_affairs import june, proven
from tests.portal.test_portal import JUNE, changed_since, logged_in
from tests.snapshot import snapshot

__all__ = ["june"]

LATER_ADDRESS = "june@new.example"


# --- Mails ---------------------------------------------------------------------------------------


def test_one_brand_is_stopped_and_allowed_again(cast: Cast, june: Client) -> None:
    before = snapshot()

    june.post("/portal/emails/juniper/", {"mails": "off"})
    with acting_for(cast.juniper):
        assert Suppression.objects.get().reason == SuppressionReason.UNSUBSCRIBED
    with acting_for(cast.saltmarsh):
        assert not Suppression.objects.exists()
    assert "Allow again" in text_of(june, "/portal/emails/")
    june.post("/portal/emails/juniper/", {"mails": "on"})

    assert changed_since(before) == {"accounts_auditentry", "accounts_auditcount"}


def test_what_the_brand_stopped_only_the_brand_allows_again(cast: Cast, june: Client) -> None:
    with acting_for(cast.juniper):
        suppress(address=JUNE, reason=SuppressionReason.BY_STAFF, by=cast.by, now=cast.now)
    before = snapshot()

    june.post("/portal/emails/juniper/", {"mails": "on"})

    assert snapshot() == before
    assert "The brand has stopped sending you mail" in text_of(june, "/portal/emails/")


@pytest.mark.parametrize(("slug", "mails"), [("nowhere", "off"), ("juniper", "x"), ("juniper", "")])
def test_a_brand_one_is_not_in_and_an_odd_wish(june: Client, slug: str, mails: str) -> None:
    before = snapshot()

    assert june.post(f"/portal/emails/{slug}/", {"mails": mails}).status_code == 404

    assert snapshot() == before


def test_a_brand_of_others_is_like_none(cast: Cast) -> None:
    mara = logged_in(Client(), cast, cast.mara.email)
    before = snapshot()

    assert mara.post("/portal/emails/saltmarsh/", {"mails": "off"}).status_code == 404

    assert snapshot() == before


@pytest.fixture
def twice(cast: Cast) -> Member:
    """June's second member in Juniper, added when her login had another address."""
    with acting_for(cast.juniper):
        second = add_member(
            email=LATER_ADDRESS, first_name="June", last_name="Okafor", by=cast.by, now=cast.now
        )
        second.creator = Creator.objects.get(email=JUNE)
        second.save(update_fields=["creator"])
    return second


def test_who_is_a_member_twice_sees_the_brand_once(cast: Cast, june: Client, twice: Member) -> None:
    page = text_of(june, "/portal/emails/")
    proven(june, cast, CodePurpose.DELETION)
    deletion = text_of(june, "/portal/data/delete/")

    assert page.count('action="/portal/emails/juniper/"') == 1
    assert page.count('action="/portal/emails/juniper/kinds/"') == 1
    assert deletion.count("<bdi>Juniper &amp; Co</bdi>") == 1


def test_all_mail_of_a_brand_is_stopped_and_allowed_again_for_who_is_in_it_twice(
    cast: Cast, june: Client, twice: Member
) -> None:
    june.post("/portal/emails/juniper/", {"mails": "off"})
    with acting_for(cast.juniper):
        assert suppressed_among([JUNE, LATER_ADDRESS]).keys() == {JUNE, LATER_ADDRESS}
    assert "Allow again" in text_of(june, "/portal/emails/")

    june.post("/portal/emails/juniper/", {"mails": "on"})

    with acting_for(cast.juniper):
        assert suppressed_among([JUNE, LATER_ADDRESS]) == {}


def test_mail_is_off_only_when_no_address_of_the_creator_gets_any(
    cast: Cast, june: Client, twice: Member
) -> None:
    with acting_for(cast.juniper):
        suppress(address=JUNE, reason=SuppressionReason.BY_STAFF, by=cast.by, now=cast.now)
    assert "Stop: Juniper &amp; Co" in text_of(june, "/portal/emails/")

    june.post("/portal/emails/juniper/", {"mails": "off"})

    assert "Allow again: Juniper &amp; Co" in text_of(june, "/portal/emails/")
    june.post("/portal/emails/juniper/", {"mails": "on"})
    with acting_for(cast.juniper):
        assert suppressed_among([JUNE, LATER_ADDRESS]) == {JUNE: SuppressionReason.BY_STAFF}


def test_a_kind_is_declined_for_all_members_of_a_creator(
    cast: Cast, june: Client, twice: Member
) -> None:
    kind = NoticeKind.PAYMENT_SENT.value
    june.post("/portal/emails/juniper/kinds/", {"shown": [kind], "kinds": []})

    with acting_for(cast.juniper):
        declined = DeclinedKind.objects.values_list("member", "kind")
        assert set(declined) == {(cast.june.pk, kind), (twice.pk, kind)}


# --- Data ----------------------------------------------------------------------------------------


def test_the_file_takes_a_code_each_time(cast: Cast, june: Client) -> None:
    assert june.post("/portal/data/export/")["Location"] == "/portal/confirm/export/"
    proven(june, cast, CodePurpose.EXPORT)
    assert "Download the file" in text_of(june, "/portal/data/")

    answer = june.post("/portal/data/export/")

    assert answer["Content-Type"] == "application/zip"
    assert "no-store" in answer["Cache-Control"]
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert "payout_details.csv" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert june.post("/portal/data/export/")["Location"] == "/portal/confirm/export/"


def test_deleting_says_what_happens_and_what_is_owed(cast: Cast, june: Client) -> None:
    make_busy(cast, now=cast.now)
    proven(june, cast, CodePurpose.DELETION)
    before = snapshot()

    page = text_of(june, "/portal/data/delete/")
    unsure = june.post("/portal/data/delete/").content.decode()

    for word in ("Deleted member", "JP¥120,988", "€2,419.76", "Juniper &amp; Co", "Cobalt Cycling"):
        assert word in page, word
    assert "Check the box" in unsure
    assert snapshot() == before


def test_after_deleting_nobody_is_logged_in(cast: Cast, june: Client, mailbox: Mailbox) -> None:
    other = logged_in(Client(), cast)
    proven(june, cast, CodePurpose.DELETION)

    answer = june.post("/portal/data/delete/", {"sure": "yes"}, follow=True)

    assert "Your data is deleted" in page_text(answer)
    assert [client.get("/portal/")["Location"] for client in (june, other)] == (
        ["/portal/login/"] * 2
    )
    [mail] = mailbox.to(JUNE)
    assert mail["Subject"] == "Your data was deleted"
    assert not Creator.objects.filter(email=JUNE).exists()
