"""Limit wrong passwords and mails by counters in PostgreSQL, without locking anyone out.

A browser in which the person was signed in before has a signed cookie and a counter of its own, so strangers who
guess the password elsewhere only slow one another down. From any other browser the person can get in by resetting the
password through the mailbox.
"""

import secrets
from typing import Any

from allauth.core import ratelimit as library
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from registrations.students.names import email_key, mailbox_key
from registrations.teachers.accounts_library import code_limit_key, ratelimit, user_of

COOKIE = "__Secure-device" if settings.SESSION_COOKIE_SECURE else "device"
LIFETIME = 180 * 86400
"""Seconds for which a browser is remembered after the last login."""
_PER_ACCOUNT = "5/5m/key"
RATES = {
    "stranger": f"{_PER_ACCOUNT},60/10m/ip",
    "device": "10/5m/key",
    "mail": "3/h/key",
}
"""Limits of failed attempts (per person and address, per known browser) and of mails (per mailbox and purpose).

The limit per address is wide because a whole school shares one address.
"""
_SALT = "registrations.teachers.device"
_APP = "registrations.teachers"


def count_attempt(request: HttpRequest, login: str) -> ratelimit.RateLimitUsage | None:
    """Count one attempt for any login name, to be rolled back on success; return `None` if there were too many."""
    user = user_of(login)
    user_id = user.pk if user else 0
    device = _device(request, user_id) if user_id else ""
    action = "device" if device else "stranger"
    return _consume(
        request, action, device or (f"user {user_id}" if user_id else f"login {email_key(login)}")
    )


def clear_attempts(user: Any) -> None:
    """Clear the counter of wrong passwords of an account, however often they were guessed.

    The counter of the visitor's address stays: otherwise a person could guess at others' passwords without limit.
    """
    rates = {"stranger": _PER_ACCOUNT}
    ratelimit.clear(None, app=_APP, action="stranger", config=rates, key=f"user {user.pk}")


def clear_wrong_codes(user: Any) -> None:
    """Clear the counter of wrong codes of an account's second step."""
    library.clear(None, action="login_failed", key=code_limit_key(user))


def may_mail(request: HttpRequest, purpose: str, email: str) -> bool:
    """Whether this mailbox may get one more mail of this purpose; anyone can request such mails."""
    return bool(_consume(request, "mail", f"{purpose} {mailbox_key(email)}"))


def remember_device(request: HttpRequest, response: HttpResponseBase, user: Any) -> None:
    """Give this browser its own counter for this user."""
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
    """Return the name of this browser if this user was signed in with it."""
    try:
        owner, name = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=LIFETIME)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(name) if owner == user_id else ""


def _consume(request: HttpRequest, action: str, key: str) -> ratelimit.RateLimitUsage | None:
    return ratelimit.consume(request, app=_APP, action=action, config=RATES, key=key, limit_get=True)
