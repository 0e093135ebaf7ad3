"""Roles in the admin: permissions of their groups, and that event leads see only rows of their events everywhere."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from events.admin_base import BaseAdmin, RecordInline
from events.models import Event, Seats, Venue
from registrations.models import Registration, ResultSheet, School, Student, Submission
from registrations.tests.builders import build_event, build_submission
from techfest.core import roles
from techfest.core.admin.base import page_of
from techfest.core.admin.visibility import visible_rows
from techfest.tests.support.kept_rows import KeepRows
from tickets.models import Gate, Message, Ticket
from tickets.tests.admin_helpers import (
    WITHOUT_PAGES,
    current_fest,
    in_role,
    list_path,
    organiser,
    organiser_client,
)
from tickets.tests.builders.everything import build_row_of_everything

pytestmark = pytest.mark.django_db

OURS = sorted(
    (model for model, one in admin.site._registry.items() if isinstance(one, BaseAdmin)),
    key=lambda model: model._meta.label,
)
LED = [model for model in OURS if admin.site._registry[model].event_lookup is not None]  # type: ignore[attr-defined]
HIDDEN = [model for model in OURS if model not in LED and model is not Message]
"""Broadcasts belong to their author: tickets/tests/mail/broadcast/test_broadcast.py."""
OWN, OTHER = "Asha Raman", "Zarina Khan"


def name_of(model: type[Model]) -> str:
    return model._meta.label


@pytest.fixture(scope="module", autouse=True)
def _two_rows_of_everything(keep_rows: KeepRows) -> None:
    for number in (1, 2):
        keep_rows(build_row_of_everything, number)


@pytest.fixture
def lead() -> Any:
    """Leads the event of the first row of each model; the second row belongs to another organiser's fest."""
    user = in_role(roles.LEAD, "the lead")
    first = Event.objects.filter(fest__is_current=True, registrations__isnull=False).get()
    first.leads.add(user)
    Gate.objects.filter(fest=first.fest).get().events.add(first)
    return user


def path_of(row: Model, view: str) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{view}", args=[row.pk])


def rows_for(user: Any, model: type[Model]) -> list[Any]:
    request = RequestFactory().get("/admin/")
    request.user = user
    return list(admin.site._registry[model].get_queryset(request))


def test_groups_hold_what_the_tables_say_and_nothing_else() -> None:
    """Also after manual changes of the groups."""
    lead = Group.objects.get(name=roles.LEAD)
    before = set(lead.permissions.values_list("pk", flat=True))
    lead.permissions.add(Permission.objects.get(codename="delete_student"))
    lead.permissions.remove(Permission.objects.get(codename="change_event"))
    for table in roles._tables:
        roles.grant(table)
    assert set(lead.permissions.values_list("pk", flat=True)) == before
    with CaptureQueriesContext(connection) as queries:
        for table in roles._tables:
            roles.grant(table)
    assert not any("INSERT" in query["sql"] and "permission" in query["sql"] for query in queries)


def test_every_permission_of_the_tables_is_one_that_there_is() -> None:
    named = {code for table in roles._tables for role in roles.ROLES for code in table.codes(role)}
    there = set(Permission.objects.values_list("content_type__app_label", "codename"))
    assert named - there == set()


def test_owner_may_do_everything_in_our_apps_and_volunteer_nothing() -> None:
    owner, volunteer = in_role(roles.OWNER), in_role(roles.VOLUNTEER)
    app_labels = {"events", "registrations", "tickets"}
    every = {
        f"{label}.{code}"
        for label, code in Permission.objects.values_list("content_type__app_label", "codename")
        if label in app_labels
    }
    assert every - owner.get_all_permissions() == set()
    assert owner.get_all_permissions() - every == {
        "auth.view_user",
        "auth.add_user",
        "auth.change_user",
        "mfa.view_authenticator",
    }
    assert volunteer.get_all_permissions() == set()


def test_every_model_of_our_apps_has_pages_with_the_rule() -> None:
    app_labels = ("events", "registrations", "tickets")
    ours = {model for app in app_labels for model in apps.get_app_config(app).get_models()}
    assert ours - WITHOUT_PAGES <= set(OURS)


@pytest.mark.parametrize("model", LED, ids=name_of)
def test_lead_sees_rows_of_the_own_event_and_no_others(lead: Any, model: type[Model]) -> None:
    """A lead without events sees none of the rows, an owner all."""
    seen, every = rows_for(lead, model), set(model._default_manager.all())
    assert 0 < len(seen) < len(every)
    assert len(seen) == len(set(seen))
    assert rows_for(in_role(roles.LEAD, "of nothing"), model) == []
    assert set(rows_for(in_role(roles.OWNER), model)) == every


@pytest.mark.parametrize("model", LED, ids=name_of)
def test_lead_opens_no_page_of_a_foreign_row(lead: Any, model: type[Model]) -> None:
    client, seen = organiser_client(lead), rows_for(lead, model)
    foreign = model._default_manager.exclude(pk__in=[row.pk for row in seen])[0]
    own, others = (
        [path_of(row, view) for view in ("change", "history", "delete")] for row in (seen[0], foreign)
    )
    assert [client.get(path).status_code for path in own[:2]] == [200, 200]
    assert [client.get(path).status_code for path in others[:2]] == [404, 404]
    assert {client.post(path, {"post": "yes"}).status_code for path in others} <= {403, 404, 405}
    assert client.get(others[2]).status_code in (403, 404)


@pytest.mark.parametrize("model", HIDDEN, ids=name_of)
def test_lead_finds_no_table_of_the_owners(lead: Any, model: type[Model]) -> None:
    client = organiser_client(lead)
    row = model._default_manager.first()
    paths = [list_path(model), *([page_of(row), f"{page_of(row)}../history/"] if row else [])]
    assert {client.get(path).status_code for path in paths} <= {403, 404}
    assert list_path(model) not in client.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize("model", LED, ids=name_of)
def test_filters_of_a_lead_name_own_rows_only(lead: Any, model: type[Model]) -> None:
    client = organiser_client(lead)
    shown = client.get(list_path(model)).context["cl"]
    names = {str(choice["display"]) for spec in shown.filter_specs for choice in spec.choices(shown)}
    for other in (Event, Venue, School):
        own = {str(row) for row in rows_for(lead, other)}
        foreign = {str(row) for row in other._default_manager.all()} - own
        assert names & foreign == set()
    foreign_event = Event.objects.exclude(pk__in=[row.pk for row in rows_for(lead, Event)])[0]
    for field in model._meta.concrete_fields:
        if field.related_model is Event:
            forged = client.get(list_path(model), {f"{field.name}__id__exact": foreign_event.pk})
            assert set(forged.context["cl"].result_list) <= set(rows_for(lead, model))


@pytest.fixture
def two(db: None) -> tuple[Any, Registration, Registration]:
    """A lead, a registration for the lead's event, and one for another event of the same fest."""
    fest = current_fest()
    own, other = build_event(fest, name="Robo Race"), build_event(fest, name="Quiz of Secrets", hour=15)
    mine, theirs = (
        build_submission(event, name=name).registrations.get() for event, name in ((own, OWN), (other, OTHER))
    )
    user = in_role(roles.LEAD, "the lead")
    own.leads.add(user)
    return user, mine, theirs


def test_lead_reads_no_foreign_name_anywhere(two: tuple[Any, Registration, Registration]) -> None:
    user, _mine, theirs = two
    client = organiser_client(user)
    rows = [row for model in LED for row in rows_for(user, model)]
    paths = [path_of(row, view) for row in rows for view in ("change", "history")]
    paths += [reverse("admin:index"), *map(list_path, LED)]
    pages = {path: client.get(path) for path in paths}
    assert {page.status_code for page in pages.values()} == {200}
    secrets_of_theirs = [theirs.student.name, theirs.student.reference, theirs.student.email]
    assert [
        path for path, page in pages.items() if any(one in page.content.decode() for one in secrets_of_theirs)
    ] == []
    assert sum(OWN in page.content.decode() for page in pages.values()) > 5
    searched = [client.get(list_path(model), {"q": OTHER}) for model in LED]
    assert {page.context["cl"].result_count for page in searched if page.context["cl"].search_fields} == {0}


def test_page_of_a_shared_student_shows_the_own_registration_and_no_consent(
    two: tuple[Any, Registration, Registration],
) -> None:
    user, mine, theirs = two
    student = build_submission(mine.event, theirs.event, name="Shared").student
    elsewhere = student.registrations.get(event=theirs.event)
    page = organiser_client(user).get(page_of(student)).content.decode()
    assert ("Robo Race" in page, "Quiz of Secrets" in page, "consent" in page.lower()) == (True, False, False)
    assert str(elsewhere.pk) not in re.findall(r"/registration/(\d+)/", page)
    owner = organiser_client(in_role(roles.OWNER)).get(page_of(student)).content.decode()
    assert ("Quiz of Secrets" in owner, "consent" in owner.lower()) == (True, True)


def test_action_with_a_forged_number_does_nothing(two: tuple[Any, Registration, Registration]) -> None:
    user, mine, theirs = two
    client, path = organiser_client(user), list_path(Registration)
    sent = {"action": "cancel_registrations", "confirmed": "yes", "_selected_action": [theirs.pk, mine.pk]}
    for values in (sent, {**sent, "select_across": "1"}):
        asked = client.post(path, values)
        if seen := re.search(r'name="seen" value="([^"]+)"', asked.content.decode()):
            client.post(path, {**values, "seen": seen[1]})
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.state, theirs.state) == ("cancelled", "confirmed")


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        (Ticket, "code__startswith"),
        (Ticket, "student__email__startswith"),
        (Ticket, "registration__submission__key__startswith"),
        (Registration, "submission__key__startswith"),
        (Registration, "student__name__startswith"),
        (Registration, "student__registrations__event__name__startswith"),
        (Student, "registrations__event__name__startswith"),
        (Event, "leads__password__startswith"),
        (Event, "pk__leads__password__startswith"),
        (ResultSheet, "published_by__password__startswith"),
        (ResultSheet, "pk__leads__password__startswith"),
        (Seats, "event__leads__username"),
        (Submission, "key__startswith"),
    ],
)
@pytest.mark.parametrize("role", [roles.LEAD, roles.OWNER])
def test_list_is_not_asked_for_what_no_page_shows(model: type[Model], lookup: str, role: str) -> None:
    client = organiser_client(in_role(role))
    assert client.get(list_path(model), {lookup: "a"}).status_code in {400, 403}
    if role == roles.OWNER:
        assert client.get(list_path(model), {"pk__in": "1,2"}).status_code == 200


def test_choices_and_autocompletes_offer_own_rows(two: tuple[Any, Registration, Registration]) -> None:
    user, mine, _theirs = two
    request = RequestFactory().get("/admin/")
    request.user = user
    gates = admin.site._registry[Gate]
    field = gates.formfield_for_manytomany(Gate._meta.get_field("events"), request)
    assert field is not None
    assert field.queryset is not None
    assert list(field.queryset) == [mine.event]
    assert list(visible_rows(request, Submission.objects.all(), admin.site)) == []
    assert list(visible_rows(request, Group.objects.all(), admin.site)) == []
    asked = {"app_label": "tickets", "model_name": "gate", "field_name": "events", "term": "quiz"}
    response = organiser_client(user).get(reverse("admin:autocomplete"), asked)
    assert (
        response.status_code,
        OTHER in response.content.decode(),
        "Secrets" in response.content.decode(),
    ) in (
        (200, False, False),
        (403, False, False),
    )


def test_lead_changes_the_own_event_but_not_who_leads_it(two: tuple[Any, Registration, Registration]) -> None:
    user, mine, _theirs = two
    friend = in_role(roles.LEAD, "friend")
    page = organiser_client(user).get(page_of(mine.event))
    assert (
        page.status_code,
        'name="leads"' in page.content.decode(),
        'name="summary"' in page.content.decode(),
    ) == (200, False, True)
    form = page.context["adminform"].form
    sent = {form.add_prefix(name): form.initial.get(name) or "" for name in form.fields} | {
        "leads": [friend.pk]
    }
    organiser_client(user).post(page_of(mine.event), sent)
    assert list(mine.event.leads.all()) == [user]
    assert 'name="leads"' in organiser_client(in_role(roles.OWNER)).get(page_of(mine.event)).content.decode()


def test_shortcut_to_a_page_of_the_site_opens_what_the_admin_shows_only(
    two: tuple[Any, Registration, Registration],
) -> None:
    """Django's view would redirect from any ticket's primary key to its secret URL."""
    user, mine, theirs = two

    def asked(client: Client, row: Model) -> tuple[int, str]:
        kind = ContentType.objects.get_for_model(row)
        response = client.get(reverse("admin:view_on_site", args=[kind.pk, row.pk]))
        return response.status_code, response.headers.get("Location", "")

    tickets = [registration.tickets.get() for registration in (mine, theirs)]
    everybody = (user, in_role(roles.OWNER), in_role(roles.RESULTS), organiser())
    assert {asked(organiser_client(one), ticket)[0] for one in everybody for ticket in tickets} == {404}
    assert asked(organiser_client(user), mine.event) == (302, mine.event.get_absolute_url())
    assert asked(organiser_client(user), theirs.event)[0] == 404


def test_results_role_works_with_results_of_all_events_and_finds_nothing_else(lead: Any) -> None:
    user = in_role(roles.RESULTS)
    client = organiser_client(user)
    open_to = {model._meta.model_name for model in OURS if client.get(list_path(model)).status_code == 200}
    assert open_to == {"event", "resultsheet", "result"}
    assert len(rows_for(user, ResultSheet)) == ResultSheet.objects.count() == 2
    assert client.get(page_of(Event.objects.all()[0])).status_code == 200
    assert client.post(page_of(Event.objects.all()[0]), {"name": "x"}).status_code == 403


def test_who_also_leads_changes_the_own_events_only(lead: Any) -> None:
    """A user in two groups may do on each row only what one of them allows there."""
    lead.groups.add(Group.objects.get(name=roles.RESULTS))
    assert len(rows_for(lead, Event)) == 1
    assert len(rows_for(lead, ResultSheet)) == 2


def test_inlines_of_the_admin_are_read_by_the_same_rule() -> None:
    """Unless leads may not read the model at all."""
    lead = in_role(roles.LEAD)
    for model in OURS:
        for inline in admin.site._registry[model].inlines:
            permission = f"{inline.model._meta.app_label}.view_{inline.model._meta.model_name}"
            assert issubclass(inline, RecordInline) or not lead.has_perm(permission), inline
