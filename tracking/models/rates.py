"""Exchange rates, by which orders in another currency than an offer's can be credited."""

from __future__ import annotations

from django.db import models

from core.tenancy import TenantModel


class ExchangeRate(TenantModel):
    """One `currency` was worth `rate` of `to` on a day, by the brand's own books.

    A conversion keeps the rate by which it was credited: a rate that is corrected later counts for
    what is credited from then on.
    """

    currency = models.CharField(max_length=3)
    to = models.CharField(max_length=3)
    day = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=9)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["brand", "currency", "to", "day"], name="tracking_rate_once"
            ),
            models.CheckConstraint(
                condition=models.Q(rate__gt=0) & ~models.Q(currency=models.F("to")),
                name="tracking_rate_positive",
            ),
        ]
