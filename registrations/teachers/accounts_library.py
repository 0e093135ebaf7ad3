"""The only module that uses private names of the accounts library (django-allauth).

Private names may change in any release, so pyproject.toml caps the version, and
`registrations/tests/teachers/test_accounts_library.py` fails if a name that is used here or in an overridden method
changes. To raise the cap: upgrade, run that test, and adapt this module.
"""

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP

__all__ = [
    "code_limit_key",
    "mark_code_used",
    "perform_login",
    "ratelimit",
    "record_authentication",
    "user_of",
]


def user_of(login: str) -> Any:
    """Return the account with this user name or address, or `None`.

    Of several accounts with one address, the one that has verified it.
    """
    login = login.strip()
    by_email = filter_users_by_email(login, prefer_verified=True, for_login=True) if "@" in login else []
    return get_user_by_username(login) or next(iter(by_email), None)


def mark_code_used(user: Any, code: str) -> None:
    """Make the library refuse this code from now on. It marks codes of logins itself, but not those of a set-up."""
    TOTP(Authenticator(user=user))._mark_code_used(code)


def code_limit_key(user: Any) -> str:
    """Return the key by which the library counts the wrong codes of this account."""
    return f"mfa-auth-user-{user.pk}"
