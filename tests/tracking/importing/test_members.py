"""Members from a CSV file, a batch at a time."""

from __future__ import annotations

from typing import Any

import pytest

from affiliates.details import MAX_TAGS, member_details_of, tag_members
from affiliates.models import Member, Platform
from offers.models import Enrollment, Offer, OfferStatus
from offers.services import set_offer_status
from tests.cast import NOW, SYSTEM, Cast
from tracking.importing.csv_rows import BATCH, ImportReport, Row
from tracking.importing.members import MemberImport, import_members
from tracking.models import PromoCode, TrackingLink

pytestmark = pytest.mark.usefixtures("at_juniper")


def row(line: int, email: str, code: str = "") -> Row:
    return line, {"email": email, "first_name": "A", "last_name": "B", "promo_code": code}


def bring_in(rows: list[Row], offer: Offer | None) -> ImportReport:
    return import_members(rows, offer=offer, by=SYSTEM, now=NOW, counted=lambda _: None)


def test_a_known_member_who_joins_the_offer_is_changed(cast: Cast, spring: Offer) -> None:
    first = bring_in([row(2, cast.mara.email), row(3, "new@person.example")], spring)
    second = bring_in([row(2, cast.mara.email), row(3, "new@person.example")], spring)

    assert first.counts == {"changed": 1, "added": 1}
    assert second.counts == {"unchanged": 2}
    assert Enrollment.objects.filter(offer=spring).count() == 2
    assert TrackingLink.objects.filter(enrollment__offer=spring).count() == 2


def test_a_code_twice_in_the_file_goes_to_the_first(spring: Offer) -> None:
    report = bring_in(
        [row(2, "one@x.example", "TWIN"), row(3, "two@x.example", "twin"), row(4, "c@x.example")],
        spring,
    )

    assert [str(error) for error in report.errors] == [
        "line 3: promo_code: TWIN is already on line 2"
    ]
    assert report.counts == {"added": 2}
    assert PromoCode.objects.get(code="TWIN").enrollment.member.email == "one@x.example"
    assert not Member.objects.filter(email="two@x.example").exists()


def test_errors_of_every_kind_stand_in_the_order_of_the_file(spring: Offer) -> None:
    report = bring_in(
        [row(2, "a@x.example", "MARA15"), row(3, "none"), row(4, "b@x.example", "?")], spring
    )

    assert [(error.line, error.field) for error in report.errors] == [
        (2, "promo_code"),
        (3, "email"),
        (4, "promo_code"),
    ]
    assert not Enrollment.objects.filter(offer=spring).exists()


def test_an_offer_that_ended_meanwhile_takes_nobody_from_a_file(spring: Offer) -> None:
    set_offer_status(offer=spring, status=OfferStatus.ENDED, by=SYSTEM, now=NOW)

    report = bring_in([row(2, "one@x.example", "ONE"), row(3, "two@x.example")], spring)

    why = f"{spring} has ended, so nobody can join it"
    assert [(error.line, error.field, error.message) for error in report.errors] == [
        (2, "offer", why),
        (3, "offer", why),
    ]
    assert Member.objects.count() == 3


def test_batches_add_up(spring: Offer) -> None:
    rows = [row(line, f"m{line}@x.example", f"CODE{line}") for line in range(2, BATCH + 12)]

    report = bring_in([*rows, row(999, "m2@x.example")], spring)

    assert report.counts == {"added": BATCH + 10}
    assert [str(error) for error in report.errors] == [
        "line 999: email: m2@x.example is already on line 2"
    ]


def test_a_preview_tells_the_same_and_leaves_nothing(cast: Cast, spring: Offer) -> None:
    rows = [row(2, "new@person.example", "NEW1"), row(3, "bad"), row(4, cast.mara.email)]

    preview = MemberImport(offer=spring, by=SYSTEM, file_codes={}).preview(rows, now=NOW)

    assert (Member.objects.count(), Enrollment.objects.filter(offer=spring).count()) == (3, 0)
    report = bring_in(rows, spring)
    assert (preview.counts, preview.errors) == (report.counts, report.errors)


def test_ten_members_take_as_many_statements_as_one(
    spring: Offer, django_assert_num_queries: Any
) -> None:
    one = [row(2, "one@x.example", "ONE")]
    ten = [row(line, f"m{line}@x.example", f"CODE{line}") for line in range(2, 12)]

    for rows in (one, ten):
        with django_assert_num_queries(40):
            bring_in(rows, spring)


def test_a_row_with_which_a_member_would_have_too_many_tags_is_left_out(cast: Cast) -> None:
    for number in range(MAX_TAGS - 1):
        tag_members(member_ids=[cast.mara.pk], tag=f"t{number}", by=SYSTEM, now=NOW)
    full, two = row(2, cast.mara.email), row(3, cast.diego.email)
    full[1]["tags"] = two[1]["tags"] = "VIP; skincare"

    report = bring_in([full, two], None)

    assert [str(error) for error in report.errors] == [
        f"line 2: tags: a member has at most {MAX_TAGS} tags"
    ]
    assert len(member_details_of([cast.mara])[cast.mara.pk].tags) == MAX_TAGS - 1
    assert len(member_details_of([cast.diego])[cast.diego.pk].tags) == 2


def test_tags_and_handles_are_added_to_what_a_member_has(cast: Cast) -> None:
    line, cells = row(2, cast.mara.email)
    extras = {"tags": "VIP; skincare", "instagram": "@mara", "website": "mara.example"}
    tag_members(member_ids=[cast.mara.pk], tag="Vip", by=SYSTEM, now=NOW)

    first = bring_in([(line, cells | extras), row(3, "new@person.example")], None)
    second = bring_in([(line, cells | extras)], None)

    assert (first.counts, second.counts) == ({"changed": 1, "added": 1}, {"unchanged": 1})
    noted = member_details_of([cast.mara])[cast.mara.pk]
    assert noted.tags == ["skincare", "Vip"]
    assert [(one.shown, one.url) for one in noted.profiles] == [
        ("@mara", "https://www.instagram.com/mara"),
        ("mara.example", "https://mara.example"),
    ]


def test_a_handle_in_a_file_replaces_the_one_before(cast: Cast) -> None:
    line, cells = row(2, cast.mara.email)
    bring_in([(line, cells | {"tiktok": "old"})], None)

    report = bring_in([(line, cells | {"tiktok": "https://www.tiktok.com/@new?lang=en"})], None)

    assert report.counts == {"changed": 1}
    assert member_details_of([cast.mara])[cast.mara.pk].handles == {Platform.TIKTOK: "new"}


@pytest.mark.parametrize(
    ("extras", "said"),
    [
        ({"tags": "x" * 41}, "line 2: tags: a tag has at most 40 characters"),
        ({"instagram": "not a name"}, "line 2: instagram: 'not a name' is not a name on Instagram"),
        ({"youtube": "https://evil.example/x"}, "line 2: youtube: 'https://evil.example/x' is not"),
    ],
)
def test_a_bad_tag_or_handle_leaves_the_row_out(extras: dict[str, str], said: str) -> None:
    line, cells = row(2, "new@person.example")

    report = bring_in([(line, cells | extras)], None)

    assert [str(error)[: len(said)] for error in report.errors] == [said]
    assert not Member.objects.filter(email="new@person.example").exists()


def test_a_code_in_use_stops_only_if_that_is_confirmed(cast: Cast) -> None:
    rows = [row(2, cast.mara.email, "MIA12"), row(3, "new@person.example", "FRESH")]

    def bring(*, replace_codes: bool) -> ImportReport:
        return import_members(
            rows, offer=cast.glow, by=SYSTEM, now=NOW, counted=lambda _: None,
            replace_codes=replace_codes,
        )  # fmt: skip

    first = bring(replace_codes=False)
    in_use = set(PromoCode.objects.in_use().values_list("code", flat=True))
    second = bring(replace_codes=True)

    said = "replaces MARA15, which stops at once; --replace-codes does it"
    assert [str(error) for error in first.errors] == [f"line 2: promo_code: {said}"]
    assert first.counts == {"added": 1}
    assert in_use == {"MARA15", "DIEGO10", "JUNE20", "FRESH"}
    assert (second.errors, second.counts) == ([], {"changed": 1, "unchanged": 1})
    assert not PromoCode.objects.get(code="MARA15").is_in_use
    assert PromoCode.objects.get(code="MIA12").is_in_use
