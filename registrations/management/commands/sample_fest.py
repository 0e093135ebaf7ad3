"""Makes the sample fest, or moves its dates; with `--logins` also the sample organiser."""

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser

from events.clock import database_now
from registrations.samplefest import prepare


class Command(BaseCommand):
    help = "Makes or refreshes the sample fest; safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--logins", action="store_true", help="set and print a new password for the sample organiser"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        fest = prepare(database_now())
        self.stdout.write(f"fest: {fest.name}, {fest.starts_on} to {fest.ends_on}")
        if options["logins"]:
            user, _made = get_user_model().objects.get_or_create(
                username="organiser", defaults={"is_staff": True, "is_superuser": True}
            )
            password = secrets.token_urlsafe(9)
            user.set_password(password)
            user.save(update_fields=["password"])
            self.stdout.write(f"organiser: organiser / {password}")
