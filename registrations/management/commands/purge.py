"""Erase the students of fests whose personal data is no longer needed, or list what would be erased and when."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registrations.privacy.purge import Forecast, forecasts, purge
from registrations.privacy.purge_schedule import announce_due
from techfest.core.db.clock import database_now


class Command(BaseCommand):
    help = (
        "Erases the students of each fest whose personal data is no longer needed; schools, accounts and totals "
        "stay. The owners are notified a week before, and the current fest is never purged. The workers do the "
        "same on their own."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only show what would be erased, and when")
        parser.add_argument("--fest", default="", help="the slug of one fest; all fests if omitted")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["dry_run"]:
            announce_due()
        found = forecasts(now=database_now(), slug=options["fest"])
        if options["fest"] and not found:
            raise CommandError(f"There is no fest {options['fest']}.")
        for one in found:
            self.stdout.write(self._sentence(one))
            if one.is_due and not options["dry_run"]:
                count = purge(one.fest)
                self.stdout.write(f"   {count} erased.")

    def _sentence(self, one: Forecast) -> str:
        what = (
            f"{one.students} students with {one.registrations} registrations, {one.class_lists} class lists"
        )
        before = f" {one.erased_count} erased before." if one.erased_count else ""
        return f"{one.fest.slug}: {what}. {one.state}{before}"
