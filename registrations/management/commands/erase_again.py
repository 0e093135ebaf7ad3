"""Erase students again who were erased before a backup was restored."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registrations.privacy import erasure_register
from registrations.privacy.erase import erase_listed, sweep


class Command(BaseCommand):
    help = (
        "Erases students whose reference is in the register of erasures (erased.txt in the data folder, or the "
        "files named with --register, all their lines) and who are in the database again, as after a "
        "restored backup. Running it twice does no harm. A missing or older register is an error."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--register",
            action="append",
            default=[],
            type=Path,
            metavar="FILE",
            help="a copy of the register; may be given several times",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = erase_listed(registers=options["register"])
        except erasure_register.RegisterError as error:
            raise CommandError(str(error)) from error
        sweep()
        self.stdout.write(
            f"{len(erasure_register.read_register())} on {erasure_register.register_path()}, {count} erased again."
        )
