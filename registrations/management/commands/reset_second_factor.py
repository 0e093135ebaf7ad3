"""Reset the second step of any account, also of an owner; the person and all owners are notified."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from registrations.teachers.accounts_library import user_of
from registrations.teachers.second_factor import reset


class Command(BaseCommand):
    help = "Removes the app for codes of one account and ends its sessions; first make sure who is asking."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("login", help="user name or e-mail address")
        parser.add_argument("--reason", required=True, help="kept in the audit log for good; write no names")

    def handle(self, *args: Any, login: str, reason: str, **options: Any) -> None:
        account = user_of(login)
        if not isinstance(account, get_user_model()):
            raise CommandError(f"No account has the user name or address {login}.")
        if not reason.strip():
            raise CommandError("Say why: --reason.")
        reset(account, reason=reason.strip()[:300])
        self.stdout.write(f"{account.get_username()} must set up a new second step at the next login.")
