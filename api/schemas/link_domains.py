"""Domains of the brand for its links, as they are shown."""

from __future__ import annotations

from pydantic import Field

from api.schemas.ids import LinkDomainId
from api.schemas.parts import AskedPage, MomentShown, Shown


class LinkDomainShown(Shown):
    """A host of the brand, such as go.brand.com, whose every path is one of its tracking links."""

    id: LinkDomainId
    host: str
    works: bool
    is_shown: bool = Field(description="Whether links are shown with it now.")
    problem: str | None = Field(
        description="What the last check found in DNS: not_checked, no_proof (no TXT record),"
        " wrong_proof, no_address, elsewhere (another server), or taken (by another brand)."
    )
    verified_at: MomentShown | None
    checked_at: MomentShown | None
    created_at: MomentShown


class AskedLinkDomains(AskedPage):
    pass
