"""The admin as a whole: all models have admin pages, and only staff can open them."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from registrations.tests.builders import build_teacher
from techfest.core.admin.base import StaffAdmin, page_of
from techfest.tests.support.kept_rows import KeepRows
from tickets.tests.admin_helpers import (
    WITHOUT_PAGES,
    add_path,
    current_fest,
    list_path,
    organiser,
    organiser_client,
    query_count,
)
from tickets.tests.builders.everything import build_row_of_everything

pytestmark = pytest.mark.django_db
APPS = ("events", "registrations", "tickets")
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
OURS = [model for model in MODELS if model._meta.app_label in APPS]


def name_of(model: type[Model]) -> str:
    return model._meta.label


@pytest.fixture(scope="module", autouse=True)
def _row_of_everything(keep_rows: KeepRows) -> None:
    keep_rows(build_row_of_everything, 1)


def test_every_table_of_our_apps_has_its_pages() -> None:
    tables = {model for label in APPS for model in apps.get_app_config(label).get_models()}
    assert set(OURS) == tables - WITHOUT_PAGES


def test_every_admin_class_is_one_of_this_project() -> None:
    """Those of libraries show every row to everyone with the permission, and write no audit log."""
    assert [
        model.__name__ for model in MODELS if not isinstance(admin.site._registry[model], StaffAdmin)
    ] == []


def test_nothing_is_unregistered() -> None:
    files = [
        file for app in APPS for file in (settings.BASE_DIR / app).rglob("*.py") if "tests" not in file.parts
    ]
    assert [file for file in files if ".unregister(" in file.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_every_list_opens_and_is_searched(model: type[Model]) -> None:
    client = organiser_client()
    statuses = [client.get(list_path(model), query).status_code for query in ({}, {"q": "a'b%"})]
    assert statuses == [200, 200]


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_every_filter_opens(model: type[Model]) -> None:
    client = organiser_client()
    shown = client.get(list_path(model)).context["cl"]
    queries = [choice["query_string"] for spec in shown.filter_specs for choice in spec.choices(shown)]
    assert {client.get(list_path(model) + query).status_code for query in ["?", *queries]} == {200}


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_labels_of_every_form_end_without_a_colon_and_no_list_takes_ctrl_clicks(model: type[Model]) -> None:
    client, row = organiser_client(), model._default_manager.first()
    for path in (add_path(model), *([page_of(row)] if row else [])):
        answer = client.get(path)
        if answer.status_code == 200:
            page = answer.content.decode()
            assert not re.search(r":\s*</(label|legend)>", page)
            assert not re.search(r"<select[^>]* multiple", page)


@pytest.mark.parametrize("model", OURS, ids=name_of)
def test_every_row_opens(model: type[Model]) -> None:
    assert organiser_client().get(page_of(model._default_manager.all()[0])).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_add_page_opens_where_something_may_be_added(model: type[Model]) -> None:
    client = organiser_client()
    asked = client.get(reverse("admin:index")).wsgi_request
    expected = 200 if admin.site._registry[model].has_add_permission(asked) else 403
    assert client.get(add_path(model)).status_code == expected


def test_only_these_rows_are_added_in_the_admin() -> None:
    client = organiser_client()
    addable = {model.__name__ for model in OURS if client.get(add_path(model)).status_code == 200}
    assert addable == {
        "Fest",
        "Venue",
        "Category",
        "Event",
        "School",
        "SchoolAlias",
        "ConsentText",
        "Invitation",
        "Message",
        "Question",
        "Gate",
    }


@pytest.mark.parametrize("model", OURS, ids=name_of)
def test_list_costs_the_same_for_one_row_and_for_three(model: type[Model]) -> None:
    client = organiser_client()
    one = query_count(client, list_path(model))
    build_row_of_everything(2)
    build_row_of_everything(3)
    assert query_count(client, list_path(model)) == one


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_stranger_is_sent_to_the_login(model: type[Model]) -> None:
    paths = [list_path(model), add_path(model)]
    logins = [Client().get(path)["Location"] for path in paths]
    assert logins == [f"{reverse('admin:login')}?next={path}" for path in paths]


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_user_who_is_no_staff_sees_nothing(model: type[Model]) -> None:
    client = organiser_client(organiser("student", is_staff=False, is_superuser=False))
    assert client.get(list_path(model)).status_code == 403


@pytest.mark.parametrize("model", OURS, ids=name_of)
def test_staff_without_permissions_sees_nothing(model: type[Model]) -> None:
    client = organiser_client(organiser("volunteer", is_superuser=False))
    assert client.get(list_path(model)).status_code == 403


def test_dashboard_carries_the_name_of_the_fest() -> None:
    page = organiser_client().get(reverse("admin:index"))
    assert f'<bdi translate="no">{current_fest().name}</bdi>' in page.content.decode()


def test_pages_of_the_admin_have_no_inline_style_or_script() -> None:
    client = organiser_client()
    pages = [client.get(page_of(model._default_manager.all()[0])).content.decode() for model in OURS]
    found = [mark for mark in ("style=", "onclick=", "<script>") if any(mark in page for page in pages)]
    assert found == []


def test_policy_of_the_site_holds_in_the_admin() -> None:
    assert "default-src 'self'" in organiser_client().get(reverse("admin:index"))["Content-Security-Policy"]


def test_second_step_is_seen_but_never_read_written_or_removed_here() -> None:
    """A secret shown here would allow a login as another user."""
    teacher = build_teacher()
    step = Authenticator.objects.create(user=teacher.user, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    client = organiser_client()
    pages = [client.get(path) for path in (list_path(Authenticator), page_of(step))]
    assert [page.status_code for page in pages] == [200, 200]
    assert not any("JBSWY3DPEHPK3PXP" in page.content.decode() for page in pages)
    client.post(page_of(step), {"user": teacher.user.pk, "type": "totp", "data": "{}"})
    step.refresh_from_db()
    assert step.data == {"secret": "JBSWY3DPEHPK3PXP"}
    assert client.get(add_path(Authenticator)).status_code == 403
    delete = reverse("admin:mfa_authenticator_delete", args=[step.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    assert Authenticator.objects.count() == 1
