"""A code of an authenticator app enters once, by a record in PostgreSQL.

allauth keeps used codes in the cache alone, so without the cache each enters again for half a
minute. RFC 6238, section 5.2, asks that a code is accepted once. The record is the time step of the
last code, kept beside the app's secret; that code and older ones enter no more.
"""

from __future__ import annotations

from datetime import datetime

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.db import transaction

LAST_TIME_STEP = "last_time_step"  # in Authenticator.data


@transaction.atomic
def use_totp_code(*, authenticator: Authenticator, code: str, now: datetime) -> bool:
    """Use a code up; False when it or a later one was used before, or it is none of this time.

    Of several requests with one code the row lock lets one through.
    """
    row = Authenticator.objects.select_for_update(no_key=True).get(pk=authenticator.pk)
    secret, last = decrypt(row.data["secret"]), row.data.get(LAST_TIME_STEP, -1)
    current, tolerance = _time_step(now), app_settings.TOTP_TOLERANCE
    # One step more than allauth looks at: the step may have ended since allauth accepted the code.
    for step in range(current - tolerance - 1, current + tolerance + 1):
        shown = format_hotp_value(hotp_value(secret, step))
        if step > last and compare_user_code(actual=code, expected=shown):
            row.data[LAST_TIME_STEP] = step
            row.save(update_fields=["data"])
            return True
    return False


@transaction.atomic
def use_up_codes_until(*, authenticator: Authenticator, now: datetime) -> None:
    """Let no code of this moment or before enter: one of them has just set the app up."""
    row = Authenticator.objects.select_for_update(no_key=True).get(pk=authenticator.pk)
    row.data[LAST_TIME_STEP] = _time_step(now) + app_settings.TOTP_TOLERANCE
    row.save(update_fields=["data"])


def _time_step(now: datetime) -> int:
    return int(now.timestamp() // app_settings.TOTP_PERIOD)
