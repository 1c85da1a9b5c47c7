"""Handles: a member's name on a platform, and the address of the profile. Pure.

People enter "@mara", "mara" or the address of the profile. Only the name is stored, so that the
link can be made anew when a platform changes its addresses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from affiliates.models import Platform
from core.hosts import is_within

MAX_URL_LENGTH = 200


class HandleError(ValueError):
    """The text is not a handle of the platform."""

    def __init__(self, platform: Platform, message: str) -> None:
        super().__init__(message)
        self.platform = platform


@dataclass(frozen=True, slots=True)
class _Site:
    """The addresses of a platform's profiles; `prefixes` come before the name in them."""

    hosts: tuple[str, ...]
    profile: str
    name: re.Pattern[str] = re.compile(r"[A-Za-z0-9._-]{1,100}")
    prefixes: tuple[str, ...] = ()


SITES = {
    Platform.INSTAGRAM: _Site(("instagram.com",), "https://www.instagram.com/{}"),
    Platform.TIKTOK: _Site(("tiktok.com",), "https://www.tiktok.com/@{}"),
    Platform.YOUTUBE: _Site(
        ("youtube.com", "youtu.be"), "https://www.youtube.com/{}", prefixes=("channel", "c", "user")
    ),
    Platform.TWITCH: _Site(("twitch.tv",), "https://www.twitch.tv/{}"),
    Platform.X: _Site(("x.com", "twitter.com"), "https://x.com/{}"),
    Platform.FACEBOOK: _Site(("facebook.com", "fb.com"), "https://www.facebook.com/{}"),
    Platform.PINTEREST: _Site(("pinterest.com", "pinterest.co.uk"), "https://www.pinterest.com/{}"),
}


@dataclass(frozen=True, slots=True)
class Handle:
    """A handle as it is shown, with the address of the profile."""

    platform: Platform
    name: str

    @property
    def label(self) -> str:
        return str(self.platform.label)

    @property
    def shown(self) -> str:
        if self.platform == Platform.WEBSITE:
            return (urlsplit(self.name).hostname or self.name).removeprefix("www.")
        return f"@{self.name.rpartition('/')[2]}"

    @property
    def url(self) -> str:
        if self.platform == Platform.WEBSITE:
            return self.name
        is_plain = self.platform == Platform.YOUTUBE and "/" not in self.name
        return SITES[self.platform].profile.format(f"@{self.name}" if is_plain else self.name)


def clean_handle(platform: Platform, text: str) -> str:
    """The handle in the stored form; "" for none. Raises HandleError."""
    written = text.strip()
    if not written:
        return ""
    if platform == Platform.WEBSITE:
        return _website(written)
    site = SITES[platform]
    is_address = "/" in written and written.partition("/")[0] not in site.prefixes
    name = _name_in(platform, site, written) if is_address else written.removeprefix("@")
    prefix, _, rest = name.rpartition("/")
    if (prefix and prefix not in site.prefixes) or not site.name.fullmatch(rest):
        raise HandleError(platform, f"{written!r} is not a name on {platform.label}")
    return name


def _name_in(platform: Platform, site: _Site, written: str) -> str:
    """The name in the address of a profile."""
    parts = _parts(platform, written)
    host = (parts.hostname or "").lower()
    if not any(is_within(host, known) for known in site.hosts):
        raise HandleError(platform, f"{written!r} is not on {platform.label}")
    steps = [step for step in parts.path.split("/") if step]
    if len(steps) > 1 and steps[0] in site.prefixes:
        return f"{steps[0]}/{steps[1]}"
    return steps[0].removeprefix("@") if steps else ""


def _website(written: str) -> str:
    parts = _parts(Platform.WEBSITE, written)
    host = parts.hostname or ""
    if "." not in host or "@" in parts.netloc or len(parts.geturl()) > MAX_URL_LENGTH:
        raise HandleError(Platform.WEBSITE, f"{written!r} is not the address of a website")
    return parts.geturl()


def _parts(platform: Platform, written: str) -> SplitResult:
    """The parts of an http(s) address, with or without its scheme."""
    whole = written if "://" in written else f"https://{written}"
    try:
        parts = urlsplit(whole)
    except ValueError as error:
        raise HandleError(platform, f"{written!r} is not an address") from error
    if parts.scheme not in {"http", "https"} or any(c.isspace() or c in "<>\"'\\" for c in whole):
        raise HandleError(platform, f"{written!r} is not an address")
    return parts
