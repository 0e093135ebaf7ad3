"""Writes what second steps are made of with the first of the keys; for after a change of ``SECOND_FACTOR_KEYS``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registrations.teachers import encryption


class Command(BaseCommand):
    help = "Encrypts all TOTP secrets and recovery codes with the first key; afterwards older keys may be removed."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = encryption.encrypt_all()
        except encryption.Unreadable as error:
            raise CommandError(
                "A second step is encrypted with a key that is missing from SECOND_FACTOR_KEYS. Nothing was changed."
            ) from error
        self.stdout.write(f"{count} second steps are encrypted with the first key.")
