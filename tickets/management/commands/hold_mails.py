"""Hold all mails before a restore that brings back database and data folder together, such as a whole machine."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from registrations.restore import hold, marker_file


class Command(BaseCommand):
    help = (
        "Holds all mails until an owner has decided in the admin, as after a restore that is recognised. Run it "
        "before the workers start where a whole machine was restored: then the marker file is as old as the database."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            marker = hold.locked_marker()
            if not marker.is_held:
                hold.hold(marker, hold.Reason.REQUESTED, marker_file.read())
        self.stdout.write("Mails are held until an owner has decided at /admin/held-mails/.")
