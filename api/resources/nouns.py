"""All nouns of the API, put onto it in one place."""

from __future__ import annotations

from ninja import NinjaAPI, Router

from api.resources import (
    campaigns,
    codes,
    conversions,
    enrollments,
    figures,
    flags,
    link_domains,
    links,
    members,
    offers,
    orders,
    payouts,
    questions,
    runs,
    terms,
    webhooks,
)

NOUNS = (
    members.NOUN, offers.NOUN, terms.NOUN, enrollments.NOUN, codes.NOUN, links.NOUN,
    link_domains.NOUN, links.CLICKS, orders.NOUN, conversions.NOUN, flags.NOUN, questions.NOUN,
    payouts.NOUN, runs.NOUN, figures.NOUN, campaigns.NOUN, webhooks.NOUN,
)  # fmt: skip


def add_nouns(api: NinjaAPI) -> None:
    """Add the operations of every noun to the API.

    Of two addresses that fit, Django takes the first: words come before ids.
    """
    orders.add_lists(api)
    for noun in NOUNS:
        assert isinstance(noun.router, Router)  # noqa: S101 - tells the type checker
        paths = noun.router.path_operations
        for path in sorted(paths, key=lambda path: "{" in path):
            paths[path] = paths.pop(path)
        api.add_router("", noun.router)
