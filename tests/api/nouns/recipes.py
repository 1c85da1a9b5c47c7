"""How each operation that changes something is called, and the audit entries that it leaves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from affiliates.details import tag_members
from affiliates.models import Member
from affiliates.services import add_member
from notifications.services import pause_campaign
from payouts.ledger import due_entries
from tests.api.nouns.stage import LATER, Stage, id_of
from tests.cast import NOW, SYSTEM
from tracking.links.generating import deactivate_items
from tracking.links.membership import deactivate_member
from tracking.links.promo_codes import GraceError, replace_with_grace
from tracking.orders.approval import reject_conversions
from webhooks.endpoints import switch_off


@dataclass(frozen=True)
class Recipe:
    """A call that succeeds on the stage: its address, its body, its status, its audit entries."""

    method: str
    path: str
    body: Callable[[Stage], Any]
    audit: tuple[str, ...]
    status: int = 200

    def address(self, stage: Stage) -> str:
        named = {name: stage.id(name) for name in stage.rows}
        return self.path.format(**named)


def of(**sent: Any) -> Callable[[Stage], Any]:
    """A body in which "$name" is the id of the stage's row of that name."""

    def filled(value: Any, stage: Stage) -> Any:
        if isinstance(value, dict):
            return {name: filled(one, stage) for name, one in value.items()}
        if isinstance(value, list):
            return [filled(one, stage) for one in value]
        is_name = isinstance(value, str) and value.startswith("$")
        return stage.id(value[1:]) if is_name else value

    return lambda stage: filled(sent, stage)


def nothing(stage: Stage) -> None:
    return None


def _inactive(stage: Stage) -> Any:
    deactivate_member(enrollment=stage.cast.mara_in_glow, by=SYSTEM, now=NOW)
    return {"enrollments": [stage.id("enrollment")]}


def _owed_nothing(stage: Stage) -> Any:
    return {"enrollments": [stage.id("indebted")]}


def _without_link(stage: Stage) -> Any:
    deactivate_items(enrollment=stage.cast.mara_in_glow, by=SYSTEM, now=NOW)
    return {"enrollments": [stage.id("enrollment")]}


def _rejected(stage: Stage) -> Any:
    reject_conversions(
        conversion_ids=[stage.rows["conversion"].pk], reason="A mistake", by=SYSTEM, now=NOW
    )
    return {"conversions": [stage.id("conversion")]}


def _look_again(stage: Stage) -> Any:
    """As if Mara had been given the code of the order by now."""
    row = stage.rows["unattributed"]
    type(row).objects.filter(pk=row.pk).update(promo_codes=["MARA15"])
    return {"orders": [stage.id("unattributed")]}


def _due(stage: Stage) -> Any:
    due = due_entries(member_id=stage.cast.mara.pk, currency="GBP", now=LATER)
    minor = sum(entry.amount_minor for entry in due)
    amount = f"{minor // 100}.{minor % 100:02}"
    return {"member": stage.id("member"), "amount": amount, "currency": "GBP", "reference": "B 1"}


def _paid(stage: Stage) -> Any:
    return {"amount": stage.rows["run"].amount.plain(), "reference": "BACS 7"}


def _terms(stage: Stage) -> Any:
    starts_at = (LATER + timedelta(days=3_000)).isoformat()
    return {"percent_bp": 1_500, "starts_at": starts_at, "replaces": stage.id("planned")}


def _tagged(stage: Stage) -> Any:
    tag_members(member_ids=[stage.cast.mara.pk], tag="VIP", by=SYSTEM, now=NOW)
    return {"members": [stage.id("member")], "tag": "VIP"}


def _stranger(stage: Stage) -> Any:
    known = Member.objects.filter(email="new@example.com").first()
    row = known or add_member(
        email="new@example.com", first_name="Nia", last_name="", by=SYSTEM, now=NOW
    )
    return {"offer": stage.id("offer"), "members": [id_of(row)]}


def _switched_off(stage: Stage) -> None:
    switch_off(endpoint=stage.rows["endpoint"], by=SYSTEM, now=NOW)


def _in_grace(stage: Stage) -> Any:
    """The code was replaced, if it was not before, and still works; it ends at once."""
    code, grace = stage.rows["code"], timedelta(days=60)
    with suppress(GraceError):
        replace_with_grace(code=code, new_code="MARA21", grace=grace, by=SYSTEM, now=NOW)
    return {"ended_at": None}


def _paused(stage: Stage) -> None:
    pause_campaign(campaign=stage.rows["campaign"], by=SYSTEM, now=NOW)


NEW_OFFER = of(
    name="Summer",
    kind="both",
    currency="GBP",
    destination_url="https://www.juniper.example/summer",
    terms={
        "percent_bp": 1_000,
        "tiers": [{"name": "Gold", "from_sales": "1000.00", "percent_bp": 1_500}],
        "rules": [{"kind": "product", "value": "GLOW-1", "percent_bp": 2_000}],
        "cap": "500.00",
    },
)
ONE, MEMBERS = ["$enrollment"], ["$member"]
RECIPES = {
    "add_member": Recipe(
        "POST", "/members",
        of(email="ada@example.com", first_name="Ada", tags=["VIP"], handles={"x": "@ada"}),
        ("member.added",), 201,
    ),
    "change_member": Recipe(
        "PATCH", "/members/{member}", of(first_name="Maria"), ("member.changed",)
    ),
    "tag_members": Recipe(
        "POST", "/members/tag", of(members=MEMBERS, tag="VIP"), ("member.tagged",)
    ),
    "untag_members": Recipe(
        "POST", "/members/untag", _tagged, ("member.untagged",)
    ),
    "set_owner_of_members": Recipe(
        "POST", "/members/owner", of(members=MEMBERS, owner="theo@juniper.example"),
        ("member.owner_set",),
    ),
    "make_offer": Recipe(
        "POST", "/offers", NEW_OFFER, ("terms.superseded", "offer.created"), 201
    ),
    "change_offer": Recipe(
        "PATCH", "/offers/{offer}", of(click_window_days=7, ends_at=None), ("offer.changed",)
    ),
    "set_status_of_offer": Recipe(
        "POST", "/offers/{offer}/status", of(status="paused"), ("offer.status_set",)
    ),
    "add_terms": Recipe(
        "POST", "/offers/{offer}/terms", _terms, ("terms.withdrawn", "terms.superseded"), 201
    ),
    "withdraw_terms": Recipe("POST", "/terms/{planned}/withdraw", nothing, ("terms.withdrawn",)),
    "add_members_to_offer": Recipe(
        "POST", "/enrollments",
        _stranger,
        ("enrollment.joined", "code.given", "link.given"), 201,
    ),
    "activate_enrollments": Recipe(
        "POST", "/enrollments/activate", _inactive, ("enrollment.status_set",)
    ),
    "deactivate_enrollments": Recipe(
        "POST", "/enrollments/deactivate", of(enrollments=ONE),
        ("items.deactivated", "enrollment.status_set"),
    ),
    "remove_enrollments": Recipe(
        "POST", "/enrollments/remove", _owed_nothing,
        ("items.deactivated", "enrollment.status_set"),
    ),
    "renew_dashboard_links": Recipe(
        "POST", "/enrollments/renew-dashboard-link", of(enrollments=ONE),
        ("dashboard_link.renewed",),
    ),
    "show_dashboard_link": Recipe(
        "POST", "/enrollments/{enrollment}/dashboard-link", nothing, ()
    ),
    "give_codes": Recipe(
        "POST", "/codes", of(codes=[{"enrollment": "$enrollment", "code": "mara20"}]),
        ("code.given",), 201,
    ),
    "change_code": Recipe("PATCH", "/codes/{code}", _in_grace, ("code.grace_ended",)),
    "give_links": Recipe("POST", "/links", _without_link, ("link.given",), 201),
    "change_link": Recipe(
        "PATCH", "/links/{link}", of(label="Winter video", slug="mara-winter"),
        ("link.labelled", "link.slug_chosen"),
    ),
    "credit_orders": Recipe(
        "POST", "/conversions",
        of(orders=["$unattributed"], enrollment="$enrollment", reason="By phone"),
        ("conversion.added_by_hand",),
    ),
    "look_at_orders_again": Recipe(
        "POST", "/conversions/look-again", _look_again, ("conversion.added_by_hand",)
    ),
    "accept_conversions": Recipe(
        "POST", "/conversions/accept", _rejected, ("conversion.accepted", "flag.cleared")
    ),
    "reject_conversions": Recipe(
        "POST", "/conversions/reject", of(conversions=["$conversion"], reason="Returned"),
        ("conversion.rejected", "flag.rejected"),
    ),
    "share_conversion": Recipe(
        "POST", "/conversions/{conversion}/share",
        of(
            shares=[
                {"enrollment": "$enrollment", "share_bp": 6_000},
                {"enrollment": "$indebted", "share_bp": 4_000},
            ],
            seen=[{"enrollment": "$enrollment", "share_bp": 10_000}],
            reason="Both told her",
        ),
        ("conversion.shared", "conversion.shared"),
    ),
    "clear_flags": Recipe(
        "POST", "/flags/clear", of(flags=["$flag"], reason="Her sister."), ("flag.cleared",)
    ),
    "reject_flags": Recipe(
        "POST", "/flags/reject", of(flags=["$flag"], reason="Your own order."),
        ("conversion.rejected", "flag.rejected"),
    ),
    "answer_question": Recipe(
        "POST", "/questions/{question}/answer",
        of(kind="attribute", order="$unattributed", answer="Added."),
        ("conversion.added_by_hand", "question.attributed", "campaign.confirmed"),
    ),
    "send_campaign": Recipe(
        "POST", "/campaigns",
        of(offer="$offer", members=["$member"], subject="Hello", text="Hello {{ first_name }}"),
        ("campaign.confirmed",), 201,
    ),
    "pause_campaign": Recipe(
        "POST", "/campaigns/{campaign}/pause", nothing, ("campaign.paused",)
    ),
    "resume_campaign": Recipe(
        "POST", "/campaigns/{campaign}/resume", _paused, ("campaign.sending",)
    ),
    "cancel_campaign": Recipe(
        "POST", "/campaigns/{campaign}/cancel", nothing, ("campaign.cancelled",)
    ),
    "record_payout": Recipe("POST", "/payouts", _due, ("payout.recorded",), 201),
    "mark_payout_paid": Recipe(
        "POST", "/payouts/{open_payout}/paid", of(reference="BACS 5"), ("payout.paid",)
    ),
    "return_payout": Recipe(
        "POST", "/payouts/{payout}/return", of(state="failed", reason="Wrong account"),
        ("payout.failed",),
    ),
    "post_adjustment": Recipe(
        "POST", "/adjustments", of(enrollment="$enrollment", amount="-1.50", note="Correction"),
        ("ledger.adjusted",), 201,
    ),
    "write_off_debt": Recipe(
        "POST", "/write-offs", of(enrollment="$indebted", amount="8.00", note="Let go"),
        ("ledger.written_off",), 201,
    ),
    "draft_new_run": Recipe(
        "POST", "/payout-runs", of(currency="GBP", minimum="1.00"), ("payout_run.drafted",), 201
    ),
    "confirm_run": Recipe(
        "POST", "/payout-runs/{draft}/confirm", nothing, ("payout_run.confirmed",)
    ),
    "redraft_run": Recipe(
        "POST", "/payout-runs/{draft}/redraft", nothing, ("payout_run.redrafted",)
    ),
    "discard_run": Recipe(
        "POST", "/payout-runs/{draft}/discard", nothing, ("payout_run.discarded",)
    ),
    "mark_run_paid": Recipe(
        "POST", "/payout-runs/{run}/paid", _paid, ("payout_run.paid",)
    ),
    "return_run": Recipe(
        "POST", "/payout-runs/{run}/return", of(state="cancelled", reason="Not sent"),
        ("payout_run.cancelled",),
    ),
    "add_endpoint": Recipe(
        "POST", "/webhook-endpoints",
        of(address="http://127.0.0.1:8/hook", events=["order.recorded"]),
        ("webhook.added",), 201,
    ),
    "change_endpoint": Recipe(
        "PATCH", "/webhook-endpoints/{endpoint}", of(description="Stock"), ("webhook.changed",)
    ),
    "delete_endpoint": Recipe(
        "DELETE", "/webhook-endpoints/{endpoint}", nothing, ("webhook.deleted",)
    ),
    "turn_endpoint_on": Recipe(
        "POST", "/webhook-endpoints/{endpoint}/on", _switched_off, ("webhook.turned_on",)
    ),
    "turn_endpoint_off": Recipe(
        "POST", "/webhook-endpoints/{endpoint}/off", nothing, ("webhook.turned_off",)
    ),
    "rotate_secret_of_endpoint": Recipe(
        "POST", "/webhook-endpoints/{endpoint}/secret", nothing, ("webhook.secret_rotated",)
    ),
    "send_test_to_endpoint": Recipe(
        "POST", "/webhook-endpoints/{endpoint}/test", nothing, ("webhook.tested",), 201
    ),
    "send_again_to_endpoint": Recipe(
        "POST", "/webhook-endpoints/{endpoint}/send-again",
        of(since="2026-11-01T00:00:00Z", only_missed=False), ("webhook.sent_again",),
    ),
    "send_deliveries_again": Recipe(
        "POST", "/webhook-deliveries/send-again", of(deliveries=["$delivery"]),
        ("webhook.sent_again",),
    ),
}  # fmt: skip


def perform(stage: Stage, name: str) -> Any:
    """Call an operation as its recipe says."""
    recipe = RECIPES[name]
    with stage.at_juniper():
        body = recipe.body(stage)
    return stage.send(recipe.method, recipe.address(stage), body)
