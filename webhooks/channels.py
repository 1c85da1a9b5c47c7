"""Post what waits for a brand's staff into their chat channel, by an incoming webhook of Slack.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/ says what a message is
and what the answers mean. The call goes out as all calls do (core.outgoing): never to an address
of a private network, and within a limit of time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts.actors import Actor
from accounts.audit_log import audit
from accounts.models import Brand, Digest
from accounts.owner_mail import mail_owners
from accounts.selectors import current_brand
from accounts.staff_mails import is_digest_due, last_morning
from core.db import lock_identities
from core.mornings import next_morning
from core.outgoing import Caller, NoAnswerError, UnreachableError
from core.resealing import Resealed, reseal_rows
from core.sealing import Seal, SealError
from core.tenancy import across_brands
from webhooks.addresses import check_address
from webhooks.models import Channel

CALL_SECONDS = 10.0
ANSWER_BYTES = 200
MAX_TEXT = 3_000  # characters; Slack cuts a message at 40,000, and nobody reads so many
# The webhook was removed, or its channel was archived or may not be written to: for good.
GONE = frozenset({403, 404, 410})
# A digest that is not taken is posted again after 2, 4, 8, 16 and 32 minutes, then in the morning.
FIRST_PAUSE = timedelta(minutes=2)
MAX_RETRIES = 5
NOTHING_FAILED: Mapping[str, Any] = {"tries": 0, "retry_at": None}
REASON = re.compile("[a-z]+(_[a-z]+){1,5}")
UNREADABLE = "Its address can't be decrypted. Enter it anew."
# It was refused and is due again, or the channel was found to be gone, or it is owed from before.
OWES_A_DIGEST = (
    Q(retry_at__isnull=False) | Q(stopped_at=F("digest_at")) | Q(digest_at__lt=F("entered_at"))
)
_SEAL = Seal("chat channels")  # part of the keys: with another text nothing stored opens
_ADDRESS = "address"


class Outcome(Enum):
    """What came of a message."""

    TAKEN = auto()
    NOT_TAKEN = auto()
    UNKNOWN = auto()
    GONE = auto()


def channel_of_brand() -> Channel | None:
    """Return the channel of the brand acted for."""
    return Channel.objects.select_related("brand").first()


def enter_channel(*, address: str, digest: Digest, by: Actor, now: datetime) -> Channel:
    """Post into this channel from now on, and into no other. Raises AddressError.

    A digest that the address before did not take is posted into this one, with what waits now.
    """
    checked = check_address(address)
    brand = current_brand()
    with transaction.atomic():
        _lock(brand)
        is_owed = Channel.objects.filter(OWES_A_DIGEST).exists()
        Channel.objects.all().delete()
        since = last_morning(now, brand.zone) - timedelta(seconds=1) if is_owed else now
        row = Channel(host=_host(checked), digest=digest, digest_at=since, entered_at=now)
        row.assign_current_brand()
        row.sealed_address = _SEAL.seal(_owner(row), {_ADDRESS: checked})
        row.save()
        audit.record(
            action="channel.entered", target=brand, by=by, now=now, host=row.host, digest=digest
        )
    return row


@transaction.atomic
def choose_channel_digest(*, channel: Channel, digest: Digest, now: datetime) -> None:
    """Post so often from now on. A new choice begins with what is new."""
    rows = Channel.objects.filter(pk=channel.pk).exclude(digest=digest)
    rows.update(digest=digest, digest_at=now, digest_counts={}, **NOTHING_FAILED)


@transaction.atomic
def remove_channel(*, by: Actor, now: datetime) -> None:
    """Post nothing any more, and forget the address."""
    brand = current_brand()
    _lock(brand)
    for row in Channel.objects.all():
        row.delete()
        audit.record(action="channel.removed", target=brand, by=by, now=now, host=row.host)


def channels_due(*, now: datetime) -> list[Channel]:
    """Return the channels of all brands that a digest may go to now."""
    with across_brands(reason="channels that a digest is due for are found over all brands"):
        live = Channel.objects.filter(stopped_at=None).exclude(retry_at__gt=now)
        rows = list(live.select_related("brand").order_by("pk"))
    return [
        one
        for one in rows
        if is_digest_due(
            digest=Digest(one.digest), digest_at=one.digest_at, zone=one.brand.zone, now=now
        )
    ]


def claim_channel(channel: Channel, *, counts: Mapping[str, int], now: datetime) -> bool:
    """Note that this digest goes, or that there is none; False if another process has done it."""
    return bool(
        _as_it_was(channel).update(digest_at=now, digest_counts=dict(counts), **NOTHING_FAILED)
    )


def note_channel_counts(channel: Channel, *, counts: Mapping[str, int]) -> None:
    """Note what waits without a message: what has become less is new when it is more again."""
    if counts != channel.digest_counts or channel.tries:
        _as_it_was(channel).update(digest_counts=dict(counts), **NOTHING_FAILED)


def _as_it_was(channel: Channel) -> QuerySet[Channel]:
    return Channel.objects.filter(
        pk=channel.pk, digest=channel.digest, digest_at=channel.digest_at, stopped_at=None,
        tries=channel.tries,
    )  # fmt: skip


def post_claimed(channel: Channel, text: str, *, now: datetime) -> bool:
    """Post the digest that was claimed at `now`; return whether it was taken.

    If it was refused or could not be sent, it is due again after a pause, a few times, and then on
    the next morning. One that got no answer may stand in the channel already, so it is not sent
    again.
    """
    came_of_it = _post(channel, text, now=now)
    if came_of_it is Outcome.NOT_TAKEN:
        claimed = Channel.objects.filter(pk=channel.pk, digest=channel.digest, digest_at=now)
        told = channel.digest_counts
        if channel.tries < MAX_RETRIES:
            retry_at, tries = now + FIRST_PAUSE * 2**channel.tries, channel.tries + 1
            claimed.update(
                digest_at=channel.digest_at, digest_counts=told, tries=tries, retry_at=retry_at
            )
        else:
            claimed.update(digest_counts=told, retry_at=next_morning(now, channel.brand.zone))
    return came_of_it is Outcome.TAKEN


def post(channel: Channel, text: str, *, now: datetime) -> bool:
    """Post a message; return whether it was taken, and keep what was wrong.

    A channel that is gone is stopped, and its brand's owners are told by mail.
    """
    return _post(channel, text, now=now) is Outcome.TAKEN


def _post(channel: Channel, text: str, *, now: datetime) -> Outcome:
    came_of_it, problem = _call(channel, text)
    is_gone = came_of_it is Outcome.GONE
    rows = Channel.objects.filter(pk=channel.pk, entered_at=channel.entered_at, stopped_at=None)
    if came_of_it is Outcome.TAKEN:
        rows.update(posted_at=now, problem="")
    elif rows.update(problem=problem, stopped_at=now if is_gone else None) and is_gone:
        mail_owners(
            "staff/channel_stopped",
            page="settings/slack/",
            values={"host": channel.host, "problem": problem},
        )
    return came_of_it


def _call(channel: Channel, text: str) -> tuple[Outcome, str]:
    """Return what came of it, and what went wrong, empty for nothing."""
    try:
        address = _SEAL.unseal(_owner(channel), channel.sealed_address)[_ADDRESS]
    except SealError:
        return Outcome.NOT_TAKEN, UNREADABLE
    try:
        with Caller(seconds=CALL_SECONDS) as caller:
            answer = caller.send(
                "POST", address, json={"text": text[:MAX_TEXT]}, wanted_bytes=ANSWER_BYTES
            )
    except NoAnswerError as error:
        is_sent = not isinstance(error, UnreachableError)
        came_of_it = Outcome.UNKNOWN if is_sent else Outcome.NOT_TAKEN
        return came_of_it, f"{channel.host} {error}."[:300]
    if 200 <= answer.status < 300:
        return Outcome.TAKEN, ""
    said = _reason_in(answer.body)
    problem = f"{channel.host} answered {answer.status}{f': {said}' if said else ''}."
    return Outcome.GONE if answer.status in GONE else Outcome.NOT_TAKEN, problem[:300]


def _reason_in(body: bytes) -> str:
    """Return the reason of Slack, such as "no_service"; "" for any other body.

    Many servers repeat the address they were called at. It is a secret, and the problem is shown.
    """
    said = body.decode("utf-8", "replace").strip()
    return said if REASON.fullmatch(said) else ""


def escaped(text: str) -> str:
    """Return the text as a message holds it: the three characters that begin something there."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link_to(address: str, label: str) -> str:
    """Return a link of a message."""
    return f"<{address}|{escaped(label).replace('|', '/')}>"


def reseal_channels() -> Resealed:
    """Encrypt addresses that are sealed with another key than the first again, of all brands."""
    return reseal_rows(Channel, columns=("sealed_address",), seal=_SEAL)


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""


def _owner(channel: Channel) -> str:
    return f"channel of {channel.brand_id}"


def _lock(brand: Brand) -> None:
    lock_identities([f"channel {brand.pk}"])
