"""Give a link the slug that a member or staff chose. The slugs before it go on leading there."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import CharField, F, Func
from django.utils.translation import gettext as _

from accounts.models import Brand
from core.tenancy import across_brands
from tracking.links.slug_text import MAX_SLUG_LENGTH, SlugError, folded, is_reserved, read_slug
from tracking.models import LinkSlug, TrackingLink

MAX_CHOSEN_SLUGS = 20  # that a member has chosen or given up in one offer
SUGGESTIONS = 9


def take_slug(link: TrackingLink, text: str, *, by_member: bool) -> bool:
    """Give a link, whose row is locked, another slug; return whether it is a new one.

    Raises SlugError for a text that is no slug, and for a slug that is reserved or that another
    link has, had, or has in a form that looks alike. Of two who want it at once, one gets it.
    """
    slug = read_slug(text)
    if slug == link.slug:
        return False
    if by_member and _chosen_slugs(link) >= MAX_CHOSEN_SLUGS and not _had(link, slug):
        raise SlugError(
            _("You have chosen %(most)s link ends here already. Ask the brand for another one.")
            % {"most": MAX_CHOSEN_SLUGS}
        )
    if is_reserved(slug) or _names_a_brand(slug, but=None if by_member else link.brand_id):
        raise _taken(slug)
    link.slug = slug
    try:
        with transaction.atomic():
            link.save(update_fields=["slug"])
    except IntegrityError:
        raise _taken(slug) from None
    return True


def earlier_slugs(link: TrackingLink) -> list[str]:
    """Return the slugs that lead to the link beside its own, the newest first."""
    found = LinkSlug.objects.filter(link=link).exclude(slug=link.slug.lower())
    return list(found.order_by("-given_at", "-pk").values_list("slug", flat=True))


def _chosen_slugs(link: TrackingLink) -> int:
    """How many slugs of this enrollment's links were chosen: each link began with another one."""
    links = TrackingLink.objects.filter(enrollment=link.enrollment_id)
    return LinkSlug.objects.filter(link__in=links).count() - links.count()


def _had(link: TrackingLink, slug: str) -> bool:
    return LinkSlug.objects.filter(link=link, slug=slug).exists()


def _names_a_brand(slug: str, *, but: int | None) -> bool:
    """Whether the slug looks like a brand's name. Staff may use that of their own brand."""
    return bool({pk for pk, _form in _brands_like([folded(slug)])} - {but})


def _brands_like(forms: Iterable[str]) -> list[tuple[int, str]]:
    """The brands whose names, folded, are one of these: their ids, and that form."""
    alike = Func(F("slug"), function="tracking_folded_slug", output_field=CharField())
    found = Brand.objects.annotate(alike=alike).filter(alike__in=list(forms))
    return list(found.values_list("pk", "alike"))


def _taken(slug: str) -> SlugError:
    free = _free_like(slug)
    if free:
        message = _("%(slug)s is taken, or looks like one that is. %(free)s is free.")
        return SlugError(message % {"slug": slug, "free": free})
    return SlugError(
        _("%(slug)s is taken, or looks like one that is. Choose another.") % {"slug": slug}
    )


def _free_like(slug: str) -> str:
    """A slug like this one that is free now, or "" when the first few are not."""
    start = slug[: MAX_SLUG_LENGTH - 2].rstrip("-")
    wanted = [f"{start}-{number}" for number in range(2, 2 + SUGGESTIONS)]
    forms = {folded(one): one for one in wanted if not is_reserved(one)}
    with across_brands(reason="a slug is free if no link of any brand has it"):
        links = LinkSlug.objects.filter(folded__in=list(forms))
        having = set(links.values_list("folded", flat=True))
    having |= {form for _pk, form in _brands_like(forms)}
    return next((one for form, one in forms.items() if form not in having), "")
