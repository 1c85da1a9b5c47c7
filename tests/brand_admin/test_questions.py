"""Questions of members: the queue, what is known, and one answer each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from affiliates.models import Member
from core.tenancy import acting_for
from notifications.models import SuppressionReason
from notifications.services import suppress
from offers.models import Enrollment
from tests.answers import page_text
from tests.brand_admin.desk import at, csv_of, desk_of, queries_of, shown
from tests.cast import NOW, SYSTEM, Cast, order
from tests.snapshot import snapshot
from tracking.models import Conversion, Order, Question
from tracking.orders.recording import record_order
from tracking.questions.services import ask_about_order, explain_question

pytestmark = pytest.mark.usefixtures("at_noon")
Ask = Callable[..., Question]


@pytest.fixture
def ask(cast: Cast) -> Ask:
    """Mara asks about an order: `ask("1001")`."""

    def put(reference: str = "1001", *, who: Enrollment = cast.mara_in_glow) -> Question:
        with acting_for(cast.juniper):
            return ask_about_order(
                enrollment=who,
                order_reference=reference,
                ordered_on=NOW.date(),
                note="In a <b>story</b>",
                by=SYSTEM,
                now=NOW,
            )

    return put


def record(cast: Cast, order_id: str = "1001", **changes: Any) -> Order:
    """An order that nobody is credited with, unless told otherwise."""
    with acting_for(cast.juniper):
        facts = order(order_id, **({"promo_code": None} | changes))
        record_order(source="shop", order=facts, by=SYSTEM, now=NOW)
        return Order.objects.get(external_id=order_id)


def page_of(cast: Cast, question: Question, query: str = "") -> str:
    return f"{at(cast.juniper, 'question', question_id=question.pk)}{query}"


def state_of(cast: Cast, question: Question) -> str:
    with acting_for(cast.juniper):
        question.refresh_from_db()
    return question.state


def test_home_and_the_conversions_say_that_a_question_waits(cast: Cast, ask: Ask) -> None:
    ines = desk_of(cast.ines)
    assert "Questions from members" not in shown(ines.get(at(cast.juniper, "home")))

    ask()

    assert "Questions from members" in shown(ines.get(at(cast.juniper, "home")))
    tab = '<span class="tabs-count">1</span>'
    assert tab in shown(ines.get(at(cast.juniper, "conversions")))


def test_the_queue_says_what_is_known_of_each(cast: Cast, ask: Ask) -> None:
    record(cast, "1001")
    record(cast, "1002", promo_code="DIEGO10")
    record(cast, "1003", currency="USD")
    for reference in ("1001", "1002", "1003", "1004"):
        ask(reference)

    answer = desk_of(cast.vera).get(at(cast.juniper, "questions"))

    assert [
        (question.order_reference, verdict.short) for question, verdict in answer.context["rows"]
    ] == [
        ("1001", "Can be added"),
        ("1002", "Somebody else's"),
        ("1003", "Other currency"),
        ("1004", "Order unknown"),
    ]


def test_an_empty_queue_and_its_filters(cast: Cast, ask: Ask) -> None:
    ines, address = desk_of(cast.ines), at(cast.juniper, "questions")
    assert "No question waits for you" in shown(ines.get(address))
    asked = ask()
    with acting_for(cast.juniper):
        explain_question(question=asked, text="So it is", by=SYSTEM, now=NOW)

    found = {
        query: [row.order_reference for row, _ in ines.get(address + query).context["rows"]]
        for query in ("", "?state=explained", "?state=refused", "?state=all&q=mara+1001", "?q=x")
    }

    assert found == {
        "": [],
        "?state=explained": ["1001"],
        "?state=refused": [],
        "?state=all&q=mara+1001": ["1001"],
        "?q=x": [],
    }
    lines = csv_of(ines.get(at(cast.juniper, "questions_csv") + "?state=all"))
    assert lines[1][1:5] == ["Mara Lindqvist", "mara@lindqvist.example", "Winter Glow creators",
                             "1001"]  # fmt: skip


def test_a_question_shows_what_the_system_knows(cast: Cast, ask: Ask) -> None:
    record(cast, promo_code="NOBODYS")

    page = shown(desk_of(cast.vera).get(page_of(cast, ask())))

    assert "The order is recorded and not credited to anybody." in page
    assert "No member has the code NOBODYS" in page
    assert "None on their link" in page
    assert "MARA15, active since" in page
    assert "In a &lt;b&gt;story&lt;/b&gt;" in page
    assert '<form method="post" class="stack"' not in page


def test_staff_see_whose_the_order_is_and_the_suggestion_names_nobody(cast: Cast, ask: Ask) -> None:
    record(cast, promo_code="DIEGO10")

    answer = desk_of(cast.theo).get(page_of(cast, ask()))

    assert "This order is credited to Diego Arroyo." in shown(answer)
    suggestion = answer.context["form"]["text"].value()
    assert suggestion.startswith("Another person")
    assert "Diego" not in suggestion
    assert not answer.context["can_attribute"]


def test_another_order_can_be_looked_up(cast: Cast, ask: Ask) -> None:
    record(cast, "1010")
    asked, theo = ask("1001"), desk_of(cast.theo)
    assert "No order with this number" in shown(theo.get(page_of(cast, asked)))

    answer = theo.get(page_of(cast, asked, "?order=1010"))

    assert answer.context["can_attribute"]


def test_adding_the_sale_answers_the_question(cast: Cast, ask: Ask) -> None:
    found, asked = record(cast), ask()

    answer = desk_of(cast.theo).post(
        page_of(cast, asked),
        {"answer": "attribute", "order_id": found.pk, "text": "Yours"},
        follow=True,
    )

    assert "Mara Lindqvist has your answer." in shown(answer)
    assert state_of(cast, asked) == "attributed"
    with acting_for(cast.juniper):
        conversion = Conversion.objects.get()
    assert (conversion.member_id, conversion.commission_minor) == (cast.mara.pk, 842)
    page = shown(
        desk_of(cast.theo).get(at(cast.juniper, "conversion", conversion_id=conversion.pk))
    )
    assert "Added by hand" in page
    assert "Credited the order 1001 by hand: Yours" in page
    assert "Yours" in shown(desk_of(cast.theo).get(page_of(cast, asked)))


@pytest.mark.parametrize(("kind", "state"), [("explain", "explained"), ("refuse", "refused")])
def test_words_alone_answer_too(cast: Cast, ask: Ask, kind: str, state: str) -> None:
    asked = ask()

    answer = desk_of(cast.theo).post(page_of(cast, asked), {"answer": kind, "text": "So it is"})

    assert answer.status_code == 302
    assert state_of(cast, asked) == state


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"answer": "explain", "text": " "},
        {"answer": "refuse"},
        {"answer": "nonsense", "text": "x"},
        {"answer": "attribute", "text": "x"},
        {"answer": "attribute", "text": "x", "order_id": "999999"},
        {"answer": "attribute", "text": "x", "order_id": "nonsense"},
        {"answer": "explain", "text": "x" * 1_001},
    ],
)
def test_what_is_no_answer_changes_nothing(cast: Cast, ask: Ask, sent: dict[str, str]) -> None:
    record(cast, "1001")
    asked, theo = ask(), desk_of(cast.theo)
    before = snapshot()

    answer = theo.post(page_of(cast, asked), sent)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode() or "field-error" in page_text(answer)
    assert snapshot() == before


def test_an_order_of_another_number_is_not_added(cast: Cast, ask: Ask) -> None:
    record(cast, "1001")
    other, asked, theo = record(cast, "2002"), ask("1001"), desk_of(cast.theo)
    before = snapshot()

    answer = theo.post(
        page_of(cast, asked), {"answer": "attribute", "order_id": other.pk, "text": "x"}
    )

    assert answer.status_code == 422
    assert snapshot() == before


def test_a_second_answer_is_refused(cast: Cast, ask: Ask) -> None:
    asked, theo = ask(), desk_of(cast.theo)
    theo.post(page_of(cast, asked), {"answer": "explain", "text": "So it is"})
    before = snapshot()

    answer = theo.post(page_of(cast, asked), {"answer": "refuse", "text": "Or not"})

    assert answer.status_code == 422
    assert "already answered this question" in page_text(answer)
    assert snapshot() == before


def test_who_only_reads_can_not_answer(cast: Cast, ask: Ask) -> None:
    asked, vera = ask(), desk_of(cast.vera)
    before = snapshot()

    answer = vera.post(page_of(cast, asked), {"answer": "refuse", "text": "No"})

    assert answer.status_code == 403
    assert snapshot() == before


def test_another_brands_question_is_not_there(cast: Cast, ask: Ask) -> None:
    asked, otto = ask(), desk_of(cast.otto)
    before = snapshot()
    foreign = at(cast.saltmarsh, "question", question_id=asked.pk)

    assert otto.get(foreign).status_code == 404
    assert otto.post(foreign, {"answer": "refuse", "text": "No"}).status_code == 404
    assert "1001" not in shown(otto.get(at(cast.saltmarsh, "questions")))
    assert snapshot() == before


def test_who_gets_no_mail_is_said_before(cast: Cast, ask: Ask) -> None:
    asked, theo = ask(), desk_of(cast.theo)
    assert "The answer is sent to mara@lindqvist.example" in shown(theo.get(page_of(cast, asked)))

    with acting_for(cast.juniper):
        suppress(
            address="mara@lindqvist.example",
            reason=SuppressionReason.BY_STAFF,
            by=SYSTEM,
            now=NOW,
        )
    assert "gets no mail from you" in shown(theo.get(page_of(cast, asked)))

    with acting_for(cast.juniper):
        Member.objects.filter(pk=cast.mara.pk).update(email="")
    assert "gets no mail from you" in shown(theo.get(page_of(cast, asked)))


def test_three_questions_take_as_many_queries_as_one(cast: Cast, ask: Ask) -> None:
    ines, address = desk_of(cast.ines), at(cast.juniper, "questions")
    record(cast, "1001")
    one = ask("1001")
    assert queries_of(ines, address) == 9
    assert queries_of(ines, page_of(cast, one)) == 11

    record(cast, "1002", promo_code="DIEGO10")
    ask("1002")
    ask("1003", who=cast.diego_in_glow)

    assert queries_of(ines, address) == 9
    assert queries_of(ines, page_of(cast, one)) == 11
