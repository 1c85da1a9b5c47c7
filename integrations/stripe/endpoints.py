"""The webhook endpoint in Stripe: made, compared, enabled again, removed.

Stripe shows an endpoint's signing secret once, in the answer that makes it. So an endpoint of ours
whose secret was never stored is of no use: it is removed, and another is made.
https://docs.stripe.com/api/webhook_endpoints
"""

from __future__ import annotations

from integrations.shop import MADE, Finding
from integrations.stripe import mapping, payload, refunds
from integrations.stripe.api import (
    VERSION,
    PermissionMissingError,
    RefusedRequestError,
    StripeApi,
)
from integrations.stripe.payload import Object

PATH = "/v1/webhook_endpoints"
TOPICS = (*mapping.CHECKOUT_TOPICS, mapping.INVOICE_PAID, *refunds.TOPICS)
MADE_BY = "Tributary"
TITLE = "Webhook endpoint"
ENABLED = "It was disabled, or left events out, so we set it right. Stripe sends its orders again."


def ensure(api: StripeApi, address: str, *, is_secret_known: bool) -> tuple[Finding, str]:
    """Make sure that one endpoint sends all our events to this address.

    Returns what was found or done, and the secret of an endpoint that was made, "" if none was.
    Endpoints that a person made are never removed.
    """
    try:
        found = at(api, address)
    except PermissionMissingError as error:
        return _by_hand(error, address, is_secret_known=is_secret_known), ""
    if is_secret_known and len(found) == 1:
        return _repair(api, found[0]), ""
    by_hand = [endpoint for endpoint in found if not _is_ours(endpoint)]
    try:
        made = api.post(
            PATH,
            url=address,
            enabled_events=list(TOPICS),
            api_version=VERSION,
            description="Orders and refunds for Tributary",
            metadata={"made_by": MADE_BY},
        )
    except RefusedRequestError as error:
        return Finding(TITLE, False, f"Stripe did not make the endpoint: {error}"), ""
    for endpoint in filter(_is_ours, found):  # after the new one is there, so that none is missed
        remove(api, endpoint)
    secret = payload.text(made, "secret")
    if by_hand:
        ids = ", ".join(payload.text(endpoint, "id") for endpoint in by_hand)
        advice = f"Stripe has another endpoint with our address ({ids}). Delete it there."
        return Finding(TITLE, False, advice), secret
    return Finding(TITLE, True, MADE), secret


def _by_hand(error: PermissionMissingError, address: str, *, is_secret_known: bool) -> Finding:
    """Say what a person does whose key may not make endpoints; nothing, where it is done."""
    if is_secret_known:
        return Finding(
            TITLE, True, "The key may not look at it, so we can't tell if it is enabled."
        )
    advice = (
        f"{error} Or make the endpoint in Stripe, with the address {address} and these events, and"
        f" paste its signing secret here: {', '.join(TOPICS)}."
    )
    return Finding(TITLE, False, advice)


def at(api: StripeApi, address: str) -> list[Object]:
    """Return the endpoints that send to this address."""
    return [one for one in api.all(PATH) if one.get("url") == address]


def remove_ours(api: StripeApi, address: str) -> None:
    for endpoint in filter(_is_ours, at(api, address)):
        remove(api, endpoint)


def remove(api: StripeApi, endpoint: Object) -> None:
    """Remove an endpoint; one that is gone is removed."""
    try:
        api.remove(f"{PATH}/{payload.own_id(endpoint)}")
    except RefusedRequestError as error:
        if not error.is_about_unknown:
            raise


def _repair(api: StripeApi, endpoint: Object) -> Finding:
    """Enable an endpoint again, and have it send what it leaves out."""
    has = endpoint.get("enabled_events")
    sent = {one for one in has if isinstance(one, str)} if isinstance(has, list) else set()
    lacks = [] if "*" in sent else [topic for topic in TOPICS if topic not in sent]
    if not lacks and endpoint.get("status") == "enabled":
        return Finding(TITLE, True)
    try:
        api.post(
            f"{PATH}/{payload.own_id(endpoint)}",
            disabled=False,
            enabled_events=["*"] if "*" in sent else sorted({*sent, *TOPICS}),
        )
    except RefusedRequestError as error:
        return Finding(TITLE, False, f"Stripe did not enable the endpoint again: {error}")
    return Finding(TITLE, True, ENABLED)


def _is_ours(endpoint: Object) -> bool:
    return payload.text(payload.part(endpoint, "metadata"), "made_by") == MADE_BY
