"""Emails to many members: sending one, what became of it, pausing and cancelling it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query

from accounts.selectors import current_brand
from affiliates.models import Member
from api.authentication import Scope, actor_of
from api.problems import invalid
from api.resources.operations import Noun
from api.resources.reading import (
    filter_id,
    ids_named,
    page_after,
    page_of,
    row_at,
    row_named,
    shown_id,
    shown_id_or_none,
)
from api.resources.refusing import not_possible_now
from api.schemas.campaigns import (
    AskedCampaigns,
    AskedRecipients,
    CampaignSent,
    CampaignShown,
    NewCampaign,
    NotMailed,
    RecipientShown,
)
from api.schemas.parts import Page, moment, moment_or_none
from core.public_ids import IdKind
from core.references import Reference
from notifications.brand_style import brand_style_of
from notifications.models import Campaign, Message, Purpose
from notifications.rendering import Prepared, TemplateError, html_of_text, prepare
from notifications.selectors import campaigns, report, with_counts
from notifications.services import cancel_campaign, pause_campaign, resume_campaign
from offers.models import Enrollment, Offer
from tracking.orders.facts import FieldProblem
from tracking.outreach.audience import LeftOut, audience
from tracking.outreach.mailing import Blocked, enrollments_to_mail, send_to_members, split

NOUN = Noun("campaigns", changes=Scope.EMAILS)
MAX_NOT_SENT = 1_000


@NOUN.get("/campaigns", Page[CampaignShown])
def list_campaigns(request: HttpRequest, asked: Query[AskedCampaigns]) -> Page[CampaignShown]:
    """Return mails to many members, those confirmed last first, with what became of them."""
    found = campaigns(search=asked.search, state=asked.state)
    if (offer := filter_id(IdKind.OFFER, asked, "offer")) is not None:
        found = found.filter(about=Reference.by_id(Offer, offer))
    return page_of(request, asked, found, column="confirmed_at", show=_show)


@NOUN.get("/campaigns/{campaign}", CampaignShown)
def show_campaign(request: HttpRequest, campaign: str) -> CampaignShown:
    """Return one mail to many members, with what became of it."""
    return _show([row_at(IdKind.CAMPAIGN, campaign, campaigns())])[0]


@NOUN.get("/campaigns/{campaign}/recipients", Page[RecipientShown])
def list_recipients(
    request: HttpRequest, campaign: str, asked: Query[AskedRecipients]
) -> Page[RecipientShown]:
    """Return what became of each member's mail, the last one of the campaign first."""
    row = row_at(IdKind.CAMPAIGN, campaign, campaigns())
    rows = report(row, search=asked.search, state=asked.state).order_by("-pk")

    def find(after: int | None, limit: int) -> dict[int, RecipientShown]:
        found = rows if after is None else rows.filter(pk__lt=after)
        return {one.pk: _recipient(one) for one in found[:limit]}

    return page_after(request, asked, find, limit=asked.limit, cursor=asked.cursor)


@NOUN.post("/campaigns", CampaignSent, status=201)
def send_campaign(request: HttpRequest, sent: NewCampaign) -> CampaignSent:
    """Send a mail to members of an offer, as Email Members does in the admin.

    Who unsubscribed, has no address, or lacks a value that the text names, gets none: `not_sent`
    names them. It is sent in the background; read the campaign to see how far it is.
    """
    offer = row_named(IdKind.OFFER, sent.offer, Offer.objects.all(), field="offer")
    body, now = _body(sent), timezone.now()
    chosen = enrollments_to_mail(offer, member_ids=_members(sent, offer), tag=sent.tag or "")
    found = audience(
        purpose=Purpose.EMAIL_MEMBERS, enrollments=chosen, include_already_sent=True, now=now
    )
    parted = split(found.recipients, _prepared(sent, body))
    row = send_to_members(
        purpose=Purpose.EMAIL_MEMBERS,
        offer=offer,
        subject=sent.subject,
        body=body,
        recipients=parted.ready,
        confirmation=sent.confirmation or uuid.uuid4(),
        by=actor_of(request),
        now=now,
    )
    left_out = [*map(_blocked, parted.blocked), *map(_left_out, found.left_out)]
    return CampaignSent(
        **dict(_show([row])[0]),
        not_sent=left_out[:MAX_NOT_SENT],
        not_sent_count=len(left_out),
    )


@NOUN.post("/campaigns/{campaign}/pause", CampaignShown, conflicts=True)
def pause_one_campaign(request: HttpRequest, campaign: str) -> CampaignShown:
    """Send nothing more of it until it is resumed."""
    return _moved(request, campaign, pause_campaign)


@NOUN.post("/campaigns/{campaign}/resume", CampaignShown, conflicts=True)
def resume_one_campaign(request: HttpRequest, campaign: str) -> CampaignShown:
    """Go on sending what was paused."""
    return _moved(request, campaign, resume_campaign)


@NOUN.post("/campaigns/{campaign}/cancel", CampaignShown, conflicts=True)
def cancel_one_campaign(request: HttpRequest, campaign: str) -> CampaignShown:
    """End it for good: what still waits is never sent."""
    return _moved(request, campaign, cancel_campaign)


def _moved(request: HttpRequest, campaign: str, act: Callable[..., bool]) -> CampaignShown:
    row = row_at(IdKind.CAMPAIGN, campaign, campaigns())
    if not act(campaign=row, by=actor_of(request), now=timezone.now()):
        [current] = _show([campaigns().get(pk=row.pk)])
        raise not_possible_now(f"This campaign is {current.state}.", current=current)
    return _show([campaigns().get(pk=row.pk)])[0]


def _body(sent: NewCampaign) -> str:
    """The message as HTML. Raises ApiError (422)."""
    if (sent.text is None) == (sent.html is None):
        raise invalid([FieldProblem("text", "refused", "send either text or html")])
    return sent.html or html_of_text(sent.text or "")


def _prepared(sent: NewCampaign, body: str) -> Prepared:
    """The mail with its variables. Raises ApiError (422) for what it can't be."""
    try:
        return prepare(subject=sent.subject, body=body, style=brand_style_of(current_brand()))
    except TemplateError as error:
        field = "subject" if error.part == "subject" else "text" if sent.html is None else "html"
        raise invalid([FieldProblem(field, "refused", str(error))]) from error


def _members(sent: NewCampaign, offer: Offer) -> list[int] | None:
    """The members that are named; None for no such choice. Raises ApiError (422)."""
    if sent.members is None:
        return None
    if sent.tag is not None:
        raise invalid([FieldProblem("tag", "refused", "send either members or a tag")])
    ids = ids_named(IdKind.MEMBER, sent.members, Member.objects.all(), field="members")
    known = set(
        Enrollment.objects.filter(offer=offer, member__in=ids).values_list("member", flat=True)
    )
    missing = [
        FieldProblem(f"members.{place}", "not_in_offer", "is not in this offer")
        for place, one in enumerate(ids)
        if one not in known
    ]
    if missing:
        raise invalid(missing)
    return ids


def _blocked(one: Blocked) -> NotMailed:
    member = Reference(one.recipient.recipient).id_of(Member)
    return NotMailed(
        member=shown_id(IdKind.MEMBER, cast("int", member)),
        reason=f"Has no {', '.join(one.missing)}",
    )


def _left_out(one: LeftOut) -> NotMailed:
    return NotMailed(member=shown_id(IdKind.MEMBER, one.member.pk), reason=str(one.reason))


def _show(rows: Sequence[Campaign]) -> list[CampaignShown]:
    return [
        CampaignShown(
            id=shown_id(IdKind.CAMPAIGN, row.campaign.pk),
            purpose=row.campaign.purpose,
            offer=shown_id_or_none(IdKind.OFFER, Reference(row.campaign.about).id_of(Offer)),
            title=row.campaign.title,
            subject=row.campaign.subject,
            state=cast("Any", row.campaign.state),
            recipients=row.campaign.recipients,
            waiting=row.counts.waiting,
            accepted=row.counts.reached,
            failed=row.counts.failed,
            unknown=row.counts.unknown,
            left_out=row.counts.left_out,
            confirmed_by=row.campaign.confirmed_by,
            confirmed_at=moment(row.campaign.confirmed_at),
            finished_at=moment_or_none(row.campaign.finished_at),
        )
        for row in with_counts(rows)
    ]


def _recipient(row: Message) -> RecipientShown:
    enrollment = Reference(row.about).id_of(Enrollment)
    return RecipientShown(
        id=shown_id(IdKind.MESSAGE, row.pk),
        member=shown_id_or_none(IdKind.MEMBER, Reference(row.recipient).id_of(Member)),
        enrollment=shown_id_or_none(IdKind.ENROLLMENT, enrollment),
        address=row.to_address,
        name=row.to_name,
        state=cast("Any", row.state),
        reason=row.reason,
        settled_at=moment_or_none(row.settled_at),
        opened_at=moment_or_none(row.opened_at),
        clicked_at=moment_or_none(row.clicked_at),
    )
