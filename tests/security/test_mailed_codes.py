"""What strangers can do to mailed codes: nothing to a person, little to the product.

Every test goes through both doors, the creators' and the staff's, as a browser would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from affiliates.models import Creator
from tests.cast import Cast
from tests.factories import UserFactory
from tests.mailbox import Mailbox

pytestmark = pytest.mark.django_db
NOBODY = "nobody@else.example"
CODE = re.compile(r"^\s+(\d{6})\b", re.MULTILINE)
HOME = "198.51.100.7"  # the network that the owner of the address is in


@dataclass(frozen=True)
class Door:
    """A way in by code, and the address of somebody whom it lets in."""

    ask: str
    enter: str
    owner: str


PORTAL = Door("/portal/login/", "/portal/login/code/", "june@okafor.example")
STAFF = Door("/account/login/code/", "/account/login/code/confirm/", "ines@juniper.example")


@pytest.fixture(params=[PORTAL, STAFF], ids=["creators", "staff"])
def door(request: pytest.FixtureRequest) -> Door:
    return request.param


@pytest.fixture(autouse=True)
def _at_noon(cast: Cast, time_machine: Any) -> None:
    time_machine.move_to(cast.now, tick=False)


@pytest.fixture
def networks() -> Iterator[str]:
    """Network after network, no two of them in one /16."""
    return (f"{1 + number // 200}.{number % 200}.3.4" for number in count())


def browser(network: str = HOME) -> Client:
    return Client(REMOTE_ADDR=network)


def ask(client: Client, door: Door, address: str = "") -> bool:
    """Ask for a code; whether the page went on to take it."""
    answer = client.post(door.ask, {"email": address or door.owner})
    return answer.status_code == 302 and answer["Location"] == door.enter


def enter(client: Client, door: Door, code: str) -> bool:
    """Enter a code; whether that logged in."""
    client.post(door.enter, {"code": code})
    return "_auth_user_id" in client.session


def codes(mailbox: Mailbox, address: str) -> list[str]:
    """The codes that were mailed to the address, oldest first."""
    found = [CODE.search(mail.get_content()) for mail in mailbox.to(address)]
    return [match[1] for match in found if match]


def guesses_looked_at(client: Client, door: Door, code: str) -> int:
    """How many of five wrong guesses were compared with the code, that is, until it was over."""
    for number in range(1, 6):
        if client.post(door.enter, {"code": code}).status_code == 302:
            return number
    return 6


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


# --- The owner gets in ---------------------------------------------------------------------------


def test_a_strangers_request_leaves_the_owners_code_alone(
    door: Door, mailbox: Mailbox, networks: Iterator[str]
) -> None:
    owner = browser()
    ask(owner, door)
    [code] = codes(mailbox, door.owner)

    for _ in range(3):
        ask(browser(next(networks)), door)

    assert enter(owner, door, code)


def test_a_code_opens_nothing_in_a_browser_that_did_not_ask_for_it(
    door: Door, mailbox: Mailbox
) -> None:
    owner, stranger = browser(), browser()
    ask(owner, door)
    ask(stranger, door)
    first, second = codes(mailbox, door.owner)

    assert not enter(browser(), door, first)
    if first != second:
        assert not enter(stranger, door, first)
    assert enter(owner, door, first)


def test_strangers_of_one_network_use_up_nothing_of_the_owners(
    door: Door, mailbox: Mailbox, time_machine: Any, cast: Cast
) -> None:
    for minutes in range(5):
        time_machine.move_to(cast.now + timedelta(minutes=minutes), tick=False)
        for _ in range(4):
            ask(browser("203.0.113.66"), door)
    owner = browser()
    assert len(codes(mailbox, door.owner)) == 10

    assert ask(owner, door)

    assert enter(owner, door, codes(mailbox, door.owner)[-1])


def test_a_browser_that_logged_in_before_gets_a_code_whatever_strangers_do(
    door: Door, mailbox: Mailbox, networks: Iterator[str]
) -> None:
    owner = browser()
    ask(owner, door)
    assert enter(owner, door, codes(mailbox, door.owner)[-1])
    owner.post("/portal/logout/")
    while ask(browser(next(networks)), door):
        pass
    assert not ask(browser(), door)

    assert ask(owner, door)

    assert enter(owner, door, codes(mailbox, door.owner)[-1])


def test_a_forged_or_foreign_cookie_is_no_known_browser(
    door: Door, mailbox: Mailbox, networks: Iterator[str]
) -> None:
    other = browser()
    ask(other, door, "mara@lindqvist.example")
    assert enter(other, door, codes(mailbox, "mara@lindqvist.example")[-1])
    other.post("/portal/logout/")
    while ask(browser(next(networks)), door):
        pass
    forger = browser()
    forger.cookies["known_browser"] = "eyJ4IjoieSJ9:1:x"

    assert not ask(other, door)
    assert not ask(forger, door)


def test_the_right_code_gets_in_after_strangers_guessed_too_often(
    door: Door, mailbox: Mailbox, networks: Iterator[str]
) -> None:
    owner, slipping = browser(), browser()
    ask(owner, door)
    ask(slipping, door)
    first, second = codes(mailbox, door.owner)
    for _ in range(8):
        stranger = browser(next(networks))
        ask(stranger, door)
        for _ in range(5):
            enter(stranger, door, wrong(codes(mailbox, door.owner)[-1]))

    assert enter(owner, door, first)
    assert not enter(slipping, door, wrong(second))
    assert enter(slipping, door, second)


def test_what_was_refused_leaves_the_code_in_this_browser_alone(
    door: Door, mailbox: Mailbox
) -> None:
    owner = browser()
    while ask(owner, door):
        pass

    assert owner.get(door.enter).status_code == 200
    assert enter(owner, door, codes(mailbox, door.owner)[-1])


# --- Strangers get little ------------------------------------------------------------------------


def test_an_address_gets_a_bounded_number_of_mails_an_hour(
    mailbox: Mailbox, networks: Iterator[str]
) -> None:
    for _ in range(55):
        ask(browser(next(networks)), PORTAL)

    assert len(mailbox.to(PORTAL.owner)) == 48


def test_unknown_addresses_get_no_mail(door: Door, mailbox: Mailbox) -> None:
    went_on = [ask(browser(), door, f"nobody{number}@else.example") for number in range(20)]

    assert went_on == [True] * 20
    assert mailbox.mails == []


def test_resetting_a_password_mails_no_unknown_address(mailbox: Mailbox) -> None:
    browser().post("/account/password/reset/", {"email": NOBODY})

    assert mailbox.mails == []


def test_who_sprays_guesses_over_many_addresses_is_stopped(
    cast: Cast, mailbox: Mailbox, time_machine: Any
) -> None:
    """Of five guesses at each of forty addresses, few are looked at."""
    looked_at = 0
    for number in range(40):
        time_machine.move_to(cast.now + timedelta(seconds=10 * number), tick=False)
        stranger = browser("203.0.113.66")
        if ask(stranger, PORTAL, f"somebody{number}@else.example"):
            looked_at += guesses_looked_at(stranger, PORTAL, "123456")

    assert looked_at == 30


def test_many_networks_together_guess_little_at_one_address(
    mailbox: Mailbox, networks: Iterator[str]
) -> None:
    """Twenty guesses as one likes, then two for each code."""
    looked_at = 0
    for _ in range(12):
        stranger = browser(next(networks))
        ask(stranger, PORTAL)
        code = wrong(codes(mailbox, PORTAL.owner)[-1])
        looked_at += guesses_looked_at(stranger, PORTAL, code)

    assert looked_at == 4 * 5 + 8 * 2


@pytest.mark.parametrize("width", [64, 48])
def test_all_addresses_of_a_subscriber_are_one_network(
    door: Door, mailbox: Mailbox, width: int
) -> None:
    places = ["2001:db8:1:2::{:x}", "2001:db8:1:{:x}::1"]
    place = places[0] if width == 64 else places[1]

    asked = [ask(browser(place.format(number)), door) for number in range(1, 30)]

    assert sum(asked) == (3 if width == 64 else 12)


def test_one_network_asks_for_few_addresses(mailbox: Mailbox) -> None:
    asked = [ask(browser("203.0.113.66"), PORTAL, f"x{n}@else.example") for n in range(25)]

    assert sum(asked) == 20
    assert ask(browser(), PORTAL)


# --- Nothing tells a known address from an unknown one -------------------------------------------


def shape(queries: CaptureQueriesContext) -> list[str]:
    """The statements without their values."""
    values = r"\"s\d+_x\d+\"|'[^']*'(::\w+(\[\])?)?|\b\d+\b|\b0x\w+|\bNULL\b|ARRAY\[[^\]]*\]"
    return [re.sub(values, "?", query["sql"]) for query in queries.captured_queries]


def without_what_differs(page: str, address: str) -> str:
    return re.sub(r'value="\w{64}"|nonce="[^"]*"', "", page).replace(address, "…")


@pytest.fixture
def _mails_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer alone: nothing that comes after it."""
    monkeypatch.setattr("affiliates.code_mail.CODE_MAIL_THREADS.wake", lambda: None, raising=False)


@pytest.mark.usefixtures("_mails_later")
def test_asking_runs_the_very_same_statements(door: Door, mailbox: Mailbox) -> None:
    asked = []
    for address in (door.owner, NOBODY):
        client = browser()
        client.get(door.ask)
        with CaptureQueriesContext(connection) as queries:
            assert ask(client, door, address)
        asked.append(shape(queries))

    assert asked[0] == asked[1]
    assert not re.search("accounts_user|affiliates_creator", "".join(asked[0]))
    assert mailbox.mails == []


def test_wrong_codes_run_the_very_same_statements_and_read_alike(
    door: Door, mailbox: Mailbox
) -> None:
    entered, pages = [], []
    for address in (door.owner, NOBODY):
        client = browser()
        ask(client, door, address)
        code = wrong(codes(mailbox, door.owner)[-1])
        pages.append([without_what_differs(client.get(door.enter).content.decode(), address)])
        with CaptureQueriesContext(connection) as queries:
            for _ in range(5):
                answer = client.post(door.enter, {"code": code})
                pages[-1].append(without_what_differs(answer.content.decode(), address))
        entered.append(shape(queries))

    assert pages[0] == pages[1]
    assert entered[0] == entered[1]


# --- Nobody has an account by asking -------------------------------------------------------------


def test_a_login_is_made_and_linked_by_the_right_code_alone(cast: Cast, mailbox: Mailbox) -> None:
    client = browser()
    for code in (None, "wrong", "right"):
        assert not User.objects.filter(email=PORTAL.owner).exists()
        assert Creator.objects.get(email=PORTAL.owner).user is None
        if code is None:
            ask(client, PORTAL)
        else:
            mailed = codes(mailbox, PORTAL.owner)[-1]
            enter(client, PORTAL, mailed if code == "right" else wrong(mailed))

    user = User.objects.get(email=PORTAL.owner)
    assert Creator.objects.get(email=PORTAL.owner).user == user
    assert user.email_proven_at == cast.now


def test_what_was_set_up_before_the_address_was_proven_opens_nothing(
    cast: Cast, mailbox: Mailbox
) -> None:
    """Somebody has a login of June's address, a password and a session, but no proof of it."""
    squatter = UserFactory.create(email=PORTAL.owner)
    elsewhere = browser("203.0.113.66")
    elsewhere.force_login(squatter)
    june = browser()
    ask(june, PORTAL)

    assert enter(june, PORTAL, codes(mailbox, PORTAL.owner)[-1])

    assert elsewhere.get("/portal/")["Location"] == "/portal/login/"
    squatter.refresh_from_db()
    assert not squatter.has_usable_password()
    assert june.get("/portal/").status_code == 200


def test_no_code_for_who_was_shut_out(door: Door, cast: Cast, mailbox: Mailbox) -> None:
    User.objects.update_or_create(email=door.owner, defaults={"is_active": False})

    assert ask(browser(), door)

    assert mailbox.mails == []


def test_who_is_shut_out_meanwhile_does_not_get_in(
    door: Door, cast: Cast, mailbox: Mailbox
) -> None:
    client = browser()
    ask(client, door)
    User.objects.update_or_create(email=door.owner, defaults={"is_active": False})

    assert not enter(client, door, codes(mailbox, door.owner)[-1])
