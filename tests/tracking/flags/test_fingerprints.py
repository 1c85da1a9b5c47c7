"""Members who are paid to one account: found by a digest, and only among released details."""

from __future__ import annotations

from datetime import timedelta

import pytest

from payouts.destinations import bank_account, paypal_account
from payouts.fingerprints import account_sharers, fingerprint_of
from payouts.models import DetailsRelease, PayoutDetails
from payouts.resealing import reseal_details
from tests.cast import IBAN, NOW, Cast

pytestmark = pytest.mark.usefixtures("at_juniper")


def test_a_fingerprint_is_of_the_account_whoever_holds_it() -> None:
    mara = bank_account(country="DE", holder="Mara", iban=IBAN)
    spaced = bank_account(country="DE", holder="M. Lindqvist", iban="DE89 3704 0044 0532 0130 00")
    pay = paypal_account(country="DE", holder="Mara", paypal="Mara@lindqvist.example")

    assert fingerprint_of(mara) == fingerprint_of(spaced)
    assert len({fingerprint_of(mara), fingerprint_of(pay), ""}) == 3
    assert IBAN not in fingerprint_of(mara)


def test_members_share_an_account_once_both_released_it(at_juniper: Cast) -> None:
    assert account_sharers([at_juniper.mara.pk]) == {}  # details of before have no fingerprint
    reseal_details(after=0)
    DetailsRelease.objects.filter(creator=at_juniper.june.creator).update(taken_back_at=NOW)
    PayoutDetails.objects.filter(creator=at_juniper.diego.creator).update(
        changed_at=NOW + timedelta(days=1)
    )

    sharers = account_sharers([at_juniper.mara.pk, at_juniper.june.pk])

    assert {pk: [one.member_id for one in found] for pk, found in sharers.items()} == {
        at_juniper.mara.pk: [at_juniper.diego.pk]
    }
    assert sharers[at_juniper.mara.pk][0].since == NOW + timedelta(days=1)


def test_making_fingerprints_a_second_time_changes_nothing() -> None:
    done, _ = reseal_details(after=0)
    again, _ = reseal_details(after=0)

    assert (done.resealed, again.resealed) == (3, 0)
