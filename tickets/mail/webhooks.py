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
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import timezone

from tickets.mail.kinds import notice
from tickets.models import Delivery, DeliveryEvent

logger = logging.getLogger(__name__)

State = Delivery.State

STATES: dict[str, str] = {
    EventType.DELIVERED: State.DELIVERED,
    EventType.BOUNCED: State.BOUNCED,
    EventType.REJECTED: State.BOUNCED,
    EventType.FAILED: State.BOUNCED,
    EventType.COMPLAINED: State.COMPLAINED,
}
"""The state that follows from an event; other events are stored and change nothing."""
RANK: list[str] = [State.QUEUED, State.SENDING, State.SENT, State.DELIVERED, State.BOUNCED, State.COMPLAINED]
"""A delivery only moves to the right, in whatever order the events arrive."""
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
    key, event_id = _key(event.metadata), event_id_of(event)
    if key is None or _is_stale(event.timestamp) or _is_stale(_signed_at(event)):
        return
    with transaction.atomic():
        delivery = Delivery.objects.filter(key=key).select_for_update(no_key=True).first()
        if delivery is None or DeliveryEvent.objects.filter(event_id=event_id).exists():
            return
        DeliveryEvent.objects.create(
            delivery=delivery,
            event_id=event_id,
            kind=event.event_type,
            happened_at=event.timestamp or timezone.now(),
            detail=(event.description or event.mta_response or event.reject_reason or "")[:300],
        )
        _move(delivery, STATES.get(event.event_type))


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


def _move(delivery: Delivery, to: str | None) -> None:
    if to and delivery.state in RANK and RANK.index(to) > RANK.index(delivery.state):
        delivery.state = to
        delivery.save(update_fields=["state"])
        notice.forget([delivery.pk])


def _key(metadata: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(hex=metadata["delivery"])
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


def _is_stale(timestamp: dt.datetime | None) -> bool:
    return timestamp is not None and timezone.now() - timestamp > OLDEST
