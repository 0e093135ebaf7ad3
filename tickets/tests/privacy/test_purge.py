"""Some days after a fest its personal data is erased; the totals stay."""

import datetime as dt
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format

from events.dates import PURGE_NOTICE as NOTICE
from events.models import Event, Fest
from registrations.models import ClassList, Purge, PurgePlan, School, Student, Teacher
from registrations.privacy import purge as purge_module
from registrations.privacy.erase import erase
from registrations.privacy.purge import purge, purge_due
from registrations.privacy.purge_schedule import schedule_of, schedules
from registrations.tasks import purge as task
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_school,
    build_submission,
    build_teacher,
    build_user,
)
from registrations.tests.builders.class_lists import build_list, registered, row
from registrations.tests.traces import in_database, in_files
from techfest.core.db.locking import Deadline
from techfest.core.roles import RESULTS
from tickets.models import CheckIn, Delivery, Message, Notice, Scan, Ticket
from tickets.tests.admin_helpers import in_role, organiser, organiser_client
from tickets.tests.audited import run
from tickets.tests.builders import pretend_rendered

NAME = "Zyxquorvent"


def build_over(*, days: int = 91, students: int = 3, is_announced: bool = True) -> tuple[Fest, Event]:
    """Build a fest that ended some days ago, with one event and two confirmed students of whom one came."""
    fest = build_fest()
    event = build_event(fest, capacity=2, name="Robo Race")
    school = build_school("Lake School")
    for number in range(students):
        build_submission(event, name=f"{NAME} {'ABCDEF'[number]}", school=school.name, grade=7 + number % 2)
    end = make_over(fest, event, days=days, is_announced=is_announced)
    first = Ticket.objects.order_by("pk")[0]
    Ticket.objects.filter(pk=first.pk).update(checked_in_at=end)
    seen = {"ticket": first, "at": end, "where": "Main gate", "user": build_user()}
    CheckIn.objects.create(**seen, how="scan")
    Scan.objects.create(**seen, registration=first.registration, verdict="in")
    fest.refresh_from_db()
    return fest, event


def make_over(fest: Fest, event: Event, *, days: int = 91, is_announced: bool = True) -> dt.datetime:
    """Let the fest have ended some days ago, with its purge announced a week before it is due."""
    now = timezone.now()
    end = now - dt.timedelta(days=days)
    Fest.objects.filter(pk=fest.pk).update(starts_on=end.date(), ends_on=end.date(), is_current=False)
    Event.objects.filter(pk=event.pk).update(starts_at=end, ends_at=end + dt.timedelta(minutes=1))
    PurgePlan.objects.all().delete()
    if is_announced:
        announce(fest, now - NOTICE)
    return end


def announce(fest: Fest, at: dt.datetime) -> None:
    """Set the time at which the owners were notified."""
    due_at = schedule_of(fest.pk).due_at
    PurgePlan.objects.update_or_create(fest=fest, defaults={"due_at": due_at, "announced_at": at})


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
    monkeypatch.setattr(purge_module, "CHUNK_SIZE", 2)
    assert (purge_due(budget=0), Purge.objects.count(), Student.objects.known().count()) == (2, 0, 1)
    assert purge_due() == 1
    assert Purge.objects.get().students == 3


@pytest.mark.django_db(transaction=True)
def test_erased_students_are_still_counted() -> None:
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
    assert schedule_of(fest.pk).due_at.isoformat() == "2027-01-13T00:00:00+05:30"


@pytest.mark.django_db(transaction=True)
def test_no_fest_is_purged_too_early() -> None:
    fest, _event = build_over(days=89)
    assert (task(), Student.objects.known().count()) == (0, 3)
    Fest.objects.filter(pk=fest.pk).update(retention_days=80)
    announce(fest, timezone.now() - NOTICE)
    assert task() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", ["published", "draft"])
def test_no_fest_is_purged_while_an_event_is_ahead_or_was_within_the_days(state: str) -> None:
    """The last day has a wrong year; the events show that the fest is still to come."""
    fest, event = build_over()
    now = timezone.now()
    for days in (1, -89):
        start = now + dt.timedelta(days=days)
        Event.objects.filter(pk=event.pk).update(
            starts_at=start, ends_at=start + dt.timedelta(hours=1), state=state
        )
        announce(fest, now - dt.timedelta(days=30))
        assert (task(), purge(fest), Student.objects.known().count()) == (0, 0, 3)
    Event.objects.filter(pk=event.pk).update(state="cancelled")
    announce(fest, now - NOTICE)
    assert task() == 3


@pytest.mark.django_db(transaction=True)
def test_current_fest_is_never_purged_and_waits_a_week_once_the_mark_is_gone() -> None:
    fest, _event = build_over(days=400)
    Fest.objects.filter(pk=fest.pk).update(is_current=True)
    assert (task(), purge(fest), PurgePlan.objects.count()) == (0, 0, 0)
    Fest.objects.filter(pk=fest.pk).update(is_current=False)
    assert (task(), PurgePlan.objects.count()) == (0, 1)
    PurgePlan.objects.update(announced_at=F("announced_at") - NOTICE)
    assert task() == 3


@pytest.mark.django_db(transaction=True)
def test_purge_that_an_edit_made_due_waits_a_week_and_the_owners_are_notified_once() -> None:
    fest, event = build_over(days=50, is_announced=False)
    owner, _reader = (
        organiser(email="owner@school.edu"),
        organiser("reader", email="reader@school.edu", is_superuser=False),
    )
    assert (task(), PurgePlan.objects.count(), Notice.objects.count()) == (0, 0, 0)
    before = timezone.now()
    make_over(fest, event, days=500, is_announced=False)
    assert (task(), task(), Student.objects.known().count()) == (0, 0, 3)
    notice = Notice.objects.select_related("delivery").get()
    plan = PurgePlan.objects.get()
    assert (notice.delivery.to, before <= plan.announced_at) == (owner.email, True)
    day = date_format(timezone.localtime(plan.announced_at + NOTICE, fest.zone), "j F Y")
    assert notice.subject == f"The names of {fest.name} will be erased on {day}"
    assert "3 students with 3 registrations" in notice.text
    PurgePlan.objects.update(announced_at=F("announced_at") - NOTICE + dt.timedelta(minutes=1))
    assert task() == 0
    PurgePlan.objects.update(announced_at=F("announced_at") - dt.timedelta(minutes=1))
    assert task() == 3


@pytest.mark.django_db(transaction=True)
def test_purge_of_a_fest_without_people_is_reported_but_not_announced() -> None:
    organiser(email="owner@school.edu")
    fest = build_fest()
    make_over(fest, build_event(fest), is_announced=False)
    assert (task(), PurgePlan.objects.count(), Notice.objects.count()) == (0, 1, 0)
    PurgePlan.objects.update(announced_at=F("announced_at") - NOTICE)
    assert (task(), fest.purges.count()) == (0, 1)
    assert Notice.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_corrected_date_withdraws_the_announcement() -> None:
    fest, event = build_over(days=91)
    Fest.objects.filter(pk=fest.pk).update(ends_on=timezone.now().date())
    assert (task(), PurgePlan.objects.count()) == (0, 0)
    make_over(fest, event, days=91, is_announced=False)
    assert (task(), PurgePlan.objects.count()) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_purge_is_announced_a_week_before_it_is_due_by_itself() -> None:
    fest, event = build_over(days=82, is_announced=False)
    assert (task(), PurgePlan.objects.count()) == (0, 0)
    make_over(fest, event, days=84, is_announced=False)
    assert (task(), PurgePlan.objects.count()) == (0, 1)
    (schedule,) = schedules([Fest.objects.get()])
    assert schedule.announced_at
    assert schedule.purges_at - schedule.announced_at <= NOTICE


@pytest.mark.django_db(transaction=True)
def test_purge_under_way_stops_when_a_date_is_corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    fest, _event = build_over(students=3)
    monkeypatch.setattr(purge_module, "CHUNK_SIZE", 1)

    def corrected(ids: list[int], **values: Any) -> Any:
        """The first chunk; the last day is corrected while the second waits for its locks."""
        if Student.objects.filter(erased_at__isnull=False).exists():
            Fest.objects.filter(pk=fest.pk).update(ends_on=timezone.now().date())
        return erase(ids, **values)

    monkeypatch.setattr(purge_module, "erase", corrected)
    assert (purge(fest), Student.objects.known().count(), Purge.objects.count()) == (1, 2, 0)


@pytest.mark.django_db(transaction=True)
def test_dashboard_tells_owners_of_a_coming_purge_and_of_names_that_the_mark_keeps() -> None:
    fest, event = build_over(days=84, is_announced=False)
    task()
    client = organiser_client(organiser())
    (notice,) = client.get("/admin/").context["purges"]
    assert notice.words.startswith(f"{fest.name} (3 registrations): The names will be erased on ")
    assert "The owners were notified by e-mail." in notice.words
    make_over(fest, event, days=100)
    Fest.objects.filter(pk=fest.pk).update(is_current=True)
    (notice,) = client.get("/admin/").context["purges"]
    assert "kept only because it is the current fest" in notice.words
    assert organiser_client(in_role(RESULTS)).get("/admin/").context["purges"] == []


@pytest.mark.django_db(transaction=True)
def test_command_lists_what_would_be_erased_and_then_erases() -> None:
    fest, _event = build_over()

    def output(*arguments: str) -> list[str]:
        out = StringIO()
        call_command("purge", *arguments, stdout=out)
        return out.getvalue().splitlines()

    words = f"{fest.slug}: 3 students with 3 registrations, 0 class lists. It is time to erase the names."
    assert output("--dry-run") == [words]
    assert Student.objects.known().count() == 3
    assert output("--fest", fest.slug) == [words, "   3 erased."]
    assert output() == [
        f"{fest.slug}: 0 students with 0 registrations, 0 class lists. It is time to erase the names. 3 erased before.",
        "   0 erased.",
    ]
    with pytest.raises(CommandError, match="There is no fest nowhere"):
        output("--fest", "nowhere")


@pytest.mark.django_db(transaction=True)
def test_command_says_what_keeps_the_names_and_erases_nothing() -> None:
    fest, event = build_over()
    make_over(fest, event, is_announced=False)

    def output(*arguments: str) -> str:
        out = StringIO()
        call_command("purge", *arguments, stdout=out)
        return out.getvalue()

    assert "and for a week after the owners are notified by e-mail." in output("--dry-run")
    assert PurgePlan.objects.count() == 0
    assert "The owners were notified by e-mail." in output()
    Fest.objects.filter(pk=fest.pk).update(is_current=True)
    assert "kept only because it is the current fest" in output()
    assert Student.objects.known().count() == 3
