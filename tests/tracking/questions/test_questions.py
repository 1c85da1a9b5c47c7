"""Questions about missing sales: asking, what is known, and answering once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from accounts.actors import Actor
from accounts.models import AuditEntry
from brand_admin.home.counts import what_needs_attention
from core.tenancy import acting_for
from notifications.mails import prepared_of
from notifications.models import Campaign, Message, Purpose
from notifications.rendering import render
from offers.models import Enrollment, Offer
from tests.cast import NOW, SYSTEM, Cast, order
from tests.following import follow_link
from tests.snapshot import snapshot
from tracking.models import (
    Conversion,
    Order,
    Question,
    QuestionState,
    TrackingLink,
)
from tracking.orders.recording import record_order
from tracking.questions.selectors import (
    findings_of,
    orders_by_reference,
    possible_order_numbers,
    questions,
)
from tracking.questions.services import (
    MAX_QUESTIONS_PER_DAY,
    AnswerError,
    QuestionError,
    answer_by_attributing,
    ask_about_order,
    explain_question,
    refuse_question,
)
from tracking.reconciliation.differences import differences

pytestmark = pytest.mark.usefixtures("at_juniper")
INES = Actor(label="Ines <ines@juniper.example>")


def ask(enrollment: Enrollment, reference: str = "1001", **changes: Any) -> Question:
    values: dict[str, Any] = {"ordered_on": date(2026, 11, 20), "note": "", "now": NOW}
    return ask_about_order(
        enrollment=enrollment, order_reference=reference, by=SYSTEM, **(values | changes)
    )


def record(order_id: str = "1001", *, source: str = "shop", **changes: Any) -> Order:
    """An order of £84.20 that nobody is credited with, unless told otherwise."""
    facts = order(order_id, **({"promo_code": None} | changes))
    record_order(source=source, order=facts, by=SYSTEM, now=NOW)
    return Order.objects.get(source=source, external_id=order_id)


def test_a_question_is_kept_as_it_was_asked(cast: Cast) -> None:
    asked = ask(cast.mara_in_glow, "  #1001 ", note=" In a story ")

    assert (asked.order_reference, asked.note, asked.state) == ("#1001", "In a story", "open")
    assert [
        (row.action, row.actor) for row in AuditEntry.objects.filter(target=f"question:{asked.pk}")
    ] == [("question.asked", "test")]
    assert what_needs_attention(now=NOW).questions == 1


def test_the_same_question_twice_is_one(cast: Cast) -> None:
    first = ask(cast.mara_in_glow, "ab-1")

    assert ask(cast.mara_in_glow, "AB-1") == first
    assert ask(cast.diego_in_glow, "ab-1") != first
    assert Question.objects.count() == 2


def test_an_answered_question_can_be_asked_anew(cast: Cast) -> None:
    first = ask(cast.mara_in_glow)
    explain_question(question=first, text="Not here yet", by=INES, now=NOW)

    assert ask(cast.mara_in_glow) != first


def test_a_member_asks_so_often_a_day_over_all_offers(cast: Cast) -> None:
    for number in range(MAX_QUESTIONS_PER_DAY):
        ask(cast.mara_in_glow, f"1{number}")
    before = snapshot()

    with pytest.raises(QuestionError, match="5 orders today"):
        ask(cast.mara_in_glow, "one more")

    assert snapshot() == before
    assert ask(cast.diego_in_glow, "one more")
    assert ask(cast.mara_in_glow, "one more", now=NOW + timedelta(hours=12))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reference": "   "}, "order_reference"),
        ({"ordered_on": date(2026, 11, 21)}, "ordered_on"),
        ({"ordered_on": date(2024, 1, 1)}, "ordered_on"),
    ],
)
def test_what_can_not_be_is_not_asked(cast: Cast, changes: dict[str, Any], field: str) -> None:
    before = snapshot()

    with pytest.raises(QuestionError) as caught:
        ask(cast.mara_in_glow, **changes)

    assert caught.value.field == field
    assert snapshot() == before


def test_an_order_that_is_there_is_not_asked_about(cast: Cast) -> None:
    record("ab-1", promo_code="MARA15")

    with pytest.raises(QuestionError, match="among your conversions already"):
        ask(cast.mara_in_glow, "#AB-1".lower())

    assert ask(cast.diego_in_glow, "ab-1")


def test_an_order_is_known_by_the_number_that_its_shop_shows(cast: Cast) -> None:
    record("5512345678901", promo_code="MARA15", number="#1001")

    for reference in ("#1001", " 1001 ", "5512345678901"):
        with pytest.raises(QuestionError, match="among your conversions already"):
            ask(cast.mara_in_glow, reference)

    record("1001", source="second shop")
    assert ask(cast.mara_in_glow, "1001"), "it may be the one of the other shop"


@pytest.mark.parametrize("reference", ["#ab-1", "# AB-1", "Ab-1"])
def test_a_question_is_the_same_however_its_number_is_typed(cast: Cast, reference: str) -> None:
    first = ask(cast.mara_in_glow, "ab-1")

    assert ask(cast.mara_in_glow, reference) == first


def test_spellings_know_the_hash_and_the_case() -> None:
    assert set(possible_order_numbers("#ab1")) == {"#ab1", "#AB1", "ab1", "AB1"}
    assert "#1001" in possible_order_numbers("1001")


def test_orders_are_found_in_every_source(cast: Cast, django_assert_num_queries: Any) -> None:
    record("#1001", source="shop")
    record("1001", source="import", promo_code="DIEGO10")
    record("2002")

    with django_assert_num_queries(2):
        found = orders_by_reference(["1001", "2002", "nothing"])

    named = {
        name: sorted((one.order.source, one.conversion is not None) for one in rows)
        for name, rows in found.items()
    }
    assert named == {
        "1001": [("import", True), ("shop", False)],
        "2002": [("shop", False)],
        "nothing": [],
    }


def test_findings_tell_click_code_and_order(cast: Cast, django_assert_num_queries: Any) -> None:
    slug = TrackingLink.objects.get(enrollment=cast.mara_in_glow).slug
    follow_link(slug=slug, user_agent="Mozilla/5.0", referrer="", now=NOW - timedelta(days=2))
    follow_link(slug=slug, user_agent="Mozilla/5.0", referrer="", now=NOW)
    found = record()
    ask(cast.mara_in_glow)
    question = questions().get()

    with django_assert_num_queries(5):
        known = findings_of(question)

    assert known.attributable(question.enrollment) == [found]
    assert known.click is not None
    assert (known.click.clicked_at, known.click_in_window) == (NOW - timedelta(days=2), True)
    assert known.code is not None
    assert (known.code.code, known.offer_counted) == ("MARA15", True)


def test_a_click_out_of_the_window_is_told_apart(cast: Cast) -> None:
    slug = TrackingLink.objects.get(enrollment=cast.mara_in_glow).slug
    follow_link(slug=slug, user_agent="Mozilla/5.0", referrer="", now=NOW - timedelta(days=40))
    ask(cast.mara_in_glow, "unknown")

    known = findings_of(questions().get())

    assert known.orders == ()
    assert known.click is not None
    assert known.click_in_window is False


def test_attributing_answers_and_mails_the_member(cast: Cast) -> None:
    found, asked = record(), ask(cast.mara_in_glow)

    answered = answer_by_attributing(
        question=asked, order_id=found.pk, text="You are right {{ promo_code }}", by=INES, now=NOW
    )

    conversion = Conversion.objects.get()
    assert (answered.state, answered.conversion) == (QuestionState.ATTRIBUTED, conversion)
    message = Message.objects.get()
    mail = render(
        prepared_of(Campaign.objects.get()), values=message.values, unsubscribe_link="https://u"
    )
    assert (message.purpose, message.to_address) == (
        Purpose.QUESTION_ANSWERED,
        "mara@lindqvist.example",
    )
    assert mail.subject == "Your question about order 1001"
    assert "order 1001 is now among your conversions for Winter Glow creators" in mail.text
    assert "MARA15" not in mail.text
    assert "promo_code" in mail.text
    assert "/d/" in mail.text
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")][-4:] == [
        "question.asked",
        "conversion.added_by_hand",
        "question.attributed",
        "campaign.confirmed",
    ]
    assert list(differences(cast.juniper)) == []


@pytest.mark.parametrize(
    ("service", "state", "words"),
    [
        (explain_question, QuestionState.EXPLAINED, "Here is what we found"),
        (refuse_question, QuestionState.REFUSED, "Here is why"),
    ],
)
def test_explaining_and_refusing_tell_the_member_alone(
    cast: Cast, service: Any, state: str, words: str
) -> None:
    asked = ask(cast.mara_in_glow, "<b>1</b>")

    answered = service(question=asked, text="One\n\n<i>Two</i>", by=INES, now=NOW)

    assert (answered.state, answered.answered_by, answered.conversion) == (state, INES.label, None)
    campaign = Campaign.objects.get()
    assert words in campaign.text
    assert "&lt;i&gt;Two&lt;/i&gt;" in campaign.html
    assert "<b>1</b>" not in campaign.html
    assert Conversion.objects.count() == 0


@pytest.mark.parametrize("service", [explain_question, refuse_question])
def test_an_answer_needs_words(cast: Cast, service: Any) -> None:
    asked = ask(cast.mara_in_glow)
    before = snapshot()

    with pytest.raises(AnswerError, match="Write an answer"):
        service(question=asked, text=" \n ", by=INES, now=NOW)

    assert snapshot() == before


def test_a_question_is_answered_once(cast: Cast) -> None:
    found, asked = record(), ask(cast.mara_in_glow)
    refuse_question(question=asked, text="No", by=INES, now=NOW)
    before = snapshot()

    answers: tuple[Callable[[], object], ...] = (
        lambda: explain_question(question=asked, text="Yes", by=INES, now=NOW),
        lambda: refuse_question(question=asked, text="Yes", by=INES, now=NOW),
        lambda: answer_by_attributing(
            question=asked, order_id=found.pk, text="Yes", by=INES, now=NOW
        ),
    )
    for answer in answers:
        with pytest.raises(AnswerError, match=r"Ines .* has already answered this question"):
            answer()

    assert snapshot() == before


def test_what_can_not_be_attributed_leaves_the_question_open(cast: Cast) -> None:
    asked = ask(cast.mara_in_glow, "2002")
    found = record(promo_code="DIEGO10")
    before = snapshot()

    with pytest.raises(AnswerError, match="credited to Diego Arroyo"):
        answer_by_attributing(question=asked, order_id=found.pk, text="Yes", by=INES, now=NOW)

    assert snapshot() == before


def test_a_member_without_an_address_is_answered_on_the_dashboard(cast: Cast) -> None:
    cast.mara.email = ""
    cast.mara.save(update_fields=["email"])

    answered = explain_question(question=ask(cast.mara_in_glow), text="Here", by=INES, now=NOW)

    assert answered.state == QuestionState.EXPLAINED
    assert Campaign.objects.count() == 0


def test_another_brands_questions_are_not_there(cast: Cast) -> None:
    asked = ask(cast.mara_in_glow)

    with acting_for(cast.saltmarsh):
        assert list(questions()) == []
        assert what_needs_attention(now=NOW).questions == 0
        with pytest.raises(Question.DoesNotExist):
            explain_question(question=asked, text="Theirs", by=INES, now=NOW)


def test_the_offers_currency_decides_what_can_be_added(cast: Cast) -> None:
    record()
    Offer.objects.filter(pk=cast.glow.pk).update(currency="EUR")
    ask(cast.mara_in_glow)
    question = questions().get()

    assert findings_of(question).attributable(question.enrollment) == []
