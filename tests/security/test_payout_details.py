"""A brand sees where a creator is paid while they share it with that brand, and at no other time.

Every page and file of the brand admin is walked as the owner, who may do everything.
"""

from __future__ import annotations

import itertools
import re
import uuid
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry
from affiliates.models import Creator
from background.models import Work, WorkChunk
from background.running import run_slice
from brand_admin.listing import views
from brand_admin.work_handlers import HANDLERS
from core.tenancy import across_brands, acting_for
from payouts.destinations import Destination
from payouts.models import DetailsRelease, Payout, PayoutDetails, PayoutRun
from payouts.releases import take_back_release, update_payments
from payouts.runs import confirm_run, draft_run
from payouts.services import adjust
from tests.amounts import amount
from tests.answers import Answer
from tests.architecture.routes import in_brand_admin
from tests.architecture.source import calls, imported, modules, relative
from tests.architecture.test_urls import browser
from tests.architecture.world import World
from tests.brand_admin.desk import at
from tests.cast import IBAN, NOW, SYSTEM, Cast, give_details, release_to_brand
from tests.databases import Databases
from tests.portal.conftest import path_of
from tests.security.unshared import BANK, PAYPAL, take_back

SECRETS = (IBAN, "Zita Quandt", "DE811569869", "Yoric Pound", "wallet@hidden.example",
           "GB999999973")  # fmt: skip
ENDINGS = ("····3000", "w···@hidden.example")
# What differs from one answer to the next without anything having happened.
CHANGING = re.compile(r"[A-Za-z0-9]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FILES = ("payment_run_bank", "payment_run_paypal")


@pytest.fixture
def unshared(db: None, databases: Databases) -> World:
    """What tests.security.unshared puts into the database."""
    found: World = databases.content("unshared")
    return found


def share(cast: Cast) -> None:
    """As payouts.releases does it, without the codes."""
    with acting_for(cast.juniper):
        for member in (cast.mara, cast.diego):
            release_to_brand(member)
            update_payments(member, now=NOW)


def confirmed_run(cast: Cast) -> PayoutRun:
    with acting_for(cast.juniper):
        for enrollment in (cast.mara_in_glow, cast.diego_in_glow):
            adjust(
                enrollment=enrollment, currency="GBP", amount_minor=500, note="Bonus",
                by=SYSTEM, now=NOW,
            )  # fmt: skip
        run = draft_run(
            currency="GBP", member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(),
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        return confirm_run(run=run, by=SYSTEM, now=NOW)


def body_of(answer: Answer) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    return content.decode(errors="replace")


def told_by(text: str, *, with_endings: bool = True) -> list[str]:
    """Which of the secrets stand in a text."""
    return [secret for secret in (*SECRETS, *(ENDINGS if with_endings else ())) if secret in text]


def walked(unshared: World, run: PayoutRun) -> dict[str, list[str]]:
    """Everything that the owner can open, for the run and for each of its payments: what it tells.

    Files that pay are asked for with POST; everything else is read.
    """
    owner, found, opened = browser(unshared.cast.ines), {}, 0
    with acting_for(unshared.cast.juniper):
        payments = list(Payout.objects.filter(run=run).values_list("pk", flat=True))
    members = (unshared.cast.mara.pk, unshared.cast.diego.pk)
    values = unshared.own_values() | {"run_id": run.pk}
    for route in in_brand_admin():
        named = {
            route.address(values | {"payment_id": payment, "member_id": member})
            for payment, member in itertools.product(payments, members)
        }
        searches = [f"{address}{query}" for address in named for query in ("?q=3000", "?q=hidden")]
        for address in sorted(named) + (searches if len(route.parameters) == 1 else []):
            answer = owner.get(address)
            if answer.status_code == 405 and address.endswith(".csv"):
                answer = owner.post(address)
            opened += answer.status_code == 200
            if told := told_by(body_of(answer)):
                found[address] = told
    assert opened > 100
    return found


def files_of(cast: Cast, run: PayoutRun) -> str:
    """What the bank and PayPal are told, in one text."""
    owner = browser(cast.ines)
    return "".join(body_of(owner.post(at(cast.juniper, name, run_id=run.pk))) for name in FILES)


def test_nothing_is_told_before_it_is_shared(unshared: World) -> None:
    run = confirmed_run(unshared.cast)

    assert walked(unshared, run) == {}
    with acting_for(unshared.cast.juniper):
        assert {row.state for row in Payout.objects.filter(run=run)} == {"pending_info"}


def test_the_files_tell_it_while_it_is_shared_and_nothing_else_does(unshared: World) -> None:
    run = confirmed_run(unshared.cast)
    share(unshared.cast)

    told = files_of(unshared.cast, run)
    pages = walked(unshared, run)

    assert told_by(told, with_endings=False) == [*SECRETS[:3], SECRETS[4]]
    in_full = {page for page, words in pages.items() if set(words) & set(SECRETS)}
    assert in_full == {at(unshared.cast.juniper, name, run_id=run.pk) for name in FILES}


# Without a file, the payments wait as they do before anything is shared.
@pytest.mark.parametrize("has_file", [True, False][: amount(1, soak=2)])
def test_nothing_is_told_after_it_was_taken_back(unshared: World, has_file: bool) -> None:
    share(unshared.cast)
    run = confirmed_run(unshared.cast)
    if has_file:
        assert IBAN in files_of(unshared.cast, run)
    for member in (unshared.cast.mara, unshared.cast.diego):
        take_back(unshared.cast, member.email)

    assert walked(unshared, run) == {}
    assert told_by(files_of(unshared.cast, run)) == []
    with acting_for(unshared.cast.juniper):
        states = {row.state for row in Payout.objects.filter(run=run)}
    assert states == {"processing" if has_file else "pending_info"}


def test_what_one_brand_may_see_another_may_not(cast: Cast) -> None:
    """June is a member of both brands, and shares with Juniper alone."""
    give_details(cast.june, BANK)
    june = Creator.objects.get(email=cast.june.email)
    take_back_release(creator=june, brand=cast.saltmarsh, by=SYSTEM, now=NOW)
    with acting_for(cast.saltmarsh):
        adjust(
            enrollment=cast.june_in_tide, currency="USD", amount_minor=100, note="A dollar",
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        run = draft_run(
            currency="USD", member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(),
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        confirm_run(run=run, by=SYSTEM, now=NOW)

    owner = browser(cast.otto)
    for name in FILES:
        answer = owner.post(at(cast.saltmarsh, name, run_id=run.pk))
        assert told_by(body_of(answer)) == []
    page = body_of(owner.get(at(cast.saltmarsh, "payment_run", run_id=run.pk)))
    assert told_by(page) == []
    assert "waits for details" in page


def everything_told(
    owner: Client, unshared: World, run: PayoutRun, draft: PayoutRun
) -> dict[str, str]:
    """What the brand can read: its pages and files, and the dashboards it has links to."""
    cast, told = unshared.cast, {}
    dashboard = path_of(cast.mara_in_glow)
    with acting_for(cast.juniper):
        payment = Payout.objects.get(run=run, member=cast.mara)
        work = list(Work.objects.values_list("pk", flat=True))
    values = unshared.own_values() | {
        "run_id": run.pk, "payment_id": payment.pk, "member_id": cast.mara.pk,
    }  # fmt: skip
    for address in (
        *(route.address(values) for route in in_brand_admin()),
        at(cast.juniper, "payment_run", run_id=draft.pk),
        *(f"{dashboard}{rest}" for rest in ("", f"/payments/{payment.public_id}", "/why")),
    ):
        answer = owner.get(address)
        if answer.status_code == 405 and address.endswith(".csv"):
            answer = owner.post(address)
        told[address] = CHANGING.sub("", f"{answer.status_code} {body_of(answer)}")
    with acting_for(cast.juniper):
        assert list(Work.objects.values_list("pk", flat=True)) == work
    return told


def test_a_brand_cannot_tell_details_it_may_not_see_from_none(
    unshared: World, time_machine: Any
) -> None:
    """Whether a creator is paid by another brand is none of this one's business."""
    time_machine.move_to(NOW, tick=False)
    run = confirmed_run(unshared.cast)
    with acting_for(unshared.cast.juniper):
        adjust(
            enrollment=unshared.cast.mara_in_glow, currency="GBP", amount_minor=700, note="Bonus",
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        draft = draft_run(
            currency="GBP", member_ids=None, minimum_minor=0, confirmation=uuid.uuid4(),
            by=SYSTEM, now=NOW,
        )  # fmt: skip
    assert PayoutDetails.objects.filter(creator=unshared.cast.mara.creator).exists()
    owner = browser(unshared.cast.ines)
    not_shared = everything_told(owner, unshared, run, draft)
    PayoutDetails.objects.filter(
        creator__in=[unshared.cast.mara.creator, unshared.cast.diego.creator]
    ).delete()

    none = everything_told(owner, unshared, run, draft)

    assert {address for address, told in none.items() if told != not_shared[address]} == set()
    assert len(none) > 100
    assert "for details" in none[at(unshared.cast.juniper, "payment_run", run_id=run.pk)]


def test_no_file_that_is_kept_holds_details(
    unshared: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While they are shared: what a worker makes is downloadable for seven days, whoever takes
    what back meanwhile.
    """
    monkeypatch.setattr(views, "MAX_DOWNLOADED_ROWS", 0)
    share(unshared.cast)
    run = confirmed_run(unshared.cast)
    owner, values = browser(unshared.cast.ines), unshared.own_values() | {"run_id": run.pk}
    for route in in_brand_admin():
        if "csv" in str(route) or "export" in str(route):
            owner.post(route.address(values), {"confirmation": str(uuid.uuid4())})
    with acting_for(unshared.cast.juniper):
        for work in list(Work.objects.order_by("pk")):
            run_slice(work.pk, handlers=HANDLERS, now=NOW)

    with across_brands(reason="the test reads what is kept"):
        kept = b"".join(bytes(chunk.content) for chunk in WorkChunk.objects.all()).decode()
        assert WorkChunk.objects.count() > 10
    assert told_by(kept) == []


def test_a_dashboard_link_alone_tells_nothing_and_shares_nothing(unshared: World) -> None:
    run = confirmed_run(unshared.cast)
    path = path_of(unshared.cast.mara_in_glow)
    with acting_for(unshared.cast.juniper):
        payment = Payout.objects.get(run=run, member=unshared.cast.mara)
    visitor = Client()

    for address in (path, f"{path}/payments/{payment.public_id}", f"{path}/why"):
        page = body_of(visitor.get(address))
        assert told_by(page) == [], address
    shared = visitor.post("/portal/payout/share/?brand=juniper", {"brands": "juniper"})

    assert shared["Location"] == "/portal/login/"
    with acting_for(unshared.cast.juniper):
        assert not DetailsRelease.objects.filter(
            taken_back_at=None, creator=unshared.cast.mara.creator
        ).exists()


def test_the_audit_log_tells_no_account(unshared: World) -> None:
    share(unshared.cast)

    with across_brands(reason="the test reads every entry"):
        told = " ".join(str(entry.detail) for entry in AuditEntry.objects.all())

    assert told_by(told) == []


# --- the source: one way to what is sealed --------------------------------------------------------


def test_one_module_opens_what_is_sealed() -> None:
    opens = [
        relative(path)
        for path in modules()
        if any(name.endswith("sealing.unseal") for name in imported(path))
    ]

    assert opens == ["payouts/fingerprints.py"]


def test_the_faces_never_read_the_table_of_details() -> None:
    """They ask payouts.details, which asks for a release; so does tracking."""
    reads = [
        relative(path)
        for path in modules()
        if not relative(path).startswith("payouts/")
        if any(name.endswith("models.PayoutDetails") for name in imported(path))
    ]

    assert reads == []


def test_the_whole_account_is_read_for_its_owner_alone() -> None:
    callers = {relative(path) for path in modules() if calls(path, "own_destination")}

    assert callers == {
        "payouts/details.py",
        "portal/creator/payout.py",
        "portal/creator/payout_sharing.py",
        "tracking/privacy/export.py",
    }


def test_a_destination_shows_nothing_of_itself_in_a_log() -> None:
    shown: list[Destination] = [BANK, PAYPAL]

    assert told_by(repr(shown)) == []
