"""Writes the log of what happens to accounts and their sign-in.

Of a visitor's address only the network is stored, /24 for IPv4 and /48 for IPv6: enough to tell the school from
elsewhere, too little to name a device. A hash would tell an owner nothing, and anyone with the table could reverse it
by trying all addresses.
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
"""Tries are refused for so long; one line says it."""
UNKNOWN_ONCE_IN = dt.timedelta(minutes=1)
"""Tries at names that no account has: a line a minute and network, or a stranger could fill the table."""
AT_SECOND_STEP = "second step"


def record(kind: str, *, account: Any = None, by: Any = None, detail: str = "") -> SecurityEvent:
    """Writes one event as part of the caller's transaction.

    The network, and the user where it is another than the account, come from the request that is being answered.
    """
    request = context.request
    if by is None and request is not None:
        by = _other_user(request, account)
    return SecurityEvent.objects.create(
        kind=str(kind), account=account, by=by, network=network_of(request), detail=detail[:300]
    )


def note_failure(account: Any) -> None:
    """Logs a wrong password. What was typed as user name is not stored, it may be the password itself."""
    if account is None:
        _once(Kind.SIGN_IN_FAILED, account=None, within=UNKNOWN_ONCE_IN)
    else:
        record(Kind.SIGN_IN_FAILED, account=account)


def note_lock_out(account: Any, detail: str = "") -> None:
    """Logs that tries are refused, once for as long as that lasts."""
    _once(Kind.LOCKED_OUT, account=account, within=LOCK_OUT_ONCE_IN, detail=detail)


def network_of(request: HttpRequest | None) -> str:
    """Returns the visitor's network, or an empty text outside a request."""
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
