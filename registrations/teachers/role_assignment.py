"""Roles of accounts, and how people with a role log in for the first time."""

import secrets
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from django.urls import reverse

from registrations.models import SecurityEvent, TemporaryPassword
from registrations.students.names import email_key
from registrations.teachers import account_mails, security
from registrations.teachers.account_mails import absolute_url, enqueue
from registrations.teachers.onboarding import user_with_email
from techfest.core.roles import ADMIN_ROLES, OWNER, ROLES


def role_of(user: Any) -> str:
    """Return the account's role, or an empty string; one query."""
    names = set(user.groups.values_list("name", flat=True))
    return next((role for role in ROLES if role in names), "")


def may_be_changed_by(organiser: Any, account: Any) -> bool:
    """Whether the organiser may change this account: never their own, and never one of the same or a higher rank."""
    if organiser.is_superuser:
        return True
    return not account.is_superuser and account.pk != organiser.pk and role_of(account) != OWNER


@transaction.atomic
def assign_role(user: Any, *, role: str) -> None:
    """Give a saved account exactly this role. Roles that use the admin make it staff. A superuser stays one."""
    user.groups.remove(*Group.objects.filter(name__in=ROLES).exclude(name=role))
    if role:
        user.groups.add(Group.objects.get(name=role))
    user.is_staff = user.is_superuser or role in ADMIN_ROLES
    user.save(update_fields=["is_staff"])


@transaction.atomic
def mail_link(user: Any) -> None:
    """Enqueue a mail with a link to choose a password. The present password stays valid."""
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    link = get_adapter().get_reset_password_from_key_url(key)
    enqueue(account_mails.account_created_mail(user, link), to=user.email, user=user)


@transaction.atomic
def give_password(user: Any) -> str:
    """Set a temporary password and return it once (never stored in clear). All sessions of the account end."""
    password = new_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    TemporaryPassword.objects.get_or_create(account=user)
    return password


def new_password() -> str:
    return secrets.token_urlsafe(9)


@transaction.atomic
def make_owner(email: str, *, name: str = "") -> Any:
    """Return the account of this address as an owner. An existing account keeps its password."""
    address = email_key(email)
    user = user_with_email(address)
    if user is None:
        user = get_user_model().objects.create_user(address, address, first_name=name[:150])
        EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    if not user.is_superuser:
        security.record(SecurityEvent.Kind.ROLES_CHANGED, account=user, detail="+superuser")
    user.is_staff = user.is_superuser = True
    user.save(update_fields=["is_staff", "is_superuser"])
    user.groups.add(Group.objects.get_or_create(name=OWNER)[0])
    return user


def password_link(user: Any) -> str:
    """Return a link that sets the password; it works once, for one hour."""
    token = default_token_generator.make_token(user)
    return absolute_url(reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), token]))
