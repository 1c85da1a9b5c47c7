"""Staff give an ended code to another member: the page says who had it, and asks once."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from offers.models import Enrollment, Project
from tests.answers import page_text
from tests.brand_admin.staff import address
from tests.cast import SYSTEM, Cast
from tracking.links.membership import deactivate_member
from tracking.models import PromoCode

pytestmark = pytest.mark.usefixtures("at_juniper")


@pytest.fixture
def ended(at_juniper: Cast) -> None:
    """MARA15 is in use no more."""
    deactivate_member(enrollment=at_juniper.mara_in_glow, by=SYSTEM, now=timezone.now())


def codes_in_use(enrollment: Enrollment) -> list[str]:
    found = PromoCode.objects.in_use().filter(enrollment=enrollment)
    return list(found.values_list("code", flat=True))


@pytest.mark.usefixtures("ended")
def test_a_code_to_refresh_with_says_who_had_it_and_is_given_at_the_second_press(
    cast: Cast, theo: Client
) -> None:
    diego = cast.diego_in_glow
    page = address("offer_refresh_codes", cast.glow.pk)
    form = {
        "selected": str(diego.pk),
        "confirmed": "1",
        f"code-{diego.pk}": "mara15",
        f"seen-{diego.pk}": "DIEGO10",
    }

    asked = theo.post(page, form)

    said = page_text(asked)
    assert asked.status_code == 422
    assert "The code MARA15 belonged to Mara Lindqvist until" in said
    assert (
        "Orders from before stay theirs. To give it to Diego Arroyo, press the button again."
        in said
    )
    assert '<input type="hidden" name="reuse" value="MARA15">' in said
    assert codes_in_use(diego) == ["DIEGO10"]

    theo.post(page, form | {"reuse": "MARA15"})

    assert codes_in_use(diego) == ["MARA15"]
    shown = page_text(theo.get(address("member", cast.diego.pk)))
    assert "Before, it belonged to Mara Lindqvist until" in shown


@pytest.mark.usefixtures("ended")
def test_generating_asks_too(cast: Cast, theo: Client, staged: Project) -> None:
    mine = Enrollment.objects.get(member=cast.june, offer=staged.offer)
    page = address("project_generate", staged.pk)
    form = {"selected": str(mine.pk), "action": "codes", f"code-{mine.pk}": "MARA15"}

    asked = theo.post(page, form)

    assert asked.status_code == 422
    assert "The code MARA15 belonged to Mara Lindqvist until" in page_text(asked)
    assert codes_in_use(mine) == []

    theo.post(page, form | {"reuse": "MARA15"})
    assert codes_in_use(mine) == ["MARA15"]


@pytest.mark.usefixtures("ended")
@pytest.mark.parametrize("of", ["offer", "brand"])
def test_who_is_activated_without_their_code_is_named(of: str, cast: Cast, theo: Client) -> None:
    theo.post(
        address("offer_refresh_codes", cast.glow.pk),
        {
            "selected": str(cast.diego_in_glow.pk),
            "confirmed": "1",
            f"code-{cast.diego_in_glow.pk}": "MARA15",
            f"seen-{cast.diego_in_glow.pk}": "DIEGO10",
            "reuse": "MARA15",
        },
    )

    rows = {"offer": address("offer_members", cast.glow.pk), "brand": address("members_change")}
    chosen = {"offer": cast.mara_in_glow.pk, "brand": cast.mara.pk}
    answer = theo.post(
        rows[of], {"action": "activate", "selected": chosen[of], "confirmed": "1"}, follow=True
    )

    said = page_text(answer)
    assert "1 member activated." in said
    assert "Mara Lindqvist has no code now: MARA15 belongs to Diego Arroyo." in said
    assert codes_in_use(cast.mara_in_glow) == []
    assert codes_in_use(cast.diego_in_glow) == ["MARA15"]
