"""Submit messages to the mail server, each at most once.

A worker claims a batch under a lease. Each message then changes its state by compare-and-swap: it
becomes `submitting`, which is committed before the mail is submitted, and then gets the state of
the result. A worker that dies in between leaves `submitting`, which the sweep changes to `unknown`:
nobody can know whether the server accepted that mail, so it is not sent again.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models
from django.utils import timezone

from core.jobs import claim, unleased
from core.tenancy import acting_for
from notifications.mails import compose
from notifications.models import (
    LIVE_STATES,
    WAITING_STATES,
    Campaign,
    CampaignState,
    Message,
    MessageState,
)
from notifications.queue import claim_token, enqueue, postpone
from notifications.services.message_transitions import (
    BACKOFF,
    UnsavedResult,
    after_failure,
    begin_submitting,
    mark_failed,
    mark_suppressed,
    save_result,
)
from notifications.services.pacing import next_campaign, note_served, reserve
from notifications.transport import Transport, UnreachableError

__all__ = ["BACKOFF", "BATCH_MESSAGES", "deliver", "due", "finish_if_settled", "lease"]

BATCH_MESSAGES = 500
SLICE_LENGTH = timedelta(seconds=20)  # then another campaign is served
Clock = Callable[[], datetime]


def deliver(
    *,
    campaign_id: int,
    now: datetime,
    queue_token: uuid.UUID | None = None,
    clock: Clock = timezone.now,
) -> None:
    """Send one batch of a campaign, and enqueue it again while it has more to send.

    With `queue_token`, which is valid once, the campaign that was served least recently goes
    first, perhaps another brand's. A message that comes twice, or that the sweep has replaced,
    does nothing.
    """
    if queue_token is None:
        _send_slice(campaign_id, now=now, clock=clock)
    elif claim_token(campaign_id=campaign_id, token=queue_token):
        first, ask_again_at = next_campaign(now=now), None
        if first is not None:
            with acting_for(first.brand_id):
                ask_again_at = _send_slice(first.campaign_id, now=now, clock=clock)
        if first is None or first.campaign_id != campaign_id:
            _enqueue_the_rest(campaign_id, ask_again_at=ask_again_at, now=clock())


def due(campaign_id: int, *, now: datetime) -> models.QuerySet[Message]:
    """The messages that a worker may claim now."""
    waiting = Message.objects.filter(
        campaign=campaign_id, state__in=WAITING_STATES, due_at__lte=now
    )
    return unleased(waiting, now=now).order_by("due_at", "id")


def finish_if_settled(*, campaign_id: int, now: datetime) -> bool:
    """Mark the campaign done when all its messages are in a terminal state."""
    live = Message.objects.filter(campaign=campaign_id, state__in=LIVE_STATES)
    if live.exists():
        return False
    sending = Campaign.objects.filter(pk=campaign_id, state=CampaignState.SENDING)
    return bool(sending.update(state=CampaignState.DONE, finished_at=now, queue_token=None))


def lease() -> timedelta:
    """How long a worker may hold a message without a sign of life. Longer than any mail takes."""
    return timedelta(seconds=settings.MESSAGE_LEASE)


def _send_slice(campaign_id: int, *, now: datetime, clock: Clock) -> datetime | None:
    """Send one batch; returns when the sending account can be asked again, None for at once."""
    campaign = Campaign.objects.filter(pk=campaign_id, state=CampaignState.SENDING).first()
    if campaign is None:
        return None
    ask_again_at = _send_batch(campaign, now=now, clock=clock)
    _enqueue_the_rest(campaign_id, ask_again_at=ask_again_at, now=clock())
    return ask_again_at


def _enqueue_the_rest(campaign_id: int, *, ask_again_at: datetime | None, now: datetime) -> None:
    """Enqueue a campaign that has more to send; end one that has no more."""
    if not due(campaign_id, now=now).exists():
        finish_if_settled(campaign_id=campaign_id, now=now)
    elif ask_again_at is None or ask_again_at <= now:
        enqueue(campaign_id=campaign_id, now=now)
    else:
        postpone(campaign_id=campaign_id, until=ask_again_at)


def _send_batch(campaign: Campaign, *, now: datetime, clock: Clock) -> datetime | None:
    token, ids = claim(due(campaign.pk, now=now), limit=BATCH_MESSAGES, lease=lease(), now=now)
    try:
        grant = reserve(wanted=len(ids), now=now)
        if grant.mails:
            note_served(campaign_id=campaign.pk, now=now)
        granted = _held(campaign.pk, token).order_by("due_at", "id")[: grant.mails]
        _Batch(campaign, token, clock).send(list(granted), started=now)
    except UnreachableError as error:
        _postpone(_held(campaign.pk, token), reason=str(error), now=clock())
    finally:
        _release(_held(campaign.pk, token))
    return grant.ask_again_at


def _held(campaign_id: int, token: uuid.UUID) -> models.QuerySet[Message]:
    """The messages that this worker holds; an index finds them however large the campaign is."""
    return Message.objects.filter(
        campaign=campaign_id, lease_token=token, lease_until__isnull=False
    )


@dataclass(frozen=True, slots=True)
class _ComposedMail:
    """A message and its email, or the reason why no email can be composed."""

    message: Message
    email: EmailMessage | None
    defect: str = ""


class _ComposeAhead:
    """Composed mails one by one; the next can be composed before it is needed.

    An error in composing is raised by `take`, so that it does not disturb the mail before it.
    """

    def __init__(self, composed: Iterator[_ComposedMail]) -> None:
        self.composed = composed
        self.next: Future[_ComposedMail | None] | None = None

    def compose_next(self) -> None:
        if self.next is not None:
            return
        self.next = Future()
        try:
            self.next.set_result(next(self.composed, None))
        except Exception as error:
            self.next.set_exception(error)

    def take(self) -> _ComposedMail | None:
        self.compose_next()
        taken, self.next = self.next, None
        return taken.result() if taken is not None else None


class _Batch:
    """Sends the messages of one slice over one connection."""

    def __init__(self, campaign: Campaign, token: uuid.UUID, clock: Clock) -> None:
        self.campaign, self.token, self.clock = campaign, token, clock
        self.unsaved: UnsavedResult | None = None  # of the last mail, saved with the next one

    def send(self, messages: Iterable[Message], *, started: datetime) -> None:
        """Submit as many as the slice has time for. Raises UnreachableError."""
        limit = min(SLICE_LENGTH, lease() / 2)
        with Transport() as transport:
            composed = _ComposeAhead(self._composed(transport, messages))
            while (mail := composed.take()) and self.clock() - started <= limit:
                if mail.email is None:
                    self._save_result()
                    mark_failed(
                        mail.message, token=self.token, reason=mail.defect, now=self.clock()
                    )
                else:
                    self._submit(transport, mail.message, mail.email, composed.compose_next)
            self._save_result()

    def _composed(
        self, transport: Transport, messages: Iterable[Message]
    ) -> Iterator[_ComposedMail]:
        """Compose the mails. Must not use the database, which saves a result meanwhile."""
        for message in messages:
            try:
                email = compose(self.campaign, message)
                transport.prepare(email)
            except ValueError as error:
                yield _ComposedMail(message, None, str(error))
            else:
                yield _ComposedMail(message, email)

    def _submit(
        self,
        transport: Transport,
        message: Message,
        email: EmailMessage,
        meanwhile: Callable[[], object],
    ) -> None:
        if not transport.is_open:
            self._save_result()
            transport.connect()
        unsaved, self.unsaved = self.unsaved, None
        now = self.clock()
        if begin_submitting(
            message, token=self.token, now=now, lease=lease(), after=unsaved, meanwhile=meanwhile
        ):
            result = transport.submit(email)
            self.unsaved = UnsavedResult(message, result, at=self.clock())
        else:
            mark_suppressed(message, token=self.token, now=now)

    def _save_result(self) -> None:
        unsaved, self.unsaved = self.unsaved, None
        if unsaved is not None:
            save_result(unsaved, token=self.token)


def _postpone(held: models.QuerySet[Message], *, reason: str, now: datetime) -> None:
    """The mail server is unreachable: count an attempt for every message held and unsent."""
    unsent = held.filter(state__in=WAITING_STATES)
    by_attempts: dict[int, list[int]] = defaultdict(list)
    for pk, attempts in unsent.values_list("pk", "attempts"):
        by_attempts[attempts + 1].append(pk)
    for attempts, ids in by_attempts.items():
        state, due_at = after_failure(attempts, now=now)
        unsent.filter(pk__in=ids).update(
            state=state,
            attempts=attempts,
            due_at=due_at,
            reason=f"The mail server could not be reached: {reason}"[:500],
            settled_at=now if state == MessageState.FAILED else None,
        )


def _release(held: models.QuerySet[Message]) -> None:
    """Release the messages that were claimed and not submitted."""
    held.exclude(state__in=[MessageState.SUBMITTING, MessageState.UNKNOWN]).update(
        lease_token=None, lease_until=None
    )
