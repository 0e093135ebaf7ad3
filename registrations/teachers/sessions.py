"""Sessions: how long they last, and how they end.

A session lasts 12 hours. That of an account which can only check people in ends at the fest's midnight, or at the next
one where that is less than two hours away. In the admin a session also ends after two hours without use; work at the
door counts as use. A person and the owners can list and end sessions; a new password
ends all others.
"""

import datetime as dt
import hashlib
import time
from collections.abc import Iterable
from typing import Any

from allauth.core import context
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends import db
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from events.models import Fest
from registrations.models import AccountSession, SecurityEvent, TemporaryPassword
from registrations.teachers import security
from registrations.teachers.devices import device_of
from techfest.core.roles import VOLUNTEER

LASTS = dt.timedelta(hours=12)
MIN_SESSION = dt.timedelta(hours=2)
"""A session that would end at a midnight sooner than this ends at the next one."""
IDLE_IN_ADMIN = dt.timedelta(hours=2)
USE_NOTED_EVERY = 60
"""Seconds: a session is written at most so often to say that it is used."""
SIGNED_IN = "signed_in"
USED_IN_ADMIN = "used_in_admin"
MUST_CHANGE = "must_change_password"


class SessionStore(db.SessionStore):
    """Django's sessions in the database, found by their account, with an end that no request moves."""

    @classmethod
    def get_model_class(cls) -> type[AccountSession]:
        return AccountSession

    def get_expiry_date(self, **values: Any) -> dt.datetime:
        ends = self.get(SIGNED_IN, {}).get("ends")
        if ends:
            return dt.datetime.fromtimestamp(ends, dt.UTC)
        date: dt.datetime = super().get_expiry_date(**values)
        return date

    def create_model_instance(self, data: dict[str, Any]) -> AccountSession:
        row: AccountSession = super().create_model_instance(data)  # type: ignore[assignment]  # of `get_model_class`
        facts = data.get(SIGNED_IN, {})
        row.account_id = int(data["_auth_user_id"]) if "_auth_user_id" in data else None
        row.began_at = dt.datetime.fromtimestamp(facts["at"], dt.UTC) if facts else None
        row.network, row.device = facts.get("network", ""), facts.get("device", "")
        return row


@receiver(user_logged_in)
def begin(*, request: HttpRequest, user: Any, **rest: Any) -> None:
    """Writes into the new session when it began and when it ends, and whether its password must be changed first."""
    now = timezone.now()
    request.session[SIGNED_IN] = {
        "at": now.timestamp(),
        "ends": end_of(user, now=now).timestamp(),
        "network": security.network_of(request),
        "device": device_of(request.headers.get("User-Agent", "")),
    }
    request.session.pop(USED_IN_ADMIN, None)
    if TemporaryPassword.objects.filter(account=user).exists():
        request.session[MUST_CHANGE] = True


def end_of(user: Any, *, now: dt.datetime) -> dt.datetime:
    """When a session of this account that begins now ends."""
    names = set(user.groups.values_list("name", flat=True))
    if names != {VOLUNTEER} or user.is_staff or user.is_superuser:
        return now + LASTS
    fest = Fest.objects.filter(is_current=True).first()
    zone = fest.zone if fest else dt.UTC
    tomorrow = (now + MIN_SESSION).astimezone(zone).date() + dt.timedelta(days=1)
    return dt.datetime.combine(tomorrow, dt.time(), tzinfo=zone)


def end_if_idle(request: HttpRequest) -> bool:
    """For pages of the admin: ends the session if none was asked for in two hours; else notes that one was."""
    if note_use(request):
        return False
    security.record(SecurityEvent.Kind.SESSIONS_ENDED, account=request.user, detail="two hours without use")
    request.session.flush()
    request.user = AnonymousUser()
    return True


def note_use(request: HttpRequest) -> bool:
    """Notes that the session of an account for the admin was used; false where it had not been for two hours.

    Then nothing is noted: no other page revives what the admin has to end.
    """
    now, session = time.time(), request.session
    used = session.get(USED_IN_ADMIN) or session.get(SIGNED_IN, {}).get("at", now)
    if now - used > IDLE_IN_ADMIN.total_seconds():
        return False
    if now - session.get(USED_IN_ADMIN, 0) > USE_NOTED_EVERY:
        session[USED_IN_ADMIN] = now
    return True


def sessions_of(account: Any) -> list[AccountSession]:
    """Where this account is signed in now, the latest first."""
    rows = AccountSession.objects.filter(account=account, expire_date__gt=timezone.now())
    return list(rows.order_by("-began_at"))


def handle_of(session: AccountSession) -> str:
    """Returns what names this session on a page, in place of its secret key."""
    return hashlib.sha256(session.session_key.encode()).hexdigest()[:16]


def end(sessions: Iterable[AccountSession], *, account: Any) -> int:
    """Ends these sessions of the account, and notes it; how many."""
    keys = [one.session_key for one in sessions]
    count, _rows = AccountSession.objects.filter(account=account, session_key__in=keys).delete()
    if count:
        security.record(SecurityEvent.Kind.SESSIONS_ENDED, account=account, detail=f"{count}")
    return count


def after_new_password(account: Any) -> None:
    """A new password ends every session but the one in which its person chose it, which then may go on."""
    TemporaryPassword.objects.filter(account=account).delete()
    others = AccountSession.objects.filter(account=account)
    own = _own_session(account)
    if own is not None:
        own.pop(MUST_CHANGE, None)
        others = others.exclude(session_key=own.session_key)
    others.delete()


def _own_session(account: Any) -> Any:
    """The session of the request that is being answered, where the account itself is signed in in it."""
    user = getattr(context.request, "user", None)
    return context.request.session if user is not None and user.pk == account.pk else None
