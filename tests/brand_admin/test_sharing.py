"""Giving an order to another member, or sharing it: the page, the choice, the result."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import AuditEntry
from core.tenancy import acting_for
from offers.models import Enrollment
from tests.answers import page_text
from tests.brand_admin.desk import at, desk_of, shown
from tests.cast import NOW, SYSTEM, Cast, order
from tests.portal.conftest import path_of
from tracking.models import Conversion
from tracking.orders.recording import record_order

pytestmark = pytest.mark.usefixtures("at_noon", "at_juniper")


@pytest.fixture
def conversion() -> Conversion:
    """Mara's order of £84.20."""
    result = record_order(source="api", order=order("1001"), by=SYSTEM, now=NOW)
    assert result.conversion_id is not None
    return Conversion.objects.get(pk=result.conversion_id)


def percents(cast: Cast, mara: str, diego: str) -> dict[str, str]:
    return {
        f"percent_{cast.mara_in_glow.pk}": mara,
        f"percent_{cast.diego_in_glow.pk}": diego,
    }


def page_of(cast: Cast, conversion: Conversion) -> str:
    return at(cast.juniper, "conversion_share", conversion_id=conversion.pk)


def on_dashboard(enrollment: Enrollment) -> str:
    return shown(Client().get(path_of(enrollment), follow=True))


def send(client: Client, cast: Cast, conversion: Conversion, **sent: Any) -> Any:
    """As the page sends it that was opened while Mara had the whole order."""
    form = percents(cast, "30", "70") | {
        "reason": "They made the video together",
        "seen": f"{cast.mara_in_glow.pk}:10000",
        **sent,
    }
    return client.post(page_of(cast, conversion), form, follow=True)


def test_the_way_from_the_conversion_to_a_shared_order(
    theo: Client, cast: Cast, conversion: Conversion
) -> None:
    page = shown(theo.get(at(cast.juniper, "conversion", conversion_id=conversion.pk)))
    assert page_of(cast, conversion) in page
    page = shown(theo.get(page_of(cast, conversion)))
    assert "Mara Lindqvist in Winter Glow creators" in page
    assert 'value="100"' in page
    seen = f"{cast.mara_in_glow.pk}:10000"
    assert f'name="seen" value="{seen}"' in page

    choice = theo.post(
        page_of(cast, conversion),
        {
            f"percent_{cast.mara_in_glow.pk}": "100",
            "reason": "The video",
            "seen": seen,
            "add": "1",
        },
        follow=True,
    )
    link = f"enrollment={cast.diego_in_glow.pk}"
    assert link in shown(choice)
    address = f"{choice.redirect_chain[-1][0]}&{link}"
    back = theo.get(address, follow=True)

    query = parse_qs(urlsplit(back.redirect_chain[-1][0]).query)
    assert query["seen"] == [seen]
    assert query["shares"] == [f"{cast.mara_in_glow.pk}:0,{cast.diego_in_glow.pk}:100"]
    assert "Diego Arroyo in Winter Glow creators" in shown(back)
    assert "The video" in shown(back)

    done = send(theo, cast, conversion)

    text = shown(done).replace("\N{NO-BREAK SPACE}", " ")
    assert "Order 1001 is shared anew" in text
    assert "Also credited to" in text
    assert "Diego Arroyo</a>, 70%" in text
    assert "They made the video together" in text
    rows = Conversion.objects.order_by("share_bp").values_list("share_bp", "commission_minor")
    assert list(rows) == [(3_000, 253), (7_000, 589)]
    entries = AuditEntry.objects.filter(action="conversion.shared").order_by("pk")
    assert [entry.detail["share"] for entry in entries] == ["30%", "70%"]


def test_both_members_read_why(theo: Client, cast: Cast, conversion: Conversion) -> None:
    send(theo, cast, conversion)

    for enrollment in (cast.mara_in_glow, cast.diego_in_glow):
        page = on_dashboard(enrollment)
        assert "They made the video together" in page
        assert "because the order is shared" in page


def test_who_lost_the_order_reads_why(theo: Client, cast: Cast, conversion: Conversion) -> None:
    send(theo, cast, conversion, **percents(cast, "", "100"))

    page = on_dashboard(cast.mara_in_glow)
    assert "Rejected" in page
    assert "They made the video together" in page
    assert "Diego" not in page


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"reason": " "}, "Say why: the members read it."),
        ({"mara": "50", "diego": "49.99"}, "The shares must add up to 100%."),
        ({"mara": "x", "diego": "50"}, "Write a number"),
        ({"mara": "101", "diego": "-1"}, "between 0% and 100%"),
    ],
)
def test_what_is_impossible_is_said_and_what_was_typed_stays(
    theo: Client, cast: Cast, conversion: Conversion, sent: dict[str, str], message: str
) -> None:
    typed = percents(cast, sent.pop("mara", "30"), sent.pop("diego", "70"))

    answer = send(theo, cast, conversion, **typed, **sent)

    assert answer.status_code == 422
    assert message in page_text(answer)
    assert Conversion.objects.count() == 1


def test_of_two_who_share_an_order_the_second_is_told_and_changes_nothing(
    theo: Client, cast: Cast, conversion: Conversion
) -> None:
    send(theo, cast, conversion)
    june = f"percent_{cast.june_in_glow.pk}"
    both = {**percents(cast, "50", ""), june: "50"}

    answer = send(desk_of(cast.ines), cast, conversion, **both)

    assert answer.status_code == 422
    text = page_text(answer)
    assert "The shares have changed since you opened this page." in text
    assert "They are now: Diego Arroyo 70%, Mara Lindqvist 30%." in text
    assert AuditEntry.objects.filter(action="conversion.shared").count() == 2
    shares = Conversion.objects.order_by("share_bp").values_list("share_bp", flat=True)
    assert list(shares) == [3_000, 7_000]
    page = answer.content.decode()
    seen = f"{cast.mara_in_glow.pk}:3000,{cast.diego_in_glow.pk}:7000"
    assert f'name="seen" value="{seen}"' in page
    assert f'name="percent_{cast.diego_in_glow.pk}"' in page

    assert send(desk_of(cast.ines), cast, conversion, seen=seen, **both).status_code == 200

    kept = Conversion.objects.filter(share_bp__gt=0).values_list("enrollment", "share_bp")
    assert dict(kept) == {cast.mara_in_glow.pk: 5_000, cast.june_in_glow.pk: 5_000}


def test_a_form_that_shows_no_shares_changes_nothing(
    theo: Client, cast: Cast, conversion: Conversion
) -> None:
    answer = send(theo, cast, conversion, seen="")

    assert answer.status_code == 422
    assert "Open this page again: the form is incomplete." in page_text(answer)
    assert Conversion.objects.count() == 1


def test_who_may_only_read_changes_nothing(cast: Cast, conversion: Conversion) -> None:
    answer = send(desk_of(cast.vera), cast, conversion)

    assert answer.status_code == 403
    assert Conversion.objects.count() == 1


def test_another_brands_members_get_nothing(
    theo: Client, cast: Cast, conversion: Conversion
) -> None:
    with acting_for(cast.saltmarsh):
        theirs = cast.june_in_tide.pk

    answer = send(theo, cast, conversion, **{f"percent_{theirs}": "70"}, **percents(cast, "30", ""))

    assert answer.status_code == 422
    assert Conversion.objects.count() == 1
