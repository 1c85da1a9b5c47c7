"""Ends of links that people choose: who gets which, and that links shared before go on working."""

from __future__ import annotations

import string
import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import AuditEntry
from core.tenancy import acting_for
from offers.models import Enrollment, Offer
from tests.architecture.routes import routes
from tests.cast import NOW, SYSTEM, Cast, assemble
from tests.following import follow_link
from tests.snapshot import snapshot
from tracking.links import own_slugs
from tracking.links.generating import deactivate_items
from tracking.links.own_slugs import earlier_slugs
from tracking.links.slug_text import RESERVED, SlugError, folded, is_reserved, read_slug
from tracking.links.tracking_links import LinkError, change_link, give_links, make_deep_link
from tracking.models import LinkSlug, TrackingLink

CYRILLIC_A = "\N{CYRILLIC SMALL LETTER A}"
CYRILLIC_MARA = f"m{CYRILLIC_A}\N{CYRILLIC SMALL LETTER ER}{CYRILLIC_A}"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)"


def link_of(enrollment: Enrollment) -> TrackingLink:
    return TrackingLink.objects.get(enrollment=enrollment, destination_url="")


def choose(enrollment: Enrollment, slug: str, *, by_member: bool = True) -> TrackingLink:
    return change_link(link=link_of(enrollment), slug=slug, by=SYSTEM, now=NOW, by_member=by_member)


def goes_to_the_shop(slug: str) -> bool:
    return follow_link(slug=slug, user_agent=PHONE, referrer="", now=NOW) is not None


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("mara", "mara"), (" Mara ", "mara"), ("Mära K.", "mara-k"), ("mara_k", "mara-k"),
        ("mara--k", "mara-k"), ("-mara-", "mara"), (CYRILLIC_MARA, "mara"), ("Zoë123", "zoe123"),
        ("a" * 40, "a" * 40), ("abc", "abc"), ("2024", "2024"),
    ],
)  # fmt: skip
def test_a_slug_is_stored_in_plain_letters(typed: str, stored: str) -> None:
    assert read_slug(typed) == stored


@pytest.mark.parametrize(
    "typed", ["", "ab", "a" * 41, "---", "a/b", "mara?x", "mara#", "<b>mara</b>", "\x00abc", "a&b"]
)
def test_anything_else_is_no_slug(typed: str) -> None:
    with pytest.raises(SlugError):
        read_slug(typed)


def test_no_slug_is_a_page_of_ours() -> None:
    first = {route.pattern.split("/")[0] for route in routes()}
    words = {word for word in first if word and word.replace("-", "").isalnum()}

    assert words - RESERVED == set()


@pytest.mark.parametrize("slug", ["admin", "adm1n", "a-d-m-i-n", "fuck", "oh-fuck", "supp0rt"])
def test_reserved_words_are_so_in_every_form(slug: str) -> None:
    assert is_reserved(slug)


@pytest.mark.parametrize("slug", ["mara", "scunthorpe", "administer", "shopping-queen"])
def test_what_merely_holds_one_is_free(slug: str) -> None:
    assert not is_reserved(slug)


@pytest.mark.django_db
@given(slugs=st.lists(st.text(string.ascii_letters + string.digits + "-", max_size=40)))
def test_python_and_postgresql_fold_alike(slugs: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tracking_folded_slug(s) FROM unnest(%s::text[]) AS s", [slugs])
        assert [found for (found,) in cursor.fetchall()] == [folded(slug) for slug in slugs]


def test_a_member_chooses_and_the_link_as_it_was_goes_on_working(cast: Cast) -> None:
    with acting_for(cast.juniper):
        before = link_of(cast.mara_in_glow).slug

        choose(cast.mara_in_glow, "Mara")
        again = choose(cast.mara_in_glow, "mara-l")

        assert again.slug == "mara-l"
        assert earlier_slugs(again) == ["mara", before]
        entry = AuditEntry.objects.filter(action="link.slug_chosen").latest("pk")
        assert entry.detail == {"before": "mara", "slug": "mara-l"}
    assert all(map(goes_to_the_shop, [before, "mara", "mara-l", "MARA"]))
    assert not goes_to_the_shop("mara-m")


def test_an_earlier_slug_comes_back_and_one_that_looks_like_it(cast: Cast) -> None:
    with acting_for(cast.juniper):
        for slug in ("mara", "ma-ra", "mara", "rnara"):
            assert choose(cast.mara_in_glow, slug).slug == slug


@pytest.mark.parametrize(
    "wanted",
    ["mara-l0", "mara-1o", "rnara-lo", "m-a-r-a-l-o", "MARA-IO", "mära-lo", f"m{CYRILLIC_A}ra-lo"],
)
def test_nobody_gets_a_slug_that_looks_like_anothers(cast: Cast, wanted: str) -> None:
    with acting_for(cast.juniper):
        choose(cast.mara_in_glow, "mara-lo")
        choose(cast.mara_in_glow, "something-else")
        before = snapshot()

        with pytest.raises(LinkError, match="is taken") as refused:
            choose(cast.diego_in_glow, wanted, by_member=False)

        assert refused.value.field == "slug"
        assert snapshot() == before


def test_a_refusal_names_one_that_is_free(cast: Cast) -> None:
    with acting_for(cast.juniper):
        choose(cast.mara_in_glow, "sunny")
        choose(cast.mara_in_glow, "sunny-2")

        with pytest.raises(LinkError, match=r"sunny-3 is free"):
            choose(cast.diego_in_glow, "sunny")


def test_another_brands_slug_is_taken_too_and_said_alike(cast: Cast) -> None:
    with acting_for(cast.saltmarsh):
        give_links(enrollments=[cast.june_in_tide], by=SYSTEM, now=NOW)
        choose(cast.june_in_tide, "june")
    with acting_for(cast.juniper), pytest.raises(LinkError, match="june is taken"):
        choose(cast.june_in_glow, "june")


def test_a_brands_name_is_for_its_staff_alone(cast: Cast) -> None:
    with acting_for(cast.juniper):
        for who, wanted, by_member in (
            (cast.mara_in_glow, "juniper", True),
            (cast.mara_in_glow, "saltmarsh", True),
            (cast.mara_in_glow, "sa1tmarsh", False),
        ):
            with pytest.raises(LinkError, match="is taken"):
                choose(who, wanted, by_member=by_member)
        assert choose(cast.mara_in_glow, "juniper", by_member=False).slug == "juniper"


def test_members_choose_only_where_the_offer_lets_them(cast: Cast) -> None:
    with acting_for(cast.juniper):
        Offer.objects.filter(pk=cast.glow.pk).update(own_slugs_allowed=False)
        with pytest.raises(LinkError, match="can't choose"):
            choose(cast.mara_in_glow, "mara")
        assert choose(cast.mara_in_glow, "mara", by_member=False).slug == "mara"


def test_members_choose_a_few_times_only(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_slugs, "MAX_CHOSEN_SLUGS", 2)
    with acting_for(cast.juniper):
        choose(cast.mara_in_glow, "first")
        choose(cast.mara_in_glow, "second")
        with pytest.raises(LinkError, match="Ask the brand"):
            choose(cast.mara_in_glow, "third")
        assert choose(cast.mara_in_glow, "first").slug == "first"
        assert choose(cast.mara_in_glow, "third", by_member=False).slug == "third"
        assert choose(cast.diego_in_glow, "diego").slug == "diego"


def test_a_link_out_of_use_keeps_what_it_has(cast: Cast) -> None:
    with acting_for(cast.juniper):
        link = link_of(cast.mara_in_glow)
        deactivate_items(enrollment=cast.mara_in_glow, by=SYSTEM, now=NOW)
        changes: list[dict[str, Any]] = [{"slug": "mara"}, {"label": "Mine"}]
        for change in changes:
            with pytest.raises(LinkError, match="not in use"):
                change_link(link=link, by=SYSTEM, now=NOW, **change)


def test_a_deep_link_is_made_with_its_label_and_slug_or_not_at_all(cast: Cast) -> None:
    page = "https://juniper.example/gift"
    with acting_for(cast.juniper):
        choose(cast.diego_in_glow, "gifts")
        before = snapshot()
        with pytest.raises(LinkError):
            make_deep_link(
                enrollment=cast.mara_in_glow, destination_url=page, slug="gifts", label="Gifts",
                by=SYSTEM, now=NOW, by_member=True,
            )  # fmt: skip
        assert snapshot() == before

        made = make_deep_link(
            enrollment=cast.mara_in_glow, destination_url=page, slug="Mara Gifts",
            label=" The\ngift  video ", by=SYSTEM, now=NOW, by_member=True,
        )  # fmt: skip

    assert (made.slug, made.label) == ("mara-gifts", "The gift video")


def test_a_label_says_when_it_is_too_long(cast: Cast) -> None:
    with acting_for(cast.juniper), pytest.raises(LinkError, match="at most 60") as refused:
        change_link(link=link_of(cast.mara_in_glow), label="x" * 61, by=SYSTEM, now=NOW)
    assert refused.value.field == "label"


def test_postgresql_keeps_every_slug_whoever_writes(cast: Cast) -> None:
    with acting_for(cast.juniper):
        TrackingLink.objects.filter(enrollment=cast.mara_in_glow).update(slug="by-hand")
        assert LinkSlug.objects.get(slug="by-hand").link_id == link_of(cast.mara_in_glow).pk
        for slug in ("by-hand", "byhand"):
            with pytest.raises(IntegrityError), transaction.atomic():
                TrackingLink.objects.create(
                    enrollment=cast.diego_in_glow, slug=slug, destination_url="https://x.example"
                )


@pytest.mark.django_db(transaction=True)
def test_of_two_who_want_slugs_that_look_alike_at_once_one_gets_it() -> None:
    cast = assemble()
    answers: list[str] = []
    start = threading.Barrier(3)

    def want(enrollment: Enrollment, slug: str) -> None:
        try:
            with acting_for(cast.juniper):
                start.wait()
                answers.append(choose(enrollment, slug).slug)
        except LinkError:
            answers.append("refused")
        finally:
            connection.close()

    wanted = [
        (cast.mara_in_glow, "wanted"),
        (cast.diego_in_glow, "want-ed"),
        (cast.june_in_glow, "vvanted"),
    ]
    threads = [threading.Thread(target=want, args=one) for one in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(answers), answers.count("refused")) == (3, 2)
    with acting_for(cast.juniper):
        assert LinkSlug.objects.filter(folded="wanted").count() == 1
