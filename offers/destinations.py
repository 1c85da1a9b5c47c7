"""Where tracking links may lead: a page on the internet that is not itself a tracking link.

Everything but the host stays as it was typed, because a shop may read it in its own way: `%E9` is
not made UTF-8, `?abc` gets no equals sign. Addresses that were stored before are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import Brand
from core.hosts import HostError, LocalHostError, ascii_host, is_loopback, public_host
from offers.fields import DOMAIN

MAX_DESTINATION = 2000  # characters
# What no address holds: white space, control characters, and the backslash, which browsers read as
# a slash and Python does not, so that they would see different hosts.
_NEVER = re.compile(r"[\s\\\x00-\x1f\x7f-\x9f]")


class DestinationError(ValueError):
    """Links may not lead there. The message is a whole sentence, in the reader's language.

    `field` is what is wrong of an offer: its destination, or its allowed domains.
    """

    field = "destination_url"


def read_addresses(
    url: str, domains: Sequence[str], *, had: Sequence[str]
) -> tuple[str, list[str]]:
    """Return an offer's destination and allowed domains as they are stored.

    Those that it `had` before stay as they are. Raises DestinationError.
    """
    stored = url if url in had else read_destination(url)
    try:
        return stored, [name if name in had else read_domain(name) for name in domains]
    except DestinationError as error:
        error.field = "allowed_domains"
        raise


def read_destination(text: str) -> str:
    """Return an address as it is stored: its host in lower case and as punycode, the rest as typed.

    Raises DestinationError. One query.
    """
    url = text.strip()
    if len(url) > MAX_DESTINATION:
        raise DestinationError(
            _("This address is longer than %(most)s characters.") % {"most": MAX_DESTINATION}
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _no_address() from None
    if parts.scheme not in {"http", "https"}:
        raise DestinationError(_("The address must begin with http:// or https://."))
    if _NEVER.search(url) or not parts.hostname:
        raise _no_address()
    if "@" in parts.netloc:
        raise DestinationError(_("An address with a user name or password can't be used."))
    host = _checked_host(parts.hostname, port)
    shown = f"[{host}]" if ":" in host else host
    after = url[url.index("//") + 2 + len(parts.netloc) :]
    return f"{parts.scheme}://{shown}{'' if port is None else f':{port}'}{after}"


def read_domain(text: str) -> str:
    """Return a domain that deep links may lead to, as it is stored. Raises DestinationError."""
    name = text.strip()
    try:
        host = ascii_host(name)
    except HostError:
        host = ""
    if not DOMAIN.fullmatch(host):
        message = _("%(name)s is not a domain: write it like shop.example.com.") % {"name": name}
        raise DestinationError(message)
    return _checked_host(host)


def leads_to_us(host: str, port: int | None = None) -> bool:
    """Whether a host in its ASCII form answers with tracking links: ours, or one of a brand.

    In local mode other ports of this machine may be shops.
    """
    own = urlsplit(settings.BASE_URL)
    if host == own.hostname:
        return port == own.port or not (settings.LOCAL and is_loopback(host))
    return Brand.objects.filter(link_hosts__contains=[host]).exists()


def _checked_host(text: str, port: int | None = None) -> str:
    try:
        host = ascii_host(text)
        is_ours = leads_to_us(host, port)
        if not is_ours and not (settings.LOCAL and is_loopback(host)):
            host = public_host(text)
    except LocalHostError:
        message = _("%(host)s is an address of a private network, which shoppers can't reach.")
        raise DestinationError(message % {"host": text}) from None
    except HostError:
        raise _no_address() from None
    if is_ours:
        message = _("%(host)s is where tracking links begin. Enter the address of the shop.")
        raise DestinationError(message % {"host": text})
    return host


def _no_address() -> DestinationError:
    return DestinationError(_("This is not the address of a page on the internet."))
