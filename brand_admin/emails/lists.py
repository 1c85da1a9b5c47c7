"""The lists of Emails: campaigns, one campaign's recipients, messages, suppressed addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from affiliates.models import Member
from brand_admin.emails.forms import (
    CampaignFilters,
    MessageFilters,
    ReportFilters,
    SuppressionFilters,
)
from brand_admin.emails.progress import CampaignProgress, in_words
from brand_admin.listing.cells import Badge, Cell, Fragment, Lines, Link, LinkTo, Muted
from brand_admin.listing.columns import Column
from brand_admin.listing.empty_state import EmptyState, PageLink
from brand_admin.listing.listing import Listing, Selection
from core.references import Reference
from core.templatetags.display import moment, who
from notifications import selectors
from notifications.models import Campaign, Message, MessageState, Suppression

SECTION = "emails"
HEADING = "Emails"


def message_state(row: Message) -> Cell:
    return Fragment("brand_admin/emails/state.html", message=row)


class Campaigns(Listing[CampaignProgress]):
    """Every campaign with what became of its mails, the newest first."""

    name, section = "campaigns", SECTION
    heading, subtitle = HEADING, "Every mail to your members, and what became of it."
    label, noun = "Campaigns", "campaigns"
    page_name, file_page = "emails", "emails_export"
    template = "brand_admin/emails/list.html"
    search_label = "Search title or subject"
    filter_form = CampaignFilters
    default_sort = "-confirmed"
    columns = (
        Column(
            "Mail",
            lambda row: Lines(
                Link(row.subject, "campaign", row.campaign.pk), Muted(row.campaign.title)
            ),
            look="wraps",
            names_row=True,
        ),
        Column("Purpose", lambda row: row.campaign.get_purpose_display(), look="off-phone"),
        Column(
            "Confirmed",
            lambda row: Lines(row.campaign.confirmed_at, Muted(who(row.campaign.confirmed_by))),
            sort="confirmed",
            by=("confirmed_at", "pk"),
        ),
        Column(
            "Recipients",
            lambda row: row.campaign.recipients,
            sort="recipients",
            by=("recipients", "pk"),
            look="number",
        ),
        Column("Accepted", lambda row: row.counts.reached, look="number"),
        Column("Bounced", lambda row: row.counts.bounced, look="number"),
        Column("Failed", lambda row: row.counts.refused, look="number off-phone"),
        Column("Unknown", lambda row: row.counts.unknown, look="number off-phone"),
        Column("Waiting", lambda row: row.counts.waiting, look="number off-phone"),
        Column("State", lambda row: Badge(row.word, row.tone)),
    )
    file_columns = {
        "title": lambda row: row.campaign.title,
        "purpose": lambda row: row.campaign.purpose,
        "subject": lambda row: row.campaign.subject,
        "state": lambda row: row.campaign.state,
        "confirmed_by": lambda row: row.campaign.confirmed_by,
        "confirmed_at": lambda row: row.campaign.confirmed_at,
        "recipients": lambda row: row.campaign.recipients,
        "reached": lambda row: row.counts.reached,
        "delivered": lambda row: row.counts.delivered,
        "bounced": lambda row: row.counts.bounced,
        "failed": lambda row: row.counts.refused,
        "unknown": lambda row: row.counts.unknown,
        "left_out": lambda row: row.counts.left_out,
        "waiting": lambda row: row.counts.waiting,
    }
    nothing_yet = EmptyState(
        "No emails yet",
        "Send members their Sales Tracking Items from the Send step of a project, or write to all"
        " members of an offer with Email Members.",
        icon="emails",
        links=(PageLink("Projects", "projects"), PageLink("Sales Tracking", "reporting")),
    )
    nothing_matches = EmptyState(
        "No campaign matches", "Change the search or the filters.", icon="search"
    )

    def selection(self) -> Selection:
        chosen = {"search": self.search_word, **self.filters.chosen()}
        return Selection(selectors.campaigns, chosen)

    def rows_of(self, found: Sequence[Campaign]) -> list[CampaignProgress]:
        brand = self.brand.name
        return [
            CampaignProgress(row.campaign, row.counts, brand)
            for row in selectors.with_counts(found)
        ]

    def file_name(self) -> str:
        return "emails"

    def context(self) -> dict[str, Any]:
        return {"tab": "campaigns"}


def _settled(row: Message) -> object:
    if row.settled_at is None and row.state == MessageState.RETRY:
        return f"next try {moment(row.due_at, 'short')}"
    return row.settled_at


class Recipients(Listing[Message]):
    """What became of each recipient's mail of one campaign, in the order of confirming."""

    name, section = "campaign", SECTION
    label, noun = "Recipients", "recipients"
    page_name, file_page = "campaign", "campaign_export"
    template = "brand_admin/emails/campaign.html"
    arguments = ("campaign_id",)
    search_label = "Search recipient"
    filter_form = ReportFilters
    always_filters = True
    default_sort = "confirmed"
    shows_times = False
    columns = (
        Column(
            "Recipient",
            lambda row: Link(row.to_name or row.to_address, "message", row.pk),
            sort="name",
            by=("to_name", "pk"),
            names_row=True,
        ),
        Column(
            "Address",
            lambda row: row.to_address,
            sort="address",
            by=("to_address", "pk"),
            look="wide wraps",
        ),
        Column("State", message_state),
        Column("When", _settled, sort="settled", by=("settled_at", "pk")),
        Column("Reason", lambda row: row.reason, look="wide wraps"),
    )
    file_columns = {
        "address": lambda row: row.to_address,
        "name": lambda row: row.to_name,
        "state": lambda row: row.state,
        "reason": lambda row: row.reason,
        "attempts": lambda row: row.attempts,
        "settled_at": lambda row: row.settled_at,
    }
    nothing_yet = nothing_matches = EmptyState(
        "No recipient matches", "Change the search or the filter.", icon="search"
    )

    def prepare(self, **args: int) -> None:
        self.campaign = get_object_or_404(Campaign, pk=args["campaign_id"])

    def find(self) -> QuerySet[Message]:
        state = self.filters.chosen()
        return selectors.report(self.campaign, search=self.search, state=state)

    def file_name(self) -> str:
        return f"email-{self.campaign.pk}"

    def file_title(self) -> str:
        return f"Recipients of {self.campaign.title}"


def _subject_of(row: Message) -> str:
    known = {name: value for name, value in row.values.items() if value}
    return in_words(row.campaign.subject, known)


def _about(row: Message) -> str:
    return f"{row.campaign.title} · {row.get_purpose_display()}"


class Messages(Listing[Message]):
    """Every mail to an address that is searched for, or to one member."""

    name, section = "messages", SECTION
    heading, subtitle = HEADING, "Find every mail to one address."
    label, noun = "Messages", "messages"
    page_name, file_page = "messages", "messages_export"
    template = "brand_admin/emails/list.html"
    search_label = "Search address"
    filter_form = MessageFilters
    only_member = "mails to"
    is_long = True
    columns: ClassVar[Sequence[Column]] = (
        Column(
            "Address",
            lambda row: Lines(Link(row.to_address, "message", row.pk), Muted(row.to_name)),
            look="wraps",
            names_row=True,
        ),
        Column(
            "Message",
            lambda row: Lines(_subject_of(row), Muted(_about(row))),
            look="wraps wide",
        ),
        Column("Confirmed", lambda row: row.campaign.confirmed_at),
        Column("State", message_state),
        Column("Reason", lambda row: row.reason, look="wide wraps"),
    )
    file_columns = {
        "address": lambda row: row.to_address,
        "name": lambda row: row.to_name,
        "message": lambda row: row.campaign.title,
        "purpose": lambda row: row.purpose,
        "confirmed_at": lambda row: row.campaign.confirmed_at,
        "state": lambda row: row.state,
        "reason": lambda row: row.reason,
        "settled_at": lambda row: row.settled_at,
    }
    nothing_yet = EmptyState(
        "No messages yet",
        "Each mail to a member is listed here as soon as it is confirmed. Send the first from the"
        " Send step of a project.",
        icon="emails",
        links=(PageLink("Projects", "projects"),),
    )
    nothing_matches = EmptyState(
        "No mail matches", "Change the search or the filters.", icon="search"
    )

    def find(self) -> QuerySet[Message]:
        member_id, chosen = self.filters.member_id, self.filters.chosen()
        if member_id is None:
            return selectors.messages_by_address(self.search, **chosen)
        theirs = Reference.by_id(Member, member_id)
        return selectors.messages_to(theirs, search=self.search, **chosen)

    def file_title(self) -> str:
        return "Messages"

    def context(self) -> dict[str, Any]:
        return {"tab": "messages"}


class Suppressions(Listing[Suppression]):
    """Addresses that get no mail, the latest first."""

    name, section = "suppressed", SECTION
    heading, subtitle = HEADING, "Addresses that get no mail from you."
    label, noun = "Suppressed addresses", "addresses"
    page_name, file_page = "suppressions", "suppressions_export"
    template = "brand_admin/emails/suppressions.html"
    search_label = "Search address"
    filter_form = SuppressionFilters
    default_sort = "-since"
    columns = (
        Column(
            "Address",
            lambda row: row.address,
            sort="address",
            by=("address", "pk"),
            look="wraps",
            names_row=True,
        ),
        Column("Reason", lambda row: row.get_reason_display()),
        Column("Since", lambda row: row.since, sort="since", by=("since", "pk")),
    )
    file_columns = {
        "address": lambda row: row.address,
        "reason": lambda row: row.reason,
        "since": lambda row: row.since,
    }
    nothing_yet = EmptyState(
        "Everybody can get mail",
        "An address is added automatically when its owner unsubscribes or a mail to it bounces.",
        icon="good",
    )
    nothing_matches = EmptyState(
        "No address matches", "Change the search or the filter.", icon="search"
    )

    def shown_columns(self) -> Sequence[Column]:
        if not self.may_change:
            return self.columns
        allow = Column(
            "Actions",
            lambda row: LinkTo("Allow again", row.address, "suppression_lift", row.pk),
            look="number",
            hidden=True,
        )
        return (*self.columns, allow)

    def find(self) -> QuerySet[Suppression]:
        return selectors.suppressions(search=self.search, reason=self.filters.chosen())

    def file_title(self) -> str:
        return "Suppressed addresses"

    def context(self) -> dict[str, Any]:
        return {"tab": "suppressed"}
