"""Some days after the fest its names go; the sums stay."""

import datetime as dt
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from events.models import Event, Fest
from registrations.locking import Deadline
from registrations.minors import purging
from registrations.minors.erasing import erase
from registrations.minors.purging import purge_due, purges_at
from registrations.models import ClassList, Purge, School, Student, Teacher
from registrations.tasks import purge as task
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_school,
    build_submission,
    build_teacher,
    build_user,
)
from registrations.tests.classlists import build_list, registered, row
from registrations.tests.traces import in_database, in_files
from tickets.models import CheckIn, Delivery, Message, Scan, Ticket
from tickets.tests.audited import run
from tickets.tests.builders import pretend_rendered

NAME = "Zyxquorvent"


def build_over(*, days: int = 91, students: int = 3) -> tuple[Fest, Event]:
    """A fest that was over so many days ago, with one event of two seats: two confirmed, of whom one came."""
    fest = build_fest()
    event = build_event(fest, capacity=2, name="Robo Race")
    school = build_school("Lake School")
    for number in range(students):
        build_submission(event, name=f"{NAME} {'ABCDEF'[number]}", school=school.name, grade=7 + number % 2)
    end = make_over(fest, event, days=days)
    first = Ticket.objects.order_by("pk")[0]
    Ticket.objects.filter(pk=first.pk).update(checked_in_at=end)
    seen = {"ticket": first, "at": end, "where": "Main gate", "user": build_user()}
    CheckIn.objects.create(**seen, how="scan")
    Scan.objects.create(**seen, registration=first.registration, verdict="in")
    fest.refresh_from_db()
    return fest, event


def make_over(fest: Fest, event: Event, *, days: int = 91) -> dt.datetime:
    end = timezone.now() - dt.timedelta(days=days)
    Fest.objects.filter(pk=fest.pk).update(starts_on=end.date(), ends_on=end.date())
    Event.objects.filter(pk=event.pk).update(starts_at=end, ends_at=end + dt.timedelta(hours=1))
    return end


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_purge_leaves_sums_schools_and_accounts_and_no_name() -> None:
    fest, event = build_over()
    teacher = build_teacher(School.objects.get(name="Lake School"))
    build_list(fest, [row(f"{NAME} Draft", event)], teacher=teacher, title=f"{NAME}.csv")
    Message.objects.create(fest=fest, subject=NAME, text=NAME, created_by=teacher.user)
    pretend_rendered(content=NAME.encode())
    assert (len(in_database(NAME)) > 3, len(in_files(NAME))) == (True, 2)

    assert task() == 3

    assert (in_database(NAME), in_files(NAME)) == (set(), set())
    purge = Purge.objects.get()
    assert (purge.students, purge.report) == (
        3,
        {
            "events": [{"event": "Robo Race", "registered": 2, "waiting": 1, "cancelled": 0, "came_in": 1}],
            "schools": [
                {"school": "Lake School", "grade": 7, "students": 2},
                {"school": "Lake School", "grade": 8, "students": 1},
            ],
        },
    )
    assert (Teacher.objects.count(), School.objects.count(), ClassList.objects.count()) == (1, 1, 0)
    assert Delivery.objects.count() == 0
    assert run("--pdf") == []
    assert (task(), Purge.objects.count()) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_registered_rows_of_lists_stay_as_numbers() -> None:
    fest = build_fest()
    event = build_event(fest)
    registered(build_list(fest, [row(f"{NAME} A", event), row("", event)], title=NAME))
    make_over(fest, event)
    assert task() == 1
    assert list(ClassList.objects.values_list("title", "rows__cells")) == [("", [])]
    assert (in_database(NAME), run()) == (set(), [])


@pytest.mark.django_db(transaction=True)
def test_purge_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    build_over(students=3)
    monkeypatch.setattr(purging, "CHUNK", 2)
    assert (purge_due(budget=0), Purge.objects.count(), Student.objects.known().count()) == (2, 0, 1)
    assert purge_due() == 1
    assert Purge.objects.get().students == 3


@pytest.mark.django_db(transaction=True)
def test_whoever_was_erased_before_is_still_counted() -> None:
    fest, _event = build_over()
    erase([Student.objects.all()[0].pk], deadline=Deadline())
    assert task() == 2
    assert [sum(row["students"] for row in Purge.objects.get().report["schools"]), fest.students.count()] == [
        3,
        3,
    ]


@pytest.mark.django_db
def test_names_are_kept_for_the_promised_days_in_the_zone_of_the_fest() -> None:
    fest = build_fest(retention_days=30, starts_on=dt.date(2026, 12, 12), ends_on=dt.date(2026, 12, 13))
    assert purges_at(fest).isoformat() == "2027-01-13T00:00:00+05:30"


@pytest.mark.django_db(transaction=True)
def test_nobody_is_purged_too_early() -> None:
    fest, _event = build_over(days=89)
    assert (task(), Student.objects.known().count()) == (0, 3)
    Fest.objects.filter(pk=fest.pk).update(retention_days=80)
    assert task() == 3


@pytest.mark.django_db(transaction=True)
def test_command_says_who_would_go_and_then_does_it() -> None:
    fest, _event = build_over()

    def told(*arguments: str) -> list[str]:
        out = StringIO()
        call_command("purge", *arguments, stdout=out)
        return out.getvalue().splitlines()

    words = f"{fest.slug}: 3 students with 3 registrations, 0 class lists, due now."
    assert told("--dry-run") == [words]
    assert Student.objects.known().count() == 3
    assert told("--fest", fest.slug) == [words, "   3 erased."]
    assert told() == [
        f"{fest.slug}: 0 students with 0 registrations, 0 class lists, due now; 3 erased before.",
        "   0 erased.",
    ]
    with pytest.raises(CommandError, match="There is no fest nowhere"):
        told("--fest", "nowhere")
