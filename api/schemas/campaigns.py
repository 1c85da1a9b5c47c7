"""Emails to many members, as they are sent and shown."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.schemas.ids import CampaignId, EnrollmentId, MemberId, MessageId, OfferId, asked_id
from api.schemas.members import Members, Tag
from api.schemas.parts import MAX_PAGE, AskedPage, AskedWhole, MomentShown, NoNul, Sent, Shown
from api.schemas.payouts import Confirmation
from core.public_ids import IdKind
from notifications.rendering.prepare import MAX_BODY_LENGTH, MAX_SUBJECT_LENGTH

StateOfCampaign = Literal["sending", "paused", "cancelled", "done"]
StateOfMessage = Literal[
    "pending", "submitting", "retry", "accepted", "delivered", "bounced", "failed", "suppressed",
    "cancelled", "unknown",
]  # fmt: skip
Subject = Annotated[str, NoNul, StringConstraints(min_length=1, max_length=MAX_SUBJECT_LENGTH)]
MailText = Annotated[str, NoNul, StringConstraints(min_length=1, max_length=MAX_BODY_LENGTH)]


class NewCampaign(Sent):
    """A mail to members of an offer: to `members`, to those with a `tag`, or else to all of them.

    Subject and message may hold variables, such as `{{ first_name }}`, or `{{ promo_code | none }}`
    with what stands there without one. The message is either plain text in `text`, or in `html`
    with the tags that the editor of the admin makes; all others are left out.
    """

    offer: OfferId
    members: Members | None = None
    tag: Tag | None = None
    subject: Subject
    text: MailText | None = None
    html: MailText | None = None
    confirmation: Confirmation | None = Field(None, description="The same one sends once.")


class CampaignShown(Shown):
    """A mail to many members, and how many of them it has reached.

    `accepted` were taken by the mail server. `unknown` were perhaps sent, and are not sent again.
    """

    id: CampaignId
    purpose: str = Field(description='"email_members" is what people and keys wrote.')
    offer: OfferId | None
    title: str
    subject: str = Field(description="With its variables.")
    state: StateOfCampaign
    recipients: int
    waiting: int
    accepted: int
    failed: int
    unknown: int
    left_out: int = Field(description="Suppressed or cancelled after it was confirmed.")
    confirmed_by: str
    confirmed_at: MomentShown
    finished_at: MomentShown | None


class NotMailed(Shown):
    """A member who does not get the mail, and why."""

    member: MemberId
    reason: str


class CampaignSent(CampaignShown):
    """A campaign that was just confirmed, and the members that it was not sent to, up to 1,000."""

    not_sent: list[NotMailed]
    not_sent_count: int


class RecipientShown(Shown):
    """What became of one member's mail."""

    id: MessageId
    member: MemberId | None
    enrollment: EnrollmentId | None
    address: str
    name: str
    state: StateOfMessage
    reason: str
    settled_at: MomentShown | None = Field(description="When the state became final.")
    opened_at: MomentShown | None
    clicked_at: MomentShown | None


class AskedCampaigns(AskedPage):
    search: str = Field("", max_length=200, description="A part of the title or the subject.")
    state: StateOfCampaign | Literal[""] = ""
    offer: str = asked_id(IdKind.OFFER)


class AskedRecipients(Shown):
    """The query of a campaign's recipients."""

    limit: AskedWhole = Field(50, ge=1, le=MAX_PAGE)
    cursor: str = Field("", max_length=400, description="The `next_cursor` of the page before.")
    search: str = Field("", max_length=200, description="A part of the name or the address.")
    state: StateOfMessage | Literal[""] = ""
