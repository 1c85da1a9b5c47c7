"""A brand with data for every page: every status, two currencies, long names, large sums."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from django.utils import timezone

from accounts.api_keys import create_api_key, revoke_api_key
from accounts.api_requests import keep_requests
from accounts.brands import create_brand
from accounts.models import ApiKey, ApiRequest, User
from affiliates.models import Member
from affiliates.services import Person, add_member, add_members
from core.tenancy import acting_for
from integrations.models import (
    CodeState,
    ComparedCode,
    Connection,
    Event,
    EventState,
    OfferDiscount,
)
from notifications.models import Campaign, CampaignState, Message, MessageState, SuppressionReason
from notifications.services import suppress
from offers.models import Approval, Enrollment, OfferStatus
from offers.projects import add_to_project, create_project, set_up_stage
from offers.services import create_offer, enroll, set_offer_status, supersede_terms
from offers.terms import TermsValues
from payouts.models import PayoutState
from payouts.services import adjust, return_payment
from tests.architecture.world import World, furnish
from tests.cast import NOW, SYSTEM, Cast, offer_values, order, pay_all_due, refund
from tests.notifications.senders import confirm, recipient
from tracking.links.generating import generate_items
from tracking.links.membership import deactivate_member, remove_from_offer
from tracking.links.tracking_links import make_deep_link
from tracking.orders.approval import reject_conversions
from tracking.orders.recording import record_order
from tracking.orders.refunds import record_refund

LONG = "Maximiliana-Konstanze von Hohenlohe-Waldenburg-Schillingsfürst"
SHOP = "https://www.juniper.example"


@dataclass(frozen=True)
class Furnished:
    """The brand's data that the pages need."""

    world: World
    in_yen: Enrollment
    inactive: Enrollment
    paused: Enrollment


def _fill_connections(diego: Enrollment) -> None:
    """Events and codes in every state, and requests to the API that were taken and refused."""
    connection, discount = Connection.objects.get(), OfferDiscount.objects.get()
    for state, reason in (
        (EventState.FAILED, f"The order names no currency. {LONG}"),
        (EventState.IGNORED, "It states nothing that is recorded."),
        (EventState.WAITING, "The shop does not answer."),
    ):
        is_waiting = state == EventState.WAITING
        Event.objects.create(
            connection=connection, topic="orders/create", event_id=f"event-{state}",
            received_at=timezone.now(), state=state, reason=reason, tries=2,
            try_again_at=timezone.now() if is_waiting else None, body=b"{}", order_ids=["1001"],
        )  # fmt: skip
    for code_state in (CodeState.TO_MAKE, CodeState.IN_STEP, CodeState.CAME_BACK, CodeState.ENDED):
        is_lacking = code_state == CodeState.TO_MAKE
        ComparedCode.objects.create(
            discount=discount, code=f"CODE-{code_state}".upper(), state=code_state,
            enrollment=diego,
            times_used=None if is_lacking else 1_204,
            problem="Another discount in Shopify has this code already." if is_lacking else "",
        )  # fmt: skip
    key = ApiKey.objects.filter(revoked_at=None)[0]
    keep_requests(
        brand_id=diego.brand_id,
        requests=[
            ApiRequest(
                key=key, received_at=timezone.now(), method="PUT", status=status, milliseconds=9,
                path=f"/api/v1/orders/shop/{LONG}", sent="{}", answered="{}",
            )
            for status in (200, 401)
        ],
    )  # fmt: skip


def furnish_richly(cast: Cast) -> Furnished:
    """Make everything that a page of Juniper's can show."""
    world = furnish(cast)
    with acting_for(cast.juniper):
        _fill_connections(cast.diego_in_glow)
        long = add_member(
            email="maximiliana-konstanze@hohenlohe-waldenburg-schillingsfuerst.example",
            first_name=LONG, last_name="", by=SYSTEM, now=NOW,
        )  # fmt: skip
        bare = add_member(email="", first_name="Otis", last_name="", by=SYSTEM, now=NOW)
        add_members(people=[Person("elif@demir.example", "", "")], by=SYSTEM, now=NOW)
        _sell(cast)
        _lose_orders()
        _pay(cast)
        yen = _offer_in_yen(cast, [cast.mara, long, bare])
        _correspond(cast)
        return Furnished(
            world=world,
            in_yen=yen,
            inactive=_lose_some(cast, long, bare),
            paused=_other_offers(cast),
        )


def _sell(cast: Cast) -> None:
    """Five weeks of orders: large and small, one in each state."""
    for number in range(24):
        at = NOW - timedelta(days=number * 3 // 2, hours=2)
        facts = order(f"SHOP-{number:05}", ordered_at=at.isoformat(), amount=f"{number * 37}.50")
        outcome = record_order(order=facts, source="shop", by=SYSTEM, now=at)
    assert outcome.conversion_id is not None
    reject_conversions(
        conversion_ids=[outcome.conversion_id], reason="Cancelled by the shop", by=SYSTEM, now=NOW
    )
    taken = refund("R-1", "SHOP-00003", amount="20.00")
    record_refund(source="shop", refund=taken, by=SYSTEM, now=NOW)
    _refund_wrongly()
    for number, (code, amount) in enumerate([("DIEGO10", "1234567.89"), ("JUNE20", "0.10")]):
        facts = order(f"BIG-{number}", promo_code=code, amount=amount)
        record_order(order=facts, source="shop", by=SYSTEM, now=NOW)


def _refund_wrongly() -> None:
    """Refunds to check: one waits, one is too large, one names a line that is not there."""
    for facts in (
        refund("R-2", "ORDER-OF-ANOTHER-SHOP-THAT-NEVER-COMES-7049182349821", amount="20.00"),
        refund("R-3", "SHOP-00004", amount="9999.00"),
        refund("R-4", "SHOP-00005", sku="A-LINE-THAT-THE-ORDER-DOES-NOT-HAVE", amount="1.00"),
    ):
        record_refund(source="shop", refund=facts, by=SYSTEM, now=NOW)


def _lose_orders() -> None:
    """Orders that nobody is credited for, with every kind of evidence and without any."""
    brought: list[dict[str, object]] = [
        {"promo_codes": ["WELCOME10", "FREESHIPPING-ON-EVERYTHING-UNTIL-THE-END-OF-NOVEMBER"]},
        {"click_id": "1Zk3vQ-a-click-id-of-another-shop-that-nobody-here-knows"},
        {"customer_id": "gid://shop/Customer/7049182349821"},
        {"promo_codes": ["MARA15"], "currency": "JPY", "amount": "9800000"},
        {},
    ]
    for number, facts in enumerate(brought):
        found = order(f"LOST-{number}", **{"promo_code": None, **facts})
        record_order(order=found, source="shop" if number else "point-of-sale", by=SYSTEM, now=NOW)


def _pay(cast: Cast) -> None:
    """A payment that came back, a bonus and a correction, and a revoked key."""
    payout = pay_all_due(cast.diego, reference="BACS 2041")
    return_payment(
        payout=payout, state=PayoutState.FAILED, reason="Account closed", by=SYSTEM, now=NOW
    )
    for amount, note in ((2_500, "Bonus for November"), (-400, "Rounding")):
        adjust(
            enrollment=cast.mara_in_glow, currency="GBP", amount_minor=amount, note=note,
            by=SYSTEM, now=NOW,
        )  # fmt: skip
    made = create_api_key(label="the old shop", by=SYSTEM, now=NOW)
    revoke_api_key(key=made.key, by=SYSTEM, now=NOW)


def _offer_in_yen(cast: Cast, members: list[Member]) -> Enrollment:
    """Approved by hand, for codes alone, with terms that change soon and a pending order."""
    values = offer_values(name="Kōyō", kind="code", currency="JPY", description="For Kyoto.")
    terms = TermsValues(percent_bp=500, fixed_minor=300, hold_days=30, approval=Approval.BY_HAND)
    offer = create_offer(values=values, terms=terms, by=SYSTEM, now=NOW)
    supersede_terms(
        offer=offer, values=replace(terms, percent_bp=700), starts_at=NOW + timedelta(days=400),
        by=SYSTEM, now=NOW,
    )  # fmt: skip
    enrollments = enroll(offer=offer, members=members, by=SYSTEM, now=NOW)
    generate_items(
        enrollments=enrollments[:1], codes={enrollments[0].pk: "MARAKOYO"}, links=False,
        by=SYSTEM, now=NOW,
    )  # fmt: skip
    facts = order("JP-1", promo_code="MARAKOYO", currency="JPY", amount="98000")
    record_order(order=facts, source="shop", by=SYSTEM, now=NOW)
    project = create_project(name="Autumn in Kyoto", by=SYSTEM, now=NOW)
    add_to_project(project=project, members=members, by=SYSTEM, now=NOW)
    set_up_stage(project=project, offer=offer, by=SYSTEM, now=NOW)
    return enrollments[0]


def _correspond(cast: Cast) -> None:
    """A campaign with one message in every state, and a suppression for every reason."""
    fates = [state for state in MessageState if state is not MessageState.PENDING]
    campaign = confirm(
        [recipient(number) for number, _ in enumerate(fates)],
        title=cast.glow.name, about=f"offer:{cast.glow.pk}",
    )  # fmt: skip
    for number, fate in enumerate(fates):
        Message.objects.filter(campaign=campaign, recipient=f"member:{number}").update(
            state=fate, reason="554 5.7.1 looks like spam", attempts=2, settled_at=NOW
        )
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.DONE, finished_at=NOW)
    for reason in SuppressionReason:
        suppress(address=f"{reason.value}@gone.example", reason=reason, by=SYSTEM, now=NOW)
    suppress(address=cast.june.email, reason=SuppressionReason.BOUNCED, by=SYSTEM, now=NOW)


def _lose_some(cast: Cast, long: Member, bare: Member) -> Enrollment:
    """One member inactive in the offer, one removed from it."""
    inactive, removed = enroll(offer=cast.glow, members=[long, bare], by=SYSTEM, now=NOW)
    generate_items(
        enrollments=[inactive], codes={inactive.pk: "MAXIMILIANA-KONSTANZE-VON-HOHENLOHE"},
        links=True, by=SYSTEM, now=NOW,
    )  # fmt: skip
    deactivate_member(enrollment=inactive, by=SYSTEM, now=NOW)
    remove_from_offer(enrollment=removed, by=SYSTEM, now=NOW)
    for page in ("/gift", "/" + "a-long-way-down/" * 8):
        make_deep_link(
            enrollment=cast.mara_in_glow, destination_url=f"{SHOP}{page}", by=SYSTEM, now=NOW
        )
    return inactive


def _other_offers(cast: Cast) -> Enrollment:
    """Offers that are not active; the first has a member."""
    for name, status in (("Summer", OfferStatus.PAUSED), ("Spring", OfferStatus.ENDED)):
        values = offer_values(name=f"{name} at {LONG}"[:120], kind="link")
        offer = create_offer(values=values, terms=TermsValues(percent_bp=1), by=SYSTEM, now=NOW)
        [enrollment] = enroll(offer=offer, members=[cast.mara], by=SYSTEM, now=NOW)
        generate_items(enrollments=[enrollment], codes={}, links=True, by=SYSTEM, now=NOW)
        set_offer_status(offer=offer, status=status, by=SYSTEM, now=NOW)
    return enrollment


def empty_brand(owner: User) -> str:
    """The slug of a brand of this owner with nothing in it."""
    return create_brand(
        slug="fresh", name="Fresh", currency="EUR", time_zone="Europe/Paris",
        owner_email=owner.email, by=SYSTEM, now=NOW,
    ).slug  # fmt: skip
