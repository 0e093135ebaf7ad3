"""Sessions: how long they last and how they end, and passwords that must be changed first.

A session lasts 12 hours. The session of an account that can only check people in ends at midnight in the fest's time
zone, or at the next midnight if that is less than two hours away, and outlasts its browser, which phones close when
they need memory. All other sessions end with the browser. In the admin a session also ends after two hours
without use; check-in counts as use. People and owners can list and end sessions. A new password ends all others.
"""

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.core import context
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends import db
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from events.models import Fest
from registrations.models import AccountSession, SecurityEvent, TemporaryPassword
from registrations.teachers import security
from techfest.core.roles import VOLUNTEER

LIFETIME = dt.timedelta(hours=12)
MIN_SESSION = dt.timedelta(hours=2)
"""A session that would end at a midnight sooner than this ends at the next one."""
IDLE_IN_ADMIN = dt.timedelta(hours=2)
USE_RECORDED_EVERY = 60
"""Seconds between two writes of the last use."""
SIGNED_IN = "signed_in"
USED_IN_ADMIN = "used_in_admin"
MUST_CHANGE = "must_change_password"


class SessionStore(db.SessionStore):
    """Django's database sessions, with an account to find them by and a fixed end."""

    @classmethod
    def get_model_class(cls) -> type[AccountSession]:
        return AccountSession

    def get_expiry_date(self, **values: Any) -> dt.datetime:
        ends = self.get(SIGNED_IN, {}).get("ends")
        if ends:
            return dt.datetime.fromtimestamp(ends, dt.UTC)
        date: dt.datetime = super().get_expiry_date(**values)
        return date

    def get_expiry_age(self, **values: Any) -> int:
        ends = self.get(SIGNED_IN, {}).get("ends")
        return max(0, int(ends - time.time())) if ends else int(super().get_expiry_age(**values))

    def get_expire_at_browser_close(self) -> bool:
        signed_in = self.get(SIGNED_IN)
        if signed_in is None:
            return bool(super().get_expire_at_browser_close())
        return not signed_in.get("outlasts_browser", False)

    def create_model_instance(self, data: dict[str, Any]) -> AccountSession:
        row: AccountSession = super().create_model_instance(data)  # type: ignore[assignment]  # of `get_model_class`
        signed_in = data.get(SIGNED_IN, {})
        row.account_id = int(data["_auth_user_id"]) if "_auth_user_id" in data else None
        row.began_at = dt.datetime.fromtimestamp(signed_in["at"], dt.UTC) if signed_in else None
        row.network, row.device = signed_in.get("network", ""), signed_in.get("device", "")
        return row


@receiver(user_logged_in)
def begin(*, request: HttpRequest, user: Any, **rest: Any) -> None:
    """Store in the new session when it began and ends, and whether the password must be changed first."""
    now = timezone.now()
    request.session[SIGNED_IN] = {
        "at": now.timestamp(),
        "ends": end_of(user, now=now).timestamp(),
        "outlasts_browser": _is_checkin_only(user),
        "network": security.network_of(request),
        "device": device_of(request.headers.get("User-Agent", "")),
    }
    request.session.pop(USED_IN_ADMIN, None)
    if TemporaryPassword.objects.filter(account=user).exists():
        request.session[MUST_CHANGE] = True


def end_of(user: Any, *, now: dt.datetime) -> dt.datetime:
    """Return when a session of this account that begins now ends."""
    if not _is_checkin_only(user):
        return now + LIFETIME
    fest = Fest.objects.filter(is_current=True).first()
    zone = fest.zone if fest else dt.UTC
    tomorrow = (now + MIN_SESSION).astimezone(zone).date() + dt.timedelta(days=1)
    return dt.datetime.combine(tomorrow, dt.time(), tzinfo=zone)


def _is_checkin_only(user: Any) -> bool:
    """Whether the account can check people in and nothing else."""
    names = set(user.groups.values_list("name", flat=True))
    return names == {VOLUNTEER} and not (user.is_staff or user.is_superuser)


def end_if_idle(request: HttpRequest) -> bool:
    """End a session of the admin after two hours without use; otherwise note the use. Returns whether it ended."""
    if record_use(request):
        return False
    security.record(SecurityEvent.Kind.SESSIONS_ENDED, account=request.user, detail="two hours without use")
    request.session.flush()
    request.user = AnonymousUser()
    return True


def record_use(request: HttpRequest) -> bool:
    """Note that the session was used. Returns `False`, and notes nothing, after two hours without use.

    So no other page revives a session that the admin has to end.
    """
    now, session = time.time(), request.session
    used = session.get(USED_IN_ADMIN) or session.get(SIGNED_IN, {}).get("at", now)
    if now - used > IDLE_IN_ADMIN.total_seconds():
        return False
    if now - session.get(USED_IN_ADMIN, 0) > USE_RECORDED_EVERY:
        session[USED_IN_ADMIN] = now
    return True


def sessions_of(account: Any) -> list[AccountSession]:
    """Return the active sessions of this account, the latest first."""
    rows = AccountSession.objects.filter(account=account, expire_date__gt=timezone.now())
    return list(rows.order_by("-began_at"))


def handle_of(session: AccountSession) -> str:
    """Return a name for this session on a page, instead of its secret key."""
    return hashlib.sha256(session.session_key.encode()).hexdigest()[:16]


def end_sessions(sessions: Iterable[AccountSession], *, account: Any) -> int:
    """End these sessions of the account, log it, and return how many there were."""
    keys = [one.session_key for one in sessions]
    count, _rows = AccountSession.objects.filter(account=account, session_key__in=keys).delete()
    if count:
        security.record(SecurityEvent.Kind.SESSIONS_ENDED, account=account, detail=f"{count}")
    return count


def after_new_password(account: Any) -> None:
    """End every session of the account except the one in which the password was chosen."""
    TemporaryPassword.objects.filter(account=account).delete()
    others = AccountSession.objects.filter(account=account)
    own = _own_session(account)
    if own is not None:
        own.pop(MUST_CHANGE, None)
        others = others.exclude(session_key=own.session_key)
    others.delete()


def _own_session(account: Any) -> Any:
    """Return the session of the current request if the account itself is signed in there."""
    user = getattr(context.request, "user", None)
    return context.request.session if user is not None and user.pk == account.pk else None


_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Mac OS": "Mac",
    "Linux": "Linux",
}
"""The first marker found in the user agent counts, since most browsers also name their ancestors."""


def device_of(user_agent: str) -> str:
    """Return browser and system, for example "Firefox, Android", or an empty string."""
    found = (_first_known(user_agent, among) for among in (_BROWSERS, _SYSTEMS))
    return ", ".join(filter(None, found))


def _first_known(text: str, among: dict[str, str]) -> str:
    return next((name for mark, name in among.items() if mark in text), "")


GetResponse = Callable[[HttpRequest], HttpResponse]
_WITH_TEMPORARY_PASSWORD = ("account_change_password", "account_logout", "admin:logout")


class TemporaryPasswordMiddleware:
    """Redirect every page to the change of password until a temporary password is changed, and back afterwards."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = getattr(request, "session", None)  # public pages have none
        if (
            session is None
            or MUST_CHANGE not in session
            or request.path in map(reverse, _WITH_TEMPORARY_PASSWORD)
        ):
            return self.get_response(request)
        if not request.user.is_authenticated:
            return self.get_response(request)
        is_page = request.method in ("GET", "HEAD")
        back_to = request.get_full_path() if is_page else get_adapter().get_login_redirect_url(request)
        query = urlencode({"next": back_to})
        return redirect(f"{reverse('account_change_password')}?{query}")
