"""Becoming a teacher: by invitation, or by a request that an organiser approves."""

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from allauth.account import app_settings
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core import signing
from django.db import connection, transaction

from registrations.models import Invitation, School, Teacher
from registrations.querysets import TEACHER_GROUP
from registrations.schools import find_or_create_school
from registrations.students.names import email_key
from registrations.teachers import account_mails
from registrations.teachers.account_mails import enqueue

INVITATION_LIFETIME = dt.timedelta(days=14)


class InvitationUsed(Exception):
    """The invitation has been accepted in the meantime."""


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """What a teacher without an invitation enters to ask for access."""

    name: str
    email: str
    school: str
    note: str
    password: str


def invite(invitation: Invitation) -> None:
    """Enqueue the mail of a saved invitation in the same transaction."""
    enqueue(account_mails.invitation_mail(invitation), to=invitation.email)


def open_invitation(code: str, *, now: dt.datetime) -> Invitation | None:
    """Return the invitation with this code, unless it was accepted or has expired."""
    fresh = Invitation.objects.filter(accepted_at=None, created_at__gt=now - INVITATION_LIFETIME)
    return fresh.select_related("school", "invited_by").filter(code=code).first()


def user_with_email(email: str) -> Any:
    """Return the account with this address, preferring a verified one."""
    addresses = EmailAddress.objects.filter(email__iexact=email).order_by("-verified", "pk")
    known = addresses.select_related("user").first()
    return (
        known.user if known else get_user_model().objects.filter(email__iexact=email).order_by("pk").first()
    )


def join(invitation: Invitation, *, name: str, password: str, now: dt.datetime) -> Teacher:
    """Create the account of an invited teacher; the mail verified the address. Raises `InvitationUsed`."""
    with transaction.atomic():
        _lock(invitation.email)
        if user_with_email(invitation.email):
            raise InvitationUsed
        user = _new_user(name, invitation.email, make_password(password), is_verified=True)
        return accept(invitation, user=user, now=now)


def accept(invitation: Invitation, *, user: Any, now: dt.datetime) -> Teacher:
    """Make this user an approved teacher of the school, even if it was a teacher of another one. Raises
    `InvitationUsed`."""
    with transaction.atomic():
        taken = Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(accepted_at=now)
        if not taken:
            raise InvitationUsed
        EmailAddress.objects.update_or_create(
            user=user, email=email_key(invitation.email), defaults={"verified": True}
        )
        teacher, _made = Teacher.objects.update_or_create(
            user=user,
            defaults={
                "school": invitation.school,
                "approved_at": now,
                "approved_by": invitation.invited_by,
            },
        )
        _give_access(teacher)
    return teacher


def request_access(access_request: AccessRequest) -> tuple[Any, EmailAddress | None]:
    """Record the request. Returns the user of the address, and the address if it still has to be verified.

    An existing account stays unchanged. Takes as long for a known address as for a new one.
    """
    password = make_password(access_request.password)
    with transaction.atomic():
        _lock(access_request.email)
        user = user_with_email(access_request.email)
        if user is None:
            user = _new_user(access_request.name, access_request.email, password, is_verified=False)
            school = find_or_create_school(access_request.school)
            Teacher.objects.create(user=user, school=school, note=access_request.note)
    return user, EmailAddress.objects.filter(
        user=user, email__iexact=access_request.email, verified=False
    ).first()


def approve(ids: Iterable[int], *, by: Any, now: dt.datetime) -> int:
    """Approve those of these teachers who wait and have a verified address, and mail them; return how many."""
    with transaction.atomic():
        teachers = list(_waiting(ids))
        for teacher in teachers:
            teacher.approved_at, teacher.approved_by = now, by
            teacher.save(update_fields=["approved_at", "approved_by"])
            _give_access(teacher)
            enqueue(account_mails.approval_mail(teacher), to=teacher.user.email, user=teacher.user)
    return len(teachers)


def refuse(ids: Iterable[int]) -> int:
    """Mail those of these teachers who wait and delete their requests; return how many.

    The account is deleted as well unless it is an organiser's, so that the same address can ask again.
    """
    with transaction.atomic():
        teachers = list(_waiting(ids))
        for teacher in teachers:
            enqueue(account_mails.refusal_mail(teacher), to=teacher.user.email)
            user = teacher.user
            teacher.delete()
            if not user.is_staff:
                user.delete()
    return len(teachers)


def approved_teacher(*, user: Any, school: School, by: Any, now: dt.datetime) -> Teacher:
    """Make an approved teacher without an invitation, for the sample fest and for tests."""
    values = {"school": school, "approved_at": now, "approved_by": by}
    teacher, _made = Teacher.objects.update_or_create(user=user, defaults=values)
    EmailAddress.objects.update_or_create(
        user=user, email=email_key(user.email), defaults={"verified": True, "primary": True}
    )
    _give_access(teacher)
    return teacher


def _give_access(teacher: Teacher) -> None:
    group, _made = Group.objects.get_or_create(name=TEACHER_GROUP)
    teacher.user.groups.add(group)


def _waiting(ids: Iterable[int]) -> Any:
    rows = Teacher.objects.waiting().filter(pk__in=list(ids)).select_related("user", "school")
    return rows.order_by("pk").select_for_update(of=("self",))


def _new_user(name: str, email: str, password: str, *, is_verified: bool) -> Any:
    """Create a user with a random user name: people log in with their address."""
    users = get_user_model().objects
    user = users.create(
        username=f"t{secrets.token_hex(6)}", first_name=name, email=email_key(email), password=password
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=is_verified, primary=True)
    return user


def _lock(email: str) -> None:
    """Serialise transactions that look up and add this address; there may be no row to lock yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [email_key(email)])


def verification_key(address: EmailAddress) -> str:
    """Return the key of a verification link: user name and address, not the primary key.

    After a restored backup a primary key may be given to another account, and an old link would verify its address.
    User names are random.
    """
    return signing.dumps([address.user.get_username(), address.email], salt=app_settings.SALT)


def unverified_address(key: str) -> EmailAddress | None:
    """Return the unverified address of this key, unless the key has expired or is forged."""
    age = dt.timedelta(days=app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS)
    try:
        username, email = signing.loads(key, max_age=age, salt=app_settings.SALT)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    rows = EmailAddress.objects.filter(user__username=username, email=email, verified=False)
    return rows.select_related("user").first()
