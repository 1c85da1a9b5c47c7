"""Six-digit codes by mail: valid for ten minutes and five tries, in one browser, for one purpose.

A code is bound to a secret in the session of the browser that requested it. It does not work in
another browser, and a request from another browser does not replace it: each browser has its own
code. The code is derived from the row's id and SECRET_KEY, so no copy of the database contains it.

A request writes a row and does not look up the address, so the response and its time are the same
for an unknown address. Whether the code is mailed is decided after the response
(accounts.code_mail_queue). The rate limits are in accounts.code_limits.
"""

from __future__ import annotations

import logging
import math
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.code_limits import (
    TRIES_PER_CODE,
    WRONG_THAT_REFUSE_CODES,
    Limit,
    Requester,
    count_up,
    counted_guess,
    counted_request,
    digest_of,
    exceeded,
    forget_counts,
    longest_wait,
    tries_allowed,
)
from accounts.models import MAILED_CODE_STATES, CodePurpose, MailedCode
from core.db import lock_identities

logger = logging.getLogger(__name__)
CODE_LIFETIME = timedelta(minutes=10)  # to enter a code, and then to use it
CODES_KEPT_FOR = timedelta(days=1)


class CodeError(Exception):
    """A code can't be asked for, entered or used."""


class TooManyCodesError(CodeError):
    """Too many codes were asked for; `wait` is how long that lasts."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"no more codes for {wait}")
        self.wait = wait

    @property
    def minutes(self) -> int:
        """Whole minutes to wait, at least one."""
        return max(1, math.ceil(self.wait / timedelta(minutes=1)))


class WrongCodeError(CodeError):
    """The code is wrong; `left` tries remain."""

    def __init__(self, left: int) -> None:
        super().__init__(f"{left} tries left")
        self.left = left


class ExpiredCodeError(CodeError):
    """The code is unknown in this browser, used, replaced, tried too often or too old."""


@transaction.atomic
def ask_code(
    *, address: str, purpose: CodePurpose, requester: Requester, language: str = "", now: datetime
) -> MailedCode:
    """Request a code, which replaces the browser's earlier one. Raises TooManyCodesError.

    It is mailed after the response, in the language of the tag: see affiliates.code_mail.
    """
    address = address.strip().lower()
    browser = _browser_digest(requester)
    lock_identities([f"code browser {browser}"])
    MailedCode.objects.filter(browser=browser, purpose=purpose, ended_at=None).update(ended_at=now)
    row = MailedCode.objects.create(
        address=address,
        purpose=purpose,
        browser=browser,
        language=language,
        mail_due_at=now,
        asked_at=now,
    )
    guesses = [
        (limit, whom)
        for limit, whom in counted_guess(requester, address=address)
        if limit in WRONG_THAT_REFUSE_CODES
    ]
    refused_by = exceeded(guesses, now=now) + count_up(
        counted_request(requester, address=address, purpose=purpose), now=now
    )
    if refused_by:
        _log(refused_by)
        raise TooManyCodesError(longest_wait(refused_by, now=now))
    return row


def enter_code(
    *, public_id: uuid.UUID, code: str, requester: Requester, now: datetime
) -> MailedCode:
    """Check a code, and count the try. Raises WrongCodeError and ExpiredCodeError.

    This uses up a login code; a code of another purpose is used up by `spend_code`. After too many
    wrong guesses a code has fewer tries, but at least one: the right code works at the first try,
    whatever others have done.
    """
    with transaction.atomic():
        row, allowed = _try(public_id, code, requester, now=now)
    if row.proven_at is not None:
        return row
    if row.ended_at is not None:
        raise ExpiredCodeError
    raise WrongCodeError(allowed - row.tries)


def is_proven(*, public_id: uuid.UUID, purpose: CodePurpose, address: str, now: datetime) -> bool:
    """Whether this code was entered at most ten minutes ago and is not used up."""
    return _proven(public_id, purpose, address, now=now).exists()


def is_used_up(*, public_id: uuid.UUID, purpose: CodePurpose, address: str, now: datetime) -> bool:
    """Whether this code was entered at most ten minutes ago and is used up. It allows nothing."""
    return _entered(public_id, purpose, address, now=now).exclude(ended_at=None).exists()


def spend_code(*, public_id: uuid.UUID, purpose: CodePurpose, address: str, now: datetime) -> None:
    """Use up an entered code, in the transaction of the change that needs it.

    Raises ExpiredCodeError if it was not entered, or too long ago, for another purpose or address,
    or is used up.
    """
    if not _proven(public_id, purpose, address, now=now).update(ended_at=now):
        raise ExpiredCodeError


def forget_codes(*, address: str) -> None:
    """Delete every code that was mailed to an address."""
    MailedCode.objects.filter(address=address.strip().lower()).delete()


def forget_old_codes(*, now: datetime) -> None:
    """Delete old codes, and counts of past periods."""
    MailedCode.objects.filter(asked_at__lt=now - CODES_KEPT_FOR).delete()
    forget_counts(now=now)


def code_of(public_id: uuid.UUID) -> str:
    """The six digits of a code."""
    digest = salted_hmac("accounts.codes.digits", str(public_id), algorithm="sha256").digest()
    return f"{int.from_bytes(digest[:16]) % 1_000_000:06d}"


def _try(
    public_id: uuid.UUID, code: str, requester: Requester, *, now: datetime
) -> tuple[MailedCode, int]:
    """Count one more try; returns the row, proven if the code was right, and its allowed tries.

    Runs the same statements for an unknown address. Raises ExpiredCodeError.
    """
    live = MailedCode.objects.filter(
        public_id=public_id,
        browser=_browser_digest(requester),
        asked_at__gt=now - CODE_LIFETIME,
        proven_at=None,
        ended_at=None,
    )
    row = live.select_for_update().first()
    if row is None:
        raise ExpiredCodeError
    tried = transaction.savepoint()
    beyond = count_up(counted_guess(requester, address=row.address), now=now)
    allowed = tries_allowed(beyond)
    is_right = (
        row.tries < allowed
        and row.state in MAILED_CODE_STATES
        and constant_time_compare(code_of(public_id), code)
    )
    row.tries = min(row.tries + 1, TRIES_PER_CODE)
    if is_right:
        transaction.savepoint_rollback(tried)  # only wrong guesses count
        row.proven_at = now
        row.ended_at = now if row.purpose == CodePurpose.LOG_IN else None
    else:
        transaction.savepoint_commit(tried)
        row.ended_at = now if row.tries >= allowed else None
        _log(beyond)
    row.save(update_fields=["tries", "proven_at", "ended_at"])
    return row, allowed


def _proven(
    public_id: uuid.UUID, purpose: CodePurpose, address: str, *, now: datetime
) -> QuerySet[MailedCode]:
    return _entered(public_id, purpose, address, now=now).filter(ended_at=None)


def _entered(
    public_id: uuid.UUID, purpose: CodePurpose, address: str, *, now: datetime
) -> QuerySet[MailedCode]:
    return MailedCode.objects.filter(
        public_id=public_id,
        purpose=purpose,
        address=address.strip().lower(),
        proven_at__gt=now - CODE_LIFETIME,
    )


def _log(limits: Iterable[Limit]) -> None:
    for limit in limits:
        logger.warning("the limit of %s %s is reached", limit.max_count, limit.name)


def _browser_digest(requester: Requester) -> str:
    if not requester.browser:
        raise ValueError("a code needs the secret of the browser that asks for it")
    return digest_of("browser", requester.browser)
