"""Emails to members by API: who gets one, who does not, what becomes of each."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Brand
from accounts.test_mode import open_test_brand
from affiliates.details import tag_members
from affiliates.services import add_member
from core.tenancy import acting_for
from notifications.models import Campaign, Message, SuppressionReason
from notifications.services import suppress
from tests.answers import Answer
from tests.api.nouns.stage import ROOT, Stage, id_of
from tests.api.shop import Shop, key_for
from tests.cast import NOW, SYSTEM

CONFIRMATION = "0d3f4e9a-5c1b-4a7e-9a53-0a1c5d2f7b11"


def send(stage: Stage, **more: Any) -> Answer:
    body = {"offer": stage.id("offer"), "subject": "Hello", "text": "Hello.", **more}
    return stage.send("POST", "/campaigns", body)


def addresses(stage: Stage, answer: Answer) -> list[str]:
    assert answer.status_code == 201, answer.json()
    found = stage.get(f"/campaigns/{answer.json()['id']}/recipients").json()
    return sorted(row["address"] for row in found["data"])


def test_a_mail_goes_to_all_of_an_offer_to_those_named_or_to_those_with_a_tag(stage: Stage) -> None:
    mara, june = stage.cast.mara, stage.cast.june
    with stage.at_juniper():
        tag_members(member_ids=[june.pk], tag="VIP", by=SYSTEM, now=NOW)

    assert addresses(stage, send(stage)) == sorted([mara.email, june.email, stage.cast.diego.email])
    assert addresses(stage, send(stage, members=[id_of(mara)])) == [mara.email]
    assert addresses(stage, send(stage, tag="VIP")) == [june.email]


def test_who_can_not_have_the_mail_is_named_with_the_reason(stage: Stage) -> None:
    mara, june = stage.cast.mara, stage.cast.june
    with stage.at_juniper():
        suppress(address=mara.email, reason=SuppressionReason.UNSUBSCRIBED, by=SYSTEM, now=NOW)
        type(june).objects.filter(pk=june.pk).update(first_name="")

    answer = send(stage, text="Dear {{ first_name }}", members=[id_of(mara), id_of(june)])
    nobody = answer.json()
    others = send(stage, text="Dear {{ first_name | friend }}", members=[id_of(mara), id_of(june)])

    assert (answer.status_code, nobody["problems"][0]["field"]) == (422, "members")
    assert others.json()["not_sent"] == [{"member": id_of(mara), "reason": "Unsubscribed"}]
    assert (others.json()["recipients"], others.json()["not_sent_count"]) == (1, 1)


def test_plain_text_becomes_paragraphs_and_nothing_in_it_is_a_tag(stage: Stage) -> None:
    send(stage, text="Dear <b>\nyou & me\r\n\r\n \nBye {{ first_name }}", confirmation=CONFIRMATION)

    with stage.at_juniper():
        kept = Campaign.objects.get(confirmation=CONFIRMATION)
    assert kept.body == "<p>Dear &lt;b&gt;<br>you &amp; me</p><p>Bye {{ first_name }}</p>"


def test_a_confirmation_sends_once_and_html_is_cleaned(stage: Stage) -> None:
    body = {"html": "<p onclick='x'>Hi<script>1</script></p>"}

    first, second = (
        send(stage, text=None, confirmation=CONFIRMATION, **body).json() for _ in range(2)
    )

    assert first["id"] == second["id"]
    with stage.at_juniper():
        kept = Campaign.objects.get(confirmation=CONFIRMATION)
        assert Message.objects.filter(campaign=kept).count() == first["recipients"]
    assert "script" not in kept.html
    assert "onclick" not in kept.html


def test_a_confirmation_of_another_mail_is_refused_and_not_taken_for_sent(stage: Stage) -> None:
    mara, june = id_of(stage.cast.mara), id_of(stage.cast.june)
    first = send(stage, confirmation=CONFIRMATION, members=[mara])
    others = [
        send(stage, **{"confirmation": CONFIRMATION, "members": [mara]} | change)
        for change in ({"text": "Other"}, {"subject": "Other"}, {"members": [mara, june]})
    ]

    assert first.status_code == 201
    for answer in others:
        assert answer.status_code == 422
        [problem] = answer.json()["problems"]
        assert problem["field"] == "confirmation"
        assert "another mail was sent" in problem["message"]


@pytest.mark.parametrize(
    ("sent", "field", "code"),
    [
        ({"html": "<p>Hi</p>"}, "text", "refused"),
        ({"text": None}, "text", "refused"),
        ({"text": "Hi {{ frist_name }}"}, "text", "refused"),
        ({"subject": "Hi\nyou"}, "subject", "refused"),
        ({"members": ["$member"], "tag": "VIP"}, "tag", "refused"),
        ({"members": ["$member", "$outside"]}, "members.1", "not_in_offer"),
        ({"members": []}, "members", "too_short"),
        ({"tag": "Nobody's"}, "members", "refused"),
        ({"body": "Hi"}, "body", "unknown_field"),
    ],
)
def test_what_can_not_be_sent_is_refused_by_field(
    stage: Stage, sent: dict[str, Any], field: str, code: str
) -> None:
    with stage.at_juniper():
        outside = add_member(email="o@x.example", first_name="O", last_name="", by=SYSTEM, now=NOW)
        before = Campaign.objects.count()
    ids = {"$member": stage.id("member"), "$outside": id_of(outside)}
    named = {
        name: [ids[one] for one in value] if isinstance(value, list) else value
        for name, value in sent.items()
    }

    answer = send(stage, **named)

    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json()["problems"]] == [(field, code)]
    with stage.at_juniper():
        assert Campaign.objects.count() == before


def test_a_brand_without_a_postal_address_sends_nothing(stage: Stage) -> None:
    Brand.objects.filter(pk=stage.cast.juniper.pk).update(postal_address="")

    answer = send(stage)

    assert answer.status_code == 422
    assert answer.json()["problems"][0]["code"] == "postal_address_missing"


def test_a_test_brand_needs_no_postal_address_as_it_sends_nothing(stage: Stage) -> None:
    brand = open_test_brand(brand=stage.cast.juniper, by=SYSTEM, now=NOW)
    shop = Shop(key_for(brand))

    def ask(path: str, body: dict[str, Any]) -> Any:
        return shop.send(f"{ROOT}{path}", body).json()

    offer = ask(
        "/offers",
        {"name": "Trying", "kind": "code", "currency": "GBP", "terms": {"percent_bp": 1_000},
         "destination_url": "https://shop.example/"},
    )["id"]  # fmt: skip
    member = ask("/members", {"email": "tess@creators.example", "first_name": "Tess"})["id"]
    ask("/enrollments", {"offer": offer, "members": [member]})

    answer = ask("/campaigns", {"offer": offer, "subject": "Hello", "text": "Hello."})

    assert (answer["recipients"], answer["waiting"]) == (1, 0)
    with acting_for(brand):
        assert set(Message.objects.values_list("state", flat=True)) == {"suppressed"}


def test_recipients_come_in_pages_and_by_state(stage: Stage) -> None:
    path = f"/campaigns/{stage.id('campaign')}/recipients"
    whole = [row["id"] for row in stage.get(path).json()["data"]]
    first = stage.get(f"{path}?limit=1").json()
    second = stage.get(f"{path}?limit=1&cursor={first['next_cursor']}").json()

    assert [row["id"] for row in first["data"] + second["data"]] == whole
    assert second["next_cursor"] is None
    assert stage.get(f"{path}?state=bounced").json()["data"] == []
    assert len(stage.get(f"{path}?state=pending").json()["data"]) == len(whole) == 2
