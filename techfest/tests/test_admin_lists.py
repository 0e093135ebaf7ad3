"""The lists of the admin: numbers lead to the rows they count, filters and pages work from one form and links."""

import datetime as dt
import html
import re
from collections.abc import Iterator
from typing import Any

import html5lib
import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.admin_sums import Sum
from events.models import Event
from registrations.models import (
    ClassList,
    Hold,
    Registration,
    School,
    Student,
)
from registrations.tests.builders import build_event, build_submission, build_teacher
from techfest.core import roles
from techfest.tests.support.kept_rows import KeepRows
from tickets.checkin.scan import check_in
from tickets.keys import random_key
from tickets.models import Alert
from tickets.tests.admin_helpers import current_fest, in_role, list_path, organiser_client
from tickets.tests.builders.checkin import (
    checkpoint_of,
    gate_of,
    open_event,
    ticket_for,
    volunteer,
    waiting_for,
)
from tickets.tests.builders.everything import build_row_of_everything

pytestmark = pytest.mark.django_db
PATH = list_path(Registration)
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def build_all() -> None:
    """Rows of every table, and an event with two seats, one student checked in, and one waiting."""
    build_row_of_everything(1)
    fest, today = current_fest(), timezone.localdate()
    fest.starts_on, fest.ends_on = today - dt.timedelta(days=1), today + dt.timedelta(days=2)
    fest.save()
    event = open_event(fest, capacity=2, name="Robo Race")
    ticket = ticket_for(event, name="Asha Rao")
    ticket_for(event, name="Bea Iyer")
    gate = gate_of(event.fest, event, name="Side gate")
    check_in(checkpoint_of(gate), code=ticket.code, key=random_key(), user=volunteer(gate))
    waiting_for(event, name="Chen Das")


@pytest.fixture(scope="module", autouse=True)
def _rows(keep_rows: KeepRows) -> None:
    keep_rows(build_all)


@pytest.fixture
def client() -> Client:
    return organiser_client()


def shown(client: Client, path: str) -> Any:
    response = client.get(path)
    assert response.status_code == 200, (path, response.headers.get("Location"))
    return response.context["cl"]


def linked_numbers(client: Client, path: str) -> Iterator[tuple[str, int]]:
    """The links of the table whose text is a number."""
    page = client.get(path).content.decode()
    table = page.partition('<table id="result_list"')[2].partition("</table>")[0]
    for address, text in re.findall(r'<a href="([^"]*)">([\d,]+)</a>', table):
        yield html.unescape(address), int(text.replace(",", ""))


SUMMED = [
    model for model in MODELS if any(isinstance(one, Sum) for one in admin.site._registry[model].list_display)
]


@pytest.mark.parametrize("model", SUMMED, ids=lambda model: model.__name__)
def test_every_number_leads_to_the_rows_it_counts(model: type[Model], client: Client) -> None:
    found = list(linked_numbers(client, list_path(model)))
    assert found, "a list with sums has a number that is a link"
    assert {address: shown(client, address).result_count for address, _n in found} == dict(found)


def test_lists_with_sums_are_those_of_what_is_registered_for() -> None:
    assert {model.__name__ for model in SUMMED} >= {"Event", "Student", "School", "ClassList"}


def test_number_without_rows_is_no_link(client: Client) -> None:
    build_event(current_fest(), name="Nobody comes")
    page = client.get(list_path(Event), {"q": "Nobody comes"}).content.decode()
    assert list(linked_numbers(client, f"{list_path(Event)}?q=Nobody+comes")) == []
    assert 'data-label="Registered" role="cell">0</td>' in page


def test_sums_count_what_a_lead_may_see() -> None:
    """A school's registrations for events of other leads are not counted for this one."""
    own, other = (build_event(current_fest(), name=name) for name in ("Own", "Other"))
    build_submission(own, name="Dia Sen", school="Hill School")
    build_submission(other, name="Eve Roy", school="Hill School")
    lead = in_role(roles.LEAD)
    own.leads.add(lead)
    client = organiser_client(lead)
    found = list(linked_numbers(client, f"{list_path(School)}?q=Hill"))
    assert found
    assert {number for _address, number in found} == {1}
    assert {address: shown(client, address).result_count for address, _n in found} == dict(found)


def test_tabs_lead_to_the_rows_they_count_beside_other_filters(client: Client) -> None:
    school = Registration.objects.filter(event__name="Robo Race")[0].student.school
    tabs = client.get(PATH, {"student__school__id__exact": school.pk}).context["tabs"]
    assert {str(tab["label"]): shown(client, f"{PATH}?{tab['query']}").result_count for tab in tabs} == {
        str(tab["label"]): tab["count"] for tab in tabs
    }
    assert {str(tab["label"]): tab["count"] for tab in tabs}["Checked in"] == 1


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_bar_offers_what_its_filters_offer(model: type[Model], client: Client) -> None:
    """Each choice of each select leads to a page, and a filter is never lost on the way into the form."""
    listed = shown(client, list_path(model))
    for field in listed.bar.fields:
        for option in field.options[:4]:
            asked: dict[str, Any] = {"_bar": 1, field.name: option.value, "q": ""}
            answer = client.get(list_path(model), asked, follow=True)
            assert answer.status_code == 200
            assert "e=1" not in answer.request.get("QUERY_STRING", ""), (field.name, option)
            chosen = answer.context["cl"]
            assert bool(chosen.bar.chips) == bool(option.value), (field.name, option)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_heading_sorts_both_ways_and_says_so(model: type[Model], client: Client) -> None:
    for option in shown(client, list_path(model)).bar.orders:
        page = client.get(list_path(model), {"o": option.value} if option.value else {})
        assert page.status_code == 200
        if option.value and b"result_list" in page.content:
            way = "descending" if option.value.startswith("-") else "ascending"
            assert page.content.decode().count(f'aria-sort="{way}"') == 1


def test_form_with_empty_filters_leads_to_a_short_address(client: Client) -> None:
    asked: dict[str, Any] = {
        "_bar": 1,
        "q": "",
        "event__id__exact": "",
        "state__exact": "waiting",
        "o": "",
        "p": 3,
    }
    answer = client.get(PATH, asked)
    assert answer.headers["Location"] == f"{PATH}?state__exact=waiting"
    rows = shown(client, answer.headers["Location"]).result_list
    assert {row.state for row in rows} == {"waiting"}


def test_chip_is_the_way_out_of_one_filter(client: Client) -> None:
    event = Event.objects.get(name="Robo Race")
    listed = shown(client, f"{PATH}?event__id__exact={event.pk}&state__exact=confirmed&q=rao")
    assert [(chip.label, chip.value) for chip in listed.bar.chips] == [
        ("Search", "rao"),
        ("Event", "Robo Race"),
        ("State", "confirmed"),
    ]
    without = [shown(client, PATH + chip.without).bar.chips for chip in listed.bar.chips]
    assert [len(chips) for chips in without] == [2, 2, 2]
    assert shown(client, PATH + listed.bar.cleared).bar.chips == ()


def test_row_that_a_link_names_is_shown_as_a_filter(client: Client) -> None:
    student = Student.objects.get(name="Asha Rao")
    chips = shown(client, f"{PATH}?student__id__exact={student.pk}").bar.chips
    assert [(chip.label, chip.value) for chip in chips] == [("Student", "Asha Rao")]


@pytest.fixture
def many_events() -> list[Event]:
    names = [f"Gadget {number:03}" for number in range(40)]
    events = [build_event(current_fest(), name=name) for name in names]
    build_submission(events[7], name="Dia Sen")
    return events


def test_filter_with_many_events_is_a_field_with_suggestions(
    many_events: list[Event], client: Client
) -> None:
    page = html5lib.parse(client.get(PATH).content.decode(), namespaceHTMLElements=False)
    field = page.find(".//input[@name='named-event']")
    offered = [one.get("value") for one in page.find(f".//datalist[@id='{field.get('list')}']")]
    assert {event.name for event in many_events} <= set(offered)
    assert not any("event__id__exact" in (one.get("href") or "") for one in page.iter("a"))


def test_name_of_one_event_becomes_its_filter(many_events: list[Event], client: Client) -> None:
    for typed in ("Gadget 007", "gadget 007", " Gadget 007 "):
        asked: dict[str, Any] = {"_bar": 1, "named-event": typed, "q": ""}
        answer = client.get(PATH, asked, follow=True)
        assert answer.request["QUERY_STRING"] == f"event__id__exact={many_events[7].pk}"
        assert [row.student.name for row in answer.context["cl"].result_list] == ["Dia Sen"]
        field = next(one for one in answer.context["cl"].bar.fields if one.name == "named-event")
        assert field.text == "Gadget 007"


def test_part_of_a_name_finds_all_events_with_it(many_events: list[Event], client: Client) -> None:
    found = shown(client, f"{PATH}?named-event=Gadget+00")
    assert {row.event.name for row in found.result_list} == {"Gadget 007"}
    assert [(chip.label, chip.value) for chip in found.bar.chips] == [("Event", "Gadget 00")]
    assert shown(client, f"{PATH}?named-event=Xylophone").result_count == 0


def test_new_name_replaces_the_event_that_was_chosen(many_events: list[Event], client: Client) -> None:
    asked: dict[str, Any] = {"_bar": 1, "event__id__exact": many_events[1].pk, "named-event": "Gadget 007"}
    answer = client.get(PATH, asked, follow=True)
    assert answer.request["QUERY_STRING"] == f"event__id__exact={many_events[7].pk}"
    page = html5lib.parse(answer.content.decode(), namespaceHTMLElements=False)
    form = page.find(".//form[@id='list-bar']")
    assert [one.get("name") for one in form.iter("input") if one.get("type") == "hidden"] == ["_bar"]


def test_chosen_name_is_removed_by_emptying_the_field(many_events: list[Event], client: Client) -> None:
    asked: dict[str, Any] = {"_bar": 1, "named-event": ""}
    answer = client.get(PATH, asked)
    assert answer.headers["Location"] == PATH


def test_name_narrows_a_lead_to_own_events(many_events: list[Event]) -> None:
    lead = in_role(roles.LEAD)
    for event in many_events[:35]:
        event.leads.add(lead)
    client = organiser_client(lead)
    answer = client.get(f"{PATH}?named-event=Gadget+007", follow=True)
    assert [row.student.name for row in answer.context["cl"].result_list] == ["Dia Sen"]
    assert shown(client, f"{PATH}?named-event=Gadget+039").result_count == 0
    build_submission(many_events[39], name="Secret Child")
    assert shown(client, f"{PATH}?named-event=Gadget+039").result_count == 0


def test_holds_for_no_school_are_a_choice(client: Client) -> None:
    listed = shown(client, list_path(Hold))
    field = next(one for one in listed.bar.fields if one.name == "school__id__exact")
    value = next(option.value for option in field.options if option.label == "none")
    answer = client.get(list_path(Hold), {"_bar": 1, field.name: value})
    assert answer.headers["Location"] == f"{list_path(Hold)}?school__isnull=True"
    assert {row.school for row in shown(client, answer.headers["Location"]).result_list} <= {None}


def test_pages_show_each_row_once_in_the_order_of_the_list(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(admin.site._registry[Registration], "list_per_page", 2)
    whole = list(shown(client, PATH).queryset.values_list("pk", flat=True))
    address, read = PATH, []
    while address:
        listed = shown(client, address)
        read += [row.pk for row in listed.result_list]
        assert listed.pages.from_row == len(read) - len(listed.result_list) + 1
        address = PATH + listed.pages.next if listed.pages.next else ""
    assert read == whole
    assert (listed.pages.to_row, listed.pages.last) == (len(whole), "")
    assert shown(client, PATH + listed.pages.first).page_num == 1
    assert shown(client, PATH + listed.pages.previous).page_num == listed.page_num - 1
    page = client.get(PATH).content.decode()
    assert f"1 to 2 of {len(whole)} registrations" in " ".join(page.split())
    assert [row.pk for row in shown(client, PATH + listed.pages.every).result_list] == whole


def test_registration_says_rank_mail_and_arrival(client: Client) -> None:
    page = html5lib.parse(client.get(PATH).content.decode(), namespaceHTMLElements=False)
    rows = ["".join(row.itertext()) for row in page.find(".//table[@id='result_list']/tbody")]
    waiting = next(row for row in rows if "Chen Das" in row)
    assert "Waiting, rank 1" in waiting.replace("\xa0", " ")
    came_in = next(row for row in rows if "Asha Rao" in row and "Robo Race" in row)
    assert "Confirmed" in came_in
    assert any(words in came_in for words in ("Queued", "No address"))


def test_fest_is_named_where_rows_belong_to_one(client: Client) -> None:
    fest = current_fest().name
    one = [
        f'<p class="list-fest"><bdi translate="no">{fest}</bdi></p>'
        in client.get(list_path(m)).content.decode()
        for m in (Registration, Event, Student, School, Alert)
    ]
    assert one == [True, True, True, False, False]


def test_empty_list_says_the_next_step(client: Client) -> None:
    ClassList.objects.all().delete()
    page = client.get(list_path(ClassList)).content.decode()
    assert "There are no class lists yet." in page
    assert "when teachers upload a list of their class" in page
    nothing = client.get(list_path(Student), {"q": "Xylophone"}).content.decode()
    assert "Nothing matches." in nothing
    assert '<a href="?">Show the whole list</a>' in nothing


def test_long_text_is_whole_in_the_page(client: Client) -> None:
    name = "Wolfeschlegelsteinhausenbergerdorff" * 5
    build_submission(build_event(current_fest()), name=name)
    page = client.get(list_path(Student), {"q": "Wolfeschlegel"}).content.decode()
    assert '<div class="list-clip"><a href' in page
    assert name in page


def test_buttons_name_the_acts_and_run_them(client: Client) -> None:
    teacher = build_teacher()
    page = client.get(list_path(type(teacher))).content.decode()
    assert re.search(r'name="action"\s+value="approve"', page)
    row = Registration.objects.get(student__name="Chen Das")
    sent = {"index": 0, "action": "cancel_registrations", "_selected_action": row.pk}
    answer = client.post(PATH, sent, follow=True)
    assert "admin-confirm" in answer.content.decode()
    nothing = client.post(PATH, {"index": 0, "action": "cancel_registrations"}, follow=True)
    assert "must be selected" in nothing.content.decode()


def test_message_to_a_named_filter_goes_to_its_rows(many_events: list[Event], client: Client) -> None:
    page = client.get("/admin/tickets/message/add/?named-event=Gadget+00").content.decode()
    assert "event: Gadget 00" in html.unescape(page)


def test_events_lead_to_their_pages_from_the_list_the_search_and_waiting(client: Client) -> None:
    event = build_event(current_fest(), name="Robo Race", capacity=1)
    build_submission(event, name="Zoya Menon")
    build_submission(event, name="Yash Pillai")
    path = reverse("admin:events_event_page", args=[event.pk])
    for page in (list_path(Event), reverse("admin:search") + "?q=robo", reverse("admin:waiting")):
        assert f'href="{path}"' in client.get(page).content.decode()


def test_those_who_wait_stand_in_the_order_of_their_ranks(client: Client) -> None:
    event = build_event(current_fest(), name="Drone Course", capacity=1)
    for name in ("Tara Menon", "Uma Pillai", "Veer Sethi", "Wanda Bose"):
        build_submission(event, name=name)
    rows = shown(client, f"{PATH}?event__id__exact={event.pk}&state__exact=waiting").result_list
    assert [row.student.name for row in rows] == ["Uma Pillai", "Veer Sethi", "Wanda Bose"]
