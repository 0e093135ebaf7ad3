"""Makes the sample fest, or moves its dates; with `--logins` also its organiser and its teacher."""

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser

from events.clock import database_now
from registrations.samplefest import make_teacher, prepare


class Command(BaseCommand):
    help = "Makes or refreshes the sample fest; safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--logins",
            action="store_true",
            help="set and print new passwords for the sample organiser and the sample teacher",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        fest = prepare(database_now())
        self.stdout.write(f"fest: {fest.name}, {fest.starts_on} to {fest.ends_on}")
        if options["logins"]:
            organiser = self._login("organiser", is_staff=True, is_superuser=True)
            teacher = self._login("teacher", first_name="Ms Rao", email="teacher@school.example")
            make_teacher(teacher, by=organiser, now=database_now())

    def _login(self, name: str, **values: Any) -> Any:
        """The sample's account of this name, with a new password, which is printed."""
        user, _made = get_user_model().objects.get_or_create(username=name, defaults=values)
        password = secrets.token_urlsafe(9)
        user.set_password(password)
        user.save(update_fields=["password"])
        self.stdout.write(f"{name}: {name} / {password}")
        return user
