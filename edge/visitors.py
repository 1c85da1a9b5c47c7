"""Who follows a link: a person, a robot, a messenger's preview; on which kind of device."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from edge.robots import is_robot
from tracking.links.click_lines import LENGTHS, escaped

VISIT, ROBOT, PREVIEW, PREFETCH, HEAD, INACTIVE = (
    "visit", "robot", "preview", "prefetch", "head", "inactive",
)  # fmt: skip
KINDS = (VISIT, ROBOT, PREVIEW, PREFETCH, HEAD, INACTIVE)
# With these a browser says that it fetches a page before anybody asked for it. `Sec-Purpose` is of
# the Fetch standard ("prefetch", "prefetch;prerender"), the others of older browsers.
PREFETCH_HEADERS = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
PHONE, TABLET, COMPUTER, OTHER = "phone", "tablet", "computer", "other"
KNOWN_AGENTS = 10_000  # whose kind is remembered
KNOWN_REFERRERS = 5_000
# Bytes that are read of a header, and so remembered: a client may send several 100,000.
AGENT_BYTES = 4 * LENGTHS["user_agent"]
REFERRER_BYTES = 2_000
DAY_MICROSECONDS = 24 * 3600 * 1_000_000
# What fetches an address to show its title and picture. Browsers inside of apps have other names.
PREVIEWS = re.compile(
    r"(?i)facebookexternalhit|facebookcatalog|meta-externalfetcher|WhatsApp/|TelegramBot|Twitterbot"
    r"|Slackbot|Slack-ImgProxy|Discordbot|LinkedInBot|SkypeUriPreview|Snap URL Preview|redditbot"
    r"|Pinterestbot|vkShare|Viber/|Iframely|Embedly|Mastodon/|Bluesky Cardyb|Google-PageRenderer"
    r"|Microsoft-Preview|MicrosoftPreview|BingPreview|Line-Poker|Kakaotalk-scrap|TeamsUrlPreview"
)
TABLETS = re.compile(r"(?i)iPad|Tablet|Kindle|Silk/|PlayBook|Nexus (7|9|10)|SM-[TX]\d")
PHONES = re.compile(r"(?i)iPhone|iPod|Mobile|Windows Phone|BlackBerry|Opera Mini|IEMobile")
COMPUTERS = re.compile(r"Windows NT|Macintosh|X11|CrOS|Linux")


class Agent(NamedTuple):
    """What a User-Agent header says. `text` is the header as a click's line has it."""

    kind: str
    device: str
    text: str


def agent_of(header: bytes) -> Agent:
    """Read a User-Agent header, of which the first 300 characters count."""
    return _agent_of(header[:AGENT_BYTES])


@lru_cache(maxsize=KNOWN_AGENTS)
def _agent_of(header: bytes) -> Agent:
    text = header.decode("utf-8", "replace")[: LENGTHS["user_agent"]]
    kind = VISIT
    if PREVIEWS.search(text):
        kind = PREVIEW
    elif is_robot(text or "none"):
        kind = ROBOT
    return Agent(kind, device_of(text), escaped(text))


def device_of(text: str) -> str:
    """Return the kind of device that a User-Agent header names."""
    if TABLETS.search(text) or ("Android" in text and "Mobile" not in text):
        return TABLET
    if PHONES.search(text) or "Android" in text:
        return PHONE
    return COMPUTER if COMPUTERS.search(text) else OTHER


def kind_of(agent: Agent, method: str, headers: Mapping[bytes, bytes]) -> str:
    """Return the kind of a click on a link that counts now."""
    if method == "HEAD":
        return HEAD
    said = None
    for name in PREFETCH_HEADERS:
        if name in headers:
            said = headers[name].strip().lower()
            break
    if said is not None and said.startswith((b"prefetch", b"preview", b"prerender")):
        return PREFETCH
    return agent.kind


def referrer_host(header: bytes | None) -> str:
    """Return the host of a Referer header as a click's line has it; "" for no valid address."""
    return _referrer_host(header[:REFERRER_BYTES]) if header else ""


@lru_cache(maxsize=KNOWN_REFERRERS)
def _referrer_host(header: bytes) -> str:
    try:
        host = urlsplit(header.decode("utf-8", "replace")).hostname or ""
    except ValueError:
        return ""
    return escaped(host[: LENGTHS["referrer_host"]].lower())


class VisitorHashes:
    """Hashes of who followed a link, by keys of days. For use by several threads.

    The hash is of brand, address and User-Agent: a visitor is another one for each brand and each
    day. Keys are deleted after two days, so no one can compute a hash of before again. A day
    without a key gets one of this process.
    """

    def __init__(self) -> None:
        self.keys: Mapping[int, bytes] = {}  # by the number of the day since 1970, UTC
        self._own = (-1, b"")  # a day, and the key of this process for it
        self._prepared = (-1, dict[int, "hashlib.blake2b"]())  # a day, and a hash of each brand
        self._lock = threading.Lock()  # of what is written here

    def take(self, keys: Mapping[int, bytes]) -> None:
        """Use these keys from now on."""
        with self._lock:
            self.keys, self._prepared = keys, (-1, {})

    def hash_of(self, brand_id: int, address: str, agent: bytes, now: int) -> int:
        """Return 64 bits with a sign. `now` is in microseconds since 1970."""
        day = now // DAY_MICROSECONDS
        prepared_day, of_brands = self._prepared
        of_brand = of_brands.get(brand_id) if prepared_day == day else None
        if of_brand is None:
            of_brand = self._prepare(brand_id, day)
        one = of_brand.copy()
        one.update(b"%b\n%b" % (address.encode(), agent))
        return int.from_bytes(one.digest(), "big", signed=True)

    def _prepare(self, brand_id: int, day: int) -> hashlib.blake2b:
        """Return BLAKE2b with the day's key (RFC 7693), which has read the brand: 64 bits."""
        with self._lock:
            if self._prepared[0] != day:
                self._prepared = (day, {})
            key = self.keys.get(day)
            if key is None:
                if self._own[0] != day:
                    self._own = (day, secrets.token_bytes(32))
                key = self._own[1]
            made = hashlib.blake2b(b"%d\n" % brand_id, key=key, digest_size=8)
            self._prepared[1][brand_id] = made
            return made
