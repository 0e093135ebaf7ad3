"""End the hold on mails from the command line, or accept a moved data folder."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registrations.booking.errors import ActionRejected
from registrations.restore.hold import tick
from tickets.restore import decide, describe_group, waiting


class Command(BaseCommand):
    help = (
        "Says that this database and this data folder belong together, after a restore or after one of them was "
        "moved. Without an option it shows which mails are held; nothing is sent or dropped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        chosen = parser.add_mutually_exclusive_group()
        chosen.add_argument(
            "--send-queued",
            action="store_true",
            help="send all waiting mails: the database or the data folder was only moved",
        )
        chosen.add_argument(
            "--drop-queued",
            action="store_true",
            help="drop mails of the restored copy and send later ones",
        )
        parser.add_argument(
            "--without-register",
            action="store_true",
            help="continue although the register of erasures is lost, or nothing was restored",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        marker = tick()
        if not marker.is_held:
            self.stdout.write("No mails are held.")
            return
        groups = waiting(marker)
        self.stdout.write(f"Mails are held since {marker.held_since}: {marker.get_reason_display()}.")
        for one in groups:
            self.stdout.write(f"   {describe_group(one)}")
        if not (options["send_queued"] or options["drop_queued"]):
            return
        drop = {one.name for one in groups if one.is_copy} if options["drop_queued"] else set()
        send = {one.name for one in groups} - drop
        try:
            dropped = decide(send=send, drop=drop, without_register=options["without_register"])
        except ActionRejected as error:
            raise CommandError(str(error.text)) from error
        self.stdout.write(f"Mails are sent again; {dropped} dropped.")
