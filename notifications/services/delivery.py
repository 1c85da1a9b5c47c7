"""Hand messages to the mail server, each at most once.

A turn claims a batch under a lease. Each message then moves by compare-and-swap: to `submitting`,
committed, and only then is the mail handed over; afterwards to what became of it. A worker that
dies in between leaves `submitting` behind, which the sweep turns into `unknown`: nobody can know
whether that mail was taken, so nobody sends it again.
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
from notifications.services.handing_over import (
    BACKOFF,
    Settlement,
    after_failure,
    begin,
    refuse,
    settle,
    skip,
)
from notifications.services.pacing import next_campaign, note_served, reserve
from notifications.transport import Transport, UnreachableError

__all__ = ["BACKOFF", "BATCH", "deliver", "due", "finish_if_settled", "lease"]

BATCH = 500
TURN = timedelta(seconds=20)  # then other campaigns have theirs
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
    """Mark the campaign done when every one of its messages has its end."""
    live = Message.objects.filter(campaign=campaign_id, state__in=LIVE_STATES)
    if live.exists():
        return False
    sending = Campaign.objects.filter(pk=campaign_id, state=CampaignState.SENDING)
    return bool(sending.update(state=CampaignState.DONE, finished_at=now, queue_token=None))


def lease() -> timedelta:
    """How long a worker may hold a message without a word. Longer than any mail takes."""
    return timedelta(seconds=settings.MESSAGE_LEASE)


def _send_slice(campaign_id: int, *, now: datetime, clock: Clock) -> datetime | None:
    """Send one batch; returns when the sending account can be asked again, None for at once."""
    campaign = Campaign.objects.filter(pk=campaign_id, state=CampaignState.SENDING).first()
    if campaign is None:
        return None
    ask_again_at = _serve(campaign, now=now, clock=clock)
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


def _serve(campaign: Campaign, *, now: datetime, clock: Clock) -> datetime | None:
    token, ids = claim(due(campaign.pk, now=now), limit=BATCH, lease=lease(), now=now)
    try:
        grant = reserve(wanted=len(ids), now=now)
        if grant.mails:
            note_served(campaign_id=campaign.pk, now=now)
        granted = _held(campaign.pk, token).order_by("due_at", "id")[: grant.mails]
        _Batch(campaign, token, clock).send(list(granted), started=now)
    except UnreachableError as error:
        _postpone(_held(campaign.pk, token), reason=str(error), now=clock())
    finally:
        _let_go(_held(campaign.pk, token))
    return grant.ask_again_at


def _held(campaign_id: int, token: uuid.UUID) -> models.QuerySet[Message]:
    """What this turn holds, found by an index however large the campaign is."""
    return Message.objects.filter(
        campaign=campaign_id, lease_token=token, lease_until__isnull=False
    )


@dataclass(frozen=True, slots=True)
class _Letter:
    """A message and the mail it makes; none, with the reason, if it can't be made into one."""

    message: Message
    email: EmailMessage | None
    defect: str = ""


class _Ahead:
    """Letters one by one; the next can be made before it is asked for.

    What goes wrong in making it is raised when it is asked for: the letter before it can't help it.
    """

    def __init__(self, letters: Iterator[_Letter]) -> None:
        self.letters = letters
        self.made: Future[_Letter | None] | None = None

    def make(self) -> None:
        if self.made is not None:
            return
        self.made = Future()
        try:
            self.made.set_result(next(self.letters, None))
        except Exception as error:
            self.made.set_exception(error)

    def take(self) -> _Letter | None:
        self.make()
        made, self.made = self.made, None
        return made.result() if made is not None else None


class _Batch:
    """The messages of one turn, on their way over one connection."""

    def __init__(self, campaign: Campaign, token: uuid.UUID, clock: Clock) -> None:
        self.campaign, self.token, self.clock = campaign, token, clock
        self.known: Settlement | None = None  # of the last mail, to be written with the next

    def send(self, messages: Iterable[Message], *, started: datetime) -> None:
        """Hand over as many as the turn has time for. Raises UnreachableError."""
        limit = min(TURN, lease() / 2)
        with Transport() as transport:
            letters = _Ahead(self._letters(transport, messages))
            while (letter := letters.take()) and self.clock() - started <= limit:
                if letter.email is None:
                    self._write_down()
                    refuse(letter.message, token=self.token, reason=letter.defect, now=self.clock())
                else:
                    self._hand_over(transport, letter.message, letter.email, letters.make)
            self._write_down()

    def _letters(self, transport: Transport, messages: Iterable[Message]) -> Iterator[_Letter]:
        """What goes out. Uses no database: a letter is made while that is busy with the last."""
        for message in messages:
            try:
                email = compose(self.campaign, message)
                transport.prepare(email)
            except ValueError as error:
                yield _Letter(message, None, str(error))
            else:
                yield _Letter(message, email)

    def _hand_over(
        self,
        transport: Transport,
        message: Message,
        email: EmailMessage,
        meanwhile: Callable[[], object],
    ) -> None:
        if not transport.is_open:
            self._write_down()
            transport.connect()
        known, self.known = self.known, None
        now = self.clock()
        if begin(
            message, token=self.token, now=now, lease=lease(), after=known, meanwhile=meanwhile
        ):
            outcome = transport.submit(email)
            self.known = Settlement(message, outcome, at=self.clock())
        else:
            skip(message, token=self.token, now=now)

    def _write_down(self) -> None:
        known, self.known = self.known, None
        if known is not None:
            settle(known, token=self.token)


def _postpone(held: models.QuerySet[Message], *, reason: str, now: datetime) -> None:
    """The mail server is away: that counts as an attempt for all that are held and unsent."""
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


def _let_go(held: models.QuerySet[Message]) -> None:
    """Free what this turn claimed and did not come to."""
    held.exclude(state__in=[MessageState.SUBMITTING, MessageState.UNKNOWN]).update(
        lease_token=None, lease_until=None
    )
