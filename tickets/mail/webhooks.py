"""Webhooks: events that the provider reports about deliveries, in any order and any number of times."""

import datetime as dt
import hashlib
import json
import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, tracking
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import timezone

from tickets import alerts
from tickets.mail.kinds import notice
from tickets.mail.queue import queue_again
from tickets.mail.verdicts import Verdict, alert_subject, verdict_of, words_of
from tickets.models import Alert, Delivery, DeliveryEvent

logger = logging.getLogger(__name__)

State = Delivery.State

RANK: list[str] = [
    State.QUEUED,
    State.SENDING,
    State.SENT,
    State.DELIVERED,
    State.FAILED,
    State.SUPPRESSED,
    State.BOUNCED,
    State.COMPLAINED,
]
"""A delivery only moves to the right, in whatever order the events arrive."""
STATES: dict[Verdict, str] = {
    Verdict.DELIVERED: State.DELIVERED,
    Verdict.OUR_MAIL: State.FAILED,
    Verdict.SUPPRESSED: State.SUPPRESSED,
    Verdict.BOUNCED: State.BOUNCED,
    Verdict.COMPLAINED: State.COMPLAINED,
}
"""The state that follows from a verdict; otherwise the event is stored and changes nothing."""
READING = frozenset({EventType.OPENED, EventType.CLICKED})
"""What a recipient does with a mail is not recorded."""
OLDEST = dt.timedelta(days=5)
"""A provider repeats a call for some hours; an older one is a replay."""


class MailgunWebhookView(MailgunTrackingWebhookView):  # type: ignore[misc]  # the library is untyped
    """The library's view, extended to accept calls signed with a former key, as during a rotation."""

    def validate_request(self, request: HttpRequest) -> None:
        former = settings.ANYMAIL.get("MAILGUN_WEBHOOK_SIGNING_KEY_FALLBACKS", [])
        for key in (key.encode("ascii") for key in former):
            with suppress(AnymailWebhookValidationFailure):
                super().validate_request(request)
                return
            self.webhook_signing_key: bytes = key
        super().validate_request(request)


def hook(provider: str, view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The library's view while this provider is configured; a malformed call is answered with 400."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if provider != settings.EMAIL_PROVIDER:
            raise Http404
        try:
            return view(request)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError) as error:
            logger.warning("A call of %s cannot be read: %s", provider, type(error).__name__)
            return HttpResponseBadRequest()

    return guarded


@receiver(tracking)
def take_note(event: AnymailTrackingEvent, **_kwargs: Any) -> None:
    """Records one event of a known delivery; other events are ignored."""
    event_id, about = event_id_of(event), _about(event)
    if event.event_type in READING or _is_stale(event.timestamp) or _is_stale(_signed_at(event)):
        return
    with transaction.atomic():
        delivery = Delivery.objects.filter(about).select_for_update(no_key=True).first() if about else None
        if delivery is None or DeliveryEvent.objects.filter(event_id=event_id).exists():
            return
        DeliveryEvent.objects.create(
            delivery=delivery,
            event_id=event_id,
            kind=event.event_type,
            happened_at=event.timestamp or timezone.now(),
            detail=words_of(event)[:300],
        )
        _apply(event, delivery)


def event_id_of(event: AnymailTrackingEvent) -> str:
    """The provider's id of the event, or a digest of its content where there is none."""
    if event.event_id:
        return str(event.event_id)[:200]
    payload = json.dumps(event.esp_event, sort_keys=True, default=str)
    return hashlib.sha256(payload.encode(errors="replace")).hexdigest()


def _signed_at(event: AnymailTrackingEvent) -> dt.datetime | None:
    """When the call was signed; a signature covers this time, and not the event."""
    hold = event.esp_event.get("signature") if isinstance(event.esp_event, dict) else None
    return dt.datetime.fromtimestamp(int(hold["timestamp"]), dt.UTC) if hold else None


def _about(event: AnymailTrackingEvent) -> Q | None:
    """Finds the delivery of an event: by our variable, which complaints lack, or by the id of the message."""
    with suppress(LookupError, TypeError, ValueError, AttributeError):
        return Q(key=uuid.UUID(hex=event.metadata["delivery"]))
    message_id = str(event.message_id or "").strip("<>")
    with suppress(ValueError):
        return Q(key=uuid.UUID(hex=message_id.partition("@")[0]))
    if not message_id or not message_id.isprintable():
        return None
    return Q(provider_id__in=[message_id, f"<{message_id}>"])


def _apply(event: AnymailTrackingEvent, delivery: Delivery) -> None:
    """Changes the delivery as the event demands. A fault of our sender or account never blames the address."""
    verdict = verdict_of(event)
    if verdict in (Verdict.OUR_ACCOUNT, Verdict.OUR_MAIL):
        alerts.raise_alert(Alert.Kind.SENDER, alert_subject(event))
    if verdict is Verdict.OUR_ACCOUNT:
        queue_again(delivery)
    else:
        _move(delivery, STATES.get(verdict))


def _move(delivery: Delivery, to: str | None) -> None:
    if to and delivery.state in RANK and RANK.index(to) > RANK.index(delivery.state):
        delivery.state = to
        delivery.save(update_fields=["state"])
        notice.forget([delivery.pk])


def _is_stale(timestamp: dt.datetime | None) -> bool:
    return timestamp is not None and timezone.now() - timestamp > OLDEST
