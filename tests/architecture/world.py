"""Two brands that each have one of everything an address can name."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.api_keys import create_api_key
from accounts.api_requests import keep_requests
from accounts.invitations import invite_staff
from accounts.models import ApiKey, ApiRequest, Brand, Invitation, Role, Staff
from affiliates.models import Member, MemberNote, Segment
from affiliates.notes import add_note
from affiliates.segments import save_segment
from background.models import Work
from background.running import start_work
from background.work_requests import WorkRequest
from brand_admin.work_exports import make_export
from brand_admin.work_kinds import EXPORT
from core.tenancy import TenantModel, acting_for
from integrations.codes import keep_in_step
from integrations.connections import connect
from integrations.models import (
    CodeState,
    ComparedCode,
    Connection,
    DataRequest,
    Event,
    OfferDiscount,
    RefusedDelivery,
)
from integrations.test_order import send_test_order
from notifications.models import (
    Campaign,
    EmailTemplate,
    Message,
    Purpose,
    Suppression,
    SuppressionReason,
)
from notifications.services import save_template, suppress
from offers.models import Enrollment, Offer, Project, Terms
from offers.projects import add_to_project, create_project, set_up_stage
from payouts.models import Payout, PayoutRun, PayoutRunMember
from payouts.runs import draft_run
from payouts.services import adjust
from tests.cast import NOW, SYSTEM, Cast, order, pay_all_due, refund
from tests.notifications.senders import confirm, recipient
from tracking.links.link_domains import add_domain
from tracking.links.tracking_links import give_links
from tracking.models import (
    Conversion,
    Flag,
    LeakedCode,
    LinkDomain,
    Order,
    PromoCode,
    Question,
    TrackingLink,
)
from tracking.orders.recording import record_order
from tracking.orders.refunds import record_refund
from tracking.questions.services import ask_about_order
from webhooks.endpoints import add_endpoint, send_test
from webhooks.models import Attempt, Delivery, Endpoint

# What the parameters of addresses name.
NAMED: dict[str, type[TenantModel]] = {
    "campaign_id": Campaign,
    "code_id": ComparedCode,
    "connection_id": Connection,
    "conversion_id": Conversion,
    "data_request_id": DataRequest,
    "delivery_id": Delivery,
    "discount_id": OfferDiscount,
    "domain_id": LinkDomain,
    "endpoint_id": Endpoint,
    "enrollment_id": Enrollment,
    "event_id": Event,
    "invitation_id": Invitation,
    "key_id": ApiKey,
    "leak_id": LeakedCode,
    "line_id": PayoutRunMember,
    "link_id": TrackingLink,
    "member_id": Member,
    "message_id": Message,
    "note_id": MemberNote,
    "offer_id": Offer,
    "order_id": Order,
    "payment_id": Payout,
    "project_id": Project,
    "promo_code_id": PromoCode,
    "request_id": ApiRequest,
    "run_id": PayoutRun,
    "segment_id": Segment,
    "question_id": Question,
    "staff_id": Staff,
    "suppression_id": Suppression,
    "template_id": EmailTemplate,
    "terms_id": Terms,
    "work_id": Work,
}
# Those that name no row.
WORDS: dict[str, str] = {
    "action": "pause",
    "confirmation": "00000000-0000-4000-8000-000000000000",
    "handle": "0" * 32,  # of a session: nobody's
    "kind": "shopify",  # of a shop
    "purpose": Purpose.EMAIL_MEMBERS.value,
}
NOBODYS = 10**15
# Fields by which a form or a query could name somebody else's row, with the parameter it is.
FIELDS = {
    "campaign": "campaign_id",
    "code_offer": "offer_id",
    "connection": "connection_id",
    "conversion": "conversion_id",
    "discount": "discount_id",
    "endpoint": "endpoint_id",
    "enrollment": "enrollment_id",
    "invitation": "invitation_id",
    "member": "member_id",
    "offer": "offer_id",
    "order_id": "order_id",
    "orders": "order_id",
    "owner": "staff_id",
    "payment": "payment_id",
    "project": "project_id",
    "run": "run_id",
    "segment": "segment_id",
    "to_offer": "offer_id",
    "to_project": "project_id",
    "staff": "staff_id",
    "template": "template_id",
}


@dataclass(frozen=True)
class World:
    """The cast, and by brand the ids that stand for each parameter."""

    cast: Cast
    own: dict[str, Any]
    foreign: dict[str, Any]

    def own_values(self) -> dict[str, Any]:
        return {"slug": self.cast.juniper.slug, **WORDS, **self.own}

    def foreign_fields(self) -> dict[str, Any]:
        """Another brand's rows, under every name that a page might look for."""
        named = {field: self.foreign[parameter] for field, parameter in FIELDS.items()}
        theirs = self.foreign["enrollment_id"]
        typed = {f"code-{theirs}": "FOREIGN", f"page-{theirs}": "https://elsewhere.example/x"}
        return {**named, **typed, "selected": list(self.foreign.values())}


def flag_the_sale() -> None:
    """Flag the brand's conversion, and name its code as leaked."""
    sold = Conversion.objects.latest("pk")
    Flag.objects.create(
        conversion=sold, enrollment_id=sold.enrollment_id, offer_id=sold.offer_id,
        member_id=sold.member_id, kind="self_purchase", evidence={}, raised_at=NOW,
    )  # fmt: skip
    LeakedCode.objects.create(
        promo_code=PromoCode.objects.latest("pk"),
        found_at=NOW,
        evidence={
            "orders": 12, "clicked": 0, "days": 14, "orders_before": 20, "clicked_before": 12,
            "days_before": 60, "foreign": 7, "hosts": ["deals.example"],
        },
    )  # fmt: skip


def furnish(cast: Cast) -> World:
    """Give both brands one of everything."""
    return World(
        cast=cast,
        own=_furnish(cast.juniper, cast.glow, cast.mara_in_glow, code="MARA15", currency="GBP"),
        foreign=_furnish(
            cast.saltmarsh, cast.tide, cast.june_in_tide, code="JUNETIDE", currency="USD"
        ),
    )


def _furnish(
    brand: Brand, offer: Offer, enrollment: Enrollment, *, code: str, currency: str
) -> dict[str, Any]:
    member, paid_at = enrollment.member, NOW + timedelta(days=20)
    with acting_for(brand):
        create_api_key(label="shop", by=SYSTEM, now=NOW)
        invite_staff(email=f"new@{brand.slug}.example", role=Role.MANAGER, by=SYSTEM, now=NOW)
        project = create_project(name=f"{offer.name} project", by=SYSTEM, now=NOW)
        add_to_project(project=project, members=[member], by=SYSTEM, now=NOW)
        set_up_stage(project=project, offer=offer, by=SYSTEM, now=NOW)
        sale = order(f"{brand.slug}-9001", promo_code=code, currency=currency)
        record_order(source="api", order=sale, by=SYSTEM, now=NOW)
        nobodys = order(f"{brand.slug}-9002", promo_code=f"{brand.slug}-10", currency=currency)
        record_order(source="api", order=nobodys, by=SYSTEM, now=NOW)
        early = refund(f"{brand.slug}-R1", f"{brand.slug}-9003", currency=currency)
        record_refund(source="api", refund=early, by=SYSTEM, now=NOW)
        pay_all_due(member, currency=currency, reference=f"{brand.slug} bank", now=paid_at)
        _draft_a_run(enrollment, currency=currency)
        confirm(
            [recipient(recipient=f"member:{member.pk}", about=f"enrollment:{enrollment.pk}")],
            about=f"offer:{offer.pk}",
            title=f"{brand.slug} mail",
        )
        ask_about_order(
            enrollment=enrollment,
            order_reference=f"{brand.slug}-missing",
            ordered_on=NOW.date(),
            note=f"sold at {brand.name}",
            by=SYSTEM,
            now=NOW,
        )
        suppress(
            address=f"left@{brand.slug}.example",
            reason=SuppressionReason.BY_STAFF,
            by=SYSTEM,
            now=NOW,
        )
        save_template(
            purpose=Purpose.EMAIL_MEMBERS,
            name=f"{offer.name} template",
            subject="Hello",
            body="Hello",
            by=SYSTEM,
            now=NOW,
        )
        add_note(member=member, text=f"Met at {brand.name}", by=SYSTEM, now=NOW)
        save_segment(name=f"Friends of {brand.name}", query="q=a", by=SYSTEM, now=NOW)
        give_links(enrollments=[enrollment], by=SYSTEM, now=NOW)
        add_domain(host=f"go.{brand.slug}-links.example", by=SYSTEM, now=NOW)
        flag_the_sale()
        _export_members()
        _connect_a_shop(brand)
        _fill_the_shop(offer, enrollment)
        _add_an_endpoint(brand)
        return {
            name: model._default_manager.order_by("pk").values_list("pk", flat=True)[0]
            for name, model in NAMED.items()
        }


def _export_members() -> None:
    request = WorkRequest(
        kind=EXPORT,
        title="Export of members",
        about="export:members",
        total=1,
        confirmation=uuid.uuid4(),
        parameters={"list": "members?"},
    )
    start_work(request, handler=make_export, by=SYSTEM, now=NOW)


def _connect_a_shop(brand: Brand) -> None:
    """A shop that does not answer."""
    entered = {
        "store": f"{brand.slug}-shop",
        "client_id": "c" * 32,
        "client_secret": "s" * 32,
    }
    connection = connect(
        kind="shopify", entered=entered, name=f"{brand.name} shop", by=SYSTEM, now=NOW
    )
    send_test_order(connection=connection, code="", by=SYSTEM, now=NOW)


def _fill_the_shop(offer: Offer, enrollment: Enrollment) -> None:
    """A shopper's request, a refused delivery, codes that differ, and a request to the API."""
    connection, event = Connection.objects.get(), Event.objects.get()
    asked = {"connection": connection, "order_ids": event.order_ids, "customer_ref": "c-77"}
    DataRequest.objects.create(
        event=event, received_at=NOW, due_at=NOW + timedelta(days=30), **asked
    )
    RefusedDelivery.objects.create(
        connection=connection, reason="signature", hour=timezone.now(), last_at=timezone.now()
    )
    discount = keep_in_step(connection=connection, offer=offer, percent_bp=1500, by=SYSTEM, now=NOW)
    OfferDiscount.objects.update(compared_at=NOW)
    ComparedCode.objects.create(discount=discount, code="VIP", state=CodeState.UNKNOWN)
    ComparedCode.objects.create(
        discount=discount, code="MINE", state=CodeState.MISSING, enrollment=enrollment
    )
    sent = ApiRequest(
        key=ApiKey.objects.get(),
        received_at=NOW,
        method="POST",
        path="/api/v1/orders",
        status=422,
        milliseconds=12,
        code="invalid_input",
        detail="currency: must be a currency",
        sent="{}",
        answered="{}",
    )
    keep_requests(brand_id=offer.brand_id, requests=[sent])


def _add_an_endpoint(brand: Brand) -> None:
    """An endpoint on a port on which nothing answers, a delivery, and a failed attempt at it."""
    address = f"http://127.0.0.1:{1 + brand.slug.startswith('s')}/{brand.slug}"
    made = add_endpoint(address=address, events=[], description="", by=SYSTEM, now=NOW)
    delivery = send_test(endpoint=made.endpoint, by=SYSTEM, now=NOW)
    Attempt(delivery=delivery, number=1, at=NOW, milliseconds=12, error="can't be reached").save()


def _draft_a_run(enrollment: Enrollment, *, currency: str) -> None:
    adjust(
        enrollment=enrollment,
        currency=currency,
        amount_minor=700,
        note="Thanks",
        by=SYSTEM,
        now=NOW,
    )
    draft_run(
        currency=currency,
        member_ids=[enrollment.member_id],
        minimum_minor=0,
        confirmation=uuid.uuid4(),
        by=SYSTEM,
        now=NOW,
    )


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside leaves nothing behind."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
