"""Actions of operators, and allauth's table of addresses, which stays empty."""

from __future__ import annotations

import pgtrigger
from allauth.account.models import EmailAddress
from django.db import models

from core.db import append_only


class UnusedEmailAddress(EmailAddress):
    """allauth's table of addresses, kept empty: `User.email_proven_at` is the record of proof.

    A second record could disagree with the first, so PostgreSQL refuses every row here.
    """

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="accounts_no_email_address",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="RAISE EXCEPTION 'addresses are proven in accounts_user alone';",
            )
        ]


class OperatorAction(models.Model):
    """What an operator did to somebody's login, and why. Append-only; it belongs to no brand."""

    at = models.DateTimeField()
    operator = models.CharField(max_length=200)  # "Olga Berg <olga@tributary.example>"
    action = models.CharField(max_length=80)  # "sessions.ended"
    target = models.CharField(max_length=200)  # "user:7"
    address = models.EmailField()  # of that user at the time
    reason = models.CharField(max_length=500)

    class Meta:
        indexes = [models.Index(fields=["-at", "-id"], name="accounts_operator_newest")]
        triggers = [append_only("accounts_operator_append_only")]

    def __str__(self) -> str:
        return f"{self.action} {self.address}"
