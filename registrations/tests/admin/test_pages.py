"""Students, schools, registrations and consent texts in the admin."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from events.models import Fest
from registrations.admin.registrations import RegistrationAdmin
from registrations.models import Change, Consent, ConsentText, Registration, School, SchoolAlias, Student
from registrations.schools import find_or_create_school
from registrations.tests.builders import build_event, build_fest, build_school, build_submission
from registrations.tests.counting import counts, states
from techfest.core.admin.base import page_of
from tickets.models import Delivery, Ticket
from tickets.tests.admin_helpers import (
    add_path,
    filled_in,
    list_path,
    organiser,
    organiser_client,
    post_as_shown,
    query_count,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> Any:
    return organiser()


@pytest.fixture
def client(user: Any) -> Client:
    return organiser_client(user)


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def errors(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors) if response.context else {}


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def save(client: Client, row: Any, **values: Any) -> Any:
    return client.post(page_of(row), filled_in(client, page_of(row), **values))


def cancelling(client: Client, *rows: Registration, **values: str) -> Any:
    ids = [row.pk for row in rows]
    form = {"action": "cancel_registrations", "_selected_action": ids} | values
    return post_as_shown(client, list_path(Registration), form)


def registrations_of(event: Any) -> list[Registration]:
    return list(event.registrations.order_by("queue_position"))


def test_cancelling_first_shows_who_is_affected(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    build_submission(event, name="Asha Rao")
    build_submission(event, name="Ben Iyer", email="")
    page = cancelling(client, *registrations_of(event)).content.decode()
    assert "Cancel 2 registrations and mail 1 person" in page
    assert "1 has no e-mail address" in page
    assert [name in page for name in ("Asha Rao", "Ben Iyer")] == [True, True]
    assert states(event) == ["confirmed", "confirmed"]


def test_confirmed_cancelling_gives_the_seat_to_the_waiting_list(
    client: Client, fest: Fest, user: Any
) -> None:
    event = build_event(fest, capacity=1)
    build_submission(event)
    build_submission(event)
    first, second = registrations_of(event)
    said_then = said(cancelling(client, first, confirmed="yes", notify="on"))
    assert said_then == ["1 cancelled, 1 promoted, 2 mails queued."]
    assert (states(event), counts(event)) == (["cancelled", "confirmed"], (1, 0, 2))
    change = Change.objects.get(cause="cancelled")
    assert (change.actor, change.user) == (Change.Actor.ORGANISER, user)
    assert [ticket.registration for ticket in Ticket.objects.live()] == [second]


def test_address_of_the_cancelling_page_cancels_nothing_when_it_is_read(client: Client, fest: Fest) -> None:
    build_submission(event := build_event(fest))
    row = registrations_of(event)[0]
    form: dict[str, Any] = {"action": "cancel_registrations", "_selected_action": row.pk, "confirmed": "yes"}
    client.get(list_path(Registration), form)
    assert states(event) == ["confirmed"]


def test_cancelling_again_says_so(client: Client, fest: Fest) -> None:
    build_submission(event := build_event(fest))
    rows = registrations_of(event)
    cancelling(client, *rows, confirmed="yes")
    assert said(cancelling(client, *rows, confirmed="yes")) == ["All of these are cancelled already."]


def test_too_many_at_once_are_not_cancelled(
    client: Client, fest: Fest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registrations.admin.registration_actions.MAX_AT_ONCE", 1)
    event = build_event(fest)
    build_submission(event)
    build_submission(event)
    response = cancelling(client, *registrations_of(event), confirmed="yes")
    assert (said(response), states(event)) == (
        ["Choose at most 1 registrations at once."],
        ["confirmed", "confirmed"],
    )


def test_staff_with_view_permission_cannot_cancel(client: Client, fest: Fest) -> None:
    build_submission(event := build_event(fest))
    looker = organiser("looker", is_superuser=False)
    looker.user_permissions.add(Permission.objects.get(codename="view_registration"))
    cancelling(organiser_client(looker), *registrations_of(event), confirmed="yes")
    assert states(event) == ["confirmed"]


def test_registration_shows_its_history(client: Client, fest: Fest, user: Any) -> None:
    build_submission(event := build_event(fest))
    row = registrations_of(event)[0]
    cancelling(client, row, confirmed="yes")
    page = client.get(page_of(row)).content.decode()
    assert [word in page for word in ("form sent", "cancelled", "organiser", 'name="_save"')] == [
        True,
        True,
        True,
        False,
    ]


def test_page_of_a_registration_costs_the_same_however_long_its_history(client: Client, fest: Fest) -> None:
    student = build_submission(event := build_event(fest)).student
    row = registrations_of(event)[0]
    one = query_count(client, page_of(row))
    save(client, student, name="Asha Roy")
    save(client, student, name="Asha Rao")
    assert query_count(client, page_of(row)) == one


def test_page_of_a_student_costs_the_same_for_one_registration_and_for_three(
    client: Client, fest: Fest
) -> None:
    one = build_submission(build_event(fest))
    three = build_submission(build_event(fest), build_event(fest), build_event(fest))
    pages = [[page_of(submission.student), page_of(submission)] for submission in (one, three)]
    first, second = [[query_count(client, path) for path in paths] for paths in pages]
    assert first == second


@pytest.mark.parametrize("name", ["state", "queue_position", "event"])
def test_registration_is_never_written_by_a_form(client: Client, fest: Fest, name: str) -> None:
    build_submission(event := build_event(fest))
    response = client.post(page_of(registrations_of(event)[0]), {name: "2"})
    assert (response.status_code, states(event)) == (403, ["confirmed"])


def test_corrected_student_keeps_the_seat_and_is_in_the_audit_log(
    client: Client, fest: Fest, user: Any
) -> None:
    event = build_event(fest, capacity=1)
    student = build_submission(event, name="Asha Roa").student
    assert errors(save(client, student, name="Asha Rao", section="b")) == {}
    student.refresh_from_db()
    assert (student.name, student.name_key, student.section) == ("Asha Rao", "asha rao", "B")
    change = Change.objects.get(cause="corrected")
    assert (change.actor, change.user, change.fields) == ("organiser", user, ["name", "section"])
    assert (states(event), counts(event)) == (["confirmed"], (1, 0, 1))
    assert Delivery.objects.filter(kind="corrected").count() == 1


def test_names_stay_out_of_the_log_of_the_admin(client: Client, fest: Fest) -> None:
    save(client, build_submission(build_event(fest)).student, name="Asha Roy")
    assert LogEntry.objects.count() == 0


def test_saving_without_a_change_leaves_no_audit_entry(client: Client, fest: Fest) -> None:
    student = build_submission(build_event(fest)).student
    assert save(client, student).status_code == 302
    assert Change.objects.filter(cause="corrected").count() == 0


def test_two_people_correct_two_things_of_one_student(client: Client, fest: Fest) -> None:
    student = build_submission(build_event(fest)).student
    stale = filled_in(client, page_of(student), section="B")
    save(client, student, name="Asha Roy")
    client.post(page_of(student), stale)
    student.refresh_from_db()
    assert (student.name, student.section) == ("Asha Roy", "B")


def test_refused_correction_is_a_form_error(client: Client, fest: Fest) -> None:
    event = build_event(fest, grade_min=6, grade_max=8)
    build_submission(event, name="Ben Iyer")
    student = build_submission(event, name="Asha Rao").student
    namesake = errors(save(client, student, name="Ben Iyer"))
    grade = errors(save(client, student, grade="9"))
    assert (namesake["__all__"], "Cancel it first" in grade["__all__"][0]) == (
        ["Another student is registered with these details."],
        True,
    )
    assert Student.objects.get(pk=student.pk).name == "Asha Rao"


@pytest.mark.parametrize(
    ("name", "value"),
    [("name", "a\x00b"), ("name", "x" * 201), ("name", ""), ("email", "a@b.c\r\nBcc: x@y"), ("grade", "99")],
)
def test_bad_correction_is_a_form_error(client: Client, fest: Fest, name: str, value: str) -> None:
    student = build_submission(build_event(fest)).student
    assert list(errors(save(client, student, **{name: value}))) == [name]


@pytest.mark.django_db(transaction=True)
def test_correction_and_cancelling_run_in_transactions_of_their_own(client: Client, fest: Fest) -> None:
    student = build_submission(event := build_event(fest)).student
    assert save(client, student, name="Asha Roy").status_code == 302
    words = said(cancelling(client, *registrations_of(event), confirmed="yes"))
    assert words[-1:] == ["1 cancelled, 0 mails queued."]


def test_pending_school_is_accepted(client: Client) -> None:
    find_or_create_school("Hill School")
    school = School.objects.get()
    response = client.post(
        list_path(School), {"action": "accept", "_selected_action": school.pk}, follow=True
    )
    assert (said(response), School.objects.get().state) == (["1 school is accepted."], "accepted")


def build_form_of_school(client: Client, *aliases: str, **values: str) -> dict[str, Any]:
    form = filled_in(client, add_path(School), **values) | {"aliases-TOTAL_FORMS": len(aliases)}
    return form | {f"aliases-{number}-name": alias for number, alias in enumerate(aliases)}


def test_new_school_is_known_by_all_its_names(client: Client) -> None:
    form = build_form_of_school(client, "KV 2", "KV No. 2", name="Kendriya  Vidyalaya", state="accepted")
    assert errors(client.post(add_path(School), form)) == {}
    school = School.objects.get()
    assert (school.name, school.key) == ("Kendriya Vidyalaya", "kendriya vidyalaya")
    assert [find_or_create_school(name) for name in ("kv-2", "KV No 2")] == [school, school]


@pytest.mark.parametrize("name", ["St Mary’s", "ST. MARYS", "Marys"])
def test_name_that_is_known_already_is_a_form_error(client: Client, name: str) -> None:
    school = build_school("St. Mary's")
    SchoolAlias.objects.create(school=school, name="Marys", key="marys")
    response = client.post(add_path(School), build_form_of_school(client, name=name))
    assert errors(response) == {"name": ["St. Mary's is known by this name already."]}


@pytest.mark.parametrize("aliases", [["St Marys"], ["Lake", "LAKE"]])
def test_other_spelling_that_is_known_already_is_a_form_error(client: Client, aliases: list[str]) -> None:
    build_school("St. Mary's")
    response = client.post(add_path(School), build_form_of_school(client, *aliases, name="Lake School"))
    assert (response.status_code, School.objects.count(), SchoolAlias.objects.count()) == (200, 1, 0)


def test_school_is_renamed_and_keeps_its_other_spellings(client: Client) -> None:
    school = build_school("St. Mary's")
    SchoolAlias.objects.create(school=school, name="Marys", key="marys")
    assert save(client, school, name="St Mary's High").status_code == 302
    school.refresh_from_db()
    assert (school.key, school.aliases.count()) == ("st marys high", 1)


def test_school_with_students_is_not_deleted(client: Client, fest: Fest) -> None:
    school = build_submission(build_event(fest)).student.school
    response = client.post(page_of(school).replace("change", "delete"), {"post": "yes"}, follow=True)
    assert said(response) == [f"{school.name} has 1 student and cannot be deleted."]


def test_new_wording_is_a_new_version(client: Client, fest: Fest) -> None:
    assert filled_in(client, add_path(ConsentText))["text"] == "I agree."
    client.post(
        add_path(ConsentText), {"fest": fest.pk, "audience": "students", "text": "We agree.", "version": "1"}
    )
    assert list(ConsentText.objects.order_by("version").values_list("version", "text")) == [
        (1, "I agree."),
        (2, "We agree."),
    ]


def test_wording_is_never_edited(client: Client, fest: Fest) -> None:
    text = ConsentText.objects.get()
    assert client.post(page_of(text), {"fest": fest.pk, "text": "Other"}).status_code == 403
    assert ConsentText.objects.get().text == "I agree."


@pytest.mark.parametrize("model", [Student, Registration, Consent, Change])
def test_nothing_of_a_student_is_deleted_in_the_admin(client: Client, fest: Fest, model: Any) -> None:
    build_submission(build_event(fest))
    row = model.objects.get()
    url = reverse(f"admin:registrations_{model._meta.model_name}_delete", args=[row.pk])
    assert (client.post(url, {"post": "yes"}).status_code, model.objects.count()) == (403, 1)


def test_registration_has_no_bulk_action_that_does_not_ask() -> None:
    actions = ["cancel_registrations", "promote_registrations", "move_registrations", "resend_mails"]
    assert list(RegistrationAdmin.actions) == actions
