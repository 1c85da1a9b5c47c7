"""The text of the mail about sales, in the active language. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from html import escape

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from affiliates.models import Member
from core.money import Money
from core.templatetags.display import count, day, masked_reference, money
from notices.texts import NoticeText, sums
from notifications.bodies import dashboard_button, paragraph, whole_body, written
from offers.models import EnrollmentStatus
from tracking.models import Conversion, ConversionStatus

MAX_SALES_LISTED = 20  # of an offer; the dashboard has them all


def sales_that_count(member: Member, ids: Collection[int]) -> QuerySet[Conversion]:
    """Return those of the member's sales that are accepted or wait for it, with what texts need."""
    return Conversion.objects.filter(
        Q(status=ConversionStatus.ACCEPTED) | Q(status=ConversionStatus.PENDING, is_held=False),
        pk__in=ids,
        member=member,
        enrollment__status=EnrollmentStatus.ACTIVE,
        share_bp__gt=0,
        sale_minor__gt=F("refunded_minor"),
    ).select_related("order", "offer", "enrollment")


def sales_text(sales: Sequence[Conversion]) -> NoticeText:
    """Return the mail about these sales of one member, which have order, offer and enrollment."""
    subject = ngettext(
        "A sale for {{ brand_name }}: you earn %(amount)s",
        "%(count)s sales for {{ brand_name }}: you earn %(amount)s",
        len(sales),
    ) % {"count": count(len(sales)), "amount": sums(earned_of(sale) for sale in sales)}
    by_offer: dict[int, list[Conversion]] = defaultdict(list)
    for sale in sales:
        by_offer[sale.enrollment_id].append(sale)
    parts = [paragraph(_("Thank you for sharing. These orders came through you:"))]
    for listed in by_offer.values():
        parts += _offer(listed)
    if any(sale.status == ConversionStatus.PENDING for sale in sales):
        parts.append(paragraph(_("Pending sales count once {{ brand_name }} has accepted them.")))
    parts.append(dashboard_button())
    most = max(by_offer.values(), key=len)
    return NoticeText(subject, whole_body(parts), most[0].enrollment)


def earned_of(sale: Conversion) -> Money:
    """Return what a sale earns, or would earn once accepted: what the dashboard shows of it."""
    is_pending = sale.status == ConversionStatus.PENDING
    return Money(sale.earnable_minor if is_pending else sale.commission_minor, sale.currency)


def _offer(sales: Sequence[Conversion]) -> list[str]:
    lines = "".join(f"<li>{escape(_line(sale))}</li>" for sale in sales[:MAX_SALES_LISTED])
    more = len(sales) - MAX_SALES_LISTED
    if more > 0:
        told = ngettext("and %(count)s more", "and %(count)s more", more) % {"count": count(more)}
        lines += f"<li>{told}</li>"
    name = written(sales[0].offer.name)
    return [paragraph(f"<strong>{name}</strong>"), f"<ul>{lines}</ul>"]


def _line(sale: Conversion) -> str:
    values = {
        "day": day(sale.occurred_at, "short"),
        "sale": money(Money(sale.sale_minor - sale.refunded_minor, sale.currency)),
        "order": masked_reference(sale.order.external_id),
        "earned": money(earned_of(sale)),
    }
    if sale.status == ConversionStatus.PENDING:
        return _("%(day)s: %(sale)s, order %(order)s; pending, you would earn %(earned)s") % values
    return _("%(day)s: %(sale)s, order %(order)s; you earn %(earned)s") % values
