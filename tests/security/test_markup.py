"""Text that people, shops and files bring stays text: on pages, in mails, in names of files.

Hostile text stands in every column of the brand, and every page is opened by who may. Each page's
HTML is also checked against the standard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from django.core import mail
from django.test import Client

from accounts.invitation_links import link_of
from accounts.models import Brand, Invitation, User
from affiliates.logins import user_for_proven_address
from affiliates.services import add_member
from core.tenancy import acting_for
from core.transactional_mail import send_transactional_mail
from notifications.mails import compose, rendered
from notifications.models import Message
from notifications.unsubscribe_links import unsubscribe_link
from offers.dashboard_links import token_for
from payouts.models import Payout
from tests.architecture.routes import Route, in_brand_admin, opened_by, routes
from tests.architecture.source import ROOT
from tests.architecture.test_urls import body, browser, in_the_portal
from tests.architecture.world import World, undone
from tests.cast import NOW, SYSTEM, Cast
from tests.html_rules import faults_of_html
from tests.notifications.senders import confirm, recipient
from tests.security.hostile import fill_with
from tests.security.people import gather, logged_in
from tracking.models import TrackingLink

MARKUP = '<xq7 a="1" b=\'2\'>]]>--></script>&#60;xq7>{{ xq7 }}{% xq7 %}"xq7'
# As a page holds it where a part of it is not escaped.
RAW = re.compile(r"""<xq7|["']xq7|&#60;xq7|</script>&#60|--></""")
OUTLOOKS = re.compile(r"<!--\[if mso\]>.*?<!\[endif\]-->")  # the layout's own
TEXTS = ("text/html", "application/json", "image/svg", "text/javascript")
DISPOSITION = re.compile(r'(inline|attachment)(; filename="[\w.-]+")?')
LINES = "Ines\r\nBcc: all@juniper.example\n\nYour login\u2028is \u202elocked\x1b[1m\x85\x0b"
ADDRESS = "https://shop.example/r/1?a=1&b=<xq7>"


@pytest.fixture
def world(world: World) -> World:
    juniper = world.cast.juniper
    assert fill_with(MARKUP, brand=juniper) > 30
    Brand.objects.filter(pk=juniper.pk).update(name=MARKUP, sender_name=MARKUP)
    User.objects.update(name=MARKUP)
    return world


def taken_as_markup(client: Client, addresses: Iterable[str]) -> dict[str, list[str]]:
    """Where pages hold a part of the hostile text as it is, HTML that the standard forbids, and the
    status of pages that failed.
    """
    found: dict[str, list[str]] = {}
    for address in addresses:
        for method in (client.get, client.post):
            with undone():
                answer = method(address)
                text = body(answer).decode(errors="replace")
            assert DISPOSITION.fullmatch(answer.get("Content-Disposition", "inline")), address
            if answer.status_code >= 500:
                found[address] = [str(answer.status_code)]
            elif answer.get("Content-Type", "").startswith(TEXTS):
                found.setdefault(address, []).extend(RAW.findall(OUTLOOKS.sub("", text)))
            if answer.get("Content-Type", "").startswith("text/html"):
                found.setdefault(address, []).extend(faults_of_html(text))
    return {address: problems for address, problems in found.items() if problems}


def addresses_of(asked: Iterable[Route], values: dict[str, object]) -> list[str]:
    return [route.address(values) for route in asked]


def test_the_brand_admin_shows_it_as_text(world: World) -> None:
    owner = browser(world.cast.ines)

    assert taken_as_markup(owner, addresses_of(in_brand_admin(), world.own_values())) == {}


def test_the_operators_pages_show_it_as_text(world: World) -> None:
    people = gather(world.cast)
    values = {"object_id": people.owner.pk, "user_id": people.viewer.pk, "act": "deactivate"}
    operator = logged_in(people.operator, method="mfa")

    assert taken_as_markup(operator, addresses_of(opened_by("operator login"), values)) == {}


def test_the_portal_shows_it_as_text(world: World) -> None:
    june = user_for_proven_address(email=world.cast.june.email, now=NOW)
    values = {"act": "payout", "slug": "juniper", "handle": "x", "passkey_id": 1, "year": 2026}
    creator = logged_in(june, method="code")

    assert taken_as_markup(creator, addresses_of(in_the_portal(), values)) == {}


def test_pages_without_a_login_show_it_as_text(world: World) -> None:
    brand = world.cast.juniper
    values: dict[str, object] = {"token": token_for(world.cast.mara_in_glow), "rest": "x"}
    with acting_for(brand):
        values["public_id"] = Payout.objects.get(member=world.cast.mara).public_id
        invited = link_of(Invitation.objects.get())
        link = TrackingLink.objects.filter(enrollment=world.cast.mara_in_glow).first()
        values["slug"] = link.slug if link else "none"
    of_dashboards = [route for route in routes() if route.pattern.startswith("d/")]
    leaving = unsubscribe_link(brand_id=brand.pk, address=MARKUP)

    asked = [*addresses_of(of_dashboards, values), invited, leaving]

    assert len(asked) > 14
    assert taken_as_markup(Client(), asked) == {}


def test_a_mail_of_a_brand_shows_it_as_text(world: World) -> None:
    with acting_for(world.cast.juniper):
        message = Message.objects.select_related("campaign").get()
        message.values = dict.fromkeys(message.values, MARKUP) | {
            name: ADDRESS for name in message.values if name.endswith("_link")
        }

        html = OUTLOOKS.sub("", rendered(message.campaign, message).html)

    assert "&lt;xq7 a=&quot;1&quot;" in html
    assert RAW.findall(html) == []


def test_a_value_adds_no_line_to_a_mail_of_a_brand(cast: Cast) -> None:
    with acting_for(cast.juniper):
        Brand.objects.filter(pk=cast.juniper.pk).update(sender_name=LINES)
    with acting_for(Brand.objects.get(pk=cast.juniper.pk)):
        values = dict.fromkeys(recipient().values, "Ines") | {
            name: "https://shop.example/" for name in recipient().values if name.endswith("_link")
        }
        plain = confirm([recipient(1, values=values, to_name="Ines")])
        hostile = {name: LINES if value == "Ines" else value for name, value in values.items()}
        forged = confirm([recipient(2, values=hostile, to_name=LINES)])
        mails = [
            compose(campaign, Message.objects.get(campaign=campaign))
            for campaign in (plain, forged)
        ]

    assert len({len(str(one.body).splitlines()) for one in mails}) == 1
    head = mails[1].mime_bytes.partition(b"\r\n\r\n")[0].decode()
    assert not re.search(r"^Bcc", head, re.MULTILINE)
    assert "\u202e" not in mails[1].to[0] + mails[1].from_email


@pytest.mark.parametrize(
    "template",
    sorted(
        path.relative_to(ROOT / "templates/transactional").with_suffix("").as_posix()
        for path in (ROOT / "templates/transactional").rglob("*.txt")
    ),
)
def test_a_value_adds_no_line_to_a_transactional_mail(template: str) -> None:
    text = (ROOT / f"templates/transactional/{template}.txt").read_text(encoding="utf-8")
    names = set(re.findall(r"\{\{ (\w+)", text)) | set(re.findall(r"\{% if (\w+) %\}", text))

    for value in ("Ines", LINES):
        send_transactional_mail(
            template, to="a@b.example", values=dict.fromkeys(names, value), from_name=value
        )

    plain, forged = mail.outbox
    assert len(forged.body.splitlines()) == len(plain.body.splitlines())
    assert len(forged.subject.splitlines()) == 1
    assert not re.search("[\x00-\x1f\u202e\u2028]", forged.subject + forged.from_email)
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e\u2028]", str(forged.body))


def test_the_page_of_a_mail_that_no_server_takes_opens(cast: Cast) -> None:
    """Unicode's long s passes where letters are compared without case."""
    address = "\u017fam@shop.example"
    with acting_for(cast.juniper):
        add_member(email=address, first_name="Sam", last_name="", by=SYSTEM, now=NOW)
        campaign = confirm([recipient(to_address=address)])
        message = Message.objects.get(campaign=campaign)

    page = browser(cast.vera).get(f"/admin/juniper/emails/messages/{message.pk}/")

    assert page.status_code == 200
    assert address in page.content.decode()
