"""Write the security log: events of accounts and logins.

Of a visitor's address only the network is stored, /24 for IPv4 and /48 for IPv6: enough to tell the school from
elsewhere, too little to identify a device. A hash would tell an owner nothing, and could be reversed by trying all
addresses.
"""

import datetime as dt
from ipaddress import ip_address, ip_network
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import context
from django.db.models.functions import Now
from django.http import HttpRequest

from registrations.models import SecurityEvent

Kind = SecurityEvent.Kind
LOCK_OUT_ONCE_IN = dt.timedelta(minutes=5)
"""Attempts are refused for this long; one event records it."""
UNKNOWN_ONCE_IN = dt.timedelta(minutes=1)
"""At most one event per minute and network for unknown user names, so that no stranger can fill the table."""
AT_SECOND_STEP = "second step"


def record(kind: str, *, account: Any = None, by: Any = None, detail: str = "") -> SecurityEvent:
    """Write one event in the caller's transaction.

    The network, and the acting user if it is not the account itself, come from the current request.
    """
    request = context.request
    if by is None and request is not None:
        by = _other_user(request, account)
    return SecurityEvent.objects.create(
        kind=str(kind), account=account, by=by, network=network_of(request), detail=detail[:300]
    )


def record_failure(account: Any) -> None:
    """Log a wrong password. The typed user name is not stored: it may be the password."""
    if account is None:
        _once(Kind.SIGN_IN_FAILED, account=None, within=UNKNOWN_ONCE_IN)
    else:
        record(Kind.SIGN_IN_FAILED, account=account)


def record_lock_out(account: Any, detail: str = "") -> None:
    """Log that attempts are refused, once per lockout."""
    _once(Kind.LOCKED_OUT, account=account, within=LOCK_OUT_ONCE_IN, detail=detail)


def network_of(request: HttpRequest | None) -> str:
    """Return the visitor's network, or an empty string outside a request."""
    if request is None:
        return ""
    try:
        address = ip_address(get_adapter(request).get_client_ip(request))
    except ValueError:
        return ""
    address = getattr(address, "ipv4_mapped", None) or address
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False))


def _once(kind: str, *, account: Any, within: dt.timedelta, detail: str = "") -> None:
    of_them = {"account": account} if account else {"account": None, "network": network_of(context.request)}
    if not SecurityEvent.objects.filter(kind=kind, at__gt=Now() - within, **of_them).exists():
        record(kind, account=account, detail=detail)


def _other_user(request: HttpRequest, account: Any) -> Any:
    user = getattr(request, "user", None)
    is_other = user is not None and user.is_authenticated and (account is None or user.pk != account.pk)
    return user if is_other else None
