"""Makes the sample fest, or moves its dates; with `--logins` also those who run it, and a teacher."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from registrations.demo.fest import prepare
from techfest.core.db.clock import database_now
from tickets.samplestaff import make_staff


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
