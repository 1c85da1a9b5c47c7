"""The text of the mail to a member who joined, in the active language. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import Exists
from django.utils.translation import gettext as _

from affiliates.models import Member
from notices.texts import NoticeText
from notifications.bodies import dashboard_button, paragraph, whole_body, written
from offers.models import Enrollment, OfferStatus
from tracking.links.items import items_of
from tracking.outreach.template_values import values_for
from tracking.outreach.unsent_items import items_mails


def joined(member: Member, ids: Collection[int]) -> list[Enrollment]:
    """Return those of the enrollments that are worth a welcome: with their offer, and active.

    A member who was mailed their code and link by staff has been welcomed.
    """
    rows = Enrollment.objects.active().filter(
        ~Exists(items_mails()), pk__in=ids, member=member, offer__status=OfferStatus.ACTIVE
    )
    return list(rows.select_related("member", "offer").order_by("pk"))


def welcome_text(enrollments: Sequence[Enrollment], *, now: datetime) -> NoticeText:
    """Return the mail about these enrollments of one member."""
    values = values_for(enrollments, items=items_of(enrollments), now=now)
    parts = [paragraph(_("Welcome! It is good to have you with us."))]
    for row in enrollments:
        parts.append(f"<h2>{written(row.offer.name)}</h2>")
        parts += [paragraph(line) for line in _lines(values[row.pk])]
    own_page = _("On a page of your own you can follow every sale you send us, and what it earns:")
    parts += [paragraph(own_page), dashboard_button()]
    return NoticeText(_("Welcome to {{ brand_name }}"), whole_body(parts), enrollments[0])


def _lines(values: dict[str, str | None]) -> list[str]:
    """Return what the member earns, and their code and link if they have them."""
    lines = [_("You earn %(commission)s.") % {"commission": written(values["commission"] or "")}]
    if code := values["promo_code"]:
        lines.append(_("Your code: %(code)s") % {"code": f"<code>{written(code)}</code>"})
    if link := values["tracking_link"]:
        lines.append(_("Your link: %(link)s") % {"link": written(link)})
    return lines
