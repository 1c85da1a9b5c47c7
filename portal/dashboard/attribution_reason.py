"""Why an order is credited to a member, in the reader's language.

The conversion stores an English sentence for staff, the API and the audit log. This module makes
the translated sentence from the stored claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from core.templatetags.display import day
from tracking.models import Conversion, Evidence

CODE, CLICK, CUSTOMER = Evidence.CODE.value, Evidence.CLICK.value, Evidence.CUSTOMER.value


def why_in_words(conversion: Conversion) -> str:
    """Return the evidence that won and lost, or the brand's reason for an order added by hand."""
    claims = [claim for claim in conversion.claims if claim.get("evidence")]
    kinds = tuple(claim["evidence"] for claim in claims)
    if kinds == (Evidence.BY_HAND.value,):
        return _("The brand added it by hand: %(reason)s") % {"reason": claims[0]["reason"]}
    values: dict[str, str] = {}
    for claim in claims:
        values |= _values(claim)
    return _sentences()[kinds] % values


def _values(claim: Mapping[str, str]) -> dict[str, str]:
    if claim["evidence"] == CODE:
        return {"code": claim["code"]}
    if claim["evidence"] == CLICK:
        return {"day": day(datetime.fromisoformat(claim["clicked_at"]))}
    return {}


def _sentences() -> dict[tuple[str, ...], str]:
    """One whole sentence per combination of evidence, the strongest first."""
    return {
        (CODE,): _("The order brought the code %(code)s"),
        (CLICK,): _("The order brought a click on %(day)s"),
        (CUSTOMER,): _("The order brought a customer won by an earlier order"),
        (CODE, CLICK): _("The order brought the code %(code)s, which wins over a click on %(day)s"),
        (CODE, CUSTOMER): _(
            "The order brought the code %(code)s, which wins over a customer won by an earlier"
            " order"
        ),
        (CLICK, CUSTOMER): _(
            "The order brought a click on %(day)s, which wins over a customer won by an earlier"
            " order"
        ),
        (CODE, CLICK, CUSTOMER): _(
            "The order brought the code %(code)s, which wins over a click on %(day)s and a"
            " customer won by an earlier order"
        ),
    }
