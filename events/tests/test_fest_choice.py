"""With a second fest, every admin page shows the current fest unless another is chosen."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.db.models import Model, Q
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from events.admin_base import BaseAdmin
from events.fest_choice import ALL, FestChoice, fest_of, fest_paths, of_shown_fest, show
from events.models import Event, Fest
from registrations.admin.sums import STUDENTS_OF_SCHOOL
from registrations.models import Registration, School, Student
from registrations.tests.builders import build_event, build_submission
from techfest.core.admin.base import page_of
from techfest.tests.support.kept_rows import KeepRows
from tickets.models import Delivery, DeliveryEvent, Notice, Scan
from tickets.tests.admin_helpers import add_path, filled_in, list_path, organiser, organiser_client
from tickets.tests.builders.everything import build_row_of_everything

pytestmark = pytest.mark.django_db
REGISTRY = sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label)
OF_A_FEST = [
    model
    for model, its_admin in REGISTRY
    if fest_paths(model) and isinstance(its_admin, BaseAdmin) and model is not Notice
]
"""Without notices: the one that is built is for a user and belongs to no fest."""
WAYS = {
    "events.Event": ("fest",),
    "events.Fest": (),
    "registrations.Change": ("registration__event__fest",),
    "registrations.School": (),
    "registrations.Student": ("fest",),
    "registrations.Teacher": (),
    "tickets.Certificate": ("student__fest",),
    "tickets.Message": ("fest",),
}


@pytest.fixture
def client() -> Client:
    return organiser_client(organiser("boss", email="boss@fest.example"))


@pytest.fixture(scope="module", autouse=True)
def _two_rows_of_everything(keep_rows: KeepRows) -> None:
    for number in (1, 2):
        keep_rows(build_row_of_everything, number)


@pytest.fixture
def fests() -> tuple[Fest, Fest]:
    """The current fest and another one, each with a row in every table."""
    current, other = Fest.objects.order_by("-is_current")
    return current, other


def choose(client: Client, fest: Fest | None, back: str = "/admin/") -> Any:
    wanted = fest.pk if fest else ALL
    return client.post(reverse("admin:choose_fest"), {"fest": wanted, "next": back})


def shown(client: Client, path: str) -> set[int | None]:
    """The fests of the rows of a list."""
    rows = client.get(path).context["cl"].result_list
    return {fest.pk if (fest := fest_of(row)) else None for row in rows}


def test_way_from_a_table_to_its_fest_is_found_in_its_foreign_keys() -> None:
    assert {label: fest_paths(apps.get_model(label)) for label in WAYS} == WAYS
    optional = fest_paths(Delivery)
    assert {"student__fest", "message__fest", "job__class_list__fest"} <= set(optional)


@pytest.mark.parametrize("model", [Delivery, DeliveryEvent, Notice, Scan])
def test_rows_of_the_shown_fest_are_found_without_joins(fests: tuple[Fest, Fest], model: type[Model]) -> None:
    """Whatever the number of paths to a fest, the rows are the same as with a join for each path."""
    for fest in fests:
        request = RequestFactory().get("/")
        show(request, FestChoice(fests, fest))
        rows = of_shown_fest(request, model._default_manager.order_by())
        assert "JOIN" not in str(rows.query).partition(" WHERE ")[0]
        joined, none = Q(), Q()
        for path in fest_paths(model):
            joined |= Q(**{path: fest})
            none &= Q(**{f"{path}__isnull": True})
        assert set(rows) == set(model._default_manager.filter(joined | none))
    timezone.deactivate()


@pytest.mark.parametrize("model", OF_A_FEST, ids=lambda model: model._meta.label_lower)
def test_list_shows_the_current_fest_until_another_is_chosen(
    client: Client, fests: tuple[Fest, Fest], model: type[Model]
) -> None:
    current, other = fests
    path, none = list_path(model), {None}
    assert shown(client, path) - none == {current.pk}
    assert choose(client, other, path).url == path
    assert shown(client, path) - none == {other.pk}
    assert shown(client, f"{path}?q=") - none == {other.pk}
    choose(client, None)
    assert shown(client, path) - none == {current.pk, other.pk}


@pytest.mark.parametrize("model", OF_A_FEST, ids=lambda model: model._meta.label_lower)
def test_autocomplete_offers_rows_of_the_shown_fest(
    client: Client, fests: tuple[Fest, Fest], model: type[Model]
) -> None:
    current, other = fests
    request = RequestFactory().get("/", {"term": ""})
    request.user = organiser("typing")
    for choice, expected in ((None, {current.pk}), (other.pk, {other.pk})):
        request.session = {"shown_fest": choice}  # type: ignore[assignment]  # all that is read of it
        request._fest_choice = None  # type: ignore[attr-defined]
        view: Any = admin.site._registry[model]
        offered: Any = _autocomplete_class()(admin_site=admin.site)
        offered.setup(request)
        offered.request, offered.model_admin, offered.term = request, view, ""
        offered.source_field = type("Source", (), {"get_limit_choices_to": staticmethod(dict)})
        assert {fest.pk for row in offered.get_queryset() if (fest := fest_of(row))} == expected
    timezone.deactivate()


def _autocomplete_class() -> type[AutocompleteJsonView]:
    from tickets.dashboard.site import FestChoices

    return FestChoices


def exportable() -> list[type[Model]]:
    return [model for model in OF_A_FEST if getattr(admin.site._registry[model], "export_columns", ())]


@pytest.mark.parametrize("model", exportable(), ids=lambda model: model._meta.label_lower)
def test_export_holds_the_shown_fest(client: Client, fests: tuple[Fest, Fest], model: type[Model]) -> None:
    path = f"{list_path(model)}download.csv"

    def lines() -> int:
        return len(b"".join(client.get(path)).decode().splitlines()) - 1

    one = lines()
    choose(client, None)
    assert 0 < one < lines()


def test_filters_offer_what_belongs_to_the_shown_fest(client: Client, fests: tuple[Fest, Fest]) -> None:
    current, other = fests
    bar = client.get(list_path(Registration)).context["cl"].bar
    names = {fest: [event.name for event in fest.events.all()] for fest in fests}
    field = next(field for field in bar.fields if field.name == "event__id__exact")
    offered = {option.value for option in field.options}
    assert {str(event.pk) for event in current.events.all()} <= offered
    assert not {str(event.pk) for event in other.events.all()} & offered
    assert names[current] != names[other]


def test_address_that_names_an_event_shows_its_fest(client: Client, fests: tuple[Fest, Fest]) -> None:
    _current, other = fests
    event = Registration.objects.filter(event__fest=other)[0].event
    response = client.get(f"{list_path(Registration)}?event__id__exact={event.pk}")
    assert {row.event_id for row in response.context["cl"].result_list} == {event.pk}
    assert response.context["fest_choice"].shown == other
    assert shown(client, f"{list_path(Event)}?fest__id__exact={other.pk}") == {other.pk}
    assert shown(client, list_path(Event)) == {fests[0].pk}


def test_page_of_a_row_is_about_its_fest_and_offers_its_rows(
    client: Client, fests: tuple[Fest, Fest]
) -> None:
    _current, other = fests
    Fest.objects.filter(pk=other.pk).update(time_zone="America/New_York")
    venue, event = other.venues.get(), other.events.all()[0]
    response = client.get(page_of(venue))
    assert (response.status_code, response.context["fest_choice"].shown) == (200, other)
    offered = response.context["adminform"].form.fields["fest"].queryset
    assert list(offered) == [other]
    local = event.starts_at.astimezone(Fest.objects.get(pk=other.pk).zone)
    assert filled_in(client, page_of(event))["starts_at_1"] == f"{local:%H:%M}"
    assert "Times are those of America/New_York" in client.get(page_of(event)).content.decode()


def test_new_rows_belong_to_the_shown_fest(client: Client, fests: tuple[Fest, Fest]) -> None:
    _current, other = fests
    choose(client, other)
    form = client.get(add_path(Event)).context["adminform"].form
    assert form.initial["fest"] == other.pk
    for name in ("fest", "venue", "category"):
        assert {fest_of(row) for row in form.fields[name].queryset} == {other}


def test_action_is_done_to_the_chosen_rows_of_another_fest(client: Client, fests: tuple[Fest, Fest]) -> None:
    """The buttons on a row's page lead to actions of its list, whichever fest is shown."""
    registration = Registration.objects.filter(event__fest=fests[1])[0]
    form = {"action": "cancel_registrations", "_selected_action": [registration.pk]}
    response = client.post(list_path(Registration), form, follow=True)
    assert registration.student.name in response.content.decode()


def test_dashboard_is_about_the_shown_fest(client: Client, fests: tuple[Fest, Fest]) -> None:
    for fest in fests:
        choose(client, fest)
        context = client.get("/admin/").context
        blocks = [block for venue in context["timetable"].grid.venues for block in venue.blocks]
        assert blocks
        assert {block.pk for block in blocks} <= {event.pk for event in fest.events.all()}
    one = [decision.count for decision in client.get("/admin/").context["decisions"]]
    choose(client, None)
    assert sum(one) < sum(decision.count for decision in client.get("/admin/").context["decisions"])


@pytest.mark.parametrize("wanted", ["", "0", "x", "99999999999999999999", "-1"])
def test_choice_of_no_fest_changes_nothing(client: Client, fests: tuple[Fest, Fest], wanted: str) -> None:
    response: Any = client.post(reverse("admin:choose_fest"), {"fest": wanted, "next": "//evil.example/"})
    assert response.url == "/admin/"
    assert shown(client, list_path(Student)) == {fests[0].pk}


@pytest.mark.parametrize("name", ["index", "choose_fest"])
def test_no_page_of_the_admin_is_kept_by_a_cache(client: Client, name: str) -> None:
    response = client.get("/admin/") if name == "index" else choose(client, None)
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    "model", [model for model, _admin in REGISTRY], ids=lambda model: model._meta.label_lower
)
def test_no_list_or_row_of_the_admin_is_kept_by_a_cache(client: Client, model: type[Model]) -> None:
    responses = [client.get(list_path(model))]
    if row := model._default_manager.first():
        responses.append(client.get(page_of(row)))
    assert ["no-store" in response["Cache-Control"] for response in responses] == [True] * len(responses)


def test_zone_of_the_admin_is_the_databases_at_once(client: Client) -> None:
    client.get("/admin/")
    Fest.objects.filter(is_current=True).update(time_zone="America/New_York")
    assert "Times are those of America/New_York" in client.get("/admin/").content.decode()


def test_lists_are_sorted_by_the_numbers_that_they_show(client: Client, fests: tuple[Fest, Fest]) -> None:
    current, other = (build_event(fest) for fest in fests)
    for number in range(3):
        build_submission(other, name=f"Asha {'ABC'[number]}", school="Elsewhere School")
    build_submission(current, name="Ben Rao", school="Here School")
    number = admin.site.get_model_admin(School).list_display.index(STUDENTS_OF_SCHOOL) + 1
    for sign in ("", "-"):
        rows = client.get(list_path(School), {"o": f"{sign}{number}"}).context["cl"].result_list
        counts = [row.sums["students"] for row in rows]
        assert len(set(counts)) > 1
        assert counts == sorted(counts, reverse=bool(sign))
