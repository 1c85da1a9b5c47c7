"""The page that says what each badge of a dashboard means."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from core.tenancy import acting_for
from offers.models import EnrollmentStatus, OfferStatus
from payouts.models import PayoutState
from portal.dashboard import payments, questions
from portal.dashboard.conversion_state import ConversionState, label_of
from portal.dashboard.enrollment_state import state_of_enrollment
from portal.dashboard.meanings import SOME_DAY
from tests.cast import Cast
from tracking.models import QuestionState


def test_every_badge_is_explained(client: Client, path: str) -> None:
    page = client.get(f"{path}/why").context

    shown = {
        "conversion_meanings": [label_of(state, SOME_DAY) for state in ConversionState],
        "payment_meanings": [str(payments.LABELS[state.value]) for state in PayoutState],
        "question_meanings": [questions.BADGES[state.value][0] for state in QuestionState],
    }
    for name, labels in shown.items():
        assert [meaning.label for meaning in page[name]] == labels
        assert all(meaning.text for meaning in page[name])


@pytest.mark.parametrize("status", OfferStatus)
def test_every_badge_of_an_offer_is_explained(
    cast: Cast, client: Client, path: str, status: OfferStatus
) -> None:
    """Of a member who takes part, is inactive, was removed, and before the offer begins."""
    explained = {one.label for one in client.get(f"{path}/why").context["offer_meanings"]}
    enrollment = cast.mara_in_glow
    shown = set()

    with acting_for(cast.juniper):
        enrollment.offer.status = status
        for enrollment.status in EnrollmentStatus:
            for enrollment.offer.starts_at in (None, cast.now + timedelta(days=1)):
                shown.add(state_of_enrollment(enrollment, now=cast.now).label)

    assert shown <= explained
