"""Webhook subscriptions: make those that are missing, and remove wrong ones of ours.

After 8 failed deliveries in 4 hours Shopify deletes a subscription without a word, so they are
compared every night. An app sees its own subscriptions alone; those to another host are left as
they are, because the merchant may use the same app for something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from integrations.shop import MADE, Finding
from integrations.shopify import queries, topics
from integrations.shopify.admin_api import AdminApi, QuestionRefusedError
from integrations.shopify.answers import nodes_of, pages, user_errors

PAGE = 100


def subscribe(api: AdminApi, address: str) -> tuple[Finding, ...]:
    """Subscribe to every topic at this address. Raises ShopAwayError and AccessRefusedError."""
    there, wrong = _compare(list(_ours(api, address)), address)
    for one in wrong:
        api.ask(queries.UNSUBSCRIBE, {"id": one["id"]})
    findings = [
        Finding(f"Webhook {topic}", is_ok=True)
        if topics.enum_of(topic) in there
        else _made(api, topic, address)
        for topic in topics.SUBSCRIBED
    ]
    return (*findings, _privacy(api, there, address))


def unsubscribe(api: AdminApi, address: str) -> None:
    """Remove every subscription to this address."""
    for one in list(_ours(api, address)):
        if one["uri"] == address:
            api.ask(queries.UNSUBSCRIBE, {"id": one["id"]})


def _ours(api: AdminApi, address: str) -> Iterator[Mapping[str, Any]]:
    host = urlsplit(address).netloc
    for page in pages(api, queries.SUBSCRIPTIONS, {"first": PAGE}, "webhookSubscriptions"):
        for node in nodes_of(page):
            uri = node.get("uri")
            if isinstance(uri, str) and urlsplit(uri).netloc == host:
                yield node


def _compare(
    ours: list[Mapping[str, Any]], address: str
) -> tuple[set[str], list[Mapping[str, Any]]]:
    """Return the topics that are right, and the subscriptions to remove."""
    wanted = {topics.enum_of(topic) for topic in (*topics.SUBSCRIBED, *topics.PRIVACY)}
    there: set[str] = set()
    wrong = []
    for one in ours:
        topic = one.get("topic")
        is_right = (one["uri"], one.get("format")) == (address, "JSON")
        if is_right and topic in wanted and topic not in there:
            there.add(str(topic))
        else:
            wrong.append(one)
    return there, wrong


def _made(api: AdminApi, topic: str, address: str) -> Finding:
    title = f"Webhook {topic}"
    variables = {"topic": topics.enum_of(topic), "uri": address}
    said = user_errors(api.ask(queries.SUBSCRIBE, variables), "webhookSubscriptionCreate")
    if said:
        return Finding(title, is_ok=False, advice=f"Shopify did not make it: {said}")
    return Finding(title, is_ok=True, advice=MADE)


def _privacy(api: AdminApi, there: set[str], address: str) -> Finding:
    """Subscribe to the privacy topics, or say where to enter the address.

    Shopify takes them in the app's own configuration, and its API knows no such topics. Should a
    version know them, they are made like the others.
    """
    title = "Webhooks about shoppers' data"
    try:
        findings = [
            _made(api, topic, address)
            for topic in topics.PRIVACY
            if topics.enum_of(topic) not in there
        ]
    except QuestionRefusedError:
        listed = ", ".join(topics.PRIVACY)
        advice = (
            f"Shopify takes these in the app's configuration alone. Enter {address} there as the"
            f" address of the compliance webhooks ({listed})."
        )
        return Finding(title, is_ok=True, advice=advice)
    failed = [finding.advice for finding in findings if not finding.is_ok]
    return Finding(title, is_ok=not failed, advice=" ".join(failed))
