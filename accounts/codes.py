"""Six-digit codes by mail: ten minutes, five tries, for the browser that asked and for one purpose.

A code is bound to a secret in the session of the browser that asked for it. In another browser it
opens nothing, and a request from another browser leaves it alone: each has a live code of its own.
The code is derived from the row's id and SECRET_KEY, so that no copy of the database holds it.

Asking writes a row and looks nobody up, so an address that nobody has is answered alike and in the
same time. Whom the row is mailed to is decided after the answer (accounts.code_outbox). How much
may be asked and guessed stands in accounts.code_limits.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.code_limits import (
    TRIES_PER_CODE,
    WRONG_THAT_REFUSE_CODES,
    Asker,
    Limit,
    count,
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
LIFETIME = timedelta(minutes=10)  # to enter a code, and then to do what it was for
KEPT = timedelta(days=1)


class CodeError(Exception):
    """A code can't be asked for, entered or used."""


class TooManyCodesError(CodeError):
    """Too many codes were asked for; `wait` is how long that lasts."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"no more codes for {wait}")
        self.wait = wait


class WrongCodeError(CodeError):
    """Not the code; `left` tries remain."""

    def __init__(self, left: int) -> None:
        super().__init__(f"{left} tries left")
        self.left = left


class CodeOverError(CodeError):
    """There is no such code here, or it was used, replaced, tried too often or is too old."""


@transaction.atomic
def ask_code(
    *, address: str, purpose: CodePurpose, asker: Asker, language: str = "", now: datetime
) -> MailedCode:
    """Ask for a code, which replaces the one before it in this browser. Raises TooManyCodesError.

    The mail is handed over after the answer, in the language of the tag: see
    affiliates.code_mail.
    """
    address = address.strip().lower()
    browser = _browser_digest(asker)
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
        for limit, whom in counted_guess(asker, address=address)
        if limit in WRONG_THAT_REFUSE_CODES
    ]
    refused_by = exceeded(guesses, now=now) + count(
        counted_request(asker, address=address, purpose=purpose), now=now
    )
    if refused_by:
        _log(refused_by)
        raise TooManyCodesError(longest_wait(refused_by, now=now))
    return row


def enter_code(*, public_id: uuid.UUID, code: str, asker: Asker, now: datetime) -> MailedCode:
    """Take a code, once, and count the try. Raises WrongCodeError and CodeOverError.

    A code to log in is used up by that; what another opens is spent with `spend_code`. Where too
    much was guessed a code has fewer tries, never none: the right one gets in at the first try
    whatever others have done.
    """
    with transaction.atomic():
        row, allowed = _try(public_id, code, asker, now=now)
    if row.proven_at is not None:
        return row
    if row.ended_at is not None:
        raise CodeOverError
    raise WrongCodeError(allowed - row.tries)


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


def forget_old_codes(*, now: datetime) -> None:
    """Delete the codes of yesterday and the counts that no limit looks at any more."""
    MailedCode.objects.filter(asked_at__lt=now - KEPT).delete()
    forget_counts(now=now)


def code_of(public_id: uuid.UUID) -> str:
    """The six digits of a code. For the mail, and for comparing."""
    digest = salted_hmac("accounts.codes.digits", str(public_id), algorithm="sha256").digest()
    return f"{int.from_bytes(digest[:16]) % 1_000_000:06d}"


def _try(public_id: uuid.UUID, code: str, asker: Asker, *, now: datetime) -> tuple[MailedCode, int]:
    """The row after one more try, proven if it was the right one, and how many tries it has.

    The same statements for an address that nobody has. Raises CodeOverError.
    """
    live = MailedCode.objects.filter(
        public_id=public_id,
        browser=_browser_digest(asker),
        asked_at__gt=now - LIFETIME,
        proven_at=None,
        ended_at=None,
    )
    row = live.select_for_update().first()
    if row is None:
        raise CodeOverError
    tried = transaction.savepoint()
    beyond = count(counted_guess(asker, address=row.address), now=now)
    allowed = tries_allowed(beyond)
    is_right = (
        row.tries < allowed
        and row.state in MAILED_CODE_STATES
        and constant_time_compare(code_of(public_id), code)
    )
    row.tries = min(row.tries + 1, TRIES_PER_CODE)
    if is_right:
        transaction.savepoint_rollback(tried)  # wrong guesses alone count
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
    return MailedCode.objects.filter(
        public_id=public_id,
        purpose=purpose,
        address=address.strip().lower(),
        proven_at__gt=now - LIFETIME,
        ended_at=None,
    )


def _log(limits: Iterable[Limit]) -> None:
    for limit in limits:
        logger.warning("the limit of %s %s is reached", limit.most, limit.name)


def _browser_digest(asker: Asker) -> str:
    if not asker.browser:
        raise ValueError("a code needs the secret of the browser that asks for it")
    return digest_of("browser", asker.browser)
