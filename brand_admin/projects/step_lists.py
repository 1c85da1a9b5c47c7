"""The lists of the steps Send and Tracking. The list of Generate is in `generate_list`.

No file contains dashboard links, because a link opens the dashboard without a login.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.http import Http404, QueryDict
from django.urls import reverse

from brand_admin.listing.actions import Action
from brand_admin.listing.cells import Cell, Chip, Copied, Fragment, Link, address, sales
from brand_admin.listing.columns import Column, FileColumns
from brand_admin.listing.empty_state import EmptyState
from brand_admin.listing.listing import Selection
from brand_admin.projects.frame import offer_asked, offer_tabs, step_arguments
from brand_admin.projects.lists import BY_MEMBER, OfProject
from brand_admin.projects.rows import SendRow, mails_of, send_rows
from brand_admin.segments import MemberChoice, SegmentFilters, in_segment
from notifications.models import Purpose
from notifications.selectors import MessageStatus
from offers.models import Enrollment, Offer
from tracking.figures.member_table import MemberRow, member_rows
from tracking.figures.metrics import ALL_TIME
from tracking.figures.ranking import in_order_of_names, is_by_figure, ranked
from tracking.outreach.stages import (
    LABELS,
    StageStep,
    enrollments_at,
    is_anyone_at_step,
    members_at_step,
    select_enrollments,
)

NOBODY_MATCHES = EmptyState(
    "Nobody here matches", "Every word must stand in the name or the address.", icon="search"
)


def _selected(*, within: MemberChoice | None, **chosen: Any) -> QuerySet[Any]:
    return members_at_step(**chosen).filter(in_segment(within, member="member"))


class AtStep(OfProject):
    """The members at one step of the project's stage, for one of its offers."""

    step: StageStep
    rows_are_enrollments = True
    filter_form = SegmentFilters
    nothing_matches = NOBODY_MATCHES

    def prepare(self, **args: int) -> None:
        super().prepare(**args)
        self.chosen_offer = offer_asked(self.request, self.project, self.step)

    @property
    def offer(self) -> Offer:
        """The offer. Raises Http404 if the stage has none yet."""
        if self.chosen_offer is None:
            raise Http404
        return self.chosen_offer

    @property
    def kept(self) -> list[tuple[str, str]]:
        return [*super().kept, *self._of_two()]

    def query_without(self, *names: str) -> QueryDict:
        query = super().query_without(*names)
        for name, value in self._of_two():
            query[name] = value
        return query

    def _of_two(self) -> list[tuple[str, str]]:
        """The name of the offer if the stage has two; else ""."""
        return [("offer", str(self.offer.pk))] if len(self.project.offers) > 1 else []

    def selection(self) -> Selection | None:
        return Selection(_selected, self.chosen())

    def chosen(self) -> dict[str, Any]:
        """Return keyword arguments for what selects the rows."""
        chosen = {"search": self.search_word, "within": self.filters.within}
        return step_arguments(self.project, self.step, self.offer) | chosen

    def matching(self) -> QuerySet[Any, int]:
        found = _selected(**self.chosen())
        return found.order_by("pk").values_list("enrollment_pk", flat=True)

    def everything(self) -> QuerySet[Enrollment]:
        found = members_at_step(**step_arguments(self.project, self.step, self.offer))
        return select_enrollments(found)

    def row_key(self, row: Any) -> str:
        return str(row.enrollment.pk)

    def row_label(self, row: Any) -> str:
        return str(row.enrollment.member)

    def file_name(self) -> str:
        return f"project-{self.project.pk}-{self.part}"

    def file_title(self) -> str:
        return f"{LABELS[self.step]} of {self.project.name}"

    def context(self) -> dict[str, Any]:
        tabs = offer_tabs(self.project, self.offer)
        return {"offer": self.offer, "offer_tabs": tabs}


def _member(row: Any) -> object:
    return row.enrollment.member


MEMBER = Column("Member", _member, sort="name", by=BY_MEMBER, names_row=True)
CODE = Column("Code", lambda row: Chip(row.items.promo_code))


def tracking_link(row: Any) -> Cell:
    return Copied("tracking link", row.items.tracking_link, row.items.short_link)


def _address_of(row: Any) -> object:
    return address(row.enrollment.member.email, getattr(row, "suppressed", ""))


ADDRESS = Column("Email", _address_of, sort="email", by=("member__email", "pk"), look="wide")
WHO: FileColumns = {
    "email": lambda row: row.enrollment.member.email,
    "first_name": lambda row: row.enrollment.member.first_name,
    "last_name": lambda row: row.enrollment.member.last_name,
    "code": lambda row: row.items.promo_code,
    "link": lambda row: row.items.tracking_link,
}


def _sent(row: Any) -> Cell:
    mail = row.message
    return Fragment(
        "brand_admin/members/message_state.html",
        state=mail.state if mail else "",
        label=mail.state.label if mail else "",
        at=mail.at if mail else None,
        reason=mail.reason if mail else "",
    )


STATUS = Column("Status", _sent, look="wide wraps")


class ToSend(AtStep):
    """Members with items and without a mail about them; with ?show=sent, those with the mail."""

    name, part = "project_send", "send"
    label, noun = "Members and their Sales Tracking Items", "members"
    page_name, file_page, change_page = "project_send", "project_send_csv", "project_send"
    change_method = "get"
    template = "brand_admin/projects/send.html"
    carried = ("show",)
    per_page = 200
    file_columns = {
        **WHO,
        "status": lambda row: row.message.state.value if row.message else "not_sent",
        "at": lambda row: row.message.at if row.message else None,
        "reason": lambda row: (row.message.reason if row.message else "") or row.suppressed,
    }
    actions = (
        Action(
            key="send",
            label="Send Sales Tracking Items",
            icon="send",
            kind="primary",
            html=lambda listing: {
                "data-hx-get": reverse("brand_admin:compose", args=[listing.brand.slug]),
                "data-hx-include": "closest form",
                "data-hx-target": "#drawer",
            },
        ),
    )

    def prepare(self, **args: int) -> None:
        self.shows_sent = self.GET.get("show") == "sent"
        self.step = StageStep.TRACKING if self.shows_sent else StageStep.SEND
        super().prepare(**args)

    def shown_columns(self) -> Sequence[Column]:
        columns = [MEMBER, ADDRESS]
        if self.offer.gives_codes:
            columns.append(CODE)
        if self.offer.gives_links:
            columns.append(Column("Link", tracking_link, look="wide"))
        dashboard = Column(
            "Dashboard link",
            lambda row: Copied("dashboard link", row.items.dashboard_link, "Copy link"),
        )
        return [*columns, dashboard, STATUS]

    def rows_of(self, found: Sequence[Any]) -> list[SendRow]:
        return send_rows(enrollments_at(found))

    def change_fields(self) -> list[tuple[str, str]]:
        """Return hidden fields for the drawer: the mail, the offer and the recipients."""
        fields = [
            ("purpose", Purpose.SALES_TRACKING_ITEMS.value),
            ("offer", str(self.offer.pk)),
            ("back", self.href.partition("?")[0]),
        ]
        if self.shows_sent:
            fields += [("show", "sent"), ("include_already_sent", "1")]
        return [*fields, ("rows", self.reference)] if self.all_chosen else fields

    def file_title(self) -> str:
        return f"Send of {self.project.name}"

    def empty(self) -> EmptyState:
        if self.clear_href:
            return self.nothing_matches
        if self.shows_sent:
            return EmptyState(
                "Nothing sent yet",
                "Members whose mail was sent are listed here.",
                icon="send",
            )
        if is_anyone_at_step(**step_arguments(self.project, StageStep.TRACKING, self.offer)):
            return EmptyState(
                "Everything is sent",
                "See what your members sell in Tracking.",
                icon="good",
                links=(self.link_to("Go to Tracking", "project_tracking"),),
            )
        return EmptyState(
            "Nobody to send to yet",
            "Members are listed here as soon as they have their code and link.",
            icon="send",
            links=(self.link_to("Go to Generate", "project_generate", kind="secondary"),),
        )

    def context(self) -> dict[str, Any]:
        return super().context() | {"show": "sent" if self.shows_sent else "waiting"}


def _tracked(**chosen: Any) -> QuerySet[Enrollment]:
    return select_enrollments(_selected(**chosen)).select_related("member", "offer")


def _tracked_by_name(*, is_reversed: bool, **chosen: Any) -> QuerySet[Enrollment]:
    return in_order_of_names(_tracked(**chosen), is_reversed=is_reversed)


class TrackingLine(NamedTuple):
    """A member with their figures, and the mail with their items."""

    row: MemberRow
    message: MessageStatus | None

    @property
    def enrollment(self) -> Enrollment:
        return self.row.enrollment

    @property
    def items(self) -> Any:
        return self.row.items


class Tracked(AtStep):
    """The members who were sent their items, with their figures."""

    name, part, step = "project", "tracking", StageStep.TRACKING
    label, noun = "Members who were sent their items", "members"
    page_name, file_page = "project_tracking", "project_tracking_csv"
    template = "brand_admin/projects/tracking.html"
    shows_times = False
    file_columns = {
        **WHO,
        "sent": lambda line: (
            line.message.at.isoformat()
            if line.message and line.message.is_sent and line.message.at
            else ""
        ),
        "clicks": lambda line: line.row.totals.clicks if line.enrollment.offer.gives_links else "",
        "conversions": lambda line: line.row.totals.conversions,
        "sales": lambda line: line.row.sales,
        "refunds": lambda line: line.row.refunds,
        "net_sales": lambda line: line.row.net_sales,
        "commission": lambda line: line.row.commission,
        "paid": lambda line: line.row.paid,
        "due": lambda line: line.row.due,
    }

    def shown_columns(self) -> Sequence[Column]:
        member = Column(
            "Member",
            lambda line: Link(line.enrollment.member, "member", line.enrollment.member_id),
            sort="name",
            names_row=True,
        )
        clicks = Column("Clicks", lambda line: line.row.totals.clicks, sort="clicks", look="number")
        return [
            member,
            *([CODE] if self.offer.gives_codes else []),
            Column("Status", _sent, look="wide"),
            *([clicks] if self.offer.gives_links else []),
            Column(
                "Conversions",
                lambda line: line.row.totals.conversions,
                sort="conversions",
                look="number",
            ),
            Column("Sales", lambda line: sales(line.row), sort="sales", look="number"),
            Column(
                "Commission",
                lambda line: line.row.commission,
                sort="commission",
                look="number strong",
            ),
        ]

    def selection(self) -> Selection | None:
        """Return what selects the rows by name, unless they are sorted by a figure."""
        order = self.GET.get("sort", "name")
        if is_by_figure(order):
            return None
        return Selection(_tracked_by_name, self.chosen() | {"is_reversed": order == "-name"})

    def find(self) -> Any:
        """Return the rows, ordered by the figure that the address names."""
        if self.selection() is not None:
            return super().find()
        order = self.GET.get("sort", "")
        return ranked(_tracked(**self.chosen()), order=order, period=ALL_TIME, now=self.now)

    def rows_of(self, found: Sequence[Enrollment]) -> list[TrackingLine]:
        mails = mails_of(found)
        return [
            TrackingLine(row, mails.get(row.enrollment.pk))
            for row in member_rows(self.offer, found, now=self.now)
        ]

    def file_name(self) -> str:
        return f"project-{self.project.pk}"

    def file_title(self) -> str:
        return f"Tracking of {self.project.name}"

    def empty(self) -> EmptyState:
        if self.clear_href:
            return self.nothing_matches
        return EmptyState(
            "Nothing to follow yet",
            "Members are listed here once their Sales Tracking Items are sent, with clicks,"
            " conversions, sales and commission.",
            icon="reporting",
            links=(self.link_to("Go to Send", "project_send", kind="secondary"),),
        )
