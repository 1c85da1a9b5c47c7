"""Write campaigns, messages and suppressions. What is listed here is public."""

from notifications.services.campaigns import (
    AudienceTakenError,
    Recipient,
    RecipientsError,
    cancel_campaign,
    confirm_campaign,
    pause_campaign,
    resume_campaign,
)
from notifications.services.delivery import deliver
from notifications.services.suppression import suppress, unsubscribe, unsuppress
from notifications.services.sweeping import sweep

__all__ = [
    "AudienceTakenError",
    "Recipient",
    "RecipientsError",
    "cancel_campaign",
    "confirm_campaign",
    "deliver",
    "pause_campaign",
    "resume_campaign",
    "suppress",
    "sweep",
    "unsubscribe",
    "unsuppress",
]
