"""Who a login is. One password is checked for every try, so that its time tells nothing."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username


def user_of(login: str) -> Any:
    """The account of this user name or address; of several with one address the one that has proven it."""
    login = login.strip()
    by_email = filter_users_by_email(login, prefer_verified=True, for_login=True) if "@" in login else []
    return get_user_by_username(login) or next(iter(by_email), None)


class Backend(AuthenticationBackend):
    """The library would check an address twice, once for each meaning that a login may have."""

    def _authenticate(self, request: Any, **credentials: Any) -> Any:
        login = credentials.get("username") or credentials.get("email") or ""
        return self._check_password(user_of(login), credentials["password"])
