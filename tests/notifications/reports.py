"""Reports of delivery services, in the shape in which each sends them, signed as each signs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from tests.answers import Answer

MAILGUN_KEY = "mailgun-signing-key"
MAILERSEND_SECRET = "mailersend-signing-secret"
PASSWORD = "hook:5e8d2c1f"
AT = 1_795_176_000  # 2026-11-20 12:00 UTC
KEYS = {
    "MAILGUN_API_KEY": "unused",
    "MAILGUN_WEBHOOK_SIGNING_KEY": MAILGUN_KEY,
    "MAILERSEND_SIGNING_SECRET": MAILERSEND_SECRET,
    "MAILERSEND_INBOUND_SECRET": "unused",
}


@dataclass
class Report:
    """One request to a webhook."""

    service: str
    payload: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)

    def send(self) -> Answer:
        return Client(headers=self.headers).post(
            f"/webhooks/email/{self.service}/", json.dumps(self.payload), "application/json"
        )


def mailgun(event: str, *, nonce: str = "a1", carried: str = "", **more: Any) -> Report:
    """Mailgun signs time and token; its message-id lacks the angle brackets."""
    signed = hmac.new(MAILGUN_KEY.encode(), f"{AT}{nonce}".encode(), hashlib.sha256).hexdigest()
    data = {
        "event": event,
        "id": "CPgfbmQMTCKtHW6uIWtuVe",
        "timestamp": AT + 0.25,
        "log-level": "info",
        "flags": {"is-routed": False, "is-authenticated": True, "is-test-mode": False},
        "message": {
            "headers": {
                "to": "Person <person1@example.com>",
                "message-id": "20261120120000.1.ABC@mg.example",
                "from": "Juniper <tracking@tributary.example>",
                "subject": "Your details",
            },
            "size": 4711,
        },
        "recipient": "person1@example.com",
        "recipient-domain": "example.com",
        "tags": [],
        "user-variables": {"message": carried} if carried else {},
    }
    signature = {"timestamp": str(AT), "token": nonce, "signature": signed}
    return Report("mailgun", {"signature": signature, "event-data": data | more})


def mailgun_bounce(carried: str, **more: Any) -> Report:
    """A mailbox that does not exist, by Mailgun."""
    said = "550 5.1.1 The email account that you tried to reach does not exist."
    more["delivery-status"] = {"code": 550, "message": said, "description": ""}
    return mailgun(
        "failed",
        carried=carried,
        severity=more.pop("severity", "permanent"),
        reason=more.pop("reason", "bounce"),
        **more,
    )


def mailersend(kind: str, message_id: str, *, event_id: str = "62f114f8") -> Report:
    """MailerSend signs the whole body; it carries nothing of ours but its own message id."""
    payload = {
        "type": f"activity.{kind}",
        "domain_id": "yv69oxl5kl785kw2",
        "created_at": "2026-11-20T12:00:00.000000Z",
        "data": {
            "object": "activity",
            "id": event_id,
            "type": kind,
            "created_at": "2026-11-20T12:00:00.000000Z",
            "email": {
                "object": "email",
                "id": "62f114f8165fe0d8db0288e3",
                "created_at": "2026-11-20T11:59:00.000000Z",
                "from": "tracking@tributary.example",
                "subject": "Your details",
                "status": "rejected",
                "tags": None,
                "message": {"object": "message", "id": message_id},
                "recipient": {"object": "recipient", "email": "person1@example.com"},
            },
            "morph": {"object": "recipient_bounce", "reason": "host said: mailbox unavailable"},
        },
    }
    signed = hmac.new(MAILERSEND_SECRET.encode(), json.dumps(payload).encode(), hashlib.sha256)
    return Report("mailersend", payload, {"Signature": signed.hexdigest()})


def with_password(password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(password.encode()).decode()}


def postmark(kind: str, carried: str, **more: Any) -> Report:
    """Postmark brings a password; only its bounces and complaints have ids."""
    payload = {
        "RecordType": kind,
        "MessageStream": "outbound",
        "MessageID": "00000000-0000-0000-0000-00000000abcd",
        "Metadata": {"message": carried},
        "ServerID": 23,
        "Tag": "",
        "Recipient": "person1@example.com",
        "DeliveredAt": "2026-11-20T12:00:00Z",
        "Details": "smtp;250 2.0.0 OK",
    }
    return Report("postmark", payload | more, with_password())


def postmark_bounce(carried: str, how: str, number: int = 692_560_173) -> Report:
    """`how` is Postmark's own word, such as HardBounce."""
    return postmark(
        "Bounce",
        carried,
        ID=number,
        Type=how,
        TypeCode=1,
        Name="Bounce",
        Description="The server was unable to deliver your message.",
        Details="smtp;550 5.1.1 unknown user",
        Email="person1@example.com",
        BouncedAt="2026-11-20T12:00:00Z",
        Inactive=True,
        CanActivate=True,
    )


def brevo(event: str, carried: str, *, at: int = AT) -> Report:
    """Brevo's events have no ids at all."""
    payload = {
        "event": event,
        "email": "person1@example.com",
        "id": 1,
        "date": "2026-11-20 13:00:00",
        "ts": at,
        "ts_epoch": at * 1000,
        "message-id": "<202611201200.1@smtp-relay.example>",
        "subject": "Your details",
        "X-Mailin-custom": json.dumps({"message": carried}),
        "sending_ip": "203.0.113.9",
        "reason": "sent",
    }
    return Report("brevo", payload, with_password())
