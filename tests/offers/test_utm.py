"""UTM templates: read, refused, and added to an address."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers.utm import VARIABLES, UtmError, read_template, tagged

VALUES = {
    "creator_name": "Mara Åse & Co",
    "member_id": "55",
    "offer_name": "Winter Glow",
    "project_name": "",
    "brand_name": "Juniper",
}


@pytest.mark.parametrize(
    ("template", "url", "expected"),
    [
        ("", "https://s.example/?a=1", "https://s.example/?a=1"),
        ("utm_source=t", "https://s.example/p", "https://s.example/p?utm_source=t"),
        ("utm_source=t", "https://s.example/p?a=b%20c#x", "https://s.example/p?a=b%20c&utm_source=t#x"),
        ("utm_source=t&m=1", "https://s.example/?utm_source=own", "https://s.example/?utm_source=own&m=1"),
        ("c={creator_name}", "https://s.example/", "https://s.example/?c=Mara+%C3%85se+%26+Co"),
        ("c={offer_name}-{member_id}", "https://s.example/", "https://s.example/?c=Winter+Glow-55"),
        ("p={project_name}&b={brand_name}", "https://s.example/", "https://s.example/?b=Juniper"),
    ],
)  # fmt: skip
def test_an_address_gets_what_the_template_says(template: str, url: str, expected: str) -> None:
    assert tagged(url, template, VALUES) == expected


def test_a_template_is_kept_without_what_is_around_it() -> None:
    assert read_template(" ?utm_source=t&utm_content={creator_name} ") == (
        "utm_source=t&utm_content={creator_name}"
    )


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("utm_content={creator}", r"\{creator\} is not known: use"),
        ("utm_content={", "can't hold"),
        ("utm_content=}x", "can't hold"),
        ("utm_content={a{member_id}}", "can't hold"),
        ("just words", "write name=value"),
        ("=x", "an empty text is not a name"),
        ("a=1&a=2", "a is there twice"),
        ("a=", "a has no value"),
        ("trb=1", "trb is reserved for the click id"),
        ("a=b c", "can't hold spaces"),
        ("a=#b", "can't hold"),
        ("a=" + "x" * 500, "longer than 500"),
    ],
)
def test_what_can_not_be_used_is_refused(template: str, said: str) -> None:
    with pytest.raises(UtmError, match=said):
        read_template(template)


@given(
    values=st.fixed_dictionaries({name: st.text(max_size=30) for name in VARIABLES}),
    own=st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.text(max_size=10)),
)
def test_whatever_the_names_are_the_address_reads_back(
    values: dict[str, str], own: dict[str, str]
) -> None:
    url = f"https://s.example/p?{urlencode(own)}" if own else "https://s.example/p"

    found = urlsplit(tagged(url, "utm_a={creator_name}&utm_b=x-{member_id}", values))

    assert (found.scheme, found.netloc, found.path) == ("https", "s.example", "/p")
    pairs = dict(parse_qsl(found.query, keep_blank_values=True, encoding="utf-8"))
    assert pairs == own | {
        name: value
        for name, value in {
            "utm_a": values["creator_name"],
            "utm_b": f"x-{values['member_id']}" if values["member_id"] else "",
        }.items()
        if value
    }
