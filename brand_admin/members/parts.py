"""The tabs of a member's page that are lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.text import capfirst

from accounts.audit_log.selectors import filter_entries
from accounts.models import AuditEntry
from accounts.permissions import Permission
from affiliates.details import member_details_of
from affiliates.models import Member
from affiliates.notes import note_count
from brand_admin import history
from brand_admin.access import BrandRequest
from brand_admin.conversions.forms import EVERY_STATE, QuestionFilters
from brand_admin.conversions.lists import (
    AMOUNTS,
    ASKED,
    ORDER,
    ORDERED,
    QUESTION,
    STATE,
    TIME,
    WON_BY,
    Conversions,
    QuestionLine,
    Questions,
    conversion_status,
    shortened,
)
from brand_admin.emails.lists import Messages
from brand_admin.forms import DayFilters
from brand_admin.listing.actions import Action
from brand_admin.listing.cells import Fragment, Lines, Link, Muted
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing, Selection
from brand_admin.members.acts import acts_on_member
from brand_admin.members.history import member_history as history_of_member
from brand_admin.members.history import offers_named_in
from brand_admin.pages import render_page
from brand_admin.payments.lists import AMOUNT, DATE, RECORDED_BY, REFERENCE, Payments, payment_state
from brand_admin.suppressed import suppressed_in_words
from core.references import Reference
from core.templatetags.display import who
from notifications.selectors import messages_to
from tracking.flags.selectors import open_flag_count
from tracking.models import Question

SECTION = "members"
NOTHING_MATCHES = EmptyState("Nothing matches", "Change the search or the filters.", icon="search")


def who_it_is(member: Member) -> dict[str, Any]:
    """Return the context for the head of a member's page."""
    return {
        "member": member,
        "noted": member_details_of([member])[member.pk],
        "acts": acts_on_member(member, now=timezone.now()),
        "note_count": note_count(member),
        "flagged": open_flag_count(member_id=member.pk),
        "suppressed": suppressed_in_words([member.email]).get(member.email, ""),
    }


def show_part(request: BrandRequest, member: Member, part: str, **context: Any) -> HttpResponse:
    """Render a tab of a member's page that is not a list."""
    return render_page(
        request,
        f"brand_admin/members/{part}.html",
        section=SECTION,
        part=part,
        **who_it_is(member),
        **context,
    )


class OfMember(Listing[Any]):
    """A list of one member's rows. Its file is that of the whole list, filtered by the member."""

    section = SECTION
    template = "brand_admin/members/listing.html"
    export_in_header = False
    part: ClassVar[str]
    arguments = ("member_id",)
    actions: ClassVar[Sequence[Action]] = ()
    nothing_matches = NOTHING_MATCHES

    def prepare(self, **args: int) -> None:
        self.of = get_object_or_404(Member, pk=args["member_id"])

    def context(self) -> dict[str, Any]:
        return {"part": self.part, **who_it_is(self.of)}

    def for_file(self) -> dict[str, str]:
        return {"member": str(self.of.pk)}

    @property
    def file_place(self) -> list[object]:
        return [self.brand.slug]


class MemberConversions(OfMember, Conversions):
    part, page_name = "conversions", "member_conversions"
    label, search_label = "Conversions of this member", "Search order"
    only_member = ""
    columns: ClassVar[Sequence[Column]] = (
        ORDER,
        TIME,
        Column("Offer", lambda row: row.offer.name, look="bare"),
        WON_BY,
        *AMOUNTS,
        Column(
            "Status",
            lambda row: Lines(conversion_status(row), Muted(row.reason) if row.reason else ""),
            look="beside bare first-line",
        ),
    )
    nothing_yet = EmptyState(
        "No conversions yet",
        "An order with their code, or after a click on their link, appears here with its"
        " commission.",
        icon="conversions",
    )

    @cached_property
    def chosen(self) -> dict[str, Any]:
        return {**self.filters.chosen(), "member_id": self.of.pk}

    def known_count(self) -> None:
        return None


class MemberPayments(OfMember, Payments):
    part, page_name = "payments", "member_payments"
    label, search_label = "Payments to this member", "Search reference"
    only_member = ""
    is_long = False
    columns: ClassVar[Sequence[Column]] = (
        DATE,
        AMOUNT,
        REFERENCE,
        RECORDED_BY,
        Column(
            "State", lambda row: Lines(payment_state(row), Muted(row.reason) if row.reason else "")
        ),
    )
    nothing_yet = EmptyState(
        "No payments yet", "Commission can be paid once its hold is over.", icon="payments"
    )

    def empty(self) -> EmptyState:
        query = f"?{urlencode({'q': str(self.of)})}"
        due = PageLink("See what is due now", "payments", query=query, needs=Permission.PAY)
        return replace(super().empty(), links=(due,))

    def selection(self) -> Selection:
        select, chosen = super().selection()
        return Selection(select, chosen | {"member_id": self.of.pk})


class MemberMessages(OfMember, Messages):
    part, page_name = "messages", "member_messages"
    label, search_label = "Messages to this member", "Search title or address"
    only_member = ""
    is_long = False
    columns: ClassVar[Sequence[Column]] = (
        Column(
            "Message",
            lambda row: Link(row.campaign.title, "message", row.pk),
            look="wraps",
            names_row=True,
        ),
        Column("Confirmed", lambda row: row.campaign.confirmed_at),
        Column("To", lambda row: row.to_address, look="wide"),
        Column("Purpose", lambda row: row.get_purpose_display()),
        Column(
            "State",
            lambda row: Fragment(
                "brand_admin/members/message_state.html",
                state=row.state,
                label=row.get_state_display(),
                at=row.settled_at,
                reason=row.reason,
            ),
            look="wide",
        ),
    )
    nothing_yet = EmptyState(
        "No messages yet",
        "Sales Tracking Items and mails to members are listed here, each with what became of it.",
        icon="emails",
    )

    def find(self) -> QuerySet[Any]:
        chosen = self.filters.chosen()
        return messages_to(Reference.to(self.of), search=self.search, **chosen)


class MemberQuestions(OfMember, Questions):
    """The member's questions about missing sales. Without a filter, all of them."""

    part, page_name = "questions", "member_questions"
    label, search_label = "Questions of this member", "Search order"
    only_member = ""
    always_filters = False
    columns: ClassVar[Sequence[Column]] = (
        QUESTION,
        Column("Offer", lambda row: row.question.enrollment.offer.name),
        ORDERED,
        ASKED,
        Column("Answer", lambda row: shortened(row.question.answer), look="wraps wide"),
        STATE,
    )
    nothing_yet = EmptyState(
        "No questions yet",
        "When they miss a sale, they can ask about it from their dashboard.",
        icon="info",
    )

    @property
    def filters(self) -> QuestionFilters:
        return QuestionFilters(self.GET.dict() | self.for_file())

    def rows_of(self, found: Sequence[Question]) -> list[QuestionLine]:
        return [QuestionLine(row, None) for row in found]

    def for_file(self) -> dict[str, str]:
        return super().for_file() | {"state": self.GET.get("state") or EVERY_STATE}


class HistoryLine(NamedTuple):
    entry: AuditEntry
    line: history.HistoryLine
    offer_name: str


class MemberHistory(OfMember):
    """The audit log of the member and their objects, newest first."""

    name, part = "member_history", "history"
    heading = "History"
    label, noun = "History of this member", "entries"
    page_name, file_page = "member_history", "member_history_csv"
    search_label = "Search in the history"
    filter_form = DayFilters
    is_long = True
    columns: ClassVar[Sequence[Column]] = (
        Column("What", lambda row: capfirst(row.line.words), look="wraps", names_row=True),
        Column("Offer", lambda row: row.offer_name, look="wraps bare"),
        Column("Who", lambda row: who(row.line.actor), look="bare"),
        Column("When", lambda row: row.line.at, look="number bare"),
    )
    file_columns = {
        "time": lambda row: row.entry.at,
        "what": lambda row: row.line.words,
        "which": lambda row: row.line.target,
        "who": lambda row: row.entry.actor,
        "action": lambda row: row.entry.action,
    }
    nothing_yet = EmptyState("Nothing was done yet", icon="history")

    def find(self) -> QuerySet[AuditEntry]:
        return filter_entries(
            history_of_member(self.of.pk),
            search=self.search,
            actions_for_word=history.actions_saying,
            **self.filters.days(),
        )

    def rows_of(self, found: Sequence[AuditEntry]) -> list[HistoryLine]:
        named = offers_named_in(found)
        return [
            HistoryLine(entry, line, named.get(entry.target, ""))
            for entry, line in zip(found, history.lines(found), strict=True)
        ]

    def file_name(self) -> str:
        return f"member-{self.of.pk}-history"

    def file_title(self) -> str:
        return f"History of {self.of}"

    def for_file(self) -> dict[str, str]:
        return {}

    @property
    def file_place(self) -> list[object]:
        return self.place
