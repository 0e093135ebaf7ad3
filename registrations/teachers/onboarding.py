"""Becoming a teacher: invited by an organiser, or asking and being approved."""

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import connection, transaction

from registrations.models import Invitation, School, Teacher
from registrations.querysets import TEACHER_GROUP
from registrations.schools import find_or_create_school
from registrations.students.names import email_key
from registrations.teachers import messages
from registrations.teachers.mails import enqueue

INVITATION_LIFETIME = dt.timedelta(days=14)


class InvitationUsed(Exception):
    """The invitation was accepted meanwhile."""


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """What somebody wrote who asks for access."""

    name: str
    email: str
    school: str
    note: str
    password: str


def invite(invitation: Invitation) -> None:
    """Sends the invitation its letter; it must be saved, in the same transaction."""
    enqueue(messages.invited(invitation), to=invitation.email)


def open_invitation(code: str, *, now: dt.datetime) -> Invitation | None:
    """The invitation with this code, unless it was accepted or is too old."""
    fresh = Invitation.objects.filter(accepted_at=None, created_at__gt=now - INVITATION_LIFETIME)
    return fresh.select_related("school", "invited_by").filter(code=code).first()


def user_with(email: str) -> Any:
    """The account that reads this address, verified or not; the verified one first."""
    addresses = EmailAddress.objects.filter(email__iexact=email).order_by("-verified", "pk")
    known = addresses.select_related("user").first()
    return (
        known.user if known else get_user_model().objects.filter(email__iexact=email).order_by("pk").first()
    )


def join(invitation: Invitation, *, name: str, password: str, now: dt.datetime) -> Teacher:
    """Makes the account of somebody who was invited; the letter proved the address. Raises Gone."""
    with transaction.atomic():
        _lock(invitation.email)
        if user_with(invitation.email):
            raise InvitationUsed
        user = _new_user(name, invitation.email, make_password(password), is_verified=True)
        return accept(invitation, user=user, now=now)


def accept(invitation: Invitation, *, user: Any, now: dt.datetime) -> Teacher:
    """Makes this user an approved teacher of the school, also if it was another one's. Raises Gone."""
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
    """Writes down who asks; the user of this address, and the address where it is still to be verified.

    Whoever has the address already stays as they are. Takes as long for a known address as for a new one.
    """
    password = make_password(access_request.password)
    with transaction.atomic():
        _lock(access_request.email)
        user = user_with(access_request.email)
        if user is None:
            user = _new_user(access_request.name, access_request.email, password, is_verified=False)
            school = find_or_create_school(access_request.school)
            Teacher.objects.create(user=user, school=school, note=access_request.note)
    return user, EmailAddress.objects.filter(
        user=user, email__iexact=access_request.email, verified=False
    ).first()


def approve(ids: Iterable[int], *, by: Any, now: dt.datetime) -> int:
    """Lets in those of these teachers who wait and whose address is verified, and writes to them; how many."""
    with transaction.atomic():
        teachers = list(_waiting(ids))
        for teacher in teachers:
            teacher.approved_at, teacher.approved_by = now, by
            teacher.save(update_fields=["approved_at", "approved_by"])
            _give_access(teacher)
            enqueue(messages.approved(teacher), to=teacher.user.email, user=teacher.user)
    return len(teachers)


def refuse(ids: Iterable[int]) -> int:
    """Writes to those of these teachers who wait, and deletes what they sent; how many.

    The account goes along, unless it is an organiser's, so that the same address may ask again.
    """
    with transaction.atomic():
        teachers = list(_waiting(ids))
        for teacher in teachers:
            enqueue(messages.refused(teacher), to=teacher.user.email)
            user = teacher.user
            teacher.delete()
            if not user.is_staff:
                user.delete()
    return len(teachers)


def approved_teacher(*, user: Any, school: School, by: Any, now: dt.datetime) -> Teacher:
    """A teacher whom nobody had to ask: for the sample fest and for tests."""
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
    """The name for logging in is made up: people log in with their address."""
    users = get_user_model().objects
    user = users.create(
        username=f"t{secrets.token_hex(6)}", first_name=name, email=email_key(email), password=password
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=is_verified, primary=True)
    return user


def _lock(email: str) -> None:
    """Lets one transaction at a time look for an address and add it; there may be no row yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [email_key(email)])
