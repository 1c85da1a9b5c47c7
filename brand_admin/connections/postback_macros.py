"""The address of a postback, and what fills in its parameters in common systems.

The macros are those that the documentation of each system names for its own postbacks or pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Macros:
    """What a system puts in place of each of our parameters."""

    network: str
    parameters: Mapping[str, str]

    @property
    def query(self) -> str:
        return "&".join(f"{name}={macro}" for name, macro in self.parameters.items())

    def address(self, secret: str) -> str:
        """The address to paste there. Macros stay as they are: the system replaces them."""
        return f"{address_of(secret)}&{self.query}"


MACROS = (
    Macros(  # https://helpdesk.everflow.io/en/articles/6173403-a-guide-to-parameters-and-macros
        "Everflow",
        {"order_id": "{transaction_id}", "amount": "{sale_amount}", "click_id": "{sub1}"},
    ),
    Macros(
        "TUNE (HasOffers)",
        {
            "order_id": "{transaction_id}",
            "amount": "{sale_amount}",
            "currency": "{currency}",
            "click_id": "{aff_sub}",
        },
    ),
    Macros(  # https://help-center.affise.com/en/articles/6483741-affiliate-postback-url-macros
        "Affise",
        {
            "order_id": "{transactionid}",
            "amount": "{order_sum}",
            "currency": "{order_currency}",
            "click_id": "{sub1}",
            "code": "{promo_code}",
        },
    ),
)


def address_of(secret: str) -> str:
    """The address with its key, and no other parameter."""
    return f"{settings.BASE_URL}/api/v1/postback?key={quote(secret)}"
