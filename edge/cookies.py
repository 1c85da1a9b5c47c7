"""For which domain the first-party cookie of a brand's link domain is set. Pure."""

from __future__ import annotations

from functools import lru_cache

# Under a country's domain: co.uk, com.au, gov.br, …
SHARED = frozenset(
    [
        "ac",
        "co",
        "com",
        "edu",
        "gob",
        "gov",
        "gv",
        "ltd",
        "me",
        "mil",
        "ne",
        "net",
        "nom",
        "or",
        "org",
        "plc",
        "sch",
    ]
)


@lru_cache(maxsize=10_000)
def cookie_domain(link_host: str, shop_host: str) -> str:
    """Return the domain that both hosts are on: go.brand.com and www.brand.com are on brand.com.

    "" when there is none, or when it looks like a public suffix such as co.uk, for which browsers
    refuse cookies (RFC 6265 section 5.3): the cookie is then for the link domain alone.
    """
    ours, theirs = link_host.split("."), shop_host.partition(":")[0].split(".")
    common = []
    for one, other in zip(reversed(ours), reversed(theirs), strict=False):
        if one != other:
            break
        common.append(one)
    if len(common) < 2 or (len(common) == 2 and len(common[0]) == 2 and common[1] in SHARED):
        return ""
    return ".".join(reversed(common))
