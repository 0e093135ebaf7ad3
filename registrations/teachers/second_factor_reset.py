"""Reset of a second step whose phone is lost: with a reason, an audit log entry, and a mail to the person.

The admin never resets that of an owner, so that a stolen session of one owner cannot take over the others. For owners
there is `manage.py reset_second_factor` on the server, which mails all owners.
"""

from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from events import audit_log
from registrations.models import AccountSession, SecurityEvent
from registrations.teachers import account_mails
from registrations.teachers.account_events import record_and_notify
from registrations.teachers.role_assignment import may_be_changed_by, role_of
from techfest.core.db.clock import database_now
from techfest.core.roles import OWNER, owners_with_email

KIND = SecurityEvent.Kind.SECOND_FACTOR_RESET


def may_be_reset_by(organiser: Any, account: Any) -> bool:
    """Whether this organiser may reset it in the admin: of accounts below their own, and of no owner's."""
    is_owner = account.is_superuser or role_of(account) == OWNER
    return not is_owner and account.pk != organiser.pk and may_be_changed_by(organiser, account)


@transaction.atomic
def reset(account: Any, *, reason: str, by: Any = None) -> None:
    """Removes app and recovery codes, ends every session of the account, writes it down and tells the person.

    Without `by` it was done at the console; then all other owners are told as well.
    """
    Authenticator.objects.filter(user=account).delete()
    AccountSession.objects.filter(account=account).delete()
    audit_log.record(account, what="second step reset", now=database_now(), user=by, reason=reason)
    record_and_notify(KIND, account, by=by, detail=reason)
    for owner in owners_with_email().exclude(pk=account.pk) if by is None else ():
        account_mails.notify_owner(owner, account)
