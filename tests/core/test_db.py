"""What a unique constraint refuses becomes the error of the service."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from core.db import raises_if_taken
from core.tenancy import acting_for
from offers.models import Offer, Project
from tests.cast import Cast


class TakenError(Exception):
    """What a service would raise."""


def write_projects(*names: str) -> None:
    with raises_if_taken("offers_project_name", error=TakenError):
        for name in names:
            Project.objects.create(name=name)


def change_offers(glow: Offer, **changes: Any) -> None:
    with raises_if_taken("offers_project_name", error=TakenError):
        Offer.objects.create(name="Spring", currency="GBP", kind="both")
        Offer.objects.filter(pk=glow.pk).update(**changes)


def test_a_taken_name_is_the_services_error_and_the_transaction_goes_on(cast: Cast) -> None:
    with acting_for(cast.juniper):
        Project.objects.create(name="Spring")

        with pytest.raises(TakenError):
            write_projects("Autumn", "Spring")

        assert [row.name for row in Project.objects.all()] == ["Spring"]


def test_another_constraint_is_not_taken_for_it(cast: Cast) -> None:
    with acting_for(cast.juniper):
        for broken in ({"name": "Spring"}, {"click_window_days": 0}):
            with pytest.raises(IntegrityError):
                change_offers(cast.glow, **broken)

        assert not Offer.objects.filter(name="Spring").exists()
