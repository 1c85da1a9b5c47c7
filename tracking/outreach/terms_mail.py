"""The mails about new terms, and about terms that were withdrawn, to the members of an offer.

One campaign per language. It is sent like every other mail: with unsubscribe headers, and nothing
to a suppressed address. The dashboard shows the new terms as soon as they are saved.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actors import Actor
from affiliates.models import Member
from affiliates.selectors import language_of
from core.languages import speaking
from core.references import Reference
from core.templatetags.display import day
from notifications.bodies import dashboard_button, paragraph, whole_body, written
from notifications.models import (
    WAITING_STATES,
    Campaign,
    Message,
    MessageQuerySet,
    Purpose,
)
from notifications.services import Recipient, cancel_campaign, confirm_campaign
from offers.models import CommissionStructure, Enrollment, EnrollmentQuerySet, Offer, Terms
from offers.wording import describe_fully, describe_rules, describe_tiers
from tracking.outreach.audience import audience

_NAMESPACE = uuid.UUID("0b9a2f0e-5c0c-4f4c-8f4e-6c7a0a5f2d11")
_Text = Callable[[], tuple[str, str]]  # subject and body in the active language


def send_terms_mail(
    *, terms: Terms, before: Terms, by: Actor, now: datetime, without: Collection[int] = ()
) -> list[Campaign]:
    """Mail every active member the new `terms` (with offer) and the terms `before` them.

    Enrollments in `without` are left out. A second call for the same version sends nothing.
    """
    return _send_all(
        Enrollment.objects.exclude(pk__in=list(without)),
        terms.offer,
        lambda: (_("New terms for {{ offer_name }}"), _body(terms, before)),
        about=Reference.to(terms),
        key=str(terms.pk),
        by=by,
        now=now,
    )


def send_replacement_mail(
    *,
    terms: Terms,
    before: Terms,
    withdrawn: CommissionStructure,
    to: Collection[int],
    by: Actor,
    now: datetime,
) -> list[Campaign]:
    """Mail these enrollments the new `terms`, which take the place of terms that they know of."""
    return _send_all(
        Enrollment.objects.filter(pk__in=list(to)),
        terms.offer,
        lambda: (_("New terms for {{ offer_name }}"), _body(terms, before, withdrawn)),
        about=Reference.to(terms),
        key=f"{terms.pk} instead",
        by=by,
        now=now,
    )


def send_withdrawal_mail(
    *,
    offer: Offer,
    withdrawn: CommissionStructure,
    about: Reference,
    instead: Terms,
    to: Collection[int],
    by: Actor,
    now: datetime,
) -> list[Campaign]:
    """Mail these enrollments that announced terms do not come, and what they earn `instead`."""
    return _send_all(
        Enrollment.objects.filter(pk__in=list(to)),
        offer,
        lambda: (
            _("The new terms for {{ offer_name }} are withdrawn"),
            _withdrawal(withdrawn, instead, offer),
        ),
        about=about,
        key=f"{about} withdrawn",
        by=by,
        now=now,
    )


def told_of(about: Reference) -> set[int]:
    """Return the enrollments that were mailed, or perhaps mailed, about a version of terms."""
    return _enrollments(_messages(about).perhaps_reached())


def waiting_for(about: Reference) -> set[int]:
    """Return the enrollments whose mail about a version of terms was not sent yet."""
    return _enrollments(_messages(about).filter(state__in=WAITING_STATES))


def _messages(about: Reference) -> MessageQuerySet:
    found: MessageQuerySet = Message.objects.filter(
        purpose=Purpose.TERMS_CHANGED, campaign__about=about
    )
    return found


def _enrollments(rows: MessageQuerySet) -> set[int]:
    found = (Reference(text).id_of(Enrollment) for text in rows.values_list("about", flat=True))
    return {number for number in found if number is not None}


def stop_mails(about: Reference, *, by: Actor, now: datetime) -> None:
    """Cancel the mails about a version of the terms that were not sent yet."""
    for campaign in Campaign.objects.filter(purpose=Purpose.TERMS_CHANGED, about=about):
        cancel_campaign(campaign=campaign, by=by, now=now)


def _send_all(
    enrollments: EnrollmentQuerySet,
    offer: Offer,
    text: _Text,
    *,
    about: Reference,
    key: str,
    by: Actor,
    now: datetime,
) -> list[Campaign]:
    """Send a mail to those who are active in the offer, a campaign per language."""
    chosen = audience(
        purpose=Purpose.TERMS_CHANGED,
        enrollments=enrollments.active().filter(offer=offer),
        include_already_sent=True,
        now=now,
    )
    sent = []
    for language, people in _by_language(chosen.recipients).items():
        with speaking(language), timezone.override(offer.brand.zone):
            subject, body = text()
        sent.append(
            confirm_campaign(
                purpose=Purpose.TERMS_CHANGED,
                about=about,
                title=offer.name,
                subject=subject,
                body=body,
                recipients=people,
                confirmation=uuid.uuid5(_NAMESPACE, f"{key} {language}"),
                by=by,
                now=now,
            )
        )
    return sent


def _by_language(recipients: Sequence[Recipient]) -> dict[str, list[Recipient]]:
    ids = [Reference(one.recipient).number or 0 for one in recipients]
    members = Member.objects.select_related("creator").in_bulk(ids)
    found: dict[str, list[Recipient]] = defaultdict(list)
    for one, member_id in zip(recipients, ids, strict=True):
        found[language_of(members[member_id])].append(one)
    return found


def _body(terms: Terms, before: Terms, withdrawn: CommissionStructure | None = None) -> str:
    """Return the mail's HTML in the active language."""
    offer = terms.offer
    until = _("Nothing changes for orders placed before:")
    return whole_body(
        [
            *([_announced(withdrawn, _("The terms below take their place."))] if withdrawn else []),
            *_from_then_on(terms, terms.starts_at, offer),
            paragraph(until),
            f"<blockquote><p>{written(describe_fully(before, offer.currency))}</p></blockquote>",
            dashboard_button(),
        ]
    )


def _withdrawal(withdrawn: CommissionStructure, instead: Terms, offer: Offer) -> str:
    return whole_body(
        [
            _announced(withdrawn, _("They are withdrawn and do not come.")),
            *_from_then_on(instead, withdrawn.starts_at, offer),
            dashboard_button(),
        ]
    )


def _announced(withdrawn: CommissionStructure, what_now: str) -> str:
    values = {"day": day(withdrawn.starts_at)}
    announced = _("We announced new terms for {{ offer_name }} from %(day)s on.") % values
    return paragraph(f"{announced} {what_now}")


def _from_then_on(terms: Terms, starts_at: datetime, offer: Offer) -> list[str]:
    starts = _("From %(day)s on you earn for {{ offer_name }}:") % {"day": day(starts_at)}
    return [paragraph(starts), _terms_html(terms, offer.currency)]


def _terms_html(terms: Terms, currency: str) -> str:
    """Return the terms as the dashboard shows them."""
    lines = [*describe_tiers(terms, currency), *describe_rules(terms, currency)]
    listed = "".join(f"<li>{written(line)}</li>" for line in lines)
    sentence = f"<p><strong>{written(describe_fully(terms, currency))}</strong></p>"
    return sentence + (f"<ul>{listed}</ul>" if listed else "")
