"""One conversion: how it was credited and what it earned. The list is in `lists`."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.audit_log.selectors import history_of
from accounts.permissions import Permission
from brand_admin import history
from brand_admin.access import BrandRequest, brand_page
from brand_admin.conversions.refunds import lines_in_words
from brand_admin.pages import render_page
from core.money import Money
from core.references import Reference
from offers.wording import explain
from payouts.selectors import entries_of_conversion
from tracking.figures.conversion_list import conversions
from tracking.flags.selectors import flags_of_conversion
from tracking.flags.sentences import sentence
from tracking.models import OrderRevision, PaymentStatus
from tracking.orders.exchange import plain_rate
from tracking.orders.lookup import (
    conversions_of_order,
    lines_of_order,
    refunds_of_order,
    revisions_of_order,
)

SECTION = "conversions"


@require_safe
@brand_page(Permission.READ)
def conversion_page(request: BrandRequest, conversion_id: int) -> HttpResponse:
    """One conversion: who was credited and why, what it earned, and everything that happened."""
    conversion = get_object_or_404(conversions(), pk=conversion_id)
    lines, refunds = (
        lines_of_order(conversion.order_id),
        list(refunds_of_order(conversion.order_id)),
    )
    targets = [
        Reference.to(conversion),
        Reference.to(conversion.order),
        *map(Reference.to, refunds),
    ]
    entries = list(entries_of_conversion(conversion.pk))
    return render_page(
        request,
        "brand_admin/conversions/conversion.html",
        section=SECTION,
        conversion=conversion,
        others=[row for row in conversions_of_order(conversion.order_id) if row != conversion],
        order=conversion.order,
        explanation=explain(conversion.explanation, conversion.currency),
        other_evidence=conversion.claims[1:],
        lines=[(row, Money(row.net_minor, conversion.order.currency)) for row in lines],
        total=Money(conversion.order.total_minor, conversion.order.currency),
        rate=plain_rate(conversion.rate) if conversion.rate else "",
        refunds=[(refund, lines_in_words(refund)) for refund in refunds],
        revisions=[
            (revision, _stated(revision)) for revision in revisions_of_order(conversion.order)
        ],
        entries=entries,
        booked=Money(sum(entry.amount_minor for entry in entries), conversion.currency),
        flags=[(row, sentence(row)) for row in flags_of_conversion(conversion.pk)],
        history=history.lines(history_of(targets)),
    )


def _stated(revision: OrderRevision) -> str:
    """What the shop said of an order, in words: "84.20 GBP, 2 lines, cancelled"."""
    contents = revision.contents
    currency = contents["currency"]
    total = sum(Money.parse(line["amount"], currency).minor for line in contents["lines"])
    number = len(contents["lines"])
    parts = [str(Money(total, currency)), f"{number} line{'s' if number > 1 else ''}"]
    if contents["payment_status"] != PaymentStatus.PAID:
        parts.append(PaymentStatus(contents["payment_status"]).label.lower())
    if contents["cancelled_at"]:
        parts.append("cancelled")
    return ", ".join(parts)
