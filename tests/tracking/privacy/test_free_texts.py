"""A deleted person's name is gone from every text that somebody typed, in every brand's tables."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import AuditEntry, CodePurpose
from affiliates.models import Creator, Member
from core.tenancy import acting_for
from payouts.models import LedgerEntry, Payout, PayoutRun, PayoutState
from payouts.runs import confirm_run, draft_run, mark_run_paid
from payouts.selectors import mark_paid_summary
from payouts.services import adjust, return_payment
from tests.architecture.rows import TENANT_MODELS, insert, name_of, take_checks_away
from tests.cast import NOW, SYSTEM, Cast, pay_all_due
from tests.journeys.busy_creator import prove
from tests.tracking.privacy.test_erasure import JUNE, LATER, text_of_the_database
from tracking.models import Conversion, Evidence
from tracking.privacy.erasure import NAME, erase_creator
from tracking.privacy.free_texts import FREE_TEXTS

FORMS = ["June Okafor", JUNE, "okafor, june", "OKAFOR JUNE"]

# Erased with the person, by other modules than `free_texts`.
ERASED_ELSEWHERE = """
accounts.AuditEntry: actor detail
accounts.IdempotentRequest: content
background.Work: title
background.WorkProblem: subject message
notifications.Message: to_address to_name values reason
notifications.ProviderEvent: detail
notifications.Suppression: address
affiliates.Member: email first_name last_name
affiliates.MemberTag: tag
affiliates.MemberHandle: handle
affiliates.Segment: name query
"""
# The name of the staff, the key or the program that did something.
WHO_ACTED = """
accounts.Invitation: email invited_by
affiliates.MemberNote: written_by
affiliates.Segment: made_by
background.Work: asked_by
integrations.DataRequest: answered_by
notifications.Campaign: confirmed_by
offers.WithdrawnTerms: withdrawn_by
payouts.Payout: created_by
payouts.PayoutRun: created_by confirmed_by
tracking.Flag: decided_by
tracking.LeakedCode: decided_by
tracking.Question: answered_by
"""
# What the brand shows to everybody and uses on. A member may be called "Summer", and a change of
# "Summer sale" would change the brand's offer and not a person's data.
OF_THE_BRAND = """
accounts.ApiKey: label
integrations.Connection: name
notifications.Campaign: title subject body html text from_name reply_to
notifications.EmailTemplate: name subject body
offers.Offer: name description destination_url code_pattern utm_template
offers.Project: name
webhooks.Endpoint: address description
"""
# Facts of orders, shops, links and clicks, as shops, browsers and code wrote them.
FACTS = """
integrations.ComparedCode: code problem
integrations.DataRequest: customer_ref order_ids
integrations.Event: topic event_id store headers reason order_ids refund_ids listed_order_ids
integrations.Event: deleted_order_ids
integrations.OfferDiscount: name here problem
tracking.Click: referrer_host sub1 sub2 sub3 sub4 sub5 country as_other click_id user_agent landing
tracking.Conversion: promo_code customer explanation
tracking.ConversionSource: referrer_host sub1 sub2 sub3 sub4 sub5 country as_other click_id
tracking.Flag: evidence
tracking.FlagHold: kinds
tracking.FlagSettings: off_kinds coupon_hosts
tracking.LeakedCode: evidence
tracking.LinkDomain: host proof seen
tracking.LinkSlug: slug folded
tracking.OfferSource: value
tracking.Order: source external_id number customer_ref customer_digest referrer_host promo_codes
tracking.Order: click_id digest unattributed
tracking.OrderLine: line_id sku product collections
tracking.OrderRevision: contents digest
tracking.PromoCode: code
tracking.Question: order_reference
tracking.Refund: source external_id order_external_id parts digest
tracking.SourceTotal: value
tracking.TrackingLink: slug destination_url
"""
# Written by code alone: kinds, references to rows, digests, secrets, counts, states of servers.
BY_CODE = """
accounts.ApiKey: prefix digest scopes allowed_addresses origins
accounts.ApiRequest: method path code
accounts.AuditCount: kind
accounts.AuditEntry: action target
accounts.IdempotentRequest: name operation body_digest headers
accounts.Invitation: mail_problem
accounts.OutboxEntry: target data
accounts.Picture: digest content_type
accounts.Staff: digest_counts
background.Work: kind about parameters counts error filename
integrations.Connection: kind store source problem sealed_credentials sealed_secret
integrations.Connection: sealed_former_secret currencies
integrations.RefusedDelivery: last_network
notices.Notice: about
notifications.Campaign: about
notifications.Message: recipient about provider_id
notifications.ProviderEvent: provider event_id kind
offers.Offer: image allowed_domains
offers.Terms: tiers rules
offers.WithdrawnTerms: tiers rules
tracking.ColumnMapping: kind columns
tracking.ExchangeRate: to
webhooks.Channel: sealed_address host digest_counts problem
webhooks.Delivery: event target reason
webhooks.Endpoint: events reason sealed_secret sealed_former_secret
"""
# Bodies that were sent to a brand's own systems, and their answers, deleted after 30 days
# (webhooks.retention).
SENT_AND_SOON_DELETED = """
webhooks.Attempt: answer error
webhooks.Delivery: body
"""
TEXTS = (models.CharField, models.TextField, models.JSONField, ArrayField)


def columns_in(listed: str) -> set[str]:
    found = (line.split(": ") for line in listed.strip().splitlines())
    return {f"{model}.{name}" for model, names in found for name in names.split()}


def free_columns() -> set[str]:
    return {f"{name_of(texts.model)}.{name}" for texts in FREE_TEXTS for name in texts.columns}


def is_text(field: Any) -> bool:
    if isinstance(field, ArrayField):
        return isinstance(field.base_field, TEXTS)
    return isinstance(field, TEXTS) and not field.choices and field.name != "currency"


def test_of_every_text_column_somebody_decided_whether_it_may_name_a_member() -> None:
    decided = [
        free_columns(),
        *map(
            columns_in,
            (ERASED_ELSEWHERE, WHO_ACTED, OF_THE_BRAND, FACTS, BY_CODE, SENT_AND_SOON_DELETED),
        ),
    ]

    assert sorted(name for names in decided for name in names) == sorted(
        f"{name_of(model)}.{field.name}"
        for model in TENANT_MODELS
        for field in model._meta.local_fields
        if is_text(field)
    )


@pytest.mark.parametrize("form", FORMS)
def test_no_typed_text_names_a_deleted_member(cast: Cast, form: str) -> None:
    take_checks_away()
    june = Creator.objects.get(email=JUNE)
    code = prove(june, CodePurpose.DELETION, now=LATER)
    typed = {}
    for texts in FREE_TEXTS:
        given: dict[str, Any] = dict.fromkeys(texts.columns, f"For {form}.")
        if "claims" in given:
            claim = {"evidence": Evidence.BY_HAND.value, "words": f"For {form}."}
            given["claims"] = json.dumps([claim])
        row = insert(texts.model, {"brand_id": cast.juniper.pk, **given})
        typed[texts] = row
    assert form.lower() in text_of_the_database()

    erase_creator(creator=june, code=code, now=LATER)

    text = text_of_the_database()
    assert form.lower() not in text
    assert "okafor" not in text
    with acting_for(cast.juniper):
        for texts, row in typed.items():
            kept = texts.model.objects.values(*texts.columns).get(pk=row)
            assert f"For {NAME}." in str(kept)


def test_the_texts_of_others_stay_as_they_are(cast: Cast) -> None:
    take_checks_away()
    june = Creator.objects.get(email=JUNE)
    note = {"brand_id": cast.juniper.pk, "note": "Juneau, okafors@okafor.example, June, Okafors"}
    row = insert(LedgerEntry, note)

    erase_creator(creator=june, code=prove(june, CodePurpose.DELETION, now=LATER), now=LATER)

    with acting_for(cast.juniper):
        assert LedgerEntry.objects.get(pk=row).note == note["note"]


def test_a_text_that_grows_still_fits_its_column(cast: Cast) -> None:
    take_checks_away()
    june = Creator.objects.get(email=JUNE)
    reference = " ".join(["June Okafor"] * 10)
    row = insert(Payout, {"brand_id": cast.juniper.pk, "reference": reference})

    erase_creator(creator=june, code=prove(june, CodePurpose.DELETION, now=LATER), now=LATER)

    with acting_for(cast.juniper):
        assert Payout.objects.get(pk=row).reference == " ".join([NAME] * 10)[:120]


def test_payments_runs_and_their_history_name_nobody(cast: Cast) -> None:
    june = Creator.objects.get(email=JUNE)
    with acting_for(cast.juniper):
        adjust(
            enrollment=cast.june_in_glow, currency="GBP", amount_minor=500,
            note="Bonus for June Okafor", by=SYSTEM, now=NOW,
        )  # fmt: skip
        failed = pay_all_due(cast.june, reference=f"June Okafor NOV {JUNE}")
        return_payment(
            payout=failed, state=PayoutState.FAILED, reason="June Okafor closed the account",
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        run = draft_run(
            currency="GBP", member_ids=[cast.june.pk], minimum_minor=0, confirmation=uuid.uuid4(),
            by=SYSTEM, now=NOW,
        )  # fmt: skip
        confirm_run(run=run, by=SYSTEM, now=NOW)
        seen = mark_paid_summary(run).seen
        mark_run_paid(run=run, reference="okafor, june", seen=seen, by=SYSTEM, now=NOW)

    erase_creator(creator=june, code=prove(june, CodePurpose.DELETION, now=LATER), now=LATER)

    assert "okafor" not in text_of_the_database()
    with acting_for(cast.juniper):
        assert PayoutRun.objects.get().reference == NAME
        failed.refresh_from_db()
        assert (failed.reference, failed.reason) == (
            f"{NAME} NOV {NAME}", f"{NAME} closed the account",
        )  # fmt: skip
        assert LedgerEntry.objects.get(kind="adjustment").note == f"Bonus for {NAME}"
        assert AuditEntry.objects.filter(detail__reference=NAME).exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Will", "The bonus will follow. She will be paid in May."),
        ("May", "Bonus of May 2026; it may change"),
        ("June", "Commission June 2026"),
        ("Hand", "the brand added it by hand"),
    ],
)
def test_a_name_of_one_word_is_no_word_of_a_sentence(cast: Cast, name: str, text: str) -> None:
    take_checks_away()
    june = Creator.objects.get(email=JUNE)
    with acting_for(cast.juniper):
        Member.objects.filter(email=JUNE).update(first_name=name, last_name="")
    sentence = insert(LedgerEntry, {"brand_id": cast.juniper.pk, "note": text})
    alone = insert(LedgerEntry, {"brand_id": cast.juniper.pk, "note": f" {name.upper()} "})
    claim = {"evidence": Evidence.BY_HAND.value, "words": text, "reason": f"{name}"}
    by_hand = insert(Conversion, {"brand_id": cast.juniper.pk, "claims": json.dumps([claim])})

    erase_creator(creator=june, code=prove(june, CodePurpose.DELETION, now=LATER), now=LATER)

    with acting_for(cast.juniper):
        assert LedgerEntry.objects.get(pk=sentence).note == text
        assert LedgerEntry.objects.get(pk=alone).note == NAME
        assert Conversion.objects.get(pk=by_hand).claims == [claim | {"reason": NAME}]
