"""Wrong passwords: the more of them, the slower. Counters stand in PostgreSQL, and none of them locks anybody out.

A browser in which somebody was signed in before carries a signed cookie and has a counter of its own for this
person, so that strangers who guess the password at other places slow down only one another. Whoever has no
such browser gets in by a new password, which only the mailbox gives.
"""

import secrets
from typing import Any

from allauth.core.internal import ratelimit
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from registrations.students.names import email_key, mailbox_key
from registrations.teachers.backend import user_of

COOKIE = "__Secure-device" if settings.SESSION_COOKIE_SECURE else "device"
LIFETIME = 180 * 86400
"""Seconds for which a browser is remembered after the last login."""
RATES = {
    "stranger": "5/5m/key,60/10m/ip",
    "device": "10/5m/key",
    "mail": "3/h/key",
}
"""Tries that failed: of everybody else for one person and from one address, and in a browser that is known.
A whole school shares one address, so its limit is wide. Mails of one purpose to one mailbox."""

_SALT = "registrations.teachers.device"
_APP = "registrations.teachers"


def try_password(request: HttpRequest, login: str) -> ratelimit.RateLimitUsage | None:
    """Counts one try, to be rolled back if it succeeds; `None` if there were too many. Any login will do."""
    user = user_of(login)
    user_id = user.pk if user else 0
    device = _device(request, user_id) if user_id else ""
    action = "device" if device else "stranger"
    return _consume(
        request, action, device or (f"user {user_id}" if user_id else f"login {email_key(login)}")
    )


def forget_tries(request: HttpRequest, login: str) -> None:
    """Whoever has a new password gets in with it everywhere, however often others guessed the old one."""
    if user := user_of(login):
        ratelimit.clear(request, app=_APP, action="stranger", config=RATES, key=f"user {user.pk}")


def may_mail(request: HttpRequest, purpose: str, email: str) -> bool:
    """Whether this mailbox has room for one more mail of this purpose, which anybody can ask for."""
    return bool(_consume(request, "mail", f"{purpose} {mailbox_key(email)}"))


def remember_device(request: HttpRequest, response: HttpResponseBase, user: Any) -> None:
    """Lets this browser keep its own counter for this user."""
    if not _device(request, user.pk):
        response.set_cookie(
            COOKIE,
            signing.dumps([user.pk, secrets.token_hex(16)], salt=_SALT),
            max_age=LIFETIME,
            path="/accounts/",
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def _device(request: HttpRequest, user_id: int) -> str:
    """The name of this browser if this very user was signed in with it."""
    try:
        owner, name = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=LIFETIME)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(name) if owner == user_id else ""


def _consume(request: HttpRequest, action: str, key: str) -> ratelimit.RateLimitUsage | None:
    return ratelimit.consume(request, app=_APP, action=action, config=RATES, key=key, limit_get=True)
