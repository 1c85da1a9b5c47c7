"""Read payouts and payout runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import (
    Case,
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.functions import MD5, Cast, Concat

from affiliates.selectors import members_matching, of_members_matching
from core.money import Money
from core.text import search_words
from core.word_search import contains_word
from payouts.models import (
    OPEN_STATES,
    EntryKind,
    LedgerEntry,
    Payout,
    PayoutItem,
    PayoutRun,
    PayoutRunEntry,
    PayoutRunMember,
    PayoutState,
)
from payouts.models.payments import REFERENCE_INDEX


def payouts(
    *,
    search: str = "",
    member_id: int | None = None,
    state: str = "",
    first: datetime | None = None,
    last: datetime | None = None,
) -> QuerySet[Payout]:
    """Return the brand's payments, newest first.

    `search` matches the member's name and the reference. Payments are recorded from `first` on and
    before `last`.
    """
    found = Payout.objects.select_related("member").order_by("-created_at", "-pk")
    if member_id is not None:
        found = found.filter(member=member_id)
    found = found.filter(_between(first, last))
    for word in search_words(search):
        paid = of_members_matching(word, rows=Payout.objects.all())
        found = found.filter(paid | contains_word(word, "reference", index=REFERENCE_INDEX))
    return found.filter(state=state) if state else found


def items_of(payout_ids: Iterable[int]) -> QuerySet[PayoutItem]:
    """Return the items of these payments, oldest entry first."""
    return (
        PayoutItem.objects.filter(payout__in=set(payout_ids))
        .select_related("entry__enrollment__offer")
        .order_by("entry__available_at", "entry_id")
    )


def payout_of(entry_ids: Iterable[int]) -> Payout | None:
    """Return the live payment that pays exactly these entries, or None."""
    wanted = set(entry_ids)
    payout_ids = set(
        PayoutItem.objects.live().filter(entry__in=wanted).values_list("payout_id", flat=True)
    )
    if len(payout_ids) != 1:
        return None
    items = PayoutItem.objects.live().filter(payout__in=payout_ids)
    if set(items.values_list("entry_id", flat=True)) != wanted:
        return None
    return Payout.objects.get(pk__in=payout_ids)


def entries_of_conversion(conversion_id: int) -> QuerySet[LedgerEntry]:
    """Return a conversion's entries, oldest first; `paid_by` is the id of the live payment."""
    live = PayoutItem.objects.live().filter(entry=OuterRef("pk"))
    return (
        LedgerEntry.objects.filter(kind=EntryKind.COMMISSION, conversion_id=conversion_id)
        .annotate(paid_by=Subquery(live.values("payout_id")[:1]))
        .order_by("pk")
    )


def runs(
    *,
    search: str = "",
    state: str = "",
    first: datetime | None = None,
    last: datetime | None = None,
) -> QuerySet[PayoutRun]:
    """Return the brand's payout runs, newest first.

    `search` matches the reference and the names of the people who drafted and confirmed it. Runs
    are drafted from `first` on and before `last`.
    """
    found = PayoutRun.objects.order_by("-created_at", "-pk")
    for word in search_words(search):
        found = found.filter(
            Q(reference__icontains=word)
            | Q(created_by__icontains=word)
            | Q(confirmed_by__icontains=word)
        )
    if state:
        found = found.filter(state=state)
    return found.filter(_between(first, last))


def _between(first: datetime | None, last: datetime | None) -> Q:
    """Created from `first` on and before `last`."""
    since = Q() if first is None else Q(created_at__gte=first)
    return since if last is None else since & Q(created_at__lt=last)


def run_members(
    run: PayoutRun, *, left_out: bool, search: str = "", state: str = ""
) -> QuerySet[PayoutRunMember]:
    """Return the members that the run pays, or leaves out, the largest amount first.

    `state` is the state of the member's payment; only a confirmed run has payments.
    """
    found = PayoutRunMember.objects.filter(run=run, is_left_out=left_out).select_related("member")
    for word in search_words(search):
        found = found.filter(member__in=members_matching(word))
    if state:
        paid = Payout.objects.filter(run=run, member=OuterRef("member"), state=state)
        found = found.filter(Exists(paid))
    return found.order_by("-due_minor", "pk")


def payouts_of_run(run: PayoutRun) -> QuerySet[Payout]:
    """Return the payments of a confirmed run, the largest first."""
    return Payout.objects.filter(run=run).select_related("member").order_by("-amount_minor", "pk")


@dataclass(frozen=True, slots=True)
class MarkPaidSummary:
    """The payments that are marked paid together.

    `seen` identifies them: the page sends it back, so that nobody marks payments they did not see.
    `in_no_file` counts the payments that stay in processing.
    """

    payments: int
    amount: Money
    in_no_file: int
    seen: str


def payments_to_mark_paid(run: PayoutRun) -> QuerySet[Payout]:
    """Return the payments of a run that are marked paid together.

    These are the payments in processing that are in a file, or all in processing when no file was
    made. A payment that started after the file was made is not in it, so nobody has paid it.
    """
    in_processing = Payout.objects.filter(run=run, state=PayoutState.PROCESSING)
    in_a_file = in_processing.filter(in_file_at__isnull=False)
    return in_a_file if in_a_file.exists() else in_processing


def mark_paid_summary(run: PayoutRun) -> MarkPaidSummary:
    """Return count, amount and `seen` of `payments_to_mark_paid`.

    `seen` is a digest of the payments' ids.
    """
    found = payments_to_mark_paid(run).aggregate(
        payments=Count("pk"),
        minor=Sum("amount_minor"),
        seen=MD5(StringAgg(Cast("pk", TextField()), ",", order_by="pk")),
    )
    in_processing = Payout.objects.filter(run=run, state=PayoutState.PROCESSING).count()
    return MarkPaidSummary(
        payments=found["payments"],
        amount=Money(found["minor"] or 0, run.currency),
        in_no_file=in_processing - found["payments"],
        seen=found["seen"] or "",
    )


@dataclass(frozen=True, slots=True)
class ReturnSummary:
    """The open payments of a run, which are taken back together.

    `in_a_file` counts those that a bank or PayPal may have paid. `seen` identifies the payments,
    their states and which of them are in a file: the page sends it back.
    """

    in_a_file: int
    seen: str


def return_summary(run: PayoutRun) -> ReturnSummary:
    """Return what a page shows before the run's open payments are taken back."""
    in_a_file = Case(When(in_file_at=None, then=Value("")), default=Value("in a file"))
    as_text = Concat(Cast("pk", TextField()), Value(" "), "state", Value(" "), in_a_file)
    found = Payout.objects.filter(run=run, state__in=OPEN_STATES).aggregate(
        in_a_file=Count("pk", filter=Q(in_file_at__isnull=False)),
        seen=MD5(StringAgg(as_text, ",", order_by="pk")),
    )
    return ReturnSummary(in_a_file=found["in_a_file"], seen=found["seen"] or "")


def seen_of_payment(payout: Payout) -> str:
    """Identify the state of a payment and whether it is in a file: a page sends it back."""
    return f"{payout.state} {'in a file' if payout.in_file_at else ''}".strip()


def drafted_entries(line: PayoutRunMember) -> QuerySet[LedgerEntry]:
    """Return exactly the entries that a draft would pay to one member, oldest first."""
    entries = PayoutRunEntry.objects.filter(line=line)
    return (
        LedgerEntry.objects.filter(pk__in=entries.values("entry"))
        .select_related("enrollment__offer")
        .order_by("available_at", "pk")
    )


@dataclass(frozen=True, slots=True)
class RunStateTotal:
    """The payments of a run in one state."""

    state: PayoutState
    payments: int
    amount: Money

    @property
    def label(self) -> str:
        return "On the way" if self.state == PayoutState.PROCESSING else str(self.state.label)

    @property
    def words(self) -> str:
        return "1 payment" if self.payments == 1 else f"{self.payments:,} payments"


def totals_by_state(run: PayoutRun) -> dict[str, RunStateTotal]:
    """Return number and amount of a run's payments, by state."""
    rows = (
        Payout.objects.filter(run=run)
        .order_by()
        .values("state")
        .annotate(payments=Count("pk"), amount_minor=Sum("amount_minor"))
    )
    return {
        row["state"]: RunStateTotal(
            PayoutState(row["state"]), row["payments"], Money(row["amount_minor"], run.currency)
        )
        for row in rows
    }


def waiting_for_details(enrollment_ids: Iterable[int]) -> dict[int, int]:
    """Return the minor units that payments waiting for details hold, by enrollment id."""
    posted = LedgerEntry.objects.filter(
        enrollment__in=set(enrollment_ids),
        kind=EntryKind.PAYOUT,
        payout__state=PayoutState.PENDING_INFO,
    )
    sums = posted.order_by().values_list("enrollment_id").annotate(minor=Sum("amount_minor"))
    return {enrollment_id: -minor for enrollment_id, minor in sums}


def waiting_of_runs(run_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Return how many payments of each run are open, by state."""
    rows = Payout.objects.filter(run__in=set(run_ids), state__in=OPEN_STATES)
    found: dict[int, dict[str, int]] = {}
    for run_id, state, number in (
        rows.order_by().values_list("run_id", "state").annotate(payments=Count("pk"))
    ):
        found.setdefault(run_id, {})[state] = number
    return found


def latest_minimum(currency: str) -> int:
    """Return the minimum of the brand's last run in this currency, in minor units; else 0."""
    found = PayoutRun.objects.filter(currency=currency).order_by("-pk").values_list("minimum_minor")
    return found[0][0] if found else 0
