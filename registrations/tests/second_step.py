"""Accounts with a second step, and browsers that have passed it.

The only test helper that uses private names of the accounts library.
"""

import time
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.userkit import user_id_to_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.test import Client

__all__ = ["RecoveryCodes", "code_of", "pass_second_step", "set_up_app", "totp"]
_OF_USER = "account_authentication_methods_user"


def set_up_app(user: Any) -> str:
    """Set up an authenticator app for this account and return its secret."""
    secret: str = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    return secret


def code_of(secret: str) -> str:
    """Return the code that the app shows now."""
    return str(totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30)))


def pass_second_step(browser: Client, user: Any) -> None:
    """Mark the second step as passed in this browser, in which the account is signed in."""
    if not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        set_up_app(user)
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time()}]
    session[_OF_USER] = user_id_to_str(user)
    session.save()
