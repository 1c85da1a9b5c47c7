"""Mail a brand's owners, once, that an endpoint was disabled."""

from __future__ import annotations

import logging
from datetime import datetime

from accounts.owner_mail import mail_owners
from core.postgres.outages import defects_logged
from core.tenancy import across_brands, acting_for
from webhooks.models import Endpoint, EndpointState

logger = logging.getLogger(__name__)


def tell_owners(*, now: datetime) -> list[int]:
    """Mail the owners of each endpoint that was disabled since; return those endpoints.

    Called by beat each minute, and by a message when one is disabled. Of two workers one mails.
    """
    with across_brands(reason="endpoints that were disabled are found over all brands"):
        rows = Endpoint.objects.filter(state=EndpointState.DISABLED, owners_told_at=None)
        found = list(rows.order_by("pk"))
    told = []
    for endpoint in found:
        with acting_for(endpoint.brand_id), defects_logged(logger, "owners could not be told"):
            still = rows.filter(pk=endpoint.pk, brand_id=endpoint.brand_id)
            if still.update(owners_told_at=now):
                told.append(endpoint.pk)
                _mail_owners(endpoint)
    return told


def _mail_owners(endpoint: Endpoint) -> None:
    mail_owners(
        "staff/webhook_disabled",
        page="connections/webhooks/",
        values={"address": endpoint.address, "reason": endpoint.reason},
    )
