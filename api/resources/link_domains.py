"""Domains of the brand for its links. Staff add them: their records are set by hand anyway."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest
from ninja import Query

from api.authentication import Scope
from api.resources.operations import Noun
from api.resources.reading import page_of, row_at, shown_id
from api.schemas.link_domains import AskedLinkDomains, LinkDomainShown
from api.schemas.parts import Page, moment, moment_or_none
from core.public_ids import IdKind
from tracking.models import LinkDomain

NOUN = Noun("link domains", changes=Scope.MEMBERS)


@NOUN.get("/link-domains", Page[LinkDomainShown])
def list_link_domains(
    request: HttpRequest, asked: Query[AskedLinkDomains]
) -> Page[LinkDomainShown]:
    """Return the brand's own hosts for links, those added last first."""
    return page_of(request, asked, LinkDomain.objects.all(), column="created_at", show=_show)


@NOUN.get("/link-domains/{link_domain}", LinkDomainShown)
def show_link_domain(request: HttpRequest, link_domain: str) -> LinkDomainShown:
    """Return one host, with what the last check of its DNS records found."""
    return _show([row_at(IdKind.LINK_DOMAIN, link_domain, LinkDomain.objects.all())])[0]


def _show(rows: Sequence[LinkDomain]) -> list[LinkDomainShown]:
    return [
        LinkDomainShown(
            id=shown_id(IdKind.LINK_DOMAIN, row.pk),
            host=row.host,
            works=row.works,
            is_shown=row.works and row.is_main,
            problem=row.problem or None,
            verified_at=moment_or_none(row.verified_at),
            checked_at=moment_or_none(row.checked_at),
            created_at=moment(row.created_at),
        )
        for row in rows
    ]
