"""Rows and facts for tests: a factory states what a test does not care about.

Rows that a service makes in one call (members, offers, enrollments, orders) are made by the
service; `tests.cast` has the people. A row of a brand needs `acting_for` around it.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import factory
from allauth.mfa.models import Authenticator
from factory.django import DjangoModelFactory

from accounts.models import CodeState, MailedCode, User
from background.models import Work
from core.references import Reference
from notifications.models import Campaign, Message, MessageState, Purpose
from offers.values import OfferValues
from payouts.models import PayoutRun, PayoutState

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
AN_HOUR_AGO = (NOW - timedelta(hours=1)).isoformat()


class RawOrder(factory.DictFactory):
    """An order of £84.20 with Mara's code an hour ago, as the API receives it.

    `amount` is the price of its only line. A value of None leaves the key out.
    """

    class Params:
        amount = "84.20"

    order_id: Any = "1001"
    ordered_at = AN_HOUR_AGO
    currency = "GBP"
    promo_code = "MARA15"
    lines = factory.LazyAttribute(
        lambda order: [
            {"sku": "GLOW-1", "product": "Glow set", "quantity": 1, "unit_price": order.amount}
        ]
    )

    @classmethod
    def _build(cls, model_class: type[dict[str, Any]], *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {key: value for key, value in kwargs.items() if value is not None}

    _create = _build


class RawRefund(factory.DictFactory):
    """A refund of £10.00 on that order's only line, as the API receives it."""

    refund_id: Any = "R1"
    order_id: Any = "1001"
    refunded_at = NOW.isoformat()
    currency = "GBP"
    sku = "GLOW-1"
    quantity = 1
    amount = "10.00"


class OfferValuesFactory(factory.Factory[OfferValues]):
    """A both-kind offer in pounds."""

    class Meta:
        model = OfferValues

    name = "Winter Glow creators"
    kind = "both"
    destination_url = "https://www.juniper.example/winter"
    currency = "GBP"


class UserFactory(DjangoModelFactory[User]):
    """A login whose address nobody has proven, with no password."""

    class Meta:
        model = User

    email = factory.Sequence(lambda number: f"person-{number}@example.com")

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        return User.objects.create_user(**kwargs)


class AuthenticatorFactory(DjangoModelFactory[Authenticator]):
    """An authenticator app of `user`; or, as `AuthenticatorFactory(passkey=True)`, a passkey."""

    class Meta:
        model = Authenticator

    class Params:
        passkey = factory.Trait(
            type=Authenticator.Type.WEBAUTHN, data={"name": "My phone", "credential": {}}
        )

    type = Authenticator.Type.TOTP
    data: Any = factory.LazyFunction(lambda: {"secret": "x"})


class ProvenCodeFactory(DjangoModelFactory[MailedCode]):
    """A code that was mailed and entered `now`, without the mail."""

    class Meta:
        model = MailedCode

    class Params:
        now = NOW

    browser = factory.LazyFunction(lambda: uuid.uuid4().hex)
    state = CodeState.MAILED
    mail_due_at = factory.SelfAttribute("now")
    asked_at = factory.SelfAttribute("now")
    proven_at = factory.SelfAttribute("now")
    tries = 1


class CampaignFactory(DjangoModelFactory[Campaign]):
    """A confirmed campaign to one recipient."""

    class Meta:
        model = Campaign

    purpose = Purpose.SALES_TRACKING_ITEMS
    title = subject = "Spring"
    body = html = text = ""
    from_name = "Juniper"
    confirmation = factory.LazyFunction(uuid.uuid4)
    recipients = 1
    confirmed_by = "test"
    confirmed_at = NOW


class MessageFactory(DjangoModelFactory[Message]):
    """A message of a campaign of its own, to a member about whom nothing else is known."""

    class Meta:
        model = Message

    campaign = factory.SubFactory(
        CampaignFactory,
        purpose=factory.SelfAttribute("..purpose"),
        confirmed_at=factory.SelfAttribute("..due_at"),
    )
    purpose = Purpose.SALES_TRACKING_ITEMS
    recipient: Any = "member:1"
    to_address: Any = "somebody@example.com"
    values: Any = factory.LazyFunction(dict)
    state = MessageState.PENDING
    due_at = NOW


class MemberMessageFactory(MessageFactory):
    """A message to the member of `enrollment`, about it."""

    class Params:
        enrollment: Any = None  # always given

    recipient = factory.LazyAttribute(lambda row: Reference.to(row.enrollment.member))
    about = factory.LazyAttribute(lambda row: Reference.to(row.enrollment))
    to_address = factory.LazyAttribute(lambda row: row.enrollment.member.email)


class WorkFactory(DjangoModelFactory[Work]):
    """An export of one row that waits for a worker."""

    class Meta:
        model = Work

    kind = "export"
    title = "Members"
    about = "members"
    confirmation = factory.LazyFunction(uuid.uuid4)
    total = 1
    asked_by = "test"
    asked_at = NOW


class PayoutRunFactory(DjangoModelFactory[PayoutRun]):
    """A run in pounds that was confirmed."""

    class Meta:
        model = PayoutRun

    currency = "GBP"
    minimum_minor = 0
    state = PayoutState.PROCESSING
    confirmation = factory.LazyFunction(uuid.uuid4)
    created_by = "test"
