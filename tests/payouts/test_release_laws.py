"""Whatever creators and brands do in whatever order: figures agree, and no file tells what is not
shared.

June sells for both brands, Mara and Diego for one. Every step is one that a page offers.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from accounts.models import Brand, CodePurpose
from affiliates.models import Creator, Member
from affiliates.services import MemberError
from core.tenancy import acting_for
from offers.models import Enrollment
from payouts.destinations import bank_account, paypal_account
from payouts.details import change_details, details_by_member
from payouts.models import DetailsRelease, Payout, PayoutDetails, PayoutItem, PayoutRun
from payouts.releases import (
    ReleaseError,
    brands_that_pay,
    change_member_and_payments,
    release_details,
    sharing_of,
    take_back_release,
)
from payouts.run_files import bank_rows, paypal_rows
from payouts.runs import (
    confirm_run,
    discard_draft,
    draft_run,
    mark_run_paid,
    redraft_run,
    return_run,
)
from payouts.selectors import mark_paid_summary
from payouts.services import COME_BACK, PayoutError, mark_paid, return_payment
from tests.amounts import amount
from tests.architecture.rows import check_references_now
from tests.cast import IBAN, NOW, SYSTEM, Cast
from tests.journeys.busy_creator import prove
from tests.payouts.owing import earn
from tracking.privacy.erasure import erase_creator
from tracking.reconciliation.differences import differences

STEPS = 50
PLACES = (
    bank_account(country="DE", holder="One", iban=IBAN),
    bank_account(country="DE", holder="Two", iban="DE02120300000000202051"),
    paypal_account(country="GB", holder="Three", paypal="three@wallet.example"),
)
ADDRESSES = ("june@okafor.example", "mara@lindqvist.example", "new@else.example")


class Play:
    """Draws the steps. What a service refuses is no step."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast, self.draw, self.now, self.done = cast, random.Random(seed), NOW, set[str]()
        self.brands = (cast.juniper, cast.saltmarsh)
        self.deck: list[Callable[[Play], None]] = []

    def begin(self) -> None:
        """A confirmed run in each brand."""
        for brand in self.brands:
            with acting_for(brand):
                for enrollment in Enrollment.objects.select_related("offer"):
                    earn(enrollment, 400, enrollment.offer.currency)
                self.draft()
                self.confirm()

    def creator(self) -> Creator:
        return self.draw.choice(list(Creator.objects.order_by("pk")))

    def brand(self) -> Brand:
        return self.draw.choice(self.brands)

    def run(self, *states: str) -> PayoutRun:
        return self.draw.choice(list(PayoutRun.objects.filter(state__in=states).order_by("pk")))

    def step(self) -> None:
        if not self.deck:
            self.deck = self.draw.sample(ACTS, len(ACTS))
        act = self.deck.pop()
        self.now += timedelta(minutes=1)
        with suppress(PayoutError, ReleaseError, MemberError, IndexError), acting_for(self.brand()):
            act(self)
            self.done.add(act.__name__)

    def share(self) -> None:
        creator = self.creator()
        release_details(
            creator=creator, brands=self.some(brands_that_pay(creator)),
            code=self.code(creator, CodePurpose.DETAILS_RELEASE), tell=lambda made: None,
            by=SYSTEM, now=self.now,
        )  # fmt: skip

    def some(self, brands: list[Brand]) -> list[Brand]:
        return [brand for brand in brands if self.draw.random() < 0.6]

    def code(self, creator: Creator, purpose: CodePurpose) -> uuid.UUID:
        return prove(creator, purpose, now=self.now)

    def stop(self) -> None:
        creator = self.creator()
        brand = self.draw.choice([one.brand for one in sharing_of(creator) if one.is_released])
        assert take_back_release(creator=creator, brand=brand, by=SYSTEM, now=self.now)

    def change(self) -> None:
        creator = self.creator()
        change_details(
            creator=creator, destination=self.draw.choice(PLACES),
            code=self.code(creator, CodePurpose.PAYOUT_DETAILS), tell=lambda made: None,
            release_to=self.some(brands_that_pay(creator)),
            by=SYSTEM, now=self.now,
        )  # fmt: skip

    def readdress(self) -> None:
        member = self.draw.choice(list(Member.objects.order_by("pk")))
        change_member_and_payments(
            member=member, email=self.draw.choice(ADDRESSES), first_name="A", last_name="B",
            by=SYSTEM, now=self.now,
        )  # fmt: skip

    def bonus(self) -> None:
        enrollment = self.draw.choice(list(Enrollment.objects.select_related("offer")))
        earn(
            enrollment, self.draw.randint(-50, 500), enrollment.offer.currency,
            available_at=self.now,
        )  # fmt: skip

    def draft(self) -> None:
        enrollment = Enrollment.objects.select_related("offer")[0]
        draft_run(
            currency=enrollment.offer.currency, member_ids=None,
            minimum_minor=self.draw.choice([0, 100]), confirmation=uuid.uuid4(), by=SYSTEM,
            now=self.now,
        )  # fmt: skip

    def confirm(self) -> None:
        confirm_run(run=self.run("draft"), by=SYSTEM, now=self.now)

    def redraft(self) -> None:
        self.draw.choice([redraft_run, discard_draft])(
            run=self.run("draft"), by=SYSTEM, now=self.now
        )

    def file(self) -> None:
        run = self.run("processing")
        rows = [
            *list(bank_rows(run, by=SYSTEM, now=self.now))[1:],
            *paypal_rows(run, note="x", by=SYSTEM, now=self.now),
        ]
        told = {cell for row in rows for cell in row}
        shared = told_to_brand(self.now)
        for place in PLACES:
            for secret in {place.iban, place.paypal} - {""}:
                assert secret not in told or secret in shared

    def run_paid(self) -> None:
        run = self.run("processing")
        mark_run_paid(
            run=run, reference="R", seen=mark_paid_summary(run).seen, by=SYSTEM, now=self.now
        )

    def run_back(self) -> None:
        return_run(
            run=self.run("processing"), state=self.draw.choice(COME_BACK),
            reason="law", by=SYSTEM, now=self.now,
        )  # fmt: skip

    def one_paid(self) -> None:
        mark_paid(payout=self.payment(), reference="R", by=SYSTEM, now=self.now)

    def one_back(self) -> None:
        return_payment(
            payout=self.payment(), state=self.draw.choice(COME_BACK), reason="law",
            by=SYSTEM, now=self.now,
        )  # fmt: skip

    def payment(self) -> Payout:
        return self.draw.choice(list(Payout.objects.order_by("pk")))

    def erase(self) -> None:
        if self.now > NOW + timedelta(minutes=STEPS * 3 // 4):
            creator = self.creator()
            code = self.code(creator, CodePurpose.DELETION)
            erase_creator(creator=creator, code=code, now=self.now)


ACTS: tuple[Callable[[Play], None], ...] = (
    Play.share, Play.share, Play.stop, Play.change, Play.readdress, Play.bonus, Play.bonus,
    Play.bonus, Play.draft, Play.draft, Play.confirm, Play.confirm, Play.confirm, Play.redraft,
    Play.file, Play.file, Play.file, Play.run_paid, Play.run_paid, Play.run_back,
    Play.one_paid, Play.one_back, Play.erase,
)  # fmt: skip


def told_to_brand(now: datetime) -> Collection[str]:
    """The accounts that creators share with the brand acted for, from the rows themselves."""
    ids = DetailsRelease.objects.filter(taken_back_at=None).values_list("creator", flat=True)
    found = {place.ending: place.iban or place.paypal for place in PLACES}
    endings = PayoutDetails.objects.filter(creator__in=list(ids)).values_list("ending", flat=True)
    return {found[ending] for ending in endings if ending in found}


def hold(brand: Brand) -> None:
    """What is true after every step, in one brand."""
    assert [str(one) for one in differences(brand)] == []
    live = {row.creator_id: row.pk for row in DetailsRelease.objects.filter(taken_back_at=None)}
    given = set(PayoutDetails.objects.values_list("creator_id", flat=True))
    for payout in Payout.objects.select_related("member"):
        shared = live.get(payout.member.creator_id) if payout.member.creator_id in given else None
        if payout.state == "pending_info":
            assert shared is None, f"payment {payout.pk} waits for what is shared"
        if payout.state == "processing" and payout.in_file_at is None:
            assert payout.release_id == shared, f"payment {payout.pk} goes by no release"
    seen = details_by_member(Member.objects.select_related("creator"))
    assert {Member.objects.get(pk=pk).creator_id for pk in seen} <= live.keys()
    held = list(PayoutItem.objects.filter(released_at=None).values_list("entry", flat=True))
    assert len(held) == len(set(held))


@pytest.mark.parametrize("seed", range(amount(1, soak=20)))
def test_whatever_happens_in_whatever_order(cast: Cast, seed: int) -> None:
    play = Play(cast, seed)
    play.begin()
    for _ in range(STEPS):
        play.step()
        check_references_now()
        for brand in play.brands:
            with acting_for(brand):
                hold(brand)
    assert len(play.done) > 9, sorted(play.done)
