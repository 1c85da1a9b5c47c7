"""The rows and the alerts of the portal's first page."""

from __future__ import annotations

import pytest
from django.test import Client

from core.tenancy import acting_for
from offers.models import OfferStatus
from offers.services import set_offer_status
from payouts.models import PayoutState
from payouts.services import return_payment
from tests.cast import Cast, pay_all_due
from tests.portal.conftest import text_of
from tests.portal.test_portal import earn, logged_in
from tracking.models import TrackingLink


@pytest.mark.parametrize("counts", [True, False])
def test_code_and_link_are_copied_from_the_row_while_they_count(
    cast: Cast, client: Client, counts: bool
) -> None:
    with acting_for(cast.juniper):
        slug = TrackingLink.objects.get(enrollment=cast.june_in_glow).slug
        if not counts:
            set_offer_status(offer=cast.glow, status=OfferStatus.PAUSED, by=cast.by, now=cast.now)

    page = text_of(logged_in(client, cast), "/portal/")

    assert ('data-copy="JUNE20"' in page) is counts
    assert (f'data-copy="http://testserver/r/{slug}"' in page) is counts
    assert 'data-copy="MARA15"' not in page


@pytest.mark.parametrize("is_repaid", [False, True])
def test_a_failed_payment_leads_to_the_details_until_the_next(
    cast: Cast, client: Client, is_repaid: bool
) -> None:
    earn(cast)
    with acting_for(cast.juniper):
        payout = pay_all_due(cast.june)
        return_payment(
            payout=payout, state=PayoutState.FAILED, reason="Closed", by=cast.by, now=cast.now
        )
        if is_repaid:
            pay_all_due(cast.june)

    page = text_of(logged_in(client, cast), "/portal/")

    _, _, after = page.partition("payment of £42.00 didn")
    assert bool(after) is not is_repaid
    assert ("Check your payout details" in after) is not is_repaid
