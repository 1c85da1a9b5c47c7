"""Link domains. Written by generate_client.py; changes are lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from tributary_client.calling import Caller, quoted


class LinkDomainShown(TypedDict):
    """A host of the brand, such as go.brand.com, whose every path is one of its tracking links."""

    id: str
    host: str
    works: bool
    is_shown: bool
    problem: str | None
    verified_at: str | None
    checked_at: str | None
    created_at: str


class LinkDomains(Caller):
    """The operations on link domains."""

    def list_link_domains(
        self,
        *,
        created_since: str | None = None,
        created_before: str | None = None,
    ) -> Iterator[LinkDomainShown]:
        """GET /api/v1/link-domains: Return the brand's own hosts for links, those added last
        first.
        """
        return self.pages(
            "/api/v1/link-domains",
            asked={
                "created_since": created_since,
                "created_before": created_before,
            },
        )

    def show_link_domain(
        self,
        link_domain: str,
    ) -> LinkDomainShown:
        """GET /api/v1/link-domains/{link_domain}: Return one host, with what the last check of
        its DNS records found.
        """
        answer: LinkDomainShown = self.call(
            "GET",
            f"/api/v1/link-domains/{quoted(link_domain)}",
        )
        return answer
