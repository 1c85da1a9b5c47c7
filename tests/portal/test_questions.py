"""A sale is missing: asked on the dashboard, and answered there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core.tenancy import acting_for
from tests.answers import page_text
from tests.cast import SYSTEM, Cast, order
from tests.portal.conftest import Sell, path_of, text_of
from tests.snapshot import snapshot
from tracking.models import Order, Question
from tracking.orders.recording import record_order
from tracking.questions.services import (
    MAX_QUESTIONS_PER_DAY,
    answer_by_attributing,
    ask_about_order,
    explain_question,
    refuse_question,
)

ASKED = {"order_reference": "SHOP-1001", "ordered_on": "2026-11-19", "note": "In a story"}


def ask(client: Client, path: str, **changes: str) -> Any:
    return client.post(f"{path}/questions", ASKED | changes)


def the_question(cast: Cast) -> Question:
    with acting_for(cast.juniper):
        return Question.objects.get()


def test_a_missing_sale_is_asked_about_without_script(
    cast: Cast, client: Client, path: str
) -> None:
    assert f"{path}/questions" in text_of(client, f"{path}/why")

    answer = ask(client, path)

    question = the_question(cast)
    assert (answer.status_code, answer["Location"]) == (
        302,
        f"{path}/questions?asked={question.pk}",
    )
    assert question.order_reference == "SHOP-1001"
    assert "Your question is with the brand" in text_of(client, answer["Location"])
    assert "Juniper &amp; Co is looking into it" in text_of(client, path)


def test_looking_changes_nothing(client: Client, path: str) -> None:
    before = snapshot()

    for query in ("", "?order_reference=1&ordered_on=2026-11-19", "?asked=7", "?page=nonsense"):
        assert client.get(f"{path}/questions{query}").status_code == 200

    assert snapshot() == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"order_reference": ""}, "Enter the number of the order."),
        ({"order_reference": "x" * 121}, "at most 120"),
        ({"order_reference": "a\0b"}, "Null characters"),
        ({"ordered_on": ""}, "Choose a day. An approximate day is fine."),
        ({"ordered_on": "2026-11-21"}, "This day is in the future."),
        ({"ordered_on": "soon"}, "valid date"),
        ({"note": "x" * 501}, "at most 500"),
    ],
)
def test_what_can_not_be_asked_is_said(
    client: Client, path: str, changes: dict[str, str], words: str
) -> None:
    before = snapshot()

    answer = ask(client, path, **changes)

    assert answer.status_code == 422
    assert words in page_text(answer)
    assert snapshot() == before


def test_an_order_that_is_there_is_good_news(client: Client, path: str, sell: Sell) -> None:
    sell("SHOP-1001")

    answer = ask(client, path)

    assert answer.status_code == 422
    assert "among your conversions already" in page_text(answer)


def test_there_is_a_limit_a_day(cast: Cast, client: Client, path: str) -> None:
    for number in range(MAX_QUESTIONS_PER_DAY):
        assert ask(client, path, order_reference=str(number)).status_code == 302
    before = snapshot()

    answer = ask(client, path)

    assert answer.status_code == 422
    assert "Come back tomorrow" in page_text(answer)
    assert snapshot() == before


def test_an_unknown_link_asks_nothing(client: Client, path: str) -> None:
    before = snapshot()

    answers = [ask(client, path[:-1] + "~"), client.get("/d/nothing/questions")]

    assert {(answer.status_code, answer.content) for answer in answers} == {
        (404, client.get("/d/nothing").content)
    }
    assert snapshot() == before


def test_the_answer_is_read_where_it_was_asked(cast: Cast, client: Client, path: str) -> None:
    ask(client, path)
    with acting_for(cast.juniper):
        explain_question(
            question=Question.objects.get(),
            text="It came on <b>Monday</b>\n\nLook again",
            by=SYSTEM,
            now=cast.now,
        )

    for page in (text_of(client, path), text_of(client, f"{path}/questions")):
        assert "It came on &lt;b&gt;Monday&lt;/b&gt;" in page
        assert "Answered" in page
        assert "Juniper &amp; Co, 20 Nov 2026, 12:00" in page


def test_an_added_sale_says_so(cast: Cast, client: Client, path: str) -> None:
    ask(client, path)
    with acting_for(cast.juniper):
        missed = order("SHOP-1001", promo_code=None)
        record_order(source="shop", order=missed, by=SYSTEM, now=cast.now)
        answer_by_attributing(
            question=Question.objects.get(),
            order_id=Order.objects.get().pk,
            text="You told a friend",
            by=SYSTEM,
            now=cast.now,
        )

    page = text_of(client, path)

    assert "added by the brand" in page
    assert "The brand added it by hand: You told a friend" in page
    assert "£8.42" in page
    assert client.get(f"{path}/conversions.csv").status_code == 200


def test_an_old_answer_leaves_the_dashboard_but_not_its_page(
    cast: Cast, client: Client, path: str
) -> None:
    ask(client, path)
    with acting_for(cast.juniper):
        long_ago = cast.now - timedelta(days=31)
        refuse_question(question=Question.objects.get(), text="Too old", by=SYSTEM, now=long_ago)

    assert "Your questions" not in text_of(client, path)
    assert "Too old" in text_of(client, f"{path}/questions")


def test_nobody_reads_the_questions_of_another(cast: Cast, client: Client, path: str) -> None:
    ask(client, path)
    with acting_for(cast.saltmarsh):
        ask_about_order(
            enrollment=cast.june_in_tide,
            order_reference="TIDE-77",
            ordered_on=cast.now.date(),
            note="",
            by=SYSTEM,
            now=cast.now,
        )
    asked = the_question(cast).pk

    for row in (cast.diego_in_glow, cast.june_in_glow):
        for address in (path_of(row), f"{path_of(row)}/questions?asked={asked}"):
            page = text_of(client, address)
            assert "SHOP-1001" not in page
            assert "TIDE-77" not in page
            assert "Your question" not in page


def test_a_question_says_nothing_of_an_order_credited_to_another(
    cast: Cast, client: Client, path: str
) -> None:
    unknown = ask(client, path, order_reference="NOTHING-1")
    with acting_for(cast.juniper):
        sold = order("SHOP-1001", promo_code="DIEGO10")
        record_order(source="shop", order=sold, by=SYSTEM, now=cast.now)

    known = ask(client, path)

    assert (known.status_code, unknown.status_code) == (302, 302)
    page = text_of(client, f"{path}/questions")
    assert "Diego" not in page
    assert "DIEGO10" not in page
    assert page.count("is looking into it") == 2


QUERIES = 3


def test_many_questions_take_as_many_queries_as_one(
    cast: Cast, client: Client, path: str, django_assert_num_queries: Any
) -> None:
    ask(client, path)
    with django_assert_num_queries(QUERIES):
        client.get(f"{path}/questions")
    ask(client, path, order_reference="2")
    ask(client, path, order_reference="3")

    with django_assert_num_queries(QUERIES):
        client.get(f"{path}/questions")


def test_a_new_answer_stands_before_what_still_waits(
    cast: Cast, client: Client, path: str, time_machine: Any
) -> None:
    for number in range(4):
        ask(client, path, order_reference=f"MISSED-{number}")
    with acting_for(cast.juniper):
        first = Question.objects.get(order_reference="MISSED-0")
        later = cast.now + timedelta(minutes=5)
        explain_question(question=first, text="Found it", by=SYSTEM, now=later)
    time_machine.move_to(later, tick=False)

    rows = client.get(path).context["questions"]

    assert [row.reference for row in rows] == ["MISSED-0", "MISSED-3", "MISSED-2"]
