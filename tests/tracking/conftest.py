"""An offer called Spring, which nobody is in."""

from __future__ import annotations

import pytest

from offers.models import Offer
from offers.services import create_offer
from offers.terms import TermsValues
from tests.cast import NOW, SYSTEM, Cast, offer_values


@pytest.fixture
def spring(at_juniper: Cast) -> Offer:
    """Of codes and links, at next to nothing."""
    values = offer_values(name="Spring")
    return create_offer(values=values, terms=TermsValues(percent_bp=1), by=SYSTEM, now=NOW)
