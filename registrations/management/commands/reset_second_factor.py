"""Resets the second step of any account, also of an owner, whose phone is lost; the person and all owners are told."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from registrations.teachers.backend import user_of
from registrations.teachers.second_factor_reset import reset


class Command(BaseCommand):
    help = "Removes the app for codes of one account and ends its sessions; make sure first that it is really them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("login", help="user name or e-mail address")
        parser.add_argument(
            "--reason", required=True, help="stands in the audit log for good; write no names"
        )

    def handle(self, *args: Any, login: str, reason: str, **options: Any) -> None:
        account = user_of(login)
        if not isinstance(account, get_user_model()):
            raise CommandError(f"No account has the user name or address {login}.")
        if not reason.strip():
            raise CommandError("Say why: --reason.")
        reset(account, reason=reason.strip()[:300])
        self.stdout.write(f"{account.get_username()} sets up a new second step at the next login.")
