"""Campaigns. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NotRequired, TypedDict, Unpack

from tributary_client.calling import Caller, quoted


class CampaignSent(TypedDict):
    """A campaign that was just confirmed, and the members that it was not sent to, up to 1,000."""

    id: str
    purpose: str
    offer: str | None
    title: str
    subject: str
    state: Literal["sending", "paused", "cancelled", "done"]
    recipients: int
    waiting: int
    accepted: int
    failed: int
    unknown: int
    left_out: int
    confirmed_by: str
    confirmed_at: str
    finished_at: str | None
    not_sent: list[NotMailed]
    not_sent_count: int


class CampaignShown(TypedDict):
    """A mail to many members, and how many of them it has reached. `accepted` were taken by the
    mail server. `unknown` were perhaps sent, and are not sent again.
    """

    id: str
    purpose: str
    offer: str | None
    title: str
    subject: str
    state: Literal["sending", "paused", "cancelled", "done"]
    recipients: int
    waiting: int
    accepted: int
    failed: int
    unknown: int
    left_out: int
    confirmed_by: str
    confirmed_at: str
    finished_at: str | None


class NewCampaign(TypedDict):
    """A mail to members of an offer: to `members`, to those with a `tag`, or else to all of
    them. Subject and message may hold variables, such as `{{ first_name }}`, or `{{ promo_code |
    none }}` with what stands there without one. The message is either plain text in `text`, or
    in `html` with the tags that the editor of the admin makes; all others are left out.
    """

    offer: str
    members: NotRequired[list[str] | None]
    tag: NotRequired[str | None]
    subject: str
    text: NotRequired[str | None]
    html: NotRequired[str | None]
    confirmation: NotRequired[str | None]


class NotMailed(TypedDict):
    """A member who does not get the mail, and why."""

    member: str
    reason: str


class RecipientShown(TypedDict):
    """What became of one member's mail."""

    id: str
    member: str | None
    enrollment: str | None
    address: str
    name: str
    state: Literal[
        "pending",
        "submitting",
        "retry",
        "accepted",
        "delivered",
        "bounced",
        "failed",
        "suppressed",
        "cancelled",
        "unknown",
    ]
    reason: str
    settled_at: str | None
    opened_at: str | None
    clicked_at: str | None


class Campaigns(Caller):
    """The operations on campaigns."""

    def list_campaigns(
        self,
        *,
        created_since: str | None = None,
        created_before: str | None = None,
        search: str | None = None,
        state: Literal["sending", "paused", "cancelled", "done"] | None = None,
        offer: str | None = None,
    ) -> Iterator[CampaignShown]:
        """GET /api/v1/campaigns: Return mails to many members, those confirmed last first, with
        what became of them.
        """
        return self.pages(
            "/api/v1/campaigns",
            asked={
                "created_since": created_since,
                "created_before": created_before,
                "search": search,
                "state": state,
                "offer": offer,
            },
        )

    def send_campaign(
        self,
        *,
        idempotency_key: str = "",
        **sent: Unpack[NewCampaign],
    ) -> CampaignSent:
        """POST /api/v1/campaigns: Send a mail to members of an offer, as Email Members does in
        the admin. Who unsubscribed, has no address, or lacks a value that the text names, gets
        none: `not_sent` names them. It is sent in the background; read the campaign to see how
        far it is.
        """
        answer: CampaignSent = self.call(
            "POST",
            "/api/v1/campaigns",
            sent=sent,
            idempotency_key=idempotency_key,
        )
        return answer

    def show_campaign(
        self,
        campaign: str,
    ) -> CampaignShown:
        """GET /api/v1/campaigns/{campaign}: Return one mail to many members, with what became of
        it.
        """
        answer: CampaignShown = self.call(
            "GET",
            f"/api/v1/campaigns/{quoted(campaign)}",
        )
        return answer

    def list_recipients(
        self,
        campaign: str,
        *,
        search: str | None = None,
        state: Literal[
            "pending",
            "submitting",
            "retry",
            "accepted",
            "delivered",
            "bounced",
            "failed",
            "suppressed",
            "cancelled",
            "unknown",
        ]
        | None = None,
    ) -> Iterator[RecipientShown]:
        """GET /api/v1/campaigns/{campaign}/recipients: Return what became of each member's mail,
        the last one of the campaign first.
        """
        return self.pages(
            f"/api/v1/campaigns/{quoted(campaign)}/recipients",
            asked={
                "search": search,
                "state": state,
            },
        )

    def pause_campaign(
        self,
        campaign: str,
        *,
        idempotency_key: str = "",
    ) -> CampaignShown:
        """POST /api/v1/campaigns/{campaign}/pause: Send nothing more of it until it is resumed."""
        answer: CampaignShown = self.call(
            "POST",
            f"/api/v1/campaigns/{quoted(campaign)}/pause",
            idempotency_key=idempotency_key,
        )
        return answer

    def resume_campaign(
        self,
        campaign: str,
        *,
        idempotency_key: str = "",
    ) -> CampaignShown:
        """POST /api/v1/campaigns/{campaign}/resume: Go on sending what was paused."""
        answer: CampaignShown = self.call(
            "POST",
            f"/api/v1/campaigns/{quoted(campaign)}/resume",
            idempotency_key=idempotency_key,
        )
        return answer

    def cancel_campaign(
        self,
        campaign: str,
        *,
        idempotency_key: str = "",
    ) -> CampaignShown:
        """POST /api/v1/campaigns/{campaign}/cancel: End it for good: what still waits is never
        sent.
        """
        answer: CampaignShown = self.call(
            "POST",
            f"/api/v1/campaigns/{quoted(campaign)}/cancel",
            idempotency_key=idempotency_key,
        )
        return answer
