"""The first owner of a real fest: an account without a password, and the one link that sets it."""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from django.urls import reverse

from registrations.models import SecurityEvent
from registrations.students.names import email_key
from registrations.teachers import security
from registrations.teachers.messages import absolute
from registrations.teachers.onboarding import user_with
from techfest.core.roles import OWNER


@transaction.atomic
def make_owner(email: str, *, name: str = "") -> Any:
    """The account of this address, which may do everything at the desk; one that is there keeps its password."""
    address = email_key(email)
    user = user_with(address)
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
    """Works once, for an hour; whoever opens it chooses the password."""
    token = default_token_generator.make_token(user)
    return absolute(reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), token]))
