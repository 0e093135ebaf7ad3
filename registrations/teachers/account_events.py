"""Signal receivers that write the security log and notify the person, however a change was made."""

from typing import Any

from allauth.account.signals import user_logged_in
from allauth.mfa import signals as second_factor
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import m2m_changed
from django.dispatch import receiver

from registrations.models import SecurityEvent
from registrations.teachers import account_mails, security, sessions
from registrations.teachers.accounts_library import record_authentication

Kind = SecurityEvent.Kind


class NewPasswords:
    """A password validator that accepts every password; Django calls it whenever a password was set.

    This covers passwords that are changed, reset by a link, given by an owner, or set by a command.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Accept every password."""

    def get_help_text(self) -> str:
        return ""

    def password_changed(self, password: str, user: Any = None) -> None:
        if user is not None:
            sessions.after_new_password(user)
            record_and_notify(Kind.PASSWORD_CHANGED, user)


def record_and_notify(kind: Kind, account: Any, *, by: Any = None, detail: str = "") -> None:
    """Write one event and mail the account's person if there is an address."""
    event = security.record(kind, account=account, by=by, detail=detail)
    account_mails.notify_account(kind, account, is_by_organiser=event.by is not None)


@receiver(user_logged_in)
def signed_in(*, user: Any, **rest: Any) -> None:
    security.record(Kind.SIGNED_IN, account=user)


@receiver(user_logged_out)
def signed_out(*, user: Any, **rest: Any) -> None:
    if user is not None:
        security.record(Kind.SIGNED_OUT, account=user)


@receiver(second_factor.authenticator_added)
def added(*, request: Any, user: Any, authenticator: Authenticator, **rest: Any) -> None:
    """Count the code of the set-up as the second step of this session; it is used up and would be refused."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:  # they come along
        return
    record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
    record_and_notify(Kind.SECOND_FACTOR_ADDED, user)


@receiver(second_factor.authenticator_removed)
def removed(*, user: Any, authenticator: Authenticator, **rest: Any) -> None:
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record_and_notify(Kind.SECOND_FACTOR_REMOVED, user)


@receiver(second_factor.authenticator_reset)
def codes_renewed(*, user: Any, **rest: Any) -> None:
    record_and_notify(Kind.RECOVERY_CODES, user)


@receiver(second_factor.authenticator_used)
def used(*, user: Any, authenticator: Authenticator, **rest: Any) -> None:
    security.record(Kind.SECOND_FACTOR_USED, account=user, detail=authenticator.type)


@receiver(second_factor.authentication_failed)
def failed(*, user: Any, **rest: Any) -> None:
    security.record(Kind.SECOND_FACTOR_FAILED, account=user)


def roles_changed(*, instance: Any, action: str, reverse: bool, pk_set: set[int] | None, **rest: Any) -> None:
    """Log groups that an account gained or lost, whether in the admin, by approval, by a command or in a shell.

    For an addition Django passes the groups that were added, for a removal those that were requested; existing rows
    are therefore read before a removal.
    """
    sign = {"post_add": "+", "pre_remove": "−", "pre_clear": "−"}.get(action)
    if sign is None:
        return
    through = get_user_model().groups.through.objects.filter(**{"group" if reverse else "user": instance.pk})
    if pk_set is not None:
        through = through.filter(**{"user__in" if reverse else "group__in": pk_set})
    changed: dict[Any, list[str]] = {}
    for row in through.select_related("user", "group").order_by("group__name"):
        changed.setdefault(row.user, []).append(f"{sign}{row.group.name}")
    for account, names in changed.items():
        security.record(Kind.ROLES_CHANGED, account=account, detail=", ".join(names))


m2m_changed.connect(roles_changed, sender=get_user_model().groups.through)
