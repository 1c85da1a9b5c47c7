"""An offer called Spring without members."""

from __future__ import annotations

import pytest

from offers.models import Offer
from offers.services import create_offer
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, offer_values


@pytest.fixture
def spring(at_juniper: Cast) -> Offer:
    """For codes and links, with a small commission."""
    values = offer_values(name="Spring")
    return create_offer(values=values, terms=TermsValues(percent_bp=1), by=SYSTEM, now=NOW)
