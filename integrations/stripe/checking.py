"""Whether a key can do what is needed: each permission is tried, and the clocks are compared."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from integrations.shop import Finding
from integrations.stripe import payload
from integrations.stripe.api import (
    PERMISSIONS,
    PermissionMissingError,
    RefusedRequestError,
    StripeApi,
)
from integrations.stripe.signature import TOLERANCE_SECONDS

MAX_CLOCK_DIFFERENCE_SECONDS = TOLERANCE_SECONDS // 2
WEBHOOKS = "rak_webhook_write"

# What is asked to try a permission. A POST without what it needs is refused with 400, and makes
# nothing; without the permission it is refused with 403.
READS = {
    "rak_checkout_session_read": "/v1/checkout/sessions",
    "rak_invoice_read": "/v1/invoices",
    "rak_charge_read": "/v1/refunds",
    "rak_dispute_read": "/v1/disputes",
    "rak_event_read": "/v1/events",
}
WRITES = {
    "rak_coupon_write": "/v1/coupons",
    "rak_promotion_code_write": "/v1/promotion_codes",
    WEBHOOKS: "/v1/webhook_endpoints",
}


def findings(
    api: StripeApi, *, key: str, account: str, is_secret_known: bool, now: float
) -> tuple[Finding, ...]:
    """Check permissions, account, mode and clock. `now` is in seconds since 1970.

    A key need not make webhook endpoints where a person made one and its secret is known.
    Raises AccessRefusedError for a key that Stripe does not know.
    """
    writes = {k: path for k, path in WRITES.items() if k != WEBHOOKS or not is_secret_known}
    tried = [
        *(_permission(slug, partial(api.get, path, limit=1)) for slug, path in READS.items()),
        *(_permission(slug, partial(api.post, path)) for slug, path in writes.items()),
    ]
    return (*tried, _account(api, account), _mode(key), _clock(api.clock_ahead(now)))


def _permission(slug: str, try_it: Callable[[], object]) -> Finding:
    title = ": ".join(PERMISSIONS[slug])
    try:
        try_it()
    except PermissionMissingError as error:
        return Finding(title, False, str(error))
    except RefusedRequestError:
        return Finding(title, True)
    return Finding(title, True)


def _account(api: StripeApi, account: str) -> Finding:
    """Compare the account; a key that may not read it is refused with the account's id."""
    try:
        found = payload.text(api.get("/v1/account"), "id")
    except PermissionMissingError as error:
        found = error.account
    except RefusedRequestError:
        found = ""
    if found and found != account:
        advice = f"The key belongs to account {found}. Enter that account ID, or another key."
        return Finding("Account", False, advice)
    return Finding("Account", True)


def _mode(key: str) -> Finding:
    if "_test_" in key:
        advice = "This is a test key: its orders are test orders, and earn nothing."
        return Finding("Test mode", True, advice)
    return Finding("Live mode", True)


def _clock(ahead: float | None) -> Finding:
    """Stripe's clock and ours: deliveries are refused that seem older than five minutes."""
    if ahead is not None and abs(ahead) > MAX_CLOCK_DIFFERENCE_SECONDS:
        side = "behind" if ahead > 0 else "ahead of"
        advice = (
            f"The clock of this server is {abs(ahead):.0f} seconds {side} Stripe's. Set it right,"
            " or deliveries are refused."
        )
        return Finding("Clock", False, advice, is_needed=False)
    return Finding("Clock", True)
