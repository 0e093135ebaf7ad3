"""Makes the sample fest, or moves its dates.

With `--logins` also its staff: the organiser, an event lead, a volunteer at two gates, and a teacher.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandParser

from events.models import Event, Fest
from registrations.demo.fest import make_teacher, prepare
from registrations.teachers.role_assignment import assign_role, new_password
from techfest.core import roles
from techfest.core.db.clock import database_now
from tickets.models import Gate


class Command(BaseCommand):
    help = "Makes or refreshes the sample fest; safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--logins",
            action="store_true",
            help="set and print new passwords for the sample's organiser, event lead, volunteer and teacher",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = database_now()
        fest = prepare(now)
        self.stdout.write(f"fest: {fest.name}, {fest.starts_on} to {fest.ends_on}")
        if options["logins"]:
            for line in make_staff(fest, now=now):
                self.stdout.write(line)


ARENA = "Robotics Arena"
"""The hall with its own gate, whose events have a lead."""


def make_staff(fest: Fest, *, now: datetime) -> Iterator[str]:
    """Makes the accounts, or gives those that are there a new password; a line for each, fit to print."""
    organiser = _account("organiser", email="organiser@fest.example", is_staff=True, is_superuser=True)
    yield _login("organiser", organiser)
    lead = _account("lead", first_name="Dev", last_name="Menon", email="lead@fest.example")
    assign_role(lead, role=roles.LEAD)
    for event in _events(fest):
        event.leads.add(lead)
    yield _login("event lead", lead)
    volunteer = _account("volunteer", first_name="Ravi", last_name="Nair")
    assign_role(volunteer, role=roles.VOLUNTEER)
    _make_gates(fest, volunteer)
    yield _login("volunteer", volunteer)
    teacher = _account("teacher", first_name="Ms Rao", email="teacher@school.example")
    make_teacher(teacher, by=organiser, now=now)
    yield _login("teacher", teacher)


def _account(name: str, **values: Any) -> Any:
    user, _made = get_user_model().objects.get_or_create(username=name, defaults=values)
    return user


def _login(role: str, user: Any) -> str:
    """Sets a password that need not be changed, and sends no mail: this is only the sample."""
    password = new_password()
    user.password = make_password(password)
    user.save(update_fields=["password"])
    return f"{role}: {user.get_username()} / {password}"


def _make_gates(fest: Fest, volunteer: Any) -> None:
    main, _made = Gate.objects.get_or_create(fest=fest, name="Main gate")
    arena, _made = Gate.objects.get_or_create(fest=fest, name=ARENA)
    arena.events.set(_events(fest))
    for gate in (main, arena):
        gate.volunteers.add(volunteer)


def _events(fest: Fest) -> list[Event]:
    return list(fest.events.filter(venue__name=ARENA).order_by("starts_at", "pk"))
