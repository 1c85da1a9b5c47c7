"""Handles, as people paste them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affiliates.handles import MAX_URL_LENGTH, Handle, HandleError, clean_handle
from affiliates.models import Platform


@pytest.mark.parametrize(
    ("platform", "written", "kept", "leads_to"),
    [
        ("instagram", " @mara.l ", "mara.l", "https://www.instagram.com/mara.l"),
        ("instagram", "instagram.com/mara/", "mara", "https://www.instagram.com/mara"),
        ("tiktok", "https://www.tiktok.com/@mara?x=1", "mara", "https://www.tiktok.com/@mara"),
        ("youtube", "@mara", "mara", "https://www.youtube.com/@mara"),
        (
            "youtube",
            "youtube.com/channel/UC1",
            "channel/UC1",
            "https://www.youtube.com/channel/UC1",
        ),
        ("x", "https://twitter.com/mara", "mara", "https://x.com/mara"),
        ("website", "mara.example/shop", "https://mara.example/shop", "https://mara.example/shop"),
        ("website", "http://mara.example", "http://mara.example", "http://mara.example"),
    ],
)
def test_a_handle_is_kept_without_what_is_around_it(
    platform: str, written: str, kept: str, leads_to: str
) -> None:
    name = clean_handle(Platform(platform), written)

    assert (name, Handle(Platform(platform), name).url) == (kept, leads_to)
    assert clean_handle(Platform(platform), kept) == kept


@pytest.mark.parametrize(
    ("platform", "written"),
    [
        ("instagram", "mara lindqvist"),
        ("instagram", "https://evil.example/mara"),
        ("instagram", "https://instagram.com.evil.example/mara"),
        ("instagram", "https://www.instagram.com/"),
        ("tiktok", "javascript:alert(1)"),
        ("website", "javascript:alert(1)"),
        ("website", "data:text/html,x"),
        ("website", "ftp://mara.example"),
        ("website", "mara"),
        ("website", 'https://mara.example/"onclick="x'),
        ("website", "https://user:secret@mara.example"),
        ("website", "https://[mara.example"),
        ("website", "https://mara.example/" + "x" * MAX_URL_LENGTH),
    ],
)
def test_what_is_no_handle_is_refused(platform: str, written: str) -> None:
    with pytest.raises(HandleError):
        clean_handle(Platform(platform), written)


@given(platform=st.sampled_from(list(Platform)), written=st.text(max_size=60))
def test_whatever_is_kept_leads_to_the_web_and_is_kept_again(
    platform: Platform, written: str
) -> None:
    try:
        name = clean_handle(platform, written)
    except HandleError:
        return
    if name:
        assert Handle(platform, name).url.startswith(("https://", "http://"))
        assert clean_handle(platform, name) == name
