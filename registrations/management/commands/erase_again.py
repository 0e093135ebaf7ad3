"""After a backup was restored: whoever was erased since goes once more."""

from typing import Any

from django.core.management.base import BaseCommand

from registrations.minors import erased_list
from registrations.minors.erasing import erase_listed, sweep


class Command(BaseCommand):
    help = (
        "Erases everybody whose reference is on the list of the erased (erased.txt in the data folder) and who "
        "is in the database all the same, as after a restored backup. Running it twice does no harm."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count = erase_listed()
        sweep()
        self.stdout.write(f"{len(erased_list.read())} on {erased_list.path()}, {count} erased again.")
