"""A brand with one of everything that the API shows, and a shop's key for all of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Model

from core.public_ids import IdKind, public_id
from core.tenancy import acting_for
from notifications.models import Campaign, Purpose
from notifications.services import cancel_campaign
from offers.models import Enrollment, Terms
from offers.services import supersede_terms
from offers.terms import TermsValues
from payouts.models import Payout, PayoutRun
from payouts.runs import confirm_run, draft_run
from payouts.services import adjust
from tests.answers import Answer
from tests.api.shop import Shop, key_for
from tests.cast import NOW, SYSTEM, Cast, order, pay_all_due, refund
from tests.following import follow_link
from tracking.links.link_domains import add_domain
from tracking.models import (
    Click,
    Conversion,
    Flag,
    Order,
    OrderRevision,
    PromoCode,
    Refund,
    TrackingLink,
)
from tracking.orders.recording import record_order, record_orders
from tracking.orders.refunds import record_refund
from tracking.outreach.audience import audience
from tracking.outreach.mailing import enrollments_to_mail, send_to_members
from tracking.questions.services import ask_about_order
from webhooks.endpoints import add_endpoint, send_test

ROOT = "/api/v1"
LATER = NOW + timedelta(days=5)
KINDS = {
    "affiliates.member": IdKind.MEMBER,
    "offers.offer": IdKind.OFFER,
    "offers.terms": IdKind.TERMS,
    "offers.enrollment": IdKind.ENROLLMENT,
    "tracking.promocode": IdKind.CODE,
    "tracking.trackinglink": IdKind.LINK,
    "tracking.linkdomain": IdKind.LINK_DOMAIN,
    "tracking.click": IdKind.CLICK,
    "tracking.order": IdKind.ORDER,
    "tracking.orderrevision": IdKind.REVISION,
    "tracking.refund": IdKind.REFUND,
    "tracking.conversion": IdKind.CONVERSION,
    "tracking.flag": IdKind.FLAG,
    "tracking.question": IdKind.QUESTION,
    "payouts.payout": IdKind.PAYOUT,
    "payouts.payoutrun": IdKind.RUN,
    "notifications.campaign": IdKind.CAMPAIGN,
    "webhooks.endpoint": IdKind.ENDPOINT,
    "webhooks.delivery": IdKind.DELIVERY,
}


def id_of(row: Any) -> str:
    """The id of a row as the API shows it."""
    return public_id(KINDS[row._meta.label_lower], brand_id=row.brand_id, row_id=row.pk)


@dataclass
class Stage:
    """Juniper with what `put_in` put there."""

    cast: Cast
    secret: str
    rows: dict[str, Any]
    shop: Shop = field(init=False)

    def __post_init__(self) -> None:
        self.shop = Shop(self.secret)

    def id(self, name: str) -> str:
        return id_of(self.rows[name])

    def get(self, path: str) -> Answer:
        return self.shop.ask(f"{ROOT}{path}")

    def send(self, method: str, path: str, body: Any) -> Answer:
        """Send JSON, or nothing where `body` is None."""
        told = {} if body is None else {"content_type": "application/json"}
        call = getattr(self.shop.client, method.lower())
        answer: Answer = call(
            f"{ROOT}{path}", *([] if body is None else [body]), headers=self.shop.headers, **told
        )
        return answer

    @contextmanager
    def at_juniper(self) -> Iterator[None]:
        with acting_for(self.cast.juniper):
            yield


def put_in(cast: Cast) -> tuple[Cast, str, dict[str, Model]]:
    """Furnish Juniper; what a Stage is made of, with a key of every scope."""
    secret = key_for(cast.juniper)
    with acting_for(cast.juniper):
        return cast, secret, _furnish(cast)


def _furnish(cast: Cast) -> dict[str, Model]:
    sale = order("9001", updated_at=NOW.isoformat())
    nobodys = order("9002", promo_code="NOBODYS")
    record_orders(source="shop", orders=[sale, nobodys], by=SYSTEM, now=NOW)
    changed = order("9001", amount="90.00", updated_at=(NOW + timedelta(minutes=1)).isoformat())
    record_orders(source="shop", orders=[changed], revising=True, by=SYSTEM, now=NOW)
    record_refund(source="shop", refund=refund("R1", "9001"), by=SYSTEM, now=NOW)
    record_order(source="shop", order=order("9003", promo_code="DIEGO10"), by=SYSTEM, now=NOW)
    link = TrackingLink.objects.get(enrollment=cast.mara_in_glow)
    follow_link(slug=link.slug, user_agent="Firefox", referrer="https://a.example/", now=NOW)
    planned = supersede_terms(
        offer=cast.glow,
        values=TermsValues(percent_bp=2_000),
        starts_at=NOW + timedelta(days=3_000),
        by=SYSTEM,
        now=NOW,
    )
    for member, minor, note in (
        (cast.june_in_glow, 1_000, "Bonus"),
        (cast.june_in_glow, -800, "Taken back"),
    ):
        adjust(enrollment=member, currency="GBP", amount_minor=minor, note=note, by=SYSTEM, now=NOW)
        if minor > 0:
            pay_all_due(cast.june)
    question = ask_about_order(
        enrollment=cast.mara_in_glow,
        order_reference="9002",
        ordered_on=NOW.date(),
        note="In a story",
        by=SYSTEM,
        now=NOW,
    )
    run = _run(cast, cast.diego.pk)
    confirm_run(run=run, by=SYSTEM, now=NOW)
    endpoint = add_endpoint(
        address="http://127.0.0.1:9/hook", events=[], description="", by=SYSTEM, now=NOW
    ).endpoint
    ended = _campaign(cast, "Last year")
    cancel_campaign(campaign=ended, by=SYSTEM, now=NOW)
    delivery = send_test(endpoint=endpoint, by=SYSTEM, now=NOW)
    return {
        "member": cast.mara,
        "offer": cast.glow,
        "terms": Terms.objects.get(offer=cast.glow, version=1),
        "planned": planned,
        "enrollment": cast.mara_in_glow,
        "indebted": cast.june_in_glow,
        "code": PromoCode.objects.get(enrollment=cast.mara_in_glow),
        "link": link,
        "link_domain": add_domain(host="go.juniper.example", by=SYSTEM, now=NOW),
        "click": Click.objects.get(),
        "order": Order.objects.get(external_id="9001"),
        "unattributed": Order.objects.get(external_id="9002"),
        "revision": OrderRevision.objects.order_by("pk")[0],
        "refund": Refund.objects.get(),
        "conversion": Conversion.objects.get(order__external_id="9001"),
        "flag": _flag(Conversion.objects.get(order__external_id="9001")),
        "question": question,
        "payout": Payout.objects.get(member=cast.june),
        "open_payout": Payout.objects.get(member=cast.diego),
        "run": PayoutRun.objects.get(pk=run.pk),
        "draft": _run(cast, cast.mara.pk),
        "campaign": _campaign(cast, "Hello"),
        "ended_campaign": Campaign.objects.get(pk=ended.pk),
        "endpoint": endpoint,
        "delivery": delivery,
    }


def _flag(sold: Conversion) -> Flag:
    return Flag.objects.create(
        conversion=sold, enrollment_id=sold.enrollment_id, offer_id=sold.offer_id,
        member_id=sold.member_id, kind="fast_order", raised_at=NOW,
        evidence={"seconds": 3, "limit": 15},
    )  # fmt: skip


def _campaign(cast: Cast, subject: str) -> Campaign:
    """A mail to Mara and June that is being sent."""
    chosen = enrollments_to_mail(cast.glow, member_ids=[cast.mara.pk, cast.june.pk])
    found = audience(
        purpose=Purpose.EMAIL_MEMBERS, enrollments=chosen, include_already_sent=True, now=NOW
    )
    return send_to_members(
        purpose=Purpose.EMAIL_MEMBERS, offer=cast.glow, subject=subject, body="<p>Welcome.</p>",
        recipients=found.recipients, confirmation=uuid.uuid4(), by=SYSTEM, now=NOW,
    )  # fmt: skip


def _run(cast: Cast, member_id: int) -> PayoutRun:
    return draft_run(
        currency="GBP",
        member_ids={member_id},
        minimum_minor=0,
        confirmation=uuid.uuid4(),
        by=SYSTEM,
        now=NOW,
    )


def others_enrollment(cast: Cast) -> Enrollment:
    """One of another brand."""
    return cast.june_in_tide
