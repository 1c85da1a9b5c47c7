"""Write campaigns, messages and suppressions. The names listed here are public."""

from notifications.services.campaigns import (
    AudienceTakenError,
    ConfirmedOtherwiseError,
    PostalAddressMissingError,
    Recipient,
    RecipientsError,
    cancel_campaign,
    confirm_campaign,
    pause_campaign,
    resume_campaign,
)
from notifications.services.delivery import deliver
from notifications.services.erasure import erase_correspondence
from notifications.services.suppression import (
    erase_address,
    resubscribe,
    suppress,
    unsubscribe,
    unsuppress,
)
from notifications.services.sweeping import sweep
from notifications.services.templates import (
    FOR_MEMBERS,
    MAX_TEMPLATE_NAME_LENGTH,
    TemplateNameError,
    delete_template,
    save_template,
)
from notifications.services.waiting_mails import (
    cancel_waiting_mails,
    readdress_waiting_mails,
    restate_waiting_mails,
)

__all__ = [
    "FOR_MEMBERS",
    "MAX_TEMPLATE_NAME_LENGTH",
    "AudienceTakenError",
    "ConfirmedOtherwiseError",
    "PostalAddressMissingError",
    "Recipient",
    "RecipientsError",
    "TemplateNameError",
    "cancel_campaign",
    "cancel_waiting_mails",
    "confirm_campaign",
    "delete_template",
    "deliver",
    "erase_address",
    "erase_correspondence",
    "pause_campaign",
    "readdress_waiting_mails",
    "restate_waiting_mails",
    "resubscribe",
    "resume_campaign",
    "save_template",
    "suppress",
    "sweep",
    "unsubscribe",
    "unsuppress",
]
