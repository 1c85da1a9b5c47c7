"""Members in offers, codes and links: active, except for the past times in which they were not."""

from __future__ import annotations

from datetime import datetime

import pgtrigger
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.db.models.expressions import RawSQL
from psycopg.types.range import TimestamptzRange

from core.tenancy import TenantModel


class Pausable(TenantModel):
    """It was active from the beginning to `deactivated_at`, except for `pauses`.

    `pauses` are the past times from the end to the return, the earliest first.
    """

    deactivated_at = models.DateTimeField(null=True)
    # `db_default` is for web processes of before.
    pauses = ArrayField(DateTimeRangeField(), default=list, db_default=[], blank=True)

    class Meta(TenantModel.Meta):
        abstract = True

    def was_active_at(self, moment: datetime) -> bool:
        """Whether it had not ended by then, or was back."""
        if self.deactivated_at is not None and moment >= self.deactivated_at:
            return False
        return not any(pause.lower <= moment < pause.upper for pause in self.pauses)

    def end_pause(self, now: datetime) -> None:
        """Keep the time since it ended as a pause. Changes both fields; they are not saved."""
        if self.deactivated_at is not None and self.deactivated_at < now:
            self.pauses = [*self.pauses, TimestamptzRange(self.deactivated_at, now)]
        self.deactivated_at = None


# Who is not active is away since some moment, after all pauses. Without any, NULL passes.
PAUSES_ARE_PAST = RawSQL(
    "(status = 'active') = (deactivated_at IS NULL)"
    " AND NOT lower_inf(tstzmultirange(VARIADIC pauses))"
    " AND NOT upper_inf(tstzmultirange(VARIADIC pauses))"
    " AND (deactivated_at IS NULL"
    " OR upper(tstzmultirange(VARIADIC pauses)) <= deactivated_at)",
    [],
    output_field=models.BooleanField(),
)
_KEEP = """
IF NEW.status <> 'active' THEN
    NEW.deactivated_at = greatest(now(), upper(tstzmultirange(VARIADIC NEW.pauses)));
ELSE
    IF NEW.deactivated_at < now() THEN
        NEW.pauses = NEW.pauses || tstzrange(NEW.deactivated_at, now());
    END IF;
    NEW.deactivated_at = NULL;
END IF;
RETURN NEW;
"""


def keeps_pauses(name: str) -> pgtrigger.Trigger:
    """Keep the time of a change of `status` by a writer that says none, as of now."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        condition=pgtrigger.Condition("((NEW.status = 'active') <> (NEW.deactivated_at IS NULL))"),
        func=_KEEP,
    )
