"""What staff save while a person is being deleted stays."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from accounts.models import CodePurpose
from affiliates.models import Creator
from core.tenancy import acting_for
from payouts.models import Payout, PayoutState
from payouts.services import adjust, return_payment
from tests.cast import NOW, SYSTEM, Cast, pay_all_due
from tests.journeys.busy_creator import prove
from tests.own_processes import MAX_WAIT_SECONDS, until
from tests.tracking.orders.test_at_the_same_moment import of_its_own, somebody_waits
from tests.tracking.privacy.test_erasure import JUNE, LATER
from tracking.privacy import free_texts
from tracking.privacy.erasure import NAME, erase_creator

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_reason_that_is_given_meanwhile_is_kept(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given between the reading of the text and its writing."""
    with acting_for(cast.juniper):
        adjust(
            enrollment=cast.diego_in_glow, currency="GBP", amount_minor=500, note="Bonus",
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        paid = pay_all_due(cast.diego, reference="NOV, with June Okafor")
    june = Creator.objects.get(email=JUNE)
    code = prove(june, CodePurpose.DELETION, now=LATER)
    erased: Callable[..., Any] = free_texts._erased

    with ThreadPoolExecutor(1) as pool:
        returning: list[Any] = []

        def staff_return_it(*args: Any) -> Any:
            if args[:2] == (free_texts.FREE_TEXTS[0], "reference") and not returning:
                returning.append(
                    pool.submit(
                        of_its_own(
                            cast,
                            lambda: return_payment(
                                payout=paid, state=PayoutState.FAILED, reason="Account closed",
                                by=SYSTEM, now=NOW,
                            ),
                        )
                    )
                )  # fmt: skip
                until(somebody_waits, "staff don't wait for the erasure")
            return erased(*args)

        monkeypatch.setattr(free_texts, "_erased", staff_return_it)
        erase_creator(creator=june, code=code, now=LATER)
        returning[0].result(MAX_WAIT_SECONDS)

    with acting_for(cast.juniper):
        row = Payout.objects.get(pk=paid.pk)
        assert (row.reference, row.reason) == (f"NOV, with {NAME}", "Account closed")
