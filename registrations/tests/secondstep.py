"""Accounts with a second step, and browsers that have passed it."""

import time
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.userkit import user_id_to_str
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client

_OF_USER = "account_authentication_methods_user"


def set_up_app(user: Any) -> str:
    """Gives this account an app that shows codes; its secret."""
    secret: str = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_of(secret: str) -> str:
    """What the app shows now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def pass_second_step(browser: Client, user: Any) -> None:
    """As if a code had been entered in this browser, in which the account is signed in."""
    if not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        set_up_app(user)
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time()}]
    session[_OF_USER] = user_id_to_str(user)
    session.save()
