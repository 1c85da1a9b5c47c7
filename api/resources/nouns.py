"""All nouns of the API, put onto it in one place."""

from __future__ import annotations

from ninja import NinjaAPI, Router

from api.resources import codes, enrollments, links, members, offers, terms

NOUNS = (
    members.NOUN, offers.NOUN, terms.NOUN, enrollments.NOUN, codes.NOUN, links.NOUN, links.CLICKS,
)  # fmt: skip


def add_nouns(api: NinjaAPI) -> None:
    """Add the operations of every noun to the API."""
    for noun in NOUNS:
        assert isinstance(noun.router, Router)  # noqa: S101 - tells the type checker
        api.add_router("", noun.router)
