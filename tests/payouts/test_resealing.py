"""Old payout details are sealed with the new key, and the old key is not needed any more."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from payouts import resealing
from payouts.details import own_destination
from payouts.models import PayoutDetails
from payouts.sealing import SealError
from tests.cast import Cast


@pytest.mark.django_db
def test_after_resealing_the_old_key_can_go(
    at_juniper: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resealing, "BATCH", 1)
    creator = at_juniper.june.creator
    assert creator
    before, old = own_destination(creator), list(settings.DETAILS_KEYS)
    said = StringIO()

    settings.DETAILS_KEYS = ["new", *old]
    call_command("reseal_details", stdout=said)
    settings.DETAILS_KEYS = ["new"]

    assert own_destination(creator) == before
    count = PayoutDetails.objects.count()
    assert said.getvalue() == f"{count} payout details were encrypted with the first key.\n"


@pytest.mark.django_db
def test_a_second_run_changes_nothing(at_juniper: Cast, settings: Any) -> None:
    settings.DETAILS_KEYS = ["new", *settings.DETAILS_KEYS]
    call_command("reseal_details", stdout=StringIO())
    sealed = list(PayoutDetails.objects.order_by("pk").values_list("sealed", flat=True))
    said = StringIO()

    call_command("reseal_details", stdout=said)

    assert said.getvalue() == "0 payout details were encrypted with the first key.\n"
    assert list(PayoutDetails.objects.order_by("pk").values_list("sealed", flat=True)) == sealed


@pytest.mark.django_db
def test_what_no_key_opens_is_counted_and_left(at_juniper: Cast, settings: Any) -> None:
    count = PayoutDetails.objects.count()
    settings.DETAILS_KEYS = ["somebody else's"]

    with pytest.raises(CommandError, match=f"{count} payout details can.t be decrypted"):
        call_command("reseal_details", stdout=StringIO())

    creator = at_juniper.june.creator
    assert creator
    with pytest.raises(SealError):
        own_destination(creator)
