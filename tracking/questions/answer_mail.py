"""The mail with the brand's answer to a question, in the member's language.

It is sent like every other mail: one row, unsubscribe headers, and nothing to a suppressed address.
In that case the member reads the answer on the dashboard.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.actors import Actor
from affiliates.selectors import language_of
from core.languages import speaking
from core.references import Reference
from notifications.bodies import dashboard_button, paragraph, whole_body, written
from notifications.models import Campaign, Purpose
from notifications.rendering import literal
from notifications.services import Recipient, RecipientsError, confirm_campaign
from tracking.links.items import items_of
from tracking.models import Question, QuestionState
from tracking.outreach.template_values import values_for

OPENINGS = {
    QuestionState.ATTRIBUTED.value: gettext_noop(
        "Good news: order <strong>%(reference)s</strong> is now among your conversions for"
        " {{ offer_name }}."
    ),
    QuestionState.EXPLAINED.value: gettext_noop(
        "Thank you for asking about order <strong>%(reference)s</strong>. Here is what we found:"
    ),
    QuestionState.REFUSED.value: gettext_noop(
        "Thank you for asking about order <strong>%(reference)s</strong>. We have looked into it,"
        " and it doesn\N{RIGHT SINGLE QUOTATION MARK}t count for you. Here is why:"
    ),
}


def send_answer_mail(question: Question, *, by: Actor, now: datetime) -> Campaign | None:
    """Send the answer of `question` (with member and offer). Returns None without an address."""
    with speaking(language_of(question.enrollment.member)):
        return _send(question, by=by, now=now)


def _send(question: Question, *, by: Actor, now: datetime) -> Campaign | None:
    enrollment = question.enrollment
    member = enrollment.member
    order = literal(question.order_reference)
    values = values_for([enrollment], items=items_of([enrollment]), now=now)
    try:
        return confirm_campaign(
            purpose=Purpose.QUESTION_ANSWERED,
            about=Reference.to(question),
            title=f"Answer to {member}"[:200],
            subject=_("Your question about order %(reference)s") % {"reference": order},
            body=_body(question),
            recipients=[
                Recipient(
                    recipient=Reference.to(member),
                    about=Reference.to(enrollment),
                    to_address=member.email,
                    to_name=member.full_name,
                    values=values[enrollment.pk],
                )
            ],
            confirmation=uuid.uuid4(),
            by=by,
            now=now,
        )
    except RecipientsError:
        return None


def _body(question: Question) -> str:
    order = written(question.order_reference)
    opening = _(OPENINGS[question.state]) % {"reference": order}
    lines = [line for line in question.answer.splitlines() if line.strip()]
    answer = "".join(paragraph(written(line)) for line in lines)
    return whole_body(
        [paragraph(opening), f"<blockquote>{answer}</blockquote>", dashboard_button()]
    )
