"""Brands and members choose which kinds are mailed: in Settings, in the portal, by the link."""

from __future__ import annotations

import re
import threading
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import AuditEntry
from affiliates.models import Creator
from core.tenancy import acting_for
from notices.choosing import decline, set_kinds_sent, set_kinds_wanted
from notices.models import DeclinedKind, KindSwitch, NoticeKind
from notices.selectors import choices_of, choices_of_all, declined_rows, kinds_sent
from notifications.mails import compose
from notifications.models import Message, MessageState, Suppression
from notifications.unsubscribe_links import unsubscribe_link
from tests.answers import page_text
from tests.brand_admin.desk import at, desk_of, shown
from tests.cast import NOW, SYSTEM, Cast, assemble, pay_all_due
from tests.notices.test_payments import bonus
from tests.notices.told import mails, reasons, sweep
from tests.portal.test_portal import logged_in
from tests.snapshot import snapshot

MARA = "mara@lindqvist.example"
SENT = NoticeKind.PAYMENT_SENT


@pytest.fixture
def june_client(cast: Cast) -> Client:
    return logged_in(Client(), cast)


def pay(cast: Cast) -> None:
    with acting_for(cast.juniper):
        bonus(cast)
        pay_all_due(cast.mara)


def declined(cast: Cast) -> list[str]:
    with acting_for(cast.juniper):
        rows = DeclinedKind.objects.filter(member=cast.mara).order_by("kind")
        return list(rows.values_list("kind", flat=True))


def link(cast: Cast, kind: str = SENT.value) -> str:
    """The path of the unsubscribe link in Mara's mail."""
    full = unsubscribe_link(brand_id=cast.juniper.pk, address=MARA, kind=kind)
    return urlsplit(full).path


def test_everything_but_the_welcome_is_on_at_first(cast: Cast) -> None:
    with acting_for(cast.juniper):
        assert kinds_sent() == [kind for kind in NoticeKind if kind != NoticeKind.WELCOME]
        assert all(one.is_wanted for one in choices_of(cast.mara))


def test_what_the_brand_switched_off_nobody_gets(cast: Cast) -> None:
    with acting_for(cast.juniper):
        kinds = [kind for kind in NoticeKind if kind != SENT]
        set_kinds_sent(brand=cast.juniper, kinds=kinds, by=SYSTEM, now=NOW)
    pay(cast)

    sweep()

    assert (mails(), reasons()) == ([], ["brand_off"])


def test_what_the_member_declined_they_do_not_get(cast: Cast) -> None:
    with acting_for(cast.juniper):
        assert decline(address=MARA.upper(), kind=SENT, now=NOW)
    pay(cast)

    sweep()

    assert (mails(), reasons()) == ([], ["member_off"])


def test_a_mail_that_waits_is_not_sent_to_who_declined_its_kind(cast: Cast) -> None:
    pay(cast)
    sweep()
    with acting_for(cast.juniper):
        decline(address=MARA, kind=NoticeKind.SALES, now=NOW)
        waiting = Message.objects.get().state
        decline(address=MARA, kind=SENT, now=NOW)
        message = Message.objects.get()

    assert waiting == MessageState.PENDING
    assert (message.state, message.reason) == (
        MessageState.CANCELLED, "The member does not want these mails any more."
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_is_just_being_confirmed_is_cancelled_too() -> None:
    cast = assemble()
    pay(cast)

    def choose() -> None:
        with acting_for(cast.juniper):
            decline(address=MARA, kind=SENT, now=NOW)
        connection.close()

    choosing = threading.Thread(target=choose)
    with transaction.atomic():
        sweep()
        choosing.start()
        choosing.join(timeout=0.5)  # it waits for the mail, and may not be done before
    choosing.join()

    with acting_for(cast.juniper):
        assert Message.objects.get().state == MessageState.CANCELLED


def test_a_mail_that_waits_is_not_sent_when_the_brand_switches_its_kind_off(cast: Cast) -> None:
    pay(cast)
    sweep()
    with acting_for(cast.juniper):
        kinds = [kind for kind in NoticeKind if kind != SENT]
        set_kinds_sent(brand=cast.juniper, kinds=kinds, by=SYSTEM, now=NOW)

        assert Message.objects.get().state == MessageState.CANCELLED


def test_choosing_twice_is_choosing_once_and_the_way_back_works(cast: Cast) -> None:
    with acting_for(cast.juniper):
        for _ in range(2):
            set_kinds_wanted(member=cast.mara, kinds=[], among=[SENT], now=NOW)
        assert declined(cast) == ["payment_sent"]
        set_kinds_wanted(member=cast.mara, kinds=[SENT], among=[SENT], now=NOW)

    assert declined(cast) == []


def test_a_mail_of_a_kind_unsubscribes_from_that_kind_with_one_click(cast: Cast) -> None:
    pay(cast)
    sweep()
    with acting_for(cast.juniper):
        message = Message.objects.select_related("campaign").get()
        headers = compose(message.campaign, message).extra_headers
    outsider = Client(enforce_csrf_checks=True)
    path = urlsplit(headers["List-Unsubscribe"].strip("<>")).path

    page = outsider.post(path, {"List-Unsubscribe": "One-Click"})

    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert path == link(cast)
    assert page.status_code == 200
    assert "You get these mails no more" in page_text(page)
    assert (declined(cast), outsider.cookies) == (["payment_sent"], {})
    with acting_for(cast.juniper):
        assert not Suppression.objects.exists()


def test_opening_the_link_changes_nothing_and_shows_this_brands_kinds(cast: Cast) -> None:
    before = snapshot()

    page = page_text(Client().get(link(cast)))

    assert snapshot() == before
    assert "Stop these mails?" in page
    assert "A payment failed" in page
    assert MARA in page


def test_the_page_of_the_link_saves_choices(cast: Cast) -> None:
    Client().post(link(cast), {"go": "choose", "kinds": ["payment_sent", "unknown"]})

    assert declined(cast) == ["details_needed", "month", "payment_failed", "sales"]


def test_a_kind_that_the_page_did_not_show_is_not_declined(cast: Cast) -> None:
    shown = re.findall(r'name="shown" value="(\w+)"', Client().get(link(cast)).text)
    assert "welcome" not in shown
    with acting_for(cast.juniper):
        set_kinds_sent(brand=cast.juniper, kinds=[*NoticeKind], by=SYSTEM, now=NOW)

    Client().post(link(cast), {"go": "choose", "shown": shown, "sales": "daily"})

    assert declined(cast) == ["details_needed", "month", "payment_failed", "payment_sent"]


def test_the_page_of_the_link_stops_all_mails(cast: Cast) -> None:
    page = Client().post(link(cast), {"go": "everything"})

    assert "You are unsubscribed" in page_text(page)
    with acting_for(cast.juniper):
        assert Suppression.objects.get().address == MARA


def test_a_link_to_an_address_that_no_member_has_any_more_stops_all(cast: Cast) -> None:
    other = unsubscribe_link(brand_id=cast.juniper.pk, address="old@x.example", kind=SENT.value)

    Client().post(urlsplit(other).path)

    with acting_for(cast.juniper):
        assert Suppression.objects.get().address == "old@x.example"


def test_the_portal_saves_the_choices_for_one_brand(cast: Cast, june_client: Client) -> None:
    page = page_text(june_client.get("/portal/emails/"))
    assert "Mails from Saltmarsh" in page

    june_client.post(
        "/portal/emails/juniper/kinds/", {"kinds": ["payment_failed"], "sales": "at_once"}
    )

    choices = choices_of_all([cast.june, cast.june_at_saltmarsh])
    wanted = [one.kind for one in choices[cast.june.pk] if one.is_wanted]
    assert wanted == [NoticeKind.SALES, NoticeKind.PAYMENT_FAILED]
    assert [one.kind for one in choices[cast.june.pk] if one.is_at_once] == [NoticeKind.SALES]
    assert all(one.is_wanted for one in choices[cast.june_at_saltmarsh.pk])
    assert june_client.post("/portal/emails/nobody/kinds/").status_code == 404


def test_what_a_person_declined_is_in_the_file_of_their_data(cast: Cast) -> None:
    with acting_for(cast.saltmarsh):
        set_kinds_wanted(member=cast.june_at_saltmarsh, kinds=[], among=[SENT], now=NOW)

    rows = list(declined_rows(Creator.objects.get(email="june@okafor.example")))

    assert rows == [
        ["brand", "mails", "declined_at"],
        [cast.saltmarsh.name, "payment_sent", NOW.isoformat()],
    ]


def test_an_owner_chooses_what_the_brand_sends(cast: Cast) -> None:
    ines, address = desk_of(cast.ines), at(cast.juniper, "settings_notices")

    page = shown(ines.post(address, {"kinds": ["payment_sent"]}, follow=True))

    assert "Saved." in page
    with acting_for(cast.juniper):
        assert kinds_sent() == [SENT]
        entry = AuditEntry.objects.get(action="brand.notices_chosen")
        assert entry.detail == {"off": "details_needed, month, payment_failed, sales, welcome"}
    ines.post(address, {"kinds": ["payment_sent"]})
    with acting_for(cast.juniper):
        assert AuditEntry.objects.filter(action="brand.notices_chosen").count() == 1


@pytest.mark.parametrize("who", ["theo", "vera"])
def test_only_owners_choose(who: str, cast: Cast) -> None:
    desk, address = desk_of(getattr(cast, who)), at(cast.juniper, "settings_notices")

    assert desk.post(address, {"kinds": []}).status_code == 403

    assert "Only owners change these settings." in shown(desk.get(address))
    with acting_for(cast.juniper):
        assert not KindSwitch.objects.exists()


def test_a_kind_that_does_not_exist_is_refused(cast: Cast) -> None:
    answer = desk_of(cast.ines).post(at(cast.juniper, "settings_notices"), {"kinds": ["sms"]})

    assert answer.status_code == 422
    with acting_for(cast.juniper):
        assert not KindSwitch.objects.exists()
