"""Accept each code of an authenticator app once, by a record in PostgreSQL.

allauth stores used codes only in the cache, so without the cache a code works again for half a
minute. RFC 6238, section 5.2, requires that a code is accepted once. The record is the time step of
the last code, stored with the app's secret; that code and older ones are refused.
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
    """Use up a code; False when it or a later one was used, or it is not valid now.

    The row lock lets only one of several requests with the same code succeed.
    """
    row = Authenticator.objects.select_for_update(no_key=True).get(pk=authenticator.pk)
    secret, last = decrypt(row.data["secret"]), row.data.get(LAST_TIME_STEP, -1)
    current, tolerance = _time_step(now), app_settings.TOTP_TOLERANCE
    # One step more than allauth checks: the step may have ended since allauth accepted the code.
    for step in range(current - tolerance - 1, current + tolerance + 1):
        shown = format_hotp_value(hotp_value(secret, step))
        if step > last and compare_user_code(actual=code, expected=shown):
            row.data[LAST_TIME_STEP] = step
            row.save(update_fields=["data"])
            return True
    return False


@transaction.atomic
def use_up_codes_until(*, authenticator: Authenticator, now: datetime) -> None:
    """Refuse codes of this moment and before: one of them has just been used to set up the app."""
    row = Authenticator.objects.select_for_update(no_key=True).get(pk=authenticator.pk)
    row.data[LAST_TIME_STEP] = _time_step(now) + app_settings.TOTP_TOLERANCE
    row.save(update_fields=["data"])


def _time_step(now: datetime) -> int:
    return int(now.timestamp() // app_settings.TOTP_PERIOD)
