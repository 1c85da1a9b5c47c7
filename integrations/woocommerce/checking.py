"""Check a store: its address, REST API, key and permissions, version and clock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from core.outgoing import Answer, http_time
from integrations.shop import AccessRefusedError, Finding, NotUnderstoodError, ShopAwayError
from integrations.woocommerce import values
from integrations.woocommerce.rest import MissingError, Rest, failure_of

MAX_CLOCK_DIFFERENCE = timedelta(minutes=5)
OLDEST_VERSION = (5, 8)  # the first that lists orders by when they changed
VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})")
NAMESPACE = "wc/v3"
ADDRESS, PERMALINKS, API = "Store address", "Permalinks", "REST API"
READING, WRITING, VERSION_TITLE, CLOCK = "Key", "Permissions", "WooCommerce version", "Clock"


def findings(rest: Rest) -> Iterator[Finding]:
    """Check one thing after another; end with the first that the next ones need."""
    try:
        index = rest.raw("GET", "/wp-json/", has_key=False, params={"_fields": "namespaces"})
    except ShopAwayError as error:
        yield Finding(ADDRESS, False, _with_advice(str(error)))
        return
    problem = _index_problem(rest, index)
    if problem is not None:
        yield problem
        return
    yield Finding(ADDRESS, True)
    yield Finding(API, True)
    yield _clock(index)
    refused = _refused(lambda: rest.get("/orders", per_page="1"))
    yield Finding(READING, not refused, refused)
    if refused:
        return
    # A batch with nothing in it changes nothing, and needs the right to write.
    refused = _refused(lambda: rest.post("/webhooks/batch", {"create": []}))
    yield Finding(WRITING, not refused, refused)
    yield from _version(rest)


def _with_advice(message: str) -> str:
    if "private network" in message:
        return message
    return f"{message} Check the address, and that the store is online and reached by https."


def _refused(call: Any) -> str:
    """Why a call does not work; "" if it does."""
    try:
        call()
    except (AccessRefusedError, ShopAwayError) as error:
        return str(error)
    except MissingError:
        return "The store did not find what we asked for. Update WooCommerce."
    return ""


def _json_object(answer: Answer) -> Mapping[str, Any] | None:
    try:
        found = values.parse(answer.body)
    except NotUnderstoodError:
        return None
    return found if isinstance(found, Mapping) else None


def _namespaces(answer: Answer) -> list[Any] | None:
    found = _json_object(answer) or {}
    names = found.get("namespaces")
    return names if isinstance(names, list) else None


def _index_problem(rest: Rest, index: Answer) -> Finding | None:
    """What is wrong with the first page of the REST API; None if nothing is."""
    if 300 <= index.status < 400:
        return Finding(ADDRESS, False, str(failure_of(index, rest.store)))
    if index.status == 429 or index.status >= 500:
        advice = f"{failure_of(index, rest.store)} Try again in a few minutes."
        return Finding(ADDRESS, False, advice)
    names = _namespaces(index)
    if names is None:
        if index.status in (401, 403) and _json_object(index):
            return None  # shown only to those who log in: the key will tell
        return _no_index(rest)
    if NAMESPACE in names:
        return None
    if any(isinstance(name, str) and name.startswith("wc/v") for name in names):
        return Finding(VERSION_TITLE, False, _too_old("This version of WooCommerce"))
    return Finding(
        API, False, "WordPress is there, but not WooCommerce. In WordPress, open Plugins and "
        "activate WooCommerce, or enter the address of the site that has the store.",
    )  # fmt: skip


def _no_index(rest: Rest) -> Finding:
    try:
        plain = rest.raw("GET", "/", has_key=False, params={"rest_route": "/"})
    except ShopAwayError as error:
        return Finding(ADDRESS, False, _with_advice(str(error)))
    if _namespaces(plain) is not None:
        return Finding(
            PERMALINKS, False, "The store's permalinks are plain. In WordPress, open Settings → "
            "Permalinks, choose “Post name” and save.",
        )  # fmt: skip
    return Finding(
        API, False, "There is no REST API at this address. Check the address (if WordPress is in a "
        "folder, paste the address of its dashboard, which ends in /wp-admin), and that no plugin "
        "or firewall turns the REST API off.",
    )  # fmt: skip


def _clock(answer: Answer) -> Finding:
    said = http_time(answer.headers.get("date", ""))
    difference = datetime.now(UTC) - said if said else timedelta(0)
    if abs(difference) <= MAX_CLOCK_DIFFERENCE:
        return Finding(CLOCK, True)
    minutes = round(abs(difference).total_seconds() / 60)
    sense = "behind" if difference > timedelta(0) else "ahead"
    return Finding(
        CLOCK, False, f"The clock of the store's server is {minutes} minutes {sense}. Ask your "
        "host to set it, as orders count by their time.", is_needed=False,
    )  # fmt: skip


def _version(rest: Rest) -> Iterator[Finding]:
    try:
        status, _ = rest.get("/system_status", _fields="environment")
    except (AccessRefusedError, ShopAwayError, MissingError):
        return  # some hosts keep it to themselves; the calls before show that the rest works
    environment = status.get("environment") if isinstance(status, Mapping) else None
    said = environment.get("version") if isinstance(environment, Mapping) else None
    found = VERSION.match(said) if isinstance(said, str) else None
    if found is None:
        return
    is_ok = (int(found[1]), int(found[2])) >= OLDEST_VERSION
    advice = "" if is_ok else _too_old(f"WooCommerce {found[0]}")
    yield Finding(VERSION_TITLE, is_ok, advice)


def _too_old(what: str) -> str:
    oldest = ".".join(str(part) for part in OLDEST_VERSION)
    return f"{what} is too old. In WordPress, open Plugins and update it to {oldest} or newer."
