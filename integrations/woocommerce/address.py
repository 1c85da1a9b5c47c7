"""The address and the keys of a store, without what people paste around them. Pure."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

import idna

from integrations.shop import CredentialError

KEY = re.compile(r"c[ks]_[0-9a-f]{40}")
KEY_LENGTH = 43
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
SPACE = re.compile(r"\s")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# The pages that people copy an address from. What stands before them is the folder of WordPress.
WORDPRESS_PAGES = ("wp-admin", "wp-json", "wp-login.php", "wp-content", "index.php", "xmlrpc.php")
STORE_PAGES = ("shop", "cart", "checkout", "my-account", "product", "product-category")
DOTS = {".", ".."}  # they lead elsewhere: one store would have several names
EXAMPLE = "Enter the address of your store, such as https://shop.example.com."


def clean_store(entered: str) -> str:
    """Return the store's address as https://host/folder. Raises CredentialError.

    http is made https, as keys are never sent without TLS; but this machine, which only local mode
    may call, keeps it.
    """
    parts = _parts(entered)
    host = clean_host(parts)
    scheme = "http" if _is_loopback(host) and parts.scheme.lower() == "http" else "https"
    return f"{scheme}://{_shown(host, parts)}{_path(_folder(parts.path))}"


def store_name(address: str) -> str:
    """Return host and folder, the same for the same store; "" if it is no address."""
    try:
        parts = _parts(address)
        shown = _shown(clean_host(parts), parts)
    except CredentialError:
        return ""
    return f"{shown.removeprefix('www.')}{_path(_segments(parts.path))}"


def _parts(entered: str) -> SplitResult:
    """Take an address apart, with a port that is a number. Raises CredentialError."""
    text = INVISIBLE.sub("", entered).strip()
    if not text:
        raise CredentialError("store", EXAMPLE)
    if SPACE.search(text):
        raise CredentialError("store", f"There is a space in the address. {EXAMPLE}")
    if not SCHEME.match(text):
        text = f"https://{text.lstrip('/')}"
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise CredentialError("store", f"This is not an address. {EXAMPLE}") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise CredentialError("store", f"The address must begin with https://. {EXAMPLE}")
    if not DOTS.isdisjoint(parts.path.split("/")):
        raise CredentialError("store", f"Leave out the dots between slashes. {EXAMPLE}")
    if parts.username is not None or parts.password is not None:
        raise CredentialError("store", f"Leave out the name and password. {EXAMPLE}")
    return parts


def _shown(host: str, parts: SplitResult) -> str:
    """The host, with its port if that is not the usual one."""
    shown = f"[{host}]" if ":" in host else host
    return shown if parts.port in (None, 80, 443) else f"{shown}:{parts.port}"


def clean_host(parts: SplitResult) -> str:
    """Return the host in lower case and in ASCII. Raises CredentialError."""
    host = (parts.hostname or "").rstrip(".")
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    if host == "localhost":
        return host
    try:
        encoded = idna.encode(host, uts46=True, std3_rules=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise CredentialError("store", f"This is not an address. {EXAMPLE}") from None
    if "." not in encoded or encoded.rsplit(".", 1)[-1].isdecimal():
        raise CredentialError("store", f"The address is not complete. {EXAMPLE}")
    return encoded


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _path(segments: list[str]) -> str:
    return "".join(f"/{segment}" for segment in segments)


def _folder(path: str) -> list[str]:
    """The folder of WordPress in a path: "blog" of /blog/wp-admin, none of /shop or /checkout.

    /shop is the page with all products, far more often than a folder. Where it is a folder, the
    address of the dashboard, /shop/wp-admin, says so.
    """
    segments = _segments(path)
    for pages in (WORDPRESS_PAGES, STORE_PAGES):
        for place, segment in enumerate(segments):
            if segment.lower() in pages:
                return segments[:place]
    return segments


def clean_key(entered: str, *, field: str, prefix: str, label: str) -> str:
    """Return a consumer key or secret. Raises CredentialError."""
    text = SPACE.sub("", INVISIBLE.sub("", entered)).strip("\"'")
    if not text:
        raise CredentialError(field, f"Enter the {label}. It begins with {prefix}")
    if text[:3].lower() in ("ck_", "cs_") and text[:3].lower() != prefix:
        other = "consumer key" if prefix == "cs_" else "consumer secret"
        raise CredentialError(field, f"This is the {other}. The {label} begins with {prefix}")
    if KEY.fullmatch(text.lower()):
        return text.lower()
    if text[:3].lower() != prefix:
        raise CredentialError(
            field, f"This is not a {label} of WooCommerce. It begins with {prefix}"
        )
    raise CredentialError(
        field,
        f"A {label} has {KEY_LENGTH} characters, this one has {len(text)}. Copy all of it; "
        "WooCommerce shows it only once, when the key is made.",
    )
