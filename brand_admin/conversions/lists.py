"""The lists of conversions and of questions, and judging many conversions at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from django.db.models import QuerySet
from django.utils.text import Truncator, capfirst

from accounts.actors import Actor
from accounts.permissions import Permission
from brand_admin.conversions.forms import ConversionFilters, QuestionFilters, RejectionForm
from brand_admin.conversions.question_findings import Verdict, verdict_of
from brand_admin.conversions.tab_counts import tab_counts
from brand_admin.listing.actions import Action, Done, Seen, Skipped
from brand_admin.listing.cells import Badge, Cell, Fragment, Lines, Link, Muted, Titled
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing, Selection
from core.money import Money, plain_percent
from core.templatetags.display import day, moment
from tracking.figures.conversion_list import (
    CONVERSION_ORDERS,
    UNDECIDED,
    conversion_count,
    listed_conversions,
    undecided_count,
)
from tracking.flags.deciding import accept_conversions, reject_conversions
from tracking.models import Conversion, ConversionStatus, Evidence, Question, QuestionState
from tracking.questions.selectors import orders_by_reference, questions


def conversion_status(row: Conversion) -> Cell:
    return Fragment("brand_admin/conversions/status.html", conversion=row)


IS_ANOTHER = "stays rejected: an order that may be the same is credited. Reject that one first"


def _accept(listing: Listing[Any], *, ids: list[int], by: Actor, now: datetime) -> Done:
    changed = accept_conversions(conversion_ids=ids, by=by, now=now)
    stay = Conversion.objects.filter(pk__in=ids, decision=ConversionStatus.REJECTED)
    skipped = [
        Skipped(f"Order {row.order.external_id}", IS_ANOTHER)
        for row in stay.select_related("order").order_by("pk")
    ]
    return Done(changed, unchanged=len(ids) - changed - len(skipped), skipped=skipped)


def _reject(
    listing: Listing[Any], *, ids: list[int], reason: str, by: Actor, now: datetime
) -> Done:
    changed = reject_conversions(conversion_ids=ids, reason=reason, by=by, now=now)
    return Done(changed, unchanged=len(ids) - changed)


ORDER = Column(
    "Order", lambda row: Link(row.order.external_id, "conversion", row.pk), names_row=True
)
TIME = Column("Time", lambda row: row.occurred_at, sort="time", look="bare")
WON_BY = Column(
    "Won by", lambda row: Titled(Evidence(row.evidence).label, capfirst(row.why)), look="off-phone"
)
AMOUNTS = (
    Column("Sale", lambda row: row.sale, sort="sale", look="number off-phone"),
    Column("Refunds", lambda row: row.refunded, sort="refunds", look="number off-phone"),
    Column("Commission", lambda row: row.commission, sort="commission", look="number strong"),
)


class Conversions(Listing[Conversion]):
    """The brand's conversions, the newest first."""

    name, section = "conversions", "conversions"
    heading, subtitle = "Conversions", "Orders that a member is credited with."
    label, noun = "Conversions", "conversions"
    page_name, file_page, change_page = "conversions", "conversions_csv", "conversions_judge"
    export_in_header = True
    header_links = (
        PageLink("Import orders", "orders_import", icon="upload", needs=Permission.MANAGE),
    )
    template = "brand_admin/conversions/list.html"
    search_label = "Order or member"
    filter_form = ConversionFilters
    only_member = "conversions of"
    default_sort = "-time"
    is_long = True
    columns: ClassVar[Sequence[Column]] = (
        ORDER,
        TIME,
        Column(
            "Member and offer",
            lambda row: Lines(
                Link(row.member, "member", row.member_id),
                Muted(Link(row.offer.name, "offer_report", row.offer_id)),
            ),
            look="bare first-line",
        ),
        WON_BY,
        *AMOUNTS,
        Column("Status", conversion_status, look="beside"),
    )
    file_columns = {
        "order": lambda row: row.order.external_id,
        "source": lambda row: row.order.source,
        "time": lambda row: row.occurred_at,
        "member": lambda row: row.member.full_name,
        "email": lambda row: row.member.email,
        "offer": lambda row: row.offer.name,
        "evidence": lambda row: row.evidence,
        "why": lambda row: row.why,
        "share": lambda row: f"{plain_percent(row.share_bp)}%",
        "status": lambda row: row.status,
        "reason": lambda row: row.reason,
        "sale": lambda row: Money(row.sale_minor, row.currency),
        "refunds": lambda row: Money(row.refunded_minor, row.currency),
        "commission": lambda row: Money(row.commission_minor, row.currency),
        "currency": lambda row: row.currency,
    }
    actions: ClassVar[Sequence[Action]] = (
        Action(
            key="accept",
            label="Accept",
            act=_accept,
            done="accepted",
            unchanged="were accepted",
            icon="check",
            confirm="Accept the selected conversions ({count})?"
            " Their commission is earned at once.",
        ),
        Action(
            key="reject",
            label="Reject",
            act=_reject,
            done="rejected",
            unchanged="were rejected",
            kind="danger",
            form=RejectionForm,
            asks="They will earn nothing. What was earned already is taken back from what is due;"
            " you can accept them again later.",
        ),
    )
    nothing_yet = EmptyState(
        "No conversions yet",
        "When your shop sends an order with a member's code or a click on their link, it appears"
        " here with its commission.",
        icon="conversions",
        links=(
            PageLink(
                "Connect your shop",
                "connections",
                icon="link",
                kind="primary",
                needs=Permission.ADMINISTER,
            ),
            PageLink("Import orders", "orders_import", icon="upload", needs=Permission.MANAGE),
        ),
    )
    nothing_matches = EmptyState(
        "No conversion matches", "Change the search or the filters.", icon="search"
    )

    def selection(self) -> Selection:
        order = self.GET.get("sort", "")
        known = order if order.removeprefix("-") in CONVERSION_ORDERS else ""
        chosen = {"search": self.search, "order": known, **self.chosen}
        return Selection(listed_conversions, chosen)

    @cached_property
    def chosen(self) -> dict[str, Any]:
        found: dict[str, Any] = self.filters.chosen()
        return found

    def known_count(self) -> int | None:
        """Kept, where nothing but status and offer chooses."""
        kept = {name: self.chosen[name] for name in ("status", "offer_id")}
        if self.search or any(self.chosen[name] for name in self.chosen.keys() - kept.keys()):
            return None
        return None if kept["status"] == UNDECIDED else conversion_count(**kept)

    def row_label(self, row: Conversion) -> str:
        return str(row.order.external_id)

    def everything(self) -> QuerySet[Conversion]:
        return listed_conversions()

    def seen(self, action: Action, ids: list[int]) -> list[Seen]:
        return [
            Seen(
                row.order.external_id,
                more=str(row.member),
                amount=row.commission,
                note=f"{moment(row.occurred_at)} · {row.get_status_display()}",
            )
            for row in self.everything().filter(pk__in=ids)
        ]

    def context(self) -> dict[str, Any]:
        return {
            **tab_counts(),
            "pending": undecided_count(),
        }


class QuestionLine(NamedTuple):
    """A question, and while it waits what its order says."""

    question: Question
    verdict: Verdict | None


def _known(row: QuestionLine) -> Cell:
    if row.verdict is not None:
        return Badge(row.verdict.short, row.verdict.tone)
    return Muted(f"Answered {moment(row.question.answered_at, 'short')}")


def question_state(row: QuestionLine) -> Cell:
    return Fragment("brand_admin/conversions/question_state.html", question=row.question)


QUESTION = Column(
    "Order",
    lambda row: Link(row.question.order_reference, "question", row.question.pk),
    look="wraps",
    names_row=True,
)
ORDERED = Column(
    "Ordered", lambda row: day(row.question.ordered_on), sort="ordered", by=("ordered_on", "pk")
)
ASKED = Column("Asked", lambda row: row.question.asked_at, sort="asked", by=("asked_at", "pk"))
STATE = Column("State", question_state)


class Questions(Listing[QuestionLine]):
    """What members asked about sales that they miss: the open ones, the longest waiting first."""

    name, section = "questions", "conversions"
    heading = "Conversions"
    subtitle = (
        "Members ask about sales that they miss. Each gets one answer, on their dashboard and by"
        " mail."
    )
    label, noun = "Questions", "questions"
    page_name, file_page = "questions", "questions_csv"
    template = "brand_admin/conversions/questions.html"
    search_label = "Order or member"
    filter_form = QuestionFilters
    always_filters = True
    only_member = "questions of"
    columns: ClassVar[Sequence[Column]] = (
        QUESTION,
        Column(
            "Member and offer",
            lambda row: Lines(
                Link(row.question.enrollment.member, "member", row.question.enrollment.member_id),
                Muted(row.question.enrollment.offer.name),
            ),
            sort="member",
            by=("enrollment__member__last_name", "enrollment__member__first_name", "pk"),
        ),
        ORDERED,
        ASKED,
        Column("What we know", _known),
        STATE,
    )
    file_columns = {
        "asked": lambda row: row.question.asked_at,
        "member": lambda row: row.question.enrollment.member.full_name,
        "email": lambda row: row.question.enrollment.member.email,
        "offer": lambda row: row.question.enrollment.offer.name,
        "order": lambda row: row.question.order_reference,
        "ordered_on": lambda row: row.question.ordered_on,
        "note": lambda row: row.question.note,
        "state": lambda row: row.question.state,
        "answer": lambda row: row.question.answer,
        "answered_by": lambda row: row.question.answered_by,
        "answered": lambda row: row.question.answered_at,
    }
    nothing_yet = EmptyState(
        "No question waits for you",
        "When a member misses a sale, they can ask about it from their dashboard. It appears here"
        " with what we know about the order.",
        icon="good",
        links=(PageLink("Answered questions", "questions", query="?state=all"),),
    )
    nothing_matches = EmptyState(
        "No question matches", "Change the search or the filter.", icon="search"
    )

    def usual_sort(self) -> str:
        """The longest waiting first; of others the latest."""
        is_open = self.filters.chosen()["state"] == QuestionState.OPEN
        return "asked" if is_open else "-asked"

    def find(self) -> QuerySet[Question]:
        return questions(search=self.search, **self.filters.chosen())

    def rows_of(self, found: Sequence[Question]) -> list[QuestionLine]:
        waiting = [row for row in found if row.state == QuestionState.OPEN]
        orders = orders_by_reference([row.order_reference for row in waiting])
        verdicts = {row.pk: verdict_of(row, orders[row.order_reference]) for row in waiting}
        return [QuestionLine(row, verdicts.get(row.pk)) for row in found]

    def context(self) -> dict[str, Any]:
        return tab_counts()


def shortened(answer: str) -> str:
    """As much of an answer as a list shows."""
    return Truncator(answer).chars(160)
