"""Mara makes a link, misses a sale, asks the brand, and reads its answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import expect

from core.tenancy import acting_for
from offers.dashboard_links import token_for
from tests.cast import Cast
from tests.journeys.conftest import OpenPage
from tests.journeys.devices import DESKTOP, PHONE, combined
from tracking.models import Question
from tracking.questions.services import explain_question

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WHY = "Why isn\N{RIGHT SINGLE QUOTATION MARK}t my sale here?"
ANSWER = "That order used the newsletter's code."


# Each language, each device, and script or none: any two of them meet.
@combined(
    "language, script, device",
    ("en", True, PHONE), ("en", False, DESKTOP), ("de", True, DESKTOP), ("de", False, PHONE),
)  # fmt: skip
def test_mara_makes_a_link_asks_after_a_sale_and_is_answered(
    cast: Cast, open_page: OpenPage, language: str, script: bool, device: dict[str, Any]
) -> None:
    def words(text: str) -> str:
        with translation.override(language):
            return gettext(text)

    page = open_page(**device, locale=language, java_script_enabled=script)
    page.goto(f"/d/{token_for(cast.mara_in_glow)}")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.get_by_text("MARA15", exact=True)).to_be_in_viewport()

    page.get_by_role("link", name=words("Make a link")).click()
    page.get_by_label(words("Page of the shop")).fill("https://elsewhere.example/")
    page.get_by_role("button", name=words("Make the link")).click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label(words("Page of the shop")).fill("https://www.juniper.example/gift")
    page.get_by_role("button", name=words("Make the link")).click()
    expect(page.get_by_text(words("Your new link is ready"))).to_be_visible()
    page.get_by_role("link", name="Winter Glow creators").click()

    page.get_by_role("link", name=words(WHY)).click()
    page.get_by_role("link", name=words("A sale is missing")).click()
    page.get_by_label(words("Order number")).fill("JUN-20811")
    page.locator("input[type=date]").fill(f"{cast.now:%Y-%m-%d}")
    page.get_by_role("button", name=words("Ask about this sale")).click()
    expect(page.get_by_text(words("Your question is with the brand"))).to_be_visible()

    with acting_for(cast.juniper):
        explain_question(question=Question.objects.get(), text=ANSWER, by=cast.by, now=cast.now)
    page.get_by_role("link", name="Winter Glow creators").click()
    expect(page.locator("#questions")).to_contain_text(ANSWER)
