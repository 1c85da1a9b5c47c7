"""Payout details of creators, and the brands that may see them."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Case, F, Value, When
from django.utils.translation import gettext_lazy as _

from affiliates.models import Creator
from core.tenancy import TenantModel


class PayoutMethod(models.TextChoices):
    BANK = "bank", _("Bank account")
    PAYPAL = "paypal", _("PayPal")


class PayoutDetails(models.Model):
    """Where every brand pays a creator. `sealed` is encrypted: see payouts.sealing.

    The other columns may be shown: the method, the country, and the last characters of the account
    in `ending` ("····4821"). `fingerprint` is a keyed digest of the account, by which two creators
    with one account are found without decrypting any; see payouts.fingerprints.
    """

    creator = models.OneToOneField(Creator, on_delete=models.CASCADE, related_name="+")
    method = models.CharField(max_length=6, choices=PayoutMethod)
    country = models.CharField(max_length=2)
    ending = models.CharField(max_length=80)
    sealed = models.TextField()
    # `db_default` is for web processes of before.
    fingerprint = models.CharField(max_length=64, blank=True, default="", db_default="")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.method} {self.ending}"


HISTORY_STAYS = """
IF TG_OP = 'DELETE' OR NEW.brand_id <> OLD.brand_id OR NEW.released_at <> OLD.released_at
  OR (OLD.taken_back_at IS NOT NULL AND NEW.taken_back_at IS DISTINCT FROM OLD.taken_back_at)
  OR (NEW.creator_id IS NOT NULL AND NEW.creator_id IS DISTINCT FROM OLD.creator_id)
THEN RAISE EXCEPTION 'a release of payout details is taken back once, and stays as history';
END IF;
RETURN NEW;
"""


class DetailsRelease(TenantModel):
    """A creator lets this brand see their payout details from `released_at` to `taken_back_at`.

    A release also covers details that the creator changes later. Ended releases stay as history;
    after a creator is deleted, only the times remain.
    """

    creator = models.ForeignKey(
        Creator, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    released_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)
    is_live = models.GeneratedField(
        expression=Case(When(taken_back_at=None, then=Value(True)), default=Value(False)),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "creator"],
                condition=models.Q(taken_back_at=None),
                name="payouts_release_one_live",
            ),
            # The target of the foreign key with a payment's `needs_live_release`.
            models.UniqueConstraint(
                fields=["brand", "id", "is_live"], name="payouts_release_liveness"
            ),
            models.CheckConstraint(
                condition=models.Q(taken_back_at=None)
                | models.Q(taken_back_at__gte=F("released_at")),
                name="payouts_release_times",
            ),
            models.CheckConstraint(
                condition=models.Q(creator__isnull=False) | models.Q(taken_back_at__isnull=False),
                name="payouts_release_of_somebody",
            ),
        ]
        indexes = [models.Index(fields=["creator"], name="payouts_release_creator")]
        triggers = [
            pgtrigger.Trigger(
                name="payouts_release_history",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=HISTORY_STAYS,
            )
        ]
