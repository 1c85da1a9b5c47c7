"""The data of an offer's forms."""

from __future__ import annotations

from typing import Any


def typed(**changes: Any) -> dict[str, Any]:
    """The data of the form of a new offer, with `changes`."""
    values: dict[str, Any] = {
        "name": "Spring",
        "kind": "both",
        "description": "For the team",
        "destination_url": "https://juniper.example/spring",
        "deep_links_allowed": "on",
        "own_slugs_allowed": "on",
        "allowed_domains": "gifts.example",
        "click_window_days": "30",
        "remembers_customers": "on",
        "customer_window_days": "90",
        "ends_on": "2027-01-31",
        "code_pattern": "{first_name}15",
        "currency": "GBP",
        "percent": "12.5",
        "fixed": "2.00",
        "hold_days": "14",
        "approval": "by_hand",
    }
    return {key: value for key, value in (values | changes).items() if value is not None}


def terms(**changes: str) -> dict[str, str]:
    """The data that the comparison page posts to save version 2."""
    saving = {"step": "save", "seen": "1"}
    typed_in = {"percent": "15", "fixed": "", "hold_days": "0", "approval": "automatic"}
    return saving | typed_in | changes
