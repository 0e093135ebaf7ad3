"""Checks the invariants on a live database."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from registrations import invariants as registrations
from techfest.core import invariants as events
from techfest.core.invariants import Check, one_moment
from tickets.invariants import tickets

SHOWN = 20
"""Offenders listed for one check, unless all are requested."""


class Command(BaseCommand):
    help = (
        "Checks the invariants (seats, waiting lists, tickets, mails, consents) at one moment of the live "
        "database, lists violations and exits with 1 if there are any. Changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pdf", action="store_true", help="also check the files of the tickets")
        parser.add_argument("--all", action="store_true", help=f"list all offenders, not {SHOWN} a check")

    def handle(self, *args: Any, **options: Any) -> None:
        checks = [*events.CHECKS, *registrations.CHECKS, *tickets.CHECKS]
        if options["pdf"]:
            checks += tickets.FILE_CHECKS
        checks.sort(key=lambda check: check.invariant)
        with one_moment():
            found = sum(self._run(check, shown=None if options["all"] else SHOWN) for check in checks)
        if found:
            raise CommandError(f"{found} found.", returncode=1)

    def _run(self, check: Check, *, shown: int | None) -> int:
        """Prints one line for the check, and below it one for each offender; returns how many there are."""
        offenders = list(check.find())
        result = f"{len(offenders)} found" if offenders else "ok"
        self.stdout.write(f"{check.invariant:>2} {check.name}: {result}")
        for sentence in offenders[:shown]:
            self.stdout.write(f"   {' '.join(sentence.split())}")
        if shown is not None and len(offenders) > shown:
            self.stdout.write(f"   and {len(offenders) - shown} more.")
        return len(offenders)
