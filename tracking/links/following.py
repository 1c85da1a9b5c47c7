"""Follow a tracking link as a shopper's browser would, and note each hop.

Addresses are called through core.outgoing: none of a private network, with limits of time and size.
Scripts are not run. A click id is not kept in what is noted, as it would credit an order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from html.parser import HTMLParser
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from core.hosts import is_within
from core.outgoing import Answer, Caller, NoAnswerError, calls_within
from tracking.links.click_ids import CLICK_PARAMETER

MAX_HOPS = 12
HOP_SECONDS, ALL_SECONDS = 10.0, 45.0
MAX_PAGE_BYTES = 3_000_000
MAX_REFRESH_SECONDS = 5  # of a page that leads on by itself
REDIRECTS = (301, 302, 303, 307, 308)
BROWSER = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Mobile Safari/537.36 TributaryLinkTest/1.0"
)
HEADERS = {
    "User-Agent": BROWSER,
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Accept-Language": "en",
}
# For the link itself: a prefetch is redirected like a shopper, and is no click.
NO_CLICK = {"Sec-Purpose": "prefetch"}
PAGE_SCRIPT = "/t.js"
REFRESH = re.compile(
    r"\s*(\d{1,3})(?:\.\d*)?\s*[;,]\s*(?:url\s*=\s*)?['\"]?([^'\"]+)", re.IGNORECASE
)
CLICK_ID = re.compile(rf"([?&]{CLICK_PARAMETER}=)[^&#]*")
MAX_SHOWN = 500  # characters of an address
MAX_NAMES = 30  # of cookies or parameters of one hop


@dataclass(slots=True)
class Hop:
    """One address that was called. `lost` are parameters that the address before had.

    `has_click_id` says whether the address has it, `keeps_cookie` whether a cookie holds it here.
    """

    address: str
    host: str
    status: int = 0
    has_click_id: bool = False
    keeps_cookie: bool = False
    cookies: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    problem: str = ""  # the end of a sentence: "it …"


@dataclass(slots=True)
class LandingPage:
    """What the last page has: our script or not, and whether its policy lets it run."""

    has_script: bool = False
    waits_for_consent: bool = False
    policy_forbids: bool = False
    is_page: bool = False


@dataclass(slots=True)
class Followed:
    """All hops, and the page at their end."""

    hops: list[Hop] = field(default_factory=list)
    landing: LandingPage = field(default_factory=LandingPage)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class _Cookies:
    """The cookies of one browser: names and values by domain, without paths and ends."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], str] = {}  # by domain ("" before a host's own) and name

    def take(self, headers: httpx.Headers, host: str) -> list[str]:
        """Keep what an answer sets; return each as "name (domain)"."""
        named = []
        for text in headers.get_list("set-cookie"):
            found = SimpleCookie()
            try:
                found.load(text)
            except CookieError:
                continue
            for name, cookie in found.items():
                domain = cookie["domain"].lstrip(".").lower() or host
                if ("." not in domain and domain != host) or not is_within(host, domain):
                    continue  # a browser refuses it
                self._kept[domain, name] = cookie.value
                named.append(f"{name[:60]} ({domain[:100]})")
        return named[:MAX_NAMES]

    def header(self, host: str) -> str:
        sent = [f"{name}={value}" for (domain, name), value in self._kept.items()
                if is_within(host, domain)]  # fmt: skip
        return "; ".join(sent)

    def has(self, name: str, host: str) -> bool:
        return any(one == name and is_within(host, domain) for domain, one in self._kept)


def follow(address: str, *, our_hosts: frozenset[str]) -> Followed:
    """Follow `address` to the page where a shopper arrives. Never raises for what it meets.

    `our_hosts` are those that the page script may be loaded from.
    """
    found, cookies, before = Followed(), _Cookies(), ""
    with calls_within(ALL_SECONDS), Caller(seconds=HOP_SECONDS, max_bytes=MAX_PAGE_BYTES) as caller:
        while True:
            hop = _hop(address, before)
            found.hops.append(hop)
            if len(found.hops) > MAX_HOPS:
                hop.problem = f"is the {len(found.hops)}th address, and browsers give up"
                return found
            try:
                answer = _call(caller, address, cookies.header(hop.host), is_ours=not before)
            except NoAnswerError as error:
                hop.problem = str(error)
                return found
            hop.status, hop.cookies = answer.status, cookies.take(answer.headers, hop.host)
            hop.keeps_cookie = cookies.has(CLICK_PARAMETER, hop.host)
            page = _page(answer, address, our_hosts)
            following = _following(answer, address, page)
            if following is None:
                found.landing = page.landing
                return found
            before, address = address, following


def _call(caller: Caller, address: str, cookie: str, *, is_ours: bool) -> Answer:
    if urlsplit(address).scheme not in ("http", "https"):
        raise NoAnswerError("is no address of a web page")
    headers = HEADERS | (NO_CLICK if is_ours else {}) | ({"Cookie": cookie} if cookie else {})
    return caller.send("GET", address, headers=headers)


def _hop(address: str, before: str) -> Hop:
    now, then = _names(address), _names(before)
    try:
        host = (urlsplit(address).hostname or "").lower()
    except ValueError:
        host = ""
    return Hop(
        address=CLICK_ID.sub(r"\1…", address)[:MAX_SHOWN],
        host=host,
        has_click_id=CLICK_PARAMETER in now,
        lost=[name[:60] for name in then if name not in now][:MAX_NAMES],
    )


def _names(address: str) -> Mapping[str, None]:
    try:
        pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return {}
    return dict.fromkeys(name for name, _ in pairs)


class _Page(HTMLParser):
    """Reads a page for our script, its policy, and an address that it leads on to by itself."""

    def __init__(self, address: str, our_hosts: frozenset[str]) -> None:
        super().__init__()
        self.address, self.our_hosts = address, our_hosts
        self.landing, self.refresh = LandingPage(is_page=True), ""
        self.script_host = ""
        self.policies: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "script" and "src" in given:
            self._script(given)
        if tag == "meta":
            kind, content = given.get("http-equiv", "").lower(), given.get("content", "")
            leads_on = REFRESH.match(content) if kind == "refresh" else None
            if leads_on and int(leads_on[1]) <= MAX_REFRESH_SECONDS:
                self.refresh = self.refresh or leads_on[2].strip()
            if kind == "content-security-policy":
                self.policies.append(content)

    def _script(self, given: Mapping[str, str]) -> None:
        try:
            parts = urlsplit(urljoin(self.address, given["src"].strip()))
        except ValueError:
            return
        if parts.path == PAGE_SCRIPT and parts.netloc.lower() in self.our_hosts:
            self.landing.has_script, self.script_host = True, parts.netloc.lower()
            self.landing.waits_for_consent = "data-consent" in given


def _page(answer: Answer, address: str, our_hosts: frozenset[str]) -> _Page:
    page = _Page(address, our_hosts)
    kind = answer.headers.get("content-type", "text/html")
    if "html" not in kind.lower():
        page.landing.is_page = False
        return page
    page.feed(answer.body.decode("utf-8", errors="replace"))
    policies = [*answer.headers.get_list("content-security-policy"), *page.policies]
    if page.landing.has_script:
        page.landing.policy_forbids = any(
            _forbids(policy, page.script_host) for text in policies for policy in text.split(",")
        )
    return page


def _forbids(policy: str, host: str) -> bool:
    """Whether a policy names sources of scripts, and none that lets one of this host run.

    With a nonce, a digest or strict-dynamic only the browser knows, so it counts as allowed.
    """
    directives: dict[str, list[str]] = {}
    for text in policy.lower().split(";"):
        name, *sources = text.split() or [""]
        directives.setdefault(name, sources)
    named = ("script-src-elem", "script-src", "default-src")
    for name in named:
        if name in directives:
            return not any(_allows(source, host) for source in directives[name])
    return False


def _allows(source: str, host: str) -> bool:
    if source in ("*", "https:", "http:", "'strict-dynamic'") or source.startswith(
        ("'nonce-", "'sha")
    ):
        return True
    named = source.rpartition("://")[2].partition("/")[0].removesuffix(":*")
    bare = host.partition(":")[0]
    return named in (host, bare) or (named.startswith("*.") and bare.endswith(named[1:]))


def _following(answer: Answer, address: str, page: _Page) -> str | None:
    """The address that a browser goes on to by itself; None where it stays."""
    if answer.status in REDIRECTS and answer.headers.get("location"):
        target = answer.headers["location"]
    elif answer.status == 200 and page.refresh:
        target = page.refresh
    else:
        return None
    try:
        return urljoin(address, target)
    except ValueError:
        return target
