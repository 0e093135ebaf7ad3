"""Encrypt the secrets of second steps with the first key, after a change of ``SECOND_FACTOR_KEYS``."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from registrations.teachers import second_factor


class Command(BaseCommand):
    help = "Encrypts all TOTP secrets and recovery codes with the first key; afterwards older keys may be removed."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = second_factor.encrypt_all()
        except second_factor.Unreadable as error:
            raise CommandError(
                "A second step is encrypted with a key that is none of SECOND_FACTOR_KEYS, SECRET_KEY and"
                " SECRET_KEY_FALLBACKS. Add the former key behind the others in SECOND_FACTOR_KEYS, or in"
                " SECRET_KEY_FALLBACKS if it was SECRET_KEY, and run this again. Nothing was changed."
            ) from error
        first = (
            "the first key of SECOND_FACTOR_KEYS"
            if settings.SECOND_FACTOR_KEYS
            else "SECRET_KEY, because SECOND_FACTOR_KEYS is empty"
        )
        self.stdout.write(f"{count} second steps are encrypted with {first}.")
