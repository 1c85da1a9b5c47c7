"""Why an order is credited to a member, in the reader's language.

The conversion stores an English sentence for staff, the API and the audit log. This module makes
the translated sentence from the stored evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core.templatetags.display import day
from tracking.models import Conversion, Evidence

CODE, CLICK, CUSTOMER = Evidence.CODE.value, Evidence.CLICK.value, Evidence.CUSTOMER.value
# One whole sentence per combination of evidence, the strongest first.
SENTENCES: dict[tuple[str, ...], str] = {
    (CODE,): gettext_noop("The order brought the code %(code)s"),
    (CLICK,): gettext_noop("The order brought a click on %(day)s"),
    (CUSTOMER,): gettext_noop("The order brought a customer won by an earlier order"),
    (CODE, CLICK): gettext_noop(
        "The order brought the code %(code)s, which wins over a click on %(day)s"
    ),
    (CODE, CUSTOMER): gettext_noop(
        "The order brought the code %(code)s, which wins over a customer won by an earlier order"
    ),
    (CLICK, CUSTOMER): gettext_noop(
        "The order brought a click on %(day)s, which wins over a customer won by an earlier order"
    ),
    (CODE, CLICK, CUSTOMER): gettext_noop(
        "The order brought the code %(code)s, which wins over a click on %(day)s and a"
        " customer won by an earlier order"
    ),
}


def why_in_words(conversion: Conversion) -> str:
    """Return the evidence that won and lost, or the brand's reason for an order added by hand."""
    stored = [evidence for evidence in conversion.claims if evidence.get("evidence")]
    kinds = tuple(evidence["evidence"] for evidence in stored)
    if kinds == (Evidence.BY_HAND.value,):
        return _("The brand added it by hand: %(reason)s") % {"reason": stored[0]["reason"]}
    values: dict[str, str] = {}
    for evidence in stored:
        values |= _values(evidence)
    return _(SENTENCES[kinds]) % values


def _values(evidence: Mapping[str, str]) -> dict[str, str]:
    if evidence["evidence"] == CODE:
        return {"code": evidence["code"]}
    if evidence["evidence"] == CLICK:
        return {"day": day(datetime.fromisoformat(evidence["clicked_at"]))}
    return {}
