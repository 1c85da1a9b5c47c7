"""Six-digit codes by mail: ten minutes, five tries, one live per address and purpose.

Codes, tries and limits are rows in PostgreSQL, so that no cache has to be up for anybody to log in.
Nothing here says whether an address is known: a row is written and counted for it either way.
Who mails the code and what it opens is the caller's.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import CodePurpose, MailedCode
from core.db import lock_identities

LIFETIME = timedelta(minutes=10)  # to enter a code, and then to do what it was for
TRIES = 5
# With five tries each, guessing at an address for a whole day stays below one chance in eight
# hundred.
PER_MINUTE = 3  # codes for one address
PER_HOUR = 10
CLIENT_PER_MINUTE = 20  # codes that one client asks for
KEPT = timedelta(days=1)  # long enough for the limits


class CodeError(Exception):
    """A code can't be asked for, entered or used."""


class TooManyCodesError(CodeError):
    """Too many codes were asked for, for this address or by this client."""


class WrongCodeError(CodeError):
    """Not the code; `left` tries remain."""

    def __init__(self, left: int) -> None:
        super().__init__(f"{left} tries left")
        self.left = left


class CodeOverError(CodeError):
    """There is no such code, or it was used, replaced, tried too often or is too old."""


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code to be mailed; `code` is empty for an address that nobody has."""

    public_id: uuid.UUID
    code: str = field(repr=False)


@transaction.atomic
def ask_code(
    *, address: str, purpose: CodePurpose, client: str, is_known: bool, now: datetime
) -> NewCode:
    """Make a code that replaces the one before it. Raises TooManyCodesError.

    `client` is the network address of who asks; empty when that is not known.
    """
    address = address.strip().lower()
    client = _digest("client", client) if client else ""
    lock_identities([f"code {address}", f"code client {client}"])
    MailedCode.objects.filter(asked_at__lt=now - KEPT).delete()
    _refuse_too_many(address, client, now=now)
    MailedCode.objects.filter(address=address, purpose=purpose, ended_at=None).update(ended_at=now)
    public_id, code = uuid.uuid4(), f"{secrets.randbelow(1_000_000):06d}" if is_known else ""
    MailedCode.objects.create(
        public_id=public_id,
        address=address,
        purpose=purpose,
        digest=_digest(str(public_id), code) if is_known else "",
        client=client,
        asked_at=now,
    )
    return NewCode(public_id, code)


def enter_code(*, public_id: uuid.UUID, code: str, now: datetime) -> MailedCode:
    """Take a code, once, and count the try. Raises WrongCodeError and CodeOverError.

    A code to log in is used up by that; what another opens is spent with `spend_code`.
    """
    row = _count_try(public_id, now=now)
    if row is None:
        raise CodeOverError
    if not row.digest or not constant_time_compare(row.digest, _digest(str(public_id), code)):
        if row.tries >= TRIES:
            MailedCode.objects.filter(pk=row.pk).update(ended_at=now)
            raise CodeOverError
        raise WrongCodeError(TRIES - row.tries)
    is_login = row.purpose == CodePurpose.LOG_IN
    entered = MailedCode.objects.filter(pk=row.pk, proven_at=None, ended_at=None)
    if not entered.update(proven_at=now, ended_at=now if is_login else None):
        raise CodeOverError  # somebody entered it in the same moment
    row.proven_at = now
    return row


def is_proven(*, public_id: uuid.UUID, purpose: CodePurpose, address: str, now: datetime) -> bool:
    """Whether this code was entered, at most ten minutes ago, and not spent since."""
    return _proven(public_id, purpose, address, now=now).exists()


def spend_code(*, public_id: uuid.UUID, purpose: CodePurpose, address: str, now: datetime) -> None:
    """Use up what an entered code opens, in the transaction of what is done with it.

    Raises CodeOverError when it was not entered, too long ago, for something else, or used up.
    """
    if not _proven(public_id, purpose, address, now=now).update(ended_at=now):
        raise CodeOverError


def forget_codes(*, address: str) -> None:
    """Delete every code that was mailed to an address."""
    MailedCode.objects.filter(address=address.strip().lower()).delete()


def _proven(
    public_id: uuid.UUID, purpose: CodePurpose, address: str, *, now: datetime
) -> QuerySet[MailedCode]:
    return MailedCode.objects.filter(
        public_id=public_id,
        purpose=purpose,
        address=address.strip().lower(),
        proven_at__gt=now - LIFETIME,
        ended_at=None,
    )


def _count_try(public_id: uuid.UUID, *, now: datetime) -> MailedCode | None:
    """One more try for a live code; committed at once, whatever comes of it."""
    live = MailedCode.objects.filter(
        public_id=public_id,
        asked_at__gt=now - LIFETIME,
        tries__lt=TRIES,
        proven_at=None,
        ended_at=None,
    )
    with transaction.atomic():
        if not live.update(tries=F("tries") + 1):
            return None
        return MailedCode.objects.get(public_id=public_id)


def _refuse_too_many(address: str, client: str, *, now: datetime) -> None:
    minute, hour = now - timedelta(minutes=1), now - timedelta(hours=1)
    to_address = MailedCode.objects.filter(address=address)
    by_client = MailedCode.objects.filter(client=client) if client else MailedCode.objects.none()
    if (
        to_address.filter(asked_at__gt=minute).count() >= PER_MINUTE
        or to_address.filter(asked_at__gt=hour).count() >= PER_HOUR
        or by_client.filter(asked_at__gt=minute).count() >= CLIENT_PER_MINUTE
    ):
        raise TooManyCodesError


def _digest(about: str, text: str) -> str:
    return salted_hmac("accounts.codes", f"{about}:{text}", algorithm="sha256").hexdigest()
