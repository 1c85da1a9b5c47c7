"""The mail about new terms to the members of an offer.

One campaign per language. It is sent like every other mail: with unsubscribe headers, and nothing
to a suppressed address. The dashboard shows the new terms as soon as they are saved.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from html import escape

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actors import Actor
from affiliates.models import Member
from affiliates.selectors import language_of
from core.languages import speaking
from core.references import Reference
from core.templatetags.display import day
from notifications.models import Campaign, Purpose
from notifications.services import Recipient, confirm_campaign
from offers.models import Enrollment, Offer, Terms
from offers.wording import describe_fully, describe_rules, describe_tiers
from tracking.outreach.audience import audience
from tracking.outreach.template_values import literal

_NAMESPACE = uuid.UUID("0b9a2f0e-5c0c-4f4c-8f4e-6c7a0a5f2d11")


def send_terms_mail(*, terms: Terms, before: Terms, by: Actor, now: datetime) -> list[Campaign]:
    """Mail every active member the new `terms` (with offer) and the terms `before` them.

    A second call for the same version sends nothing.
    """
    offer = terms.offer
    active = Enrollment.objects.active().filter(offer=offer)
    chosen = audience(
        purpose=Purpose.TERMS_CHANGED,
        enrollments=active,
        include_already_sent=True,
        now=now,
    )
    sent = []
    for language, people in _by_language(chosen.recipients).items():
        with speaking(language), timezone.override(offer.brand.zone):
            sent.append(_send(offer, terms, before, people, language, by=by, now=now))
    return sent


def _by_language(recipients: Sequence[Recipient]) -> dict[str, list[Recipient]]:
    ids = [Reference(one.recipient).number or 0 for one in recipients]
    members = Member.objects.select_related("creator").in_bulk(ids)
    found: dict[str, list[Recipient]] = defaultdict(list)
    for one, member_id in zip(recipients, ids, strict=True):
        found[language_of(members[member_id])].append(one)
    return found


def _send(
    offer: Offer,
    terms: Terms,
    before: Terms,
    people: list[Recipient],
    language: str,
    *,
    by: Actor,
    now: datetime,
) -> Campaign:
    return confirm_campaign(
        purpose=Purpose.TERMS_CHANGED,
        about=Reference.to(offer),
        title=offer.name,
        subject=_("New terms for {{ offer_name }}"),
        body=_body(offer, terms, before),
        recipients=people,
        confirmation=uuid.uuid5(_NAMESPACE, f"{terms.pk} {language}"),
        by=by,
        now=now,
    )


def _body(offer: Offer, terms: Terms, before: Terms) -> str:
    """Return the mail's HTML in the active language."""
    starts = _("From %(day)s on you earn for {{ offer_name }}:") % {"day": day(terms.starts_at)}
    until = _("Nothing changes for orders placed before:")
    return "\n".join(
        [
            f"<p>{_('Hi {{ first_name | there }},')}</p>",
            f"<p>{starts}</p>",
            _terms_html(terms, offer.currency),
            f"<p>{until}</p>",
            f"<blockquote><p>{_escaped(describe_fully(before, offer.currency))}</p></blockquote>",
            f'<p><a href="{{{{ dashboard_link }}}}">{_("See my dashboard")}</a></p>',
            f"<p>{_('Thanks,')}<br>{{{{ sender_name }}}}</p>",
        ]
    )


def _terms_html(terms: Terms, currency: str) -> str:
    """Return the terms as the dashboard shows them."""
    lines = [*describe_tiers(terms, currency), *describe_rules(terms, currency)]
    listed = "".join(f"<li>{_escaped(line)}</li>" for line in lines)
    sentence = f"<p><strong>{_escaped(describe_fully(terms, currency))}</strong></p>"
    return sentence + (f"<ul>{listed}</ul>" if listed else "")


def _escaped(text: str) -> str:
    return escape(literal(text))
