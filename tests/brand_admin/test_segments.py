"""Segments: filters of members with a name, wherever members are picked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from affiliates.details import tag_members, untag_members
from affiliates.models import Segment
from affiliates.segments import rename_segment, save_segment
from brand_admin.segments import choice_of, in_words
from core.tenancy import acting_for
from offers.models import Enrollment
from offers.projects import add_to_project, create_project, set_up_stage
from tests.brand_admin.staff import address
from tests.cast import NOW, SYSTEM, Cast

pytestmark = pytest.mark.usefixtures("at_juniper")


@pytest.fixture
def vips(cast: Cast) -> Segment:
    """Mara alone."""
    tag_members(member_ids=[cast.mara.pk], tag="VIP", by=SYSTEM, now=NOW)
    return save_segment(name="VIPs", query="tag=VIP", by=SYSTEM, now=NOW)


def test_a_filter_is_saved_under_a_name_renamed_and_deleted(cast: Cast, theo: Client) -> None:
    tag_members(member_ids=[cast.mara.pk], tag="VIP", by=SYSTEM, now=NOW)
    new = address("segment_new", query=f"tag=VIP&offer={cast.glow.pk}&sort=name&page=2&q=")

    assert "Save it as a segment" in theo.get(address("members", query="tag=VIP")).text
    assert "1 member now" in theo.get(new).text
    answer = theo.post(new, {"name": " The  best "})

    segment = Segment.objects.get()
    assert (segment.name, segment.query) == ("The best", f"offer={cast.glow.pk}&tag=VIP")
    assert in_words(segment.query) == f"in {cast.glow.name}, tag VIP"
    listed = theo.get(answer["Location"])
    assert [row.member for row, *_ in listed.context["rows"]] == [cast.mara]
    theo.post(address("segment", segment.pk), {"name": "Best"})
    assert Segment.objects.get().name == "Best"
    theo.post(address("segment_delete", segment.pk))
    assert not Segment.objects.exists()


def test_a_name_is_taken_whatever_its_case(vips: Segment, cast: Cast, theo: Client) -> None:
    answer = theo.post(address("segment_new", query="q=mara"), {"name": "vipS"})

    assert answer.status_code == 422
    assert "There is a segment “VIPs” already." in answer.text
    with pytest.raises(IntegrityError), transaction.atomic():
        Segment.objects.create(name="vips", query="q=a", made_by="x", made_at=NOW)
    with acting_for(cast.saltmarsh):
        save_segment(name="VIPs", query="q=a", by=SYSTEM, now=NOW)


@pytest.mark.parametrize("query", ["tag=gone", "offer=999999", "owner=999999"])
def test_a_segment_of_something_that_is_gone_finds_nobody(query: str, cast: Cast) -> None:
    assert not choice_of(query).members().exists()


@pytest.mark.parametrize("text", ["1903-05", "7310000", "Stand-In-2-"])
def test_a_segments_text_is_taken_for_nothing_else(text: str, cast: Cast, theo: Client) -> None:
    """Kept queries are built with values that look like these, in the place of real ones."""
    segment = save_segment(name="Odd", query=f"q={text}", by=SYSTEM, now=NOW)
    project = create_project(name="Winter", by=SYSTEM, now=NOW)
    add_to_project(project=project, members=[cast.mara, cast.diego], by=SYSTEM, now=NOW)
    set_up_stage(project=project, offer=cast.glow, by=SYSTEM, now=NOW)

    for page in ("project_generate", "project_send", "project_tracking"):
        found = theo.get(address(page, project.pk, query=f"segment={segment.pk}&q=mara"))
        assert list(found.context["rows"]) == []
    nobody = theo.get(address("members", query=f"segment={segment.pk}&q=mara"))
    assert list(nobody.context["rows"]) == []
    tag_members(member_ids=[cast.june.pk], tag=text, by=SYSTEM, now=NOW)
    tagged = theo.get(address("members", query=f"tag={text}"))
    assert [line.member for line in tagged.context["rows"]] == [cast.june]


def test_only_the_members_of_a_segment_are_listed_wherever_members_are_picked(
    vips: Segment, cast: Cast, theo: Client
) -> None:
    project = create_project(name="Winter", by=SYSTEM, now=NOW)
    asked = f"segment={vips.pk}"
    outside = theo.get(address("project_add", project.pk, query=asked))
    add_to_project(project=project, members=[cast.mara, cast.diego], by=SYSTEM, now=NOW)
    set_up_stage(project=project, offer=cast.glow, by=SYSTEM, now=NOW)

    assert list(outside.context["rows"]) == [cast.mara]
    in_offer = theo.get(address("offer_report", cast.glow.pk, query=asked))
    assert [line.member for line in in_offer.context["rows"]] == [cast.mara]
    to_send = theo.get(address("project_send", project.pk, query=asked))
    assert [line.enrollment.member for line in to_send.context["rows"]] == [cast.mara]
    mail: dict[str, str | int] = {"purpose": "email_members", "offer": cast.glow.pk}
    drawer = theo.get(address("compose"), mail | {"segment": vips.pk})
    assert [one.to_address for one in drawer.context["audience"].recipients] == [cast.mara.email]
    assert len(theo.get(address("compose"), mail).context["audience"].recipients) > 1


def test_all_that_match_a_segment_are_mailed_about_an_offer(
    vips: Segment, cast: Cast, theo: Client
) -> None:
    posted = theo.post(
        address("members_change", query=f"segment={vips.pk}&all=1"), {"action": "email"}
    )

    drawer = theo.get(theo.get(posted["Location"])["Location"])

    assert [one.to_address for one in drawer.context["audience"].recipients] == [cast.mara.email]


@pytest.mark.parametrize("gone", ["segment", "tag"])
def test_who_acts_on_all_of_a_filter_that_is_gone_acts_on_nobody(
    gone: str, vips: Segment, cast: Cast, theo: Client
) -> None:
    query = f"segment={vips.pk}&all=1" if gone == "segment" else "tag=VIP&all=1"
    change = address("members_change", query=query)
    chosen = {"action": "deactivate"}
    assert "Deactivate: 1 member." in theo.post(change, chosen).text
    if gone == "segment":
        theo.post(address("segment_delete", vips.pk))
    else:
        untag_members(member_ids=[cast.mara.pk], tag="VIP", by=SYSTEM, now=NOW)

    answer = theo.post(change, chosen | {"confirmed": "1"}, follow=True)
    mail = theo.get(address("members_email", query=query))

    assert "does not exist any more: nothing was changed." in answer.text
    assert Enrollment.objects.active().count() == 3
    assert "0 members" in mail.text


def test_a_mail_to_nobody_who_can_be_found_is_not_one_to_everybody(
    cast: Cast, theo: Client
) -> None:
    about = f"?purpose=email_members&offer={cast.glow.pk}"

    assert theo.get(f"{address('compose')}{about}&selected=nobody").status_code == 404
    nobody = theo.get(f"{address('compose')}{about}&selected=0")
    assert not nobody.context["audience"].recipients


def test_a_segment_that_was_deleted_meanwhile_can_not_be_renamed(
    vips: Segment, monkeypatch: pytest.MonkeyPatch, theo: Client
) -> None:
    def too_late(**given: Any) -> Segment:
        theo.post(address("segment_delete", vips.pk))
        return rename_segment(**given)

    monkeypatch.setattr("brand_admin.members.segment_views.rename_segment", too_late)
    page = theo.post(address("segment", vips.pk), {"name": "Others"})

    assert "Somebody has just deleted this segment." in page.text


def test_a_mail_to_a_segment_that_was_deleted_goes_to_nobody(
    vips: Segment, cast: Cast, theo: Client
) -> None:
    written = {"subject": "News", "body": "<p>Hello</p>", "go": "preview", "segment": str(vips.pk)}
    about = {"purpose": "email_members", "offer": str(cast.glow.pk)}
    theo.post(address("segment_delete", vips.pk))

    for _press in range(2):
        page = theo.post(address("compose"), about | written)
        assert page.status_code == 422
        assert not page.context["audience"].recipients
        [written["segment"]] = re.findall(r'value="(\d+)" selected>A deleted segment', page.text)
