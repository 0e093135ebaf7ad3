"""What an event or an error of the mail provider means: who has to act, the recipient or the organisers."""

import re
from enum import Enum, auto
from typing import Any

from anymail.exceptions import AnymailInvalidAddress, AnymailRecipientsRefused, AnymailRequestsAPIError
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.utils.translation import gettext as _


class Verdict(Enum):
    """The meaning of an event for its delivery."""

    NOTHING = auto()
    """The provider goes on trying, or reports something that changes nothing."""
    DELIVERED = auto()
    OUR_ACCOUNT = auto()
    """The provider refuses our sender, key, domain or quota: the mail can go once an owner has mended it."""
    OUR_MAIL = auto()
    """The recipient's server refuses our mails by its policy; sending the same again would not help."""
    SUPPRESSED = auto()
    """The provider does not try, because an earlier mail to this address bounced or was marked as spam."""
    BOUNCED = auto()
    COMPLAINED = auto()


_OURS = re.compile(
    r"\b(?:sender|sending|from|account|credits?|quota|plan|subscription|api.?key|ip address|sandbox)\b"
    r"|\bauthori[sz]ed\b|\bpermission|\bactivat|\bsuspend",
    re.IGNORECASE,
)
"""Words with which providers refuse a sender or an account rather than a recipient."""
_OURS_OR_THEIRS = re.compile(r"\bdomain\b|\bverif", re.IGNORECASE)
"""Words that mean our domain unless the answer names the recipient."""
_RECIPIENT = re.compile(
    r"\brecipients?\b|'to'|\"to\"|\bto (?:address|field|parameter)\b|\bin to\b", re.IGNORECASE
)
_POLICY = re.compile(r"\b5\.7\.\d{1,3}\b")
"""Enhanced status codes of security and policy (RFC 3463): the recipient's server refuses our mails."""
_SUPPRESSED_CODES = frozenset({"605", "606", "607"})
"""Mailgun's codes for an address that bounced, unsubscribed or complained before."""
_ACCOUNT_STATUSES = frozenset({401, 402, 403, 404})
_MESSAGE_STATUSES = frozenset({400, 413, 422})


def verdict_of(event: AnymailTrackingEvent) -> Verdict:
    kind = event.event_type
    if kind == EventType.DELIVERED:
        return Verdict.DELIVERED
    if kind == EventType.COMPLAINED:
        return Verdict.COMPLAINED
    if kind not in (EventType.BOUNCED, EventType.REJECTED, EventType.FAILED):
        return Verdict.NOTHING
    if _is_suppressed(event):
        return Verdict.SUPPRESSED
    if kind != EventType.BOUNCED:
        return Verdict.OUR_ACCOUNT
    if _detail(event, "event") == "soft_bounce":  # Brevo goes on trying
        return Verdict.NOTHING
    return Verdict.OUR_MAIL if _POLICY.search(words_of(event)) else Verdict.BOUNCED


def words_of(event: AnymailTrackingEvent) -> str:
    """What the provider says about the event, in a form that the database takes."""
    words = event.description or event.mta_response or event.reject_reason or ""
    return words.replace("\x00", "")


def alert_subject(event: AnymailTrackingEvent) -> str:
    """What an alert about this event is called: the same for all mails that are refused for one reason.

    The provider's own words differ with each mail and may hold an address; they stand at the delivery.
    """
    if code := _POLICY.search(words_of(event)):
        return _("a recipient's server refused a mail (%(code)s)") % {"code": code[0]}
    return _("a mail was accepted and refused afterwards")


def is_permanent(error: BaseException) -> bool:
    """Whether the provider refuses this mail or its recipient, so that the same mail would be refused again."""
    if isinstance(error, AnymailRecipientsRefused | AnymailInvalidAddress):
        return True
    is_of_message = isinstance(error, AnymailRequestsAPIError) and error.status_code in _MESSAGE_STATUSES
    return is_of_message and not is_ours(error)


def is_ours(error: BaseException | None) -> bool:
    """Whether the provider refuses our sender or account: the mail is tried again, and the owners are told."""
    if not isinstance(error, AnymailRequestsAPIError):
        return False
    if error.status_code in _ACCOUNT_STATUSES:
        return True
    if error.status_code not in (400, 422):
        return False
    words = _response_text(error)
    is_vague = bool(_OURS_OR_THEIRS.search(words)) and not _RECIPIENT.search(words)
    return is_vague or bool(_OURS.search(words))


def _response_text(error: AnymailRequestsAPIError) -> str:
    """What the provider answered; not the whole error, which quotes the mail."""
    response = getattr(error, "response", None)
    return response.text[:2000] if response is not None else ""


def _is_suppressed(event: AnymailTrackingEvent) -> bool:
    if (
        event.event_type == EventType.REJECTED and event.reject_reason == RejectReason.BLOCKED
    ):  # Brevo "blocked"
        return True
    if str(_detail(event, "reason") or "").startswith("suppress-"):
        return True
    status = _detail(event, "delivery-status")
    code = status.get("code") if isinstance(status, dict) else _detail(event, "code")
    return str(code) in _SUPPRESSED_CODES


def _detail(event: AnymailTrackingEvent, name: str) -> Any:
    """A field of the provider's own event; Mailgun nests it in `event-data`."""
    raw = event.esp_event
    nested = raw.get("event-data") if hasattr(raw, "get") else None
    fields = nested if isinstance(nested, dict) else raw
    return fields.get(name) if hasattr(fields, "get") else None
