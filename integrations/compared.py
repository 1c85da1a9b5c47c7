"""Read how the codes of offers stand here and in shops, as they were compared last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, Count, IntegerField, Q, QuerySet, When
from django.db.models.functions import Upper

from integrations.models import DIFFERENCES, CodeState, ComparedCode, OfferDiscount
from integrations.shopify.links import with_code

IN_USE_HERE = (CodeState.IN_STEP, CodeState.MISSING, CodeState.TO_MAKE)
ACTIVE_THERE = (CodeState.IN_STEP, CodeState.UNKNOWN, CodeState.CAME_BACK, CodeState.TO_END)
TO_DECIDE = Q(state__in=DIFFERENCES) | ~Q(problem="")
DECIDE = "differences"  # a filter beside the states
WITH_LINKS = "shopify"  # the kind of shop whose addresses can apply a code


@dataclass(frozen=True, slots=True)
class DiscountCounts:
    """An offer's discount in a shop, with how many codes are in use here and active there."""

    discount: OfferDiscount
    here: int
    there: int
    differences: int


def offer_discounts(*, search: str = "", connection: int | None = None) -> QuerySet[OfferDiscount]:
    """The discounts of offers in shops, with offer and connection; live ones first."""
    found = OfferDiscount.objects.select_related("offer", "connection")
    if connection is not None:
        found = found.filter(connection=connection)
    if text := search.strip():
        found = found.filter(Q(offer__name__icontains=text) | Q(connection__name__icontains=text))
    return found


def with_code_counts(found: Sequence[OfferDiscount]) -> list[DiscountCounts]:
    """Return the discounts with their counts, in one query."""
    rows = (
        ComparedCode.objects.filter(discount__in=[one.pk for one in found])
        .order_by()
        .values_list("discount")
        .annotate(
            here=Count("pk", filter=Q(state__in=IN_USE_HERE)),
            there=Count("pk", filter=Q(state__in=ACTIVE_THERE)),
            differences=Count("pk", filter=TO_DECIDE),
        )
    )
    counts = {pk: numbers for pk, *numbers in rows}
    return [DiscountCounts(one, *counts.get(one.pk, (0, 0, 0))) for one in found]


def compared_codes(
    discount: OfferDiscount, *, search: str = "", state: str = ""
) -> QuerySet[ComparedCode]:
    """The codes of a discount with their members; what staff should decide about comes first.

    `state` is one of CodeState, DECIDE, or "" for all.
    """
    # With a problem before without one; then in the sequence of the states.
    places = [When(~Q(problem=""), then=0)]
    places += [When(state=one, then=place) for place, one in enumerate(CodeState.values, 1)]
    found = ComparedCode.objects.filter(discount=discount).select_related(
        "enrollment__member", "discount__offer"
    )
    if state:
        found = found.filter(TO_DECIDE if state == DECIDE else Q(state=state))
    if text := search.strip().replace("\0", ""):
        named = Q(enrollment__member__first_name__icontains=text)
        named |= Q(enrollment__member__last_name__icontains=text)
        found = found.filter(Q(code__icontains=text) | named)
    return found.annotate(
        place=Case(*places, output_field=IntegerField()), text=Upper("code")
    ).order_by("place", "text", "pk")


def link_with_code(discount: OfferDiscount, code: ComparedCode) -> str:
    """The address that applies a code of a member by itself, where the shop has such; else ""."""
    if discount.connection.kind != WITH_LINKS or code.state != CodeState.IN_STEP:
        return ""
    return with_code(
        discount.offer.destination_url or f"https://{discount.connection.store}/", code.code
    )
