"""Each change by API is the one that staff make: same rules, same entries, own brand alone."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEntry
from payouts.services import adjust
from tests.api.nouns.recipes import RECIPES, perform
from tests.api.nouns.stage import ROOT, Stage
from tests.api.shop import Shop, key_for
from tests.cast import NOW, SYSTEM
from tests.snapshot import snapshot
from tracking.reconciliation.differences import differences

NAME_NO_ROW = {"add_member", "make_offer", "draft_new_run", "add_endpoint"}
every_change = pytest.mark.parametrize("name", RECIPES)


@every_change
def test_a_change_is_answered_and_leaves_the_entries_that_staff_leave(
    stage: Stage, name: str
) -> None:
    answer = perform(stage, name)

    assert answer.status_code == RECIPES[name].status, answer.json()
    with stage.at_juniper():
        entries = AuditEntry.objects.filter(actor__startswith="API key shop (").order_by("pk")
        assert tuple(entry.action for entry in entries) == RECIPES[name].audit
        assert list(differences(stage.cast.juniper)) == []


@every_change
def test_another_brand_changes_nothing_of_this_one(stage: Stage, name: str) -> None:
    recipe = RECIPES[name]
    with stage.at_juniper():
        body = recipe.body(stage)
    theirs = Stage(stage.cast, key_for(stage.cast.saltmarsh), stage.rows)
    ours = stage.cast.juniper.pk
    before = snapshot(brand_id=ours)

    answer = theirs.send(recipe.method, recipe.address(stage), body)

    assert snapshot(brand_id=ours) == before
    if name not in NAME_NO_ROW:
        assert answer.status_code in {404, 422}, answer.json()


@every_change
def test_a_body_with_an_unknown_key_changes_nothing(stage: Stage, name: str) -> None:
    recipe = RECIPES[name]
    with stage.at_juniper():
        body = recipe.body(stage)
    if body is None:
        pytest.skip("it takes no body")
    before = snapshot()

    answer = stage.send(recipe.method, recipe.address(stage), {**body, "surprise": 1})

    assert answer.status_code == 422
    [problem] = answer.json()["problems"]
    assert (problem["field"], problem["code"]) == ("surprise", "unknown_field")
    assert snapshot() == before


def problem_of(stage: Stage, method: str, path: str, body: Any) -> tuple[int, str, str]:
    """Status, first wrong field and its code of a call that is refused; nothing was changed."""
    before = snapshot()
    answer = stage.send(method, path.format(**{n: stage.id(n) for n in stage.rows}), body)
    assert snapshot() == before
    said = answer.json()
    first = said["problems"][0] if said["problems"] else {"field": "", "code": said["code"]}
    return answer.status_code, first["field"], first["code"]


def test_a_misspelled_key_is_named_with_the_one_that_is_meant(stage: Stage) -> None:
    answer = stage.send("POST", "/members", {"frist_name": "Ada"})

    assert answer.json()["problems"] == [
        {
            "field": "frist_name",
            "code": "unknown_field",
            "message": "is not a field here: did you mean first_name?",
        }
    ]


REFUSED: list[tuple[str, str, Any, tuple[int, str, str]]] = [
    ("POST", "/members", {"email": "mara@lindqvist.example", "first_name": "M"},
     (422, "email", "refused")),
    ("POST", "/members", {"email": "new@creators.example"}, (422, "first_name", "missing")),
    ("POST", "/members", {"first_name": " \n "}, (422, "first_name", "refused")),
    ("PATCH", "/members/{member}", {"first_name": " "}, (422, "first_name", "refused")),
    ("POST", "/members", {"email": "nobody", "first_name": "M"}, (422, "email", "refused")),
    ("POST", "/members", {"first_name": "a\0b"}, (422, "first_name", "control_character")),
    ("POST", "/members", {"first_name": 7}, (422, "first_name", "string_type")),
    ("POST", "/members", {"first_name": "M", "owner": "who@example.com"},
     (422, "owner", "not_staff")),
    ("POST", "/members", {"first_name": "M", "tags": ["a, b"]}, (422, "tags.0", "refused")),
    ("POST", "/members", {"first_name": "M", "handles": {"x": "a b"}},
     (422, "handles.x", "refused")),
    ("PATCH", "/members/{member}", {"version": 9, "first_name": "M"},
     (409, "", "changed_meanwhile")),
    ("PATCH", "/offers/{offer}", {"version": 9, "name": "M"}, (409, "", "changed_meanwhile")),
    ("PATCH", "/offers/{offer}", {"currency": "USD"}, (422, "currency", "unknown_field")),
    ("PATCH", "/offers/{offer}", {"allowed_domains": ["no domain"]},
     (422, "allowed_domains", "refused")),
    ("PATCH", "/offers/{offer}", {"code_pattern": "{NAME}"}, (422, "code_pattern", "refused")),
    ("PATCH", "/offers/{offer}", {"click_window_days": 366},
     (422, "click_window_days", "less_than_equal")),
    ("POST", "/offers/{offer}/status", {"status": "active"}, (409, "", "not_possible_now")),
    ("POST", "/offers/{offer}/terms", {"percent_bp": 0}, (422, "may_pay_nothing", "refused")),
    ("POST", "/offers/{offer}/terms", {"percent_bp": 1, "starts_at": "2020-01-01T00:00:00Z"},
     (422, "starts_at", "in_the_past")),
    ("POST", "/offers/{offer}/terms", {"percent_bp": 1, "fixed": "1e3"},
     (422, "fixed", "string_pattern_mismatch")),
    ("POST", "/offers/{offer}/terms", {"tiers": [{"name": "Gold", "percent_bp": 1}]},
     (422, "tiers.0.from_sales", "missing")),
    ("POST", "/terms/{terms}/withdraw", None, (422, "body", "refused")),
    ("POST", "/codes", {"codes": [{"enrollment": "$enrollment", "code": "DIEGO10"}]},
     (422, "codes.0.code", "refused")),
    ("POST", "/links", {"enrollments": ["$enrollment"], "destination_url": "https://x.example"},
     (422, "destination_url", "refused")),
    ("POST", "/conversions/reject", {"conversions": ["$conversion"], "reason": ""},
     (422, "reason", "too_short")),
    ("POST", "/conversions", {"orders": ["$order"], "enrollment": "$enrollment", "reason": " "},
     (422, "reason", "refused")),
    ("POST", "/conversions/{conversion}/share",
     {"shares": [{"enrollment": "$enrollment", "share_bp": 5_000}], "reason": "x"},
     (422, "shares", "refused")),
    ("POST", "/conversions/{conversion}/share",
     {"shares": [{"enrollment": "$enrollment", "share_bp": 10_000}], "reason": "x", "seen": []},
     (409, "", "changed_meanwhile")),
    ("POST", "/questions/{question}/answer", {"kind": "attribute", "answer": "Yes"},
     (422, "order", "missing")),
    ("POST", "/payouts", {"member": "$member", "amount": "1.00", "currency": "GBP"},
     (409, "", "changed_meanwhile")),
    ("POST", "/payouts", {"member": "$member", "amount": "1.00", "currency": "QQQ"},
     (422, "currency", "refused")),
    ("POST", "/payout-runs", {"currency": "QQQ"}, (422, "currency", "refused")),
    ("POST", "/payout-runs", {"currency": "GBP", "minimum": "-1"}, (422, "minimum", "refused")),
    ("POST", "/payouts/{payout}/paid", {}, (409, "", "not_possible_now")),
    ("POST", "/adjustments", {"enrollment": "$enrollment", "amount": "0", "note": "x"},
     (422, "amount", "refused")),
    ("POST", "/adjustments", {"enrollment": "$enrollment", "amount": "1", "note": " "},
     (422, "note", "refused")),
    ("POST", "/write-offs", {"enrollment": "$indebted", "amount": "7.00", "note": "x"},
     (409, "", "changed_meanwhile")),
    ("POST", "/write-offs", {"enrollment": "$enrollment", "amount": "7.00", "note": "x"},
     (409, "", "changed_meanwhile")),
    ("POST", "/write-offs", {"enrollment": "$indebted", "amount": "-8.00", "note": "x"},
     (422, "amount", "refused")),
    ("POST", "/webhook-endpoints", {"address": "http://10.0.0.1/"}, (422, "address", "refused")),
    ("POST", "/webhook-endpoints", {"address": "http://127.0.0.1:9/hook"},
     (422, "body", "refused")),
    ("POST", "/webhook-endpoints", {"address": "http://127.0.0.1:8/", "events": ["order.gone"]},
     (422, "events.0", "literal_error")),
    ("POST", "/webhook-endpoints/{endpoint}/send-again", {"since": "2100-01-01T00:00:00Z"},
     (422, "since", "in_the_future")),
    ("POST", "/payout-runs", {"currency": "USD"}, (422, "body", "refused")),
    ("POST", "/payout-runs/{run}/confirm", None, (409, "", "changed_meanwhile")),
    ("POST", "/payout-runs/{draft}/paid", {"amount": "1.00"}, (409, "", "not_possible_now")),
    ("POST", "/payout-runs/{run}/paid", {"amount": "1.00"}, (409, "", "changed_meanwhile")),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "refusal"), REFUSED)
def test_what_staff_are_refused_is_refused_by_field(
    stage: Stage, method: str, path: str, body: Any, refusal: tuple[int, str, str]
) -> None:
    assert problem_of(stage, method, path, filled(stage, body)) == refusal


def filled(stage: Stage, body: Any) -> Any:
    """The body with ids in the place of "$name"."""
    if isinstance(body, dict):
        return {name: filled(stage, one) for name, one in body.items()}
    if isinstance(body, list):
        return [filled(stage, one) for one in body]
    return stage.id(body[1:]) if isinstance(body, str) and body.startswith("$") else body


def test_a_question_is_answered_once(stage: Stage) -> None:
    assert perform(stage, "answer_question").status_code == 200
    before = snapshot()

    again = perform(stage, "answer_question")

    assert (again.status_code, again.json()["code"]) == (409, "not_possible_now")
    assert snapshot() == before


def test_a_code_that_somebody_had_needs_a_word_more(stage: Stage) -> None:
    """As on the page of staff: who had it is told, and it is given when that is known."""
    given = {"codes": [{"enrollment": stage.id("indebted"), "code": "MARA15"}]}
    stage.send("POST", "/codes", {"codes": [{"enrollment": stage.id("enrollment")}]})

    refused = stage.send("POST", "/codes", given)
    answer = stage.send("POST", "/codes", {**given, "may_reuse": ["mara15"]})

    assert refused.json()["problems"][0]["code"] == "had_before"
    assert answer.status_code == 201, answer.json()
    assert answer.json()["data"][0]["code"] == "MARA15"


def test_who_is_owed_money_is_skipped_and_the_others_are_removed(stage: Stage) -> None:
    both = {"enrollments": [stage.id("enrollment"), stage.id("indebted")]}

    answer = stage.send("POST", "/enrollments/remove", both).json()

    assert (answer["changed"], answer["unchanged"], answer["notes"]) == (1, 0, [])
    [skipped] = answer["skipped"]
    assert skipped["enrollment"] == stage.id("enrollment")
    assert skipped["why"].startswith("is owed ")


def test_an_offer_and_its_terms_come_back_as_they_were_sent(stage: Stage) -> None:
    offer = perform(stage, "make_offer").json()

    terms = stage.get(f"/terms/{offer['terms']}").json()

    assert (offer["name"], offer["status"], offer["version"]) == ("Summer", "active", 1)
    assert (terms["percent_bp"], terms["state"], terms["offer"]) == (1_000, "in_force", offer["id"])
    assert terms["cap"] == {"amount": "500.00", "minor": 50_000, "currency": "GBP"}
    assert terms["tiers"][0]["from_sales"]["amount"] == "1000.00"
    assert terms["rules"][0]["value"] == "GLOW-1"


def test_withdrawn_terms_stay_readable_under_their_id(stage: Stage) -> None:
    perform(stage, "withdraw_terms")

    shown = stage.get(f"/terms/{stage.id('planned')}").json()
    every = stage.get(f"/offers/{stage.id('offer')}/terms").json()["data"]

    assert (shown["state"], shown["version"]) == ("withdrawn", 2)
    assert [one["state"] for one in every] == ["in_force", "withdrawn"]


def test_what_is_due_is_what_a_payment_pays(stage: Stage) -> None:
    due = stage.get(f"/due?member={stage.id('member')}").json()["data"]

    paid = perform(stage, "record_payout").json()

    assert [one["amount"] for one in due] == [paid["amount"]]
    assert sorted(map(str, due[0]["entries"])) == sorted(map(str, paid["entries"]))
    assert stage.get(f"/due?member={stage.id('member')}").json()["data"] == []
    balance = stage.get(f"/enrollments/{stage.id('enrollment')}/balance").json()
    assert balance["paid"] == paid["amount"]


def test_what_is_due_to_all_is_what_is_due_to_each(stage: Stage) -> None:
    with stage.at_juniper():
        adjust(
            enrollment=stage.cast.diego_in_glow, currency="GBP", amount_minor=700, note="Bonus",
            by=SYSTEM, now=NOW,
        )  # fmt: skip
    pages, cursor = [], ""
    while cursor is not None:
        page = stage.get(f"/due/members?limit=1&cursor={cursor}").json()
        pages += page["data"]
        cursor = page["next_cursor"]
    each = {
        one["member"]: [
            due["amount"] for due in stage.get(f"/due?member={one['member']}").json()["data"]
        ]
        for one in pages
    }

    assert {one["member"]: one["due"] for one in pages} == each
    assert pages == stage.get("/due/members").json()["data"]
    assert [one["due"][0]["minor"] for one in pages] == [-800, 700, 800]
    assert stage.get("/due/members?currency=USD").json()["data"] == []
    other = Shop(key_for(stage.cast.saltmarsh))
    assert other.ask(f"{ROOT}/due/members").json()["data"] == []


def test_the_same_confirmation_posts_once(stage: Stage) -> None:
    sent = {
        "enrollment": stage.id("enrollment"),
        "amount": "5.00",
        "note": "Bonus",
        "confirmation": "00000000-0000-4000-8000-000000000001",
    }

    first, again = (stage.send("POST", "/adjustments", sent).json() for _ in range(2))

    assert first == again
    balance = stage.get(f"/enrollments/{stage.id('enrollment')}/balance").json()
    assert balance["earned"]["minor"] == 1_300  # 10% of £80.00, and the bonus


def test_figures_are_those_of_the_admin(stage: Stage) -> None:
    offer = stage.id("offer")

    [by_offer] = stage.get("/figures?by=offer").json()["data"]
    by_member = stage.get(f"/figures?by=member&offer={offer}").json()["data"]
    by_day = stage.get(f"/figures?by=day&offer={offer}&first=2026-11-20&last=2026-11-20").json()

    assert (by_offer["conversions"], by_offer["clicks"]) == (2, 1)
    assert by_offer["net_sales"]["minor"] == by_offer["sales"]["minor"] - 1_000
    assert sum(row["sales"]["minor"] for row in by_member) == by_offer["sales"]["minor"]
    assert [row["day"] for row in by_day["data"]] == [NOW.date().isoformat()]
    assert by_day["data"][0]["commission"] == by_offer["commission"]


def test_sources_are_those_of_the_admin(stage: Stage) -> None:
    offer, member = stage.id("offer"), stage.id("member")

    [link] = stage.get(f"/figures/sources?by=link&offer={offer}").json()["data"]
    [device] = stage.get(f"/figures/sources?by=device&member={member}").json()["data"]
    [referrer] = stage.get(f"/figures/sources?by=referrer&member={member}&offer={offer}").json()[
        "data"
    ]
    none = stage.get(f"/figures/sources?by=country&offer={offer}&order=source").json()

    assert (link["link"], link["clicks"]) == (stage.id("link"), 1)
    assert (device["link"], device["clicks"], device["visitors"]) == (None, 1, 1)
    assert referrer["clicks"] == 1
    assert (none["data"], none["has_more"]) == ([], False)


def test_sources_need_an_offer_or_a_member(stage: Stage) -> None:
    answer = stage.get("/figures/sources?by=link")

    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "offer")


@pytest.mark.parametrize(
    ("query", "field"),
    [("by=week", "by"), ("by=day", "offer"), ("by=offer&first=2027-01-01", "first"),
     ("by=offer&first=x", "first")],
)  # fmt: skip
def test_figures_of_nothing_are_refused(stage: Stage, query: str, field: str) -> None:
    answer = stage.get(f"/figures?{query}")

    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, field)


@pytest.mark.parametrize("path", ["/members/{member}", "/offers/{offer}"])
def test_of_two_changes_the_second_learns_what_is_there(stage: Stage, path: str) -> None:
    """By the version in the body, or in If-Match."""
    address = path.format(member=stage.id("member"), offer=stage.id("offer"))
    change = {"first_name": "Maria"} if "members" in path else {"description": "New"}
    saved = stage.send("PATCH", address, {**change, "version": 1}).json()
    before = snapshot()

    late = stage.send("PATCH", address, {**change, "version": 1})
    matched = {
        seen: stage.shop.client.patch(
            f"{ROOT}{address}",
            change,
            content_type="application/json",
            headers={**stage.shop.headers, "If-Match": seen},
        )
        for seen in ('"1"', '"2"', "x")
    }

    assert saved["version"] == 2
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    assert late.json()["current"] == saved
    assert {seen: one.status_code for seen, one in matched.items()} == {
        '"1"': 409, '"2"': 200, "x": 422,
    }  # fmt: skip
    assert snapshot() == before


def send_matching(stage: Stage, name: str, seen: str) -> Any:
    recipe = RECIPES[name]
    with stage.at_juniper():
        body = recipe.body(stage)
    headers = {**stage.shop.headers, "If-Match": seen}
    told = {} if body is None else {"data": body, "content_type": "application/json"}
    call = getattr(stage.shop.client, recipe.method.lower())
    return call(f"{ROOT}{recipe.address(stage)}", headers=headers, **told)


@every_change
def test_if_match_is_compared_or_refused_and_never_ignored(stage: Stage, name: str) -> None:
    is_versioned = name in {"change_member", "change_offer", "set_status_of_offer"}
    before: Any = snapshot() if RECIPES[name].audit else {}

    answer = send_matching(stage, name, '"9"')

    if is_versioned:
        assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
        assert answer.json()["current"]["version"] == 1
        assert snapshot() == before
        assert send_matching(stage, name, '"1"').status_code == RECIPES[name].status
    else:
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["field"] == "If-Match"


def test_no_answer_may_be_kept_by_a_cache(stage: Stage) -> None:
    assert stage.get("/members")["Cache-Control"] == "no-store"
    assert stage.get("/members/x")["Cache-Control"] == "no-store"
