"""Models of tickets, mails, documents and check-ins."""

from tickets.models.broadcasts import Message
from tickets.models.checkin import Alert, CheckIn, Delegation, Gate, Scan, SearchCount
from tickets.models.documents import Certificate, DocumentJob
from tickets.models.mail import Delivery, DeliveryEvent, Notice
from tickets.models.tickets import Ticket
from tickets.models.workers import Heartbeat, ProviderOutage

__all__ = [
    "Alert",
    "Certificate",
    "CheckIn",
    "Delegation",
    "Delivery",
    "DeliveryEvent",
    "DocumentJob",
    "Gate",
    "Heartbeat",
    "Message",
    "Notice",
    "ProviderOutage",
    "Scan",
    "SearchCount",
    "Ticket",
]
