"""What is stored about outgoing webhooks."""

from webhooks.models.channels import Channel
from webhooks.models.deliveries import (
    WAITING_STATES,
    Attempt,
    Delivery,
    DeliveryState,
    Sender,
    WaitingEntry,
    WatchedEntry,
)
from webhooks.models.endpoints import Endpoint, EndpointState

__all__ = [
    "WAITING_STATES",
    "Attempt",
    "Channel",
    "Delivery",
    "DeliveryState",
    "Endpoint",
    "EndpointState",
    "Sender",
    "WaitingEntry",
    "WatchedEntry",
]
