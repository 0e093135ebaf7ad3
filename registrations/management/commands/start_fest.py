"""Create a fest, new or as a copy of an older one, with its owner's account."""

import datetime as dt
import sys
import zoneinfo
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email, validate_slug
from django.db import transaction
from django.utils.text import slugify

from events.dates import YEARS, fest_questions, fest_refusals
from events.models import Fest, validate_time_zone
from registrations.teachers.role_assignment import make_owner, password_link
from registrations.timetable.new_fest import copy_fest, new_fest, planned_copy
from techfest.core.db.clock import database_now

QUESTIONS = (
    ("name", "What is the fest called?", ""),
    ("place", "Where does it take place?", ""),
    ("time_zone", "In which time zone?", "Asia/Kolkata"),
    ("first_day", "Its first day (YYYY-MM-DD)?", ""),
    ("last_day", "Its last day (YYYY-MM-DD)?", ""),
    ("opens", "When does registration open (YYYY-MM-DD HH:MM, in that zone)?", ""),
    ("closes", "When does it close (YYYY-MM-DD HH:MM)?", ""),
    ("contact_name", "Who is the contact person?", ""),
    ("contact_email", "At which e-mail address?", ""),
    ("privacy_text", "Who runs the fest and keeps the data (one sentence)?", ""),
    ("owner", "E-mail address of the owner's account?", ""),
)
"""Asked one after the other if an option is missing and the command runs interactively."""
COPIED = {"place", "time_zone", "last_day", "contact_name", "contact_email", "privacy_text"}
"""Not asked if an older fest is copied."""


class Command(BaseCommand):
    help = (
        "Creates a fest with its consent text and its owner's account, whose password is set by the printed link. "
        "Asks for everything that is not given as an option."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        for name, question, default in QUESTIONS:
            parser.add_argument(
                f"--{name.replace('_', '-')}", default="", help=f"{question} {default}".strip()
            )
        parser.add_argument("--slug", default="", help="used in URLs; derived from the name if omitted")
        parser.add_argument("--consent", default="", help="the consent text; a default text if omitted")
        parser.add_argument(
            "--dates-are-right",
            action="store_true",
            help="create the fest although one of its dates looks unusual",
        )
        parser.add_argument(
            "--copy-from", default="", help="the slug of an older fest: its events, without people"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        source = self._source(options["copy_from"])
        answers = {
            name: options[name] or self._ask(name, question, default, source)
            for name, question, default in QUESTIONS
        }
        values = self._values({**answers, "slug": options["slug"]}, source)
        self._check_dates(values, source, is_confirmed=options["dates_are_right"])
        owner = self._checked(validate_email, answers["owner"])
        with transaction.atomic():
            fest = copy_fest(source, values) if source else new_fest(values, consent=options["consent"])
            user = make_owner(owner)
        self.stdout.write(
            f"{fest.name} is created; the public pages show {'it' if fest.is_current else 'another fest'}."
        )
        if not fest.is_current:
            self.stdout.write(
                "Mark it as the current fest in the admin, after removing the mark from the other one."
            )
        self.stdout.write(f"{owner} chooses a password within the hour: {password_link(user)}")

    def _source(self, slug: str) -> Fest | None:
        if not slug:
            return None
        source = Fest.objects.filter(slug=slug).first()
        if source is None:
            raise CommandError(f"There is no fest {slug} to copy.")
        return source

    def _ask(self, name: str, question: str, default: str, source: Fest | None) -> str:
        if source and name in COPIED:
            return ""
        if not sys.stdin.isatty():
            if default:
                return default
            raise CommandError(f"--{name.replace('_', '-')} is missing.")
        return input(f"{question} {f'[{default}] ' if default else ''}").strip() or default

    def _values(self, answers: dict[str, str], source: Fest | None) -> dict[str, Any]:
        """Return the values that were given; a copy keeps the others."""
        zone = zoneinfo.ZoneInfo(
            self._checked(validate_time_zone, answers["time_zone"] or (source.time_zone if source else ""))
        )
        slug = answers["slug"] or slugify(answers["name"])
        values: dict[str, Any] = {
            "name": answers["name"],
            "slug": self._checked(validate_slug, slug),
            "time_zone": zone.key,
            "starts_on": self._day(answers["first_day"]),
            "opens_at": self._moment(answers["opens"], zone),
            "closes_at": self._moment(answers["closes"], zone),
        }
        values |= {name: answers[name] for name in ("place", "contact_name", "privacy_text") if answers[name]}
        if answers["last_day"]:
            values["ends_on"] = self._day(answers["last_day"])
        if answers["contact_email"]:
            values["contact_email"] = self._checked(validate_email, answers["contact_email"])
        self._require_sense(values)
        return values

    def _require_sense(self, values: dict[str, Any]) -> None:
        if Fest.objects.filter(slug=values["slug"]).exists():
            raise CommandError(f"There is a fest {values['slug']} already.")

    def _check_dates(self, values: dict[str, Any], source: Fest | None, *, is_confirmed: bool) -> None:
        """Refuse impossible dates, and unusual ones unless they are confirmed."""
        fest, events = planned_copy(source, values) if source else (Fest(**values), [])
        if refusals := fest_refusals(fest):
            raise CommandError(" ".join(one.text for one in refusals))
        questions = fest_questions(fest, now=database_now(), events=events)
        if questions and not is_confirmed:
            text = " ".join(one.text for one in questions)
            raise CommandError(f"{text} If the dates are right, add --dates-are-right.")

    def _checked(self, check: Any, text: str) -> str:
        try:
            check(text)
        except ValidationError as error:
            raise CommandError(f"{text or 'Nothing'}: {error.messages[0]}") from error
        return text

    def _day(self, text: str) -> dt.date:
        try:
            day = dt.date.fromisoformat(text)
        except ValueError as error:
            raise CommandError(f"{text} is no day like 2026-12-12.") from error
        if day.year not in YEARS:
            raise CommandError(f"Check the year: {day.year}.")
        return day

    def _moment(self, text: str, zone: zoneinfo.ZoneInfo) -> dt.datetime:
        try:
            return dt.datetime.fromisoformat(text).replace(tzinfo=zone)
        except ValueError as error:
            raise CommandError(f"{text} is no time like 2026-12-01 18:00.") from error
