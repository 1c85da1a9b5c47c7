"""Addresses as text: parameters are added, and nothing that was there is encoded anew. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import unquote_plus, urlsplit

import idna

from offers.fields import is_on_domain
from tracking.links.click_ids import CLICK_PARAMETER

MAX_PASSED_ON = 2_000  # bytes of a visitor's own parameters; longer ones are left out
MAX_PARAMETERS = 50
MAX_ADDRESS = 8_000  # characters; browsers and shops take that
_NOT_IN_ADDRESSES = re.compile(r"[\x00-\x20\x7f]")
_HOST = re.compile(r"[a-z0-9._-]+")  # browsers decode a % in a host, Python does not
_NON_ASCII = re.compile(r"[^\x21-\x7e]")
SUB_IDS = {"sub": 0, "sub1": 0, "sub2": 1, "sub3": 2, "sub4": 3, "sub5": 4}
PAID_SEARCH = ("gclid", "msclkid", "gbraid", "wbraid", "fbclid", "ttclid")


class UnusableAddressError(ValueError):
    """The address leads nowhere that a shopper may be sent to."""


def shop_address(url: str, domains: Collection[str]) -> str:
    """Return an address as a Location header holds it: ASCII, an international host as punycode.

    Characters beyond ASCII are percent-encoded; all others stay. Raises UnusableAddressError for
    an address that is on none of `domains` or would be read in more than one way.
    """
    if _NOT_IN_ADDRESSES.search(url) or len(url) > MAX_ADDRESS:
        raise UnusableAddressError(url)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        begin = len(parts.scheme) + len("://")
        rest = url[begin + len(host) :]
        sent_host = ascii_host(host)
        sent = f"{parts.scheme}://{sent_host}{_NON_ASCII.sub(_percent_encoded, rest)}"
        allowed = [ascii_host(domain) for domain in domains]
    except ValueError as error:
        raise UnusableAddressError(url) from error
    is_as_read = url[begin : begin + len(host)].lower() == host and _HOST.fullmatch(sent_host)
    if not is_as_read or not is_on_domain(sent, allowed):
        raise UnusableAddressError(url)
    return sent


def ascii_host(host: str) -> str:
    """Return a host in lower case, an international one as punycode. Raises ValueError."""
    if host.isascii():
        return host.lower()
    return idna.encode(host, uts46=True).decode()


def without_parameter(address: str, name: str) -> str:
    """Return an address without fragment, without the parameter; all other text stays."""
    before, mark, query = address.partition("?")
    if not mark:
        return address
    kept = [part for part in query.split("&") if unquote_plus(part.partition("=")[0]) != name]
    return f"{before}?{'&'.join(kept)}" if kept else before


def parameter_names(address: str) -> frozenset[str]:
    """Return the names in an address's query, as `comparable` has them."""
    return frozenset(comparable(part) for part in _parts(address.partition("?")[2]))


def _parts(query: str) -> list[str]:
    return [part for part in re.split("[&;]", query) if part]


def comparable(part: str) -> str:
    """Return a parameter's name so that names are equal that some shop's software takes for equal.

    Case, spaces before it, and what PHP makes of a dot, a space or a bracket make no difference.
    """
    name = unquote_plus(part.partition("=")[0]).partition("\0")[0].strip().lower()
    return re.sub(r"[. ]", "_", name.partition("[")[0])


class OwnParameters:
    """What a visitor's address brought along: what is passed on, sub-ids, a paid-search mark."""

    __slots__ = ("landing", "passed_on", "sub_ids")

    def __init__(self, query: bytes, protected: Collection[str]) -> None:
        """`protected` are names that a visitor may not set, as `comparable` has them."""
        self.passed_on, self.landing = "", ""
        self.sub_ids = ["", "", "", "", ""]
        if len(query) > MAX_PASSED_ON:
            return
        kept = []
        text = _NON_ASCII.sub(_percent_encoded_byte, query.decode("latin-1"))
        for part in text.split("&")[:MAX_PARAMETERS]:
            names = [comparable(one) for one in part.split(";")]
            if names[0] in SUB_IDS:
                self.sub_ids[SUB_IDS[names[0]]] = unquote_plus(part.partition("=")[2])
            elif part and not any(self._is_ours(name, protected) for name in names):
                kept.append(part)
                self.landing = self.landing or (names[0] if names[0] in PAID_SEARCH else "")
        self.passed_on = "&".join(kept)

    def _is_ours(self, name: str, protected: Collection[str]) -> bool:
        return name == CLICK_PARAMETER or name in protected or name in SUB_IDS


def _percent_encoded(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))


def _percent_encoded_byte(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"
