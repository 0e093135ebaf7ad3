"""Accounts of those who run the fest: their role, and how they get in for the first time."""

import secrets
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.models import Group
from django.db import transaction

from registrations.models import TemporaryPassword
from registrations.teachers import messages
from registrations.teachers.mails import enqueue
from techfest.core.roles import ADMIN_ROLES, OWNER, ROLES


def role_of(user: Any) -> str:
    """The account's role, empty where it has none; one query."""
    names = set(user.groups.values_list("name", flat=True))
    return next((role for role in ROLES if role in names), "")


def may_be_changed_by(organiser: Any, account: Any) -> bool:
    """Whether this account stands below the organiser's own: nobody changes an equal, a higher one, or the own."""
    if organiser.is_superuser:
        return True
    return not account.is_superuser and account.pk != organiser.pk and role_of(account) != OWNER


@transaction.atomic
def assign_role(user: Any, *, role: str) -> None:
    """Gives a saved account this role and no other; whoever works at the desk is staff. A superuser stays one."""
    user.groups.remove(*Group.objects.filter(name__in=ROLES).exclude(name=role))
    if role:
        user.groups.add(Group.objects.get(name=role))
    user.is_staff = user.is_superuser or role in ADMIN_ROLES
    user.save(update_fields=["is_staff"])


@transaction.atomic
def mail_link(user: Any) -> None:
    """Owes a letter with a link to choose a password; what let in before still does."""
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    link = get_adapter().get_reset_password_from_key_url(key)
    enqueue(messages.account_created(user, link), to=user.email, user=user)


@transaction.atomic
def give_password(user: Any) -> str:
    """Sets a new password for an account without e-mail; it must be changed when it is first used.

    It is returned once and stored nowhere. All sessions of the account end.
    """
    password = new_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    TemporaryPassword.objects.get_or_create(account=user)
    return password


def new_password() -> str:
    return secrets.token_urlsafe(9)
