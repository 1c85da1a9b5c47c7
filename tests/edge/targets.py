"""Links for the redirect that no database knows."""

from __future__ import annotations

from typing import Any

from edge.cache import LinkCache
from edge.redirect import Redirects
from edge.targets import LinkTarget
from tests.following import Answer, ask, redirects
from tracking.links.destinations import Destination

HOME = "https://www.juniper.example/winter"
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def destination(url: str = HOME, **changes: Any) -> Destination:
    """A link of brand 1 to the shop of Juniper."""
    given: dict[str, Any] = {
        "slug": "mara",
        "link_id": 7,
        "brand_id": 1,
        "url": url,
        "other_url": HOME,
        "domains": ("juniper.example",),
        "spans": ((None, None),),
        "window_seconds": 3600,
    }
    return Destination(**{**given, **changes})


def serving(*links: Destination) -> Redirects:
    """The redirect that knows these links."""
    cache = LinkCache(size=1_000, unknown=1_000)
    cache.put({one.slug: LinkTarget(one) for one in links}, [one.slug for one in links])
    return redirects(cache)


def followed(url: str, query: str = "", **request: Any) -> Answer:
    """What following a link to `url` answers."""
    path = f"/r/mara?{query}" if query else "/r/mara"
    request.setdefault("headers", {"User-Agent": BROWSER})
    return ask(serving(destination(url)), path, **request)
