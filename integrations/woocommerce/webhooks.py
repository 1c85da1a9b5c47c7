"""The webhooks that we make in a store, all to one address, signed with our own secret.

WooCommerce disables a webhook after more than five failures in a row, keeps the count when it is
enabled again, and never tells the merchant. So a disabled one is made anew. It never shows a
secret, so the secret of those that stay is set each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from integrations.shop import MADE, Finding
from integrations.woocommerce import values
from integrations.woocommerce.rest import Rest

TOPICS = ("order.created", "order.updated", "order.deleted", "order.restored")
NAME = "Tributary"


def subscribe(rest: Rest, *, address: str, secret: str) -> tuple[Finding, ...]:
    """Have one active webhook per topic at the address, and remove ours to other addresses."""
    kept: dict[str, str] = {}
    wrong: list[int] = []
    for webhook in rest.pages("/webhooks", status="all"):
        webhook_id, topic = values.shop_id(webhook), values.text(webhook, "topic")
        if not webhook_id or not _is_ours(webhook, address):
            continue
        is_right = webhook.get("delivery_url") == address and webhook.get("status") == "active"
        if is_right and topic in TOPICS and topic not in kept:
            kept[topic] = webhook_id
        else:
            wrong.append(int(webhook_id))
    missing = [topic for topic in TOPICS if topic not in kept]
    answer = rest.batch(
        "/webhooks/batch",
        create=[_webhook(topic, address, secret) for topic in missing],
        update=[{"id": int(one), "secret": secret} for one in kept.values()],
        delete=wrong,
    )
    parts = [
        *zip(missing, answer["create"], strict=True),
        *zip(kept, answer["update"], strict=True),
    ]
    problems = {topic: problem for topic, part in parts if (problem := _problem(part))}
    return tuple(
        Finding(
            f"Webhook {topic}", topic not in problems, problems.get(topic) or _done(topic, kept)
        )
        for topic in TOPICS
    )


def _done(topic: str, kept: Mapping[str, str]) -> str:
    return "" if topic in kept else MADE


def unsubscribe(rest: Rest, *, address: str) -> None:
    """Remove the webhooks to the address."""
    ours = [
        int(values.shop_id(one))
        for one in rest.pages("/webhooks", status="all")
        if one.get("delivery_url") == address and values.shop_id(one)
    ]
    if ours:
        rest.batch("/webhooks/batch", delete=ours)


def _webhook(topic: str, address: str, secret: str) -> dict[str, Any]:
    return {
        "name": f"{NAME} {topic}", "topic": topic, "delivery_url": address, "secret": secret,
        "status": "active",
    }  # fmt: skip


def _is_ours(webhook: Mapping[str, Any], address: str) -> bool:
    """Whether it goes to the address, or we made it before, for another address of this server."""
    url = values.text(webhook, "delivery_url", max_length=2_000)
    if url == address:
        return True
    try:
        same_server = urlsplit(url)[:2] == urlsplit(address)[:2]
    except ValueError:
        return False
    return same_server and values.text(webhook, "name").startswith(f"{NAME} ")


def _problem(part: Mapping[str, Any]) -> str:
    """A sentence if a part of a batch failed; "" if it did not."""
    error = part.get("error")
    if not isinstance(error, Mapping):
        return ""
    said = values.text(error, "message", max_length=200)
    return f"The store did not make the webhook. It said: {said} Press the button again."
