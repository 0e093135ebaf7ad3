"""`is_owner` and `owners` agree."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from techfest.core.roles import LEAD, OWNER, is_owner, owners, owners_with_email

pytestmark = pytest.mark.django_db
ACCOUNTS: dict[str, dict[str, Any]] = {
    "superuser": {"is_superuser": True},
    "both": {"is_superuser": True, "role": OWNER},
    "owner": {"role": OWNER},
    "unmailed": {"role": OWNER, "email": ""},
    "former": {"role": OWNER, "is_active": False},
    "formersuper": {"is_superuser": True, "is_active": False},
    "lead": {"role": LEAD},
    "teacher": {},
}


def build_accounts() -> None:
    for name, given in ACCOUNTS.items():
        values = {"email": f"{name}@example.org", "role": ""} | given
        role = values.pop("role")
        user = get_user_model().objects.create_user(name, **values)
        user.groups.set(Group.objects.filter(name=role))


def test_all_owners_are_those_who_are_owners_one_by_one() -> None:
    build_accounts()
    each = [user.username for user in get_user_model().objects.order_by("pk") if is_owner(user)]
    assert [user.username for user in owners()] == each == ["superuser", "both", "owner", "unmailed"]


def test_owner_without_an_address_is_mailed_nothing() -> None:
    build_accounts()
    assert [user.username for user in owners_with_email()] == ["superuser", "both", "owner"]
