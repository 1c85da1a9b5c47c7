"""Payments to members: reading and recording them, what is due, bonuses and write-offs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query

from affiliates.models import Member
from api.authentication import Scope, actor_of
from api.resources.members import members_shown
from api.resources.operations import Noun
from api.resources.reading import (
    expanded,
    filter_id,
    linked,
    minor_in,
    page_after,
    page_of,
    row_at,
    row_named,
    shown_id,
    shown_id_or_none,
)
from api.resources.refusing import changed_meanwhile, not_possible_now
from api.schemas.parts import Page, moment, moment_or_none, money
from api.schemas.payouts import (
    AskedDue,
    AskedDueToAll,
    AskedPayout,
    AskedPayouts,
    BalanceShown,
    DueShown,
    DueToMember,
    EntryShown,
    EveryDue,
    MarkedPaid,
    NewAdjustment,
    NewPayout,
    NewWriteOff,
    PayoutShown,
    PayoutWhole,
    Returned,
)
from core.public_ids import IdKind
from offers.models import Enrollment
from payouts.due import due_after, due_page
from payouts.ledger import Balance, balances, due_entries
from payouts.models import LedgerEntry, Payout, PayoutState
from payouts.selectors import items_of, payouts
from payouts.services import (
    DueChangedError,
    NotOpenError,
    adjust,
    mark_paid,
    record_payment,
    return_payment,
    write_off,
)

NOUN = Noun("payouts", changes=Scope.PAYOUTS)
EXPANDABLE = ("member",)
MAX_SHOWN_ENTRIES = 2_000
OTHER_DUE = "Another amount is due now, and nothing was recorded."
OTHER_DEBT = "The debt is another one by now, and nothing was written off."


@NOUN.get("/payouts", Page[PayoutShown])
def list_payouts(request: HttpRequest, asked: Query[AskedPayouts]) -> Page[PayoutShown]:
    """Return payments, the newest first."""
    whole = expanded(asked, *EXPANDABLE)
    found = payouts(
        search=asked.search,
        state=asked.state,
        member_id=filter_id(IdKind.MEMBER, asked, "member"),
    ).select_related(None)
    return page_of(request, asked, found, column="created_at", show=lambda rows: _show(rows, whole))


@NOUN.get("/payouts/{payout}", PayoutWhole)
def show_payout(request: HttpRequest, payout: str, asked: Query[AskedPayout]) -> PayoutWhole:
    """Return one payment with the entries that it pays."""
    row = row_at(IdKind.PAYOUT, payout, Payout.objects.all())
    return _whole(row, expanded(asked, *EXPANDABLE))


@NOUN.get("/due", EveryDue)
def show_due(request: HttpRequest, asked: Query[AskedDue]) -> EveryDue:
    """Return what a member is due now, in each currency: what a payment would pay."""
    expanded(asked)
    member = row_named(IdKind.MEMBER, asked.member, Member.objects.all(), field="member")
    now = timezone.now()
    rows = due_page(now=now, among=[member.pk]).rows
    return EveryDue(
        member=shown_id(IdKind.MEMBER, member.pk),
        data=[_due(member, row.currency, row.due_minor, now=now) for row in rows],
    )


@NOUN.get("/due/members", Page[DueToMember])
def list_due(request: HttpRequest, asked: Query[AskedDueToAll]) -> Page[DueToMember]:
    """Return what all members are due now, those added last first. Who is due nothing is left out.

    One payment run of all who are due something is drafted by `POST /payout-runs`.
    """
    now = timezone.now()

    def find(after: int | None, limit: int) -> dict[int, DueToMember]:
        found: dict[int, DueToMember] = {}
        for row in due_after(after=after, only=asked.currency, limit=limit, now=now):
            member = shown_id(IdKind.MEMBER, row.member_id)
            to = found.setdefault(row.member_id, DueToMember(member=member, due=[]))
            to.due.append(money(row.due_minor, row.currency))
        return found

    return page_after(request, asked, find, limit=asked.limit, cursor=asked.cursor)


@NOUN.post("/payouts", PayoutWhole, status=201, conflicts=True)
def record_payout(request: HttpRequest, sent: NewPayout) -> PayoutWhole:
    """Record that you paid a member all that is due to them in this currency."""
    member = row_named(IdKind.MEMBER, sent.member, Member.objects.all(), field="member")
    now = timezone.now()
    entries = list(due_entries(member_id=member.pk, currency=sent.currency, now=now))
    due = sum(entry.amount_minor for entry in entries)
    if due != minor_in(sent.amount, sent.currency):
        raise changed_meanwhile(_due_now(member, sent.currency), OTHER_DUE)
    try:
        row = record_payment(
            member=member,
            currency=sent.currency,
            entry_ids=[entry.pk for entry in entries],
            reference=sent.reference.strip(),
            by=actor_of(request),
            now=now,
        )
    except DueChangedError as error:
        raise changed_meanwhile(_due_now(member, sent.currency), OTHER_DUE) from error
    return _whole(row, frozenset())


@NOUN.post("/payouts/{payout}/paid", PayoutWhole, conflicts=True)
def mark_payout_paid(request: HttpRequest, payout: str, sent: MarkedPaid) -> PayoutWhole:
    """Mark a payment that is on the way, or waits for details, as paid."""
    row = row_at(IdKind.PAYOUT, payout, Payout.objects.all())
    with _refusing_settled(row):
        paid = mark_paid(
            payout=row,
            reference=sent.reference,
            by=actor_of(request),
            now=timezone.now(),
        )
    return _whole(paid, frozenset())


@NOUN.post("/payouts/{payout}/return", PayoutWhole, conflicts=True)
def return_payout(request: HttpRequest, payout: str, sent: Returned) -> PayoutWhole:
    """Mark a payment as failed or cancelled: its entries are due again."""
    row = row_at(IdKind.PAYOUT, payout, Payout.objects.all())
    with _refusing_settled(row):
        returned = return_payment(
            payout=row,
            state=PayoutState(sent.state),
            reason=sent.reason,
            by=actor_of(request),
            now=timezone.now(),
        )
    return _whole(returned, frozenset())


@NOUN.get("/enrollments/{enrollment}/balance", BalanceShown)
def show_balance(request: HttpRequest, enrollment: str) -> BalanceShown:
    """Return what a member has in an offer: earned, due, held, on the way and paid."""
    rows = Enrollment.objects.select_related("offer")
    return _balance(row_at(IdKind.ENROLLMENT, enrollment, rows))


@NOUN.post("/adjustments", EntryShown, status=201)
def post_adjustment(request: HttpRequest, sent: NewAdjustment) -> EntryShown:
    """Post a bonus or a correction for a member in an offer."""
    row = _enrollment(sent.enrollment)
    entry = adjust(
        enrollment=row,
        currency=row.offer.currency,
        amount_minor=minor_in(sent.amount, row.offer.currency),
        note=sent.note,
        confirmation=sent.confirmation,
        by=actor_of(request),
        now=timezone.now(),
    )
    return _entries([entry])[0]


@NOUN.post("/write-offs", EntryShown, status=201, conflicts=True)
def write_off_debt(request: HttpRequest, sent: NewWriteOff) -> EntryShown:
    """Write off what a member was paid too much in an offer."""
    row = _enrollment(sent.enrollment)
    try:
        entry = write_off(
            enrollment=row,
            debt_minor=minor_in(sent.amount, row.offer.currency),
            note=sent.note,
            confirmation=sent.confirmation,
            by=actor_of(request),
            now=timezone.now(),
        )
    except DueChangedError as error:
        raise changed_meanwhile(_balance(row), OTHER_DEBT) from error
    return _entries([entry])[0]


def _enrollment(text: str) -> Enrollment:
    rows = Enrollment.objects.select_related("offer")
    return row_named(IdKind.ENROLLMENT, text, rows, field="enrollment")


@contextmanager
def _refusing_settled(row: Payout) -> Iterator[None]:
    """Raise ApiError (409) where the payment is not open, as it is now."""
    try:
        yield
    except NotOpenError as error:
        row.refresh_from_db()
        raise not_possible_now(str(error), current=_whole(row, frozenset())) from error


def _due_now(member: Member, currency: str) -> DueToMember:
    """What a member is due in a currency, nothing included."""
    rows = due_page(now=timezone.now(), among=[member.pk], only=currency).rows
    due = sum(row.due_minor for row in rows)
    return DueToMember(member=shown_id(IdKind.MEMBER, member.pk), due=[money(due, currency)])


def _due(member: Member, currency: str, minor: int, *, now: Any) -> DueShown:
    found = due_entries(member_id=member.pk, currency=currency, now=now)
    entries = list(found[: MAX_SHOWN_ENTRIES + 1])
    return DueShown(
        amount=money(minor, currency),
        entries=_entries(entries[:MAX_SHOWN_ENTRIES]),
        is_cut=len(entries) > MAX_SHOWN_ENTRIES,
    )


def _balance(row: Enrollment) -> BalanceShown:
    found = balances([row.pk], now=timezone.now()).get(row.pk, Balance())
    currency = row.offer.currency
    return BalanceShown(
        enrollment=shown_id(IdKind.ENROLLMENT, row.pk),
        offer=shown_id(IdKind.OFFER, row.offer_id),
        earned=money(found.earned_minor, currency),
        due=money(found.due_minor, currency),
        held=money(found.held_minor, currency),
        on_the_way=money(found.on_the_way_minor, currency),
        paid=money(found.paid_minor, currency),
        debt=money(found.debt_minor, currency),
    )


def _entries(rows: Iterable[LedgerEntry]) -> list[EntryShown]:
    return [
        EntryShown(
            enrollment=shown_id(IdKind.ENROLLMENT, row.enrollment_id),
            kind=cast("Any", row.kind),
            amount=money(row.amount_minor, row.currency),
            conversion=shown_id_or_none(IdKind.CONVERSION, row.conversion_id),
            note=row.note,
            posted_at=moment(row.posted_at),
            available_at=moment(row.available_at),
        )
        for row in rows
    ]


def _whole(row: Payout, whole: frozenset[str]) -> PayoutWhole:
    shown = _show([row], whole)[0]
    entries = _entries(item.entry for item in items_of([row.pk]))
    return PayoutWhole(**dict(shown), entries=entries)


def _show(rows: Sequence[Payout], whole: frozenset[str]) -> list[PayoutShown]:
    ids = [row.member_id for row in rows]
    member = linked(IdKind.MEMBER, "member" in whole, ids, members_shown)
    return [
        PayoutShown(
            id=shown_id(IdKind.PAYOUT, row.pk),
            run=shown_id_or_none(IdKind.RUN, row.run_id),
            member=member(row.member_id),
            amount=money(row.amount_minor, row.currency),
            state=cast("Any", row.state),
            reference=row.reference,
            reason=row.reason,
            created_at=moment(row.created_at),
            created_by=row.created_by,
            settled_at=moment_or_none(row.settled_at),
        )
        for row in rows
    ]
