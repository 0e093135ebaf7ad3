"""The link that proves an e-mail address: it names the account and the address, not a row's number.

A primary key is given again after a backup was restored; the link of somebody who asked since the backup would then
prove the address of whoever asked next.
"""

import datetime as dt

from allauth.account import app_settings
from allauth.account.models import EmailAddress
from django.core import signing


def key_of(address: EmailAddress) -> str:
    """What stands in the link; the name for logging in is random for each account."""
    return signing.dumps([address.user.get_username(), address.email], salt=app_settings.SALT)


def address_of(key: str) -> EmailAddress | None:
    """The address that is still to be proved with this key, unless the key is too old or made up."""
    age = dt.timedelta(days=app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS)
    try:
        username, email = signing.loads(key, max_age=age, salt=app_settings.SALT)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    rows = EmailAddress.objects.filter(user__username=username, email=email, verified=False)
    return rows.select_related("user").first()
