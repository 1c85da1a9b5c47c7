"""A client of Tributary's API: typed, retries by itself, and checks webhooks.

client = Client("trb_live_…", address="https://tracking.example.com")
for member in client.list_members(tag="vip"):
    ...
"""

from tributary_client.calling import Unreachable
from tributary_client.client import Client
from tributary_client.errors import ApiError, FieldError, UnreadableAnswerError
from tributary_client.webhooks import Event, WrongSignatureError, read_webhook

__all__ = [
    "ApiError",
    "Client",
    "Event",
    "FieldError",
    "Unreachable",
    "UnreadableAnswerError",
    "WrongSignatureError",
    "read_webhook",
]
