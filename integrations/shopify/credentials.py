"""What the setup page asks for, in Shopify's own words, and what people paste around it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from integrations.shop import CredentialError, CredentialField

STORE, CLIENT_ID, CLIENT_SECRET, ACCESS_TOKEN = (
    "store",
    "client_id",
    "client_secret",
    "access_token",
)
NEEDED_SCOPES = {
    "read_orders": "to fetch orders and refunds",
    "read_customers": "to tell new customers from returning ones",
    "write_discounts": "to make and end the members' discount codes",
}
OLDER_ORDERS = "read_all_orders"  # without it Shopify shows the last 60 days
HOST = "myshopify.com"
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
# What people copy along: quotes, and characters that nobody sees.
AROUND = "\"'`\u201c\u201d\u2018\u2019<>,; \t\r\n\xa0\u200b\u200c\u200d\u2060\ufeff"
TOKEN, TOKEN_PREFIX = re.compile(r"shp[a-z]{2}_[A-Za-z0-9]+"), "shpat_"
KEY = re.compile(r"[A-Za-z0-9_-]{8,200}")

_SCOPES = ", ".join(NEEDED_SCOPES)
FIELDS = (
    CredentialField(
        STORE,
        "Store address",
        "In Shopify's admin: Settings → Domains. It ends in .myshopify.com.",
        placeholder="your-store.myshopify.com",
    ),
    CredentialField(
        CLIENT_ID,
        "Client ID",
        f"In the Dev Dashboard: Apps → your app → Settings. The app needs the scopes {_SCOPES},"
        f" and has to be installed in this store. With {OLDER_ORDERS} also orders older than 60"
        " days are imported.",
    ),
    CredentialField(
        CLIENT_SECRET,
        "Client secret",
        "Beside the client ID. An app made in Shopify's admin calls it API secret key. Shopify"
        " signs its deliveries with it.",
        is_secret=True,
    ),
    CredentialField(
        ACCESS_TOKEN,
        "Admin API access token",
        "Only for an app that was made in Shopify's admin, which has no client ID: Settings → Apps"
        " and sales channels → Develop apps → your app → API credentials. Else leave it empty.",
        is_secret=True,
        placeholder="shpat_…",
    ),
)


def clean(entered: Mapping[str, str]) -> dict[str, str]:
    """Return the credentials without what was pasted around them. Raises CredentialError.

    An app has a client ID, or an access token: with both, the client ID is used.
    """
    given = {field.name: entered.get(field.name, "").strip(AROUND) for field in FIELDS}
    for name, value in given.items():
        if name != STORE and re.search(r"\s", value):
            raise CredentialError(name, "This has a space in it. Copy it again, alone.")
    found = {STORE: store_name(given[STORE]), CLIENT_SECRET: _secret(given[CLIENT_SECRET])}
    if given[CLIENT_ID]:
        return found | {CLIENT_ID: _client_id(given[CLIENT_ID], found[CLIENT_SECRET])}
    if given[ACCESS_TOKEN]:
        return found | {ACCESS_TOKEN: _token(given[ACCESS_TOKEN])}
    raise CredentialError(
        CLIENT_ID,
        "Enter the app's client ID. An app that was made in Shopify's admin has an access token"
        " instead: enter that.",
    )


def store_name(entered: str) -> str:
    """Return the store as Shopify names it: your-store.myshopify.com. Raises CredentialError."""
    text = entered.strip(AROUND).lower()
    if not text:
        raise CredentialError(STORE, "Enter the store's address.")
    host, path = _host_and_path(text)
    if host == "admin.shopify.com":
        found = re.match(r"/store/([a-z0-9-]+)", path)
        host = f"{found[1]}.{HOST}" if found else ""
    elif NAME.fullmatch(host):
        host = f"{host}.{HOST}"
    name, _, domain = host.partition(".")
    if domain == HOST and NAME.fullmatch(name):
        return host
    raise CredentialError(
        STORE,
        f"Enter the address that ends in .{HOST}. It is in Shopify's admin, in Settings → Domains,"
        " and is not the address that shoppers see.",
    )


def _host_and_path(text: str) -> tuple[str, str]:
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        return (parts.hostname or "").rstrip("."), parts.path
    except ValueError:
        return "", ""


def _secret(value: str) -> str:
    if not value:
        message = "Enter the client secret. Without it nobody can tell Shopify's deliveries from"
        raise CredentialError(CLIENT_SECRET, f"{message} forged ones.")
    if value.startswith(TOKEN_PREFIX):
        message = "This is an access token. The client secret stands beside the client ID."
        raise CredentialError(CLIENT_SECRET, message)
    if not KEY.fullmatch(value):
        message = "This is no client secret: it has letters and digits alone. Copy it again."
        raise CredentialError(CLIENT_SECRET, message)
    return value


def _client_id(value: str, secret: str) -> str:
    if TOKEN.fullmatch(value):
        message = "This is a secret or a token. The client ID has 32 letters and digits."
        raise CredentialError(CLIENT_ID, message)
    if value == secret:
        raise CredentialError(CLIENT_ID, "This is the same as the client secret. Copy both again.")
    if not KEY.fullmatch(value):
        message = "This is no client ID: it has letters and digits alone. Copy it again."
        raise CredentialError(CLIENT_ID, message)
    return value


def _token(value: str) -> str:
    if not value.startswith(TOKEN_PREFIX) or not TOKEN.fullmatch(value):
        message = f"An access token begins with {TOKEN_PREFIX} and has letters and digits."
        raise CredentialError(ACCESS_TOKEN, message)
    return value
