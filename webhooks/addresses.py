"""Check the address of an endpoint before it is kept. Each call checks it again (core.outgoing)."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from core.outgoing import NoAnswerError, addresses_of, stand_in_for
from webhooks.models.endpoints import MAX_ADDRESS

SCHEMES = ("https", "http") if settings.LOCAL else ("https",)


class AddressError(Exception):
    """Nothing can be sent to the address. The message is a sentence for staff."""

    field = "address"


def check_address(text: str) -> str:
    """Return the address, if a server on the internet can have it. Raises AddressError.

    In local mode it may be a port of this machine, and need not be https.
    """
    address = text.strip()
    if not address.isascii() or not address.isprintable() or " " in address:
        raise AddressError("Write the address in plain letters, without spaces.")
    if len(address) > MAX_ADDRESS:
        raise AddressError(f"The address has more than {MAX_ADDRESS:,} characters.")
    parts = _parts(address)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise AddressError("Enter the whole address, which begins with https://.")
    if parts.username is not None or parts.password is not None:
        raise AddressError("The address must not hold a name or a password: anybody could read it.")
    if parts.fragment:
        raise AddressError("Leave out what stands after the #: it is never sent.")
    try:
        if stand_in_for(address) is None:
            addresses_of(parts.hostname)
    except NoAnswerError as error:
        raise AddressError(f"We can't send to {parts.hostname}: it {error}.") from None
    return address


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        raise AddressError("This is not the address of a server.") from None
    return parts
