"""Results: ranks from points, concurrent entry, publication in the chosen form, permissions."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from events import cache
from events.models import AuditEntry, Event
from registrations.booking.cancel import cancel
from registrations.models import Change, Registration, Result, ResultSheet
from registrations.results import publish, service
from registrations.results.publish import first_name
from registrations.results.ranking import formatted, points_of, rank_of, ranks_of
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.admin.base import page_of
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline
from techfest.core.roles import LEAD, OWNER, RESULTS, VOLUNTEER
from tickets.models import Ticket
from tickets.tests.admin_helpers import in_role, organiser, organiser_client, query_count

pytestmark = pytest.mark.django_db


@pytest.fixture
def event() -> Event:
    return build_event(build_fest(), name="Robo Race", slug="robo-race")


def taking_part(event: Event, *names: str, **values: Any) -> list[Registration]:
    return [build_submission(event, name=name, **values).registrations.get() for name in names]


AHEAD = {"ahead_is_right": "yes"}
"""The events of these tests are ahead."""


def enter_path(event: Event) -> str:
    return reverse("admin:results_enter", args=[event.pk])


def typed_in(client: Client, event: Event, values: dict[Registration, str]) -> dict[str, Any]:
    """Returns the form data of the current page with these values typed."""
    page = client.get(enter_path(event)).context["page"]
    sent = {"version": page.sheet.version, "counted": page.sheet.counting, "shown": page.shown} | AHEAD
    sent |= {line.field: line.text for line in page.lines}
    return sent | {f"value-{row.pk}": text for row, text in values.items()}


def entered(client: Client, event: Event, values: dict[Registration, str]) -> Any:
    return client.post(enter_path(event), typed_in(client, event, values))


def ranks(event: Event) -> dict[str, int | None]:
    return {row.registration.student.name: row.rank for row in publish.ranked(event)}


def published(event: Event, names: str = "short") -> None:
    publish.publish(event, names, user=organiser("publisher"), deadline=Deadline())
    cache.forget()


@pytest.mark.parametrize(("counting", "expected"), [("most", [1, 2, 2, 4]), ("least", [4, 2, 2, 1])])
def test_ties_share_a_rank_and_the_next_is_skipped(counting: str, expected: list[int]) -> None:
    points = dict(enumerate(map(Decimal, ("9", "7", "7", "1.5"))))
    assert [ranks_of(points, counting=counting)[key] for key in range(4)] == expected


@pytest.mark.parametrize(
    ("submitted", "counting", "expected"),
    [
        ("12", "most", "12"),
        (" 12.50 ", "most", "12.5"),
        ("0", "most", "0"),
        ("100", "most", "100"),
        ("१२", "most", "12"),
        ("2:05.3", "least", "125.3"),
        ("1:02:03", "least", "3723"),
        ("", "most", ""),
    ],
)
def test_points_are_read_as_people_type_them(submitted: str, counting: str, expected: str) -> None:
    assert formatted(points_of(submitted, counting=counting)) == expected


@pytest.mark.parametrize(
    ("submitted", "words"),
    [
        ("twelve", "Enter points as a number up to 999999.999, like 12 or 12.5"),
        ("1e99", "Enter points as a number up to 999999.999, like 12 or 12.5"),
        ("NaN", "Enter points as a number up to 999999.999, like 12 or 12.5"),
        ("1000000", "Enter points as a number up to 999999.999, like 12 or 12.5"),
        ("2:05", "Enter points as a number up to 999999.999, like 12 or 12.5"),
        ("1.2345", "Enter points as a number up to 999999.999, like 12 or 12.5"),
        ("-3", "Points must be 0 or more"),
        ("12,5", "Write decimals with a point, like 12.5, and thousands without a comma"),
    ],
)
def test_invalid_points_are_refused(submitted: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        points_of(submitted, counting="most")
    assert refused.value.messages == [words]


@pytest.mark.parametrize("submitted", ["0", "-1", "1.5", "first", "10000"])
def test_invalid_rank_is_refused(submitted: str) -> None:
    with pytest.raises(ValidationError):
        rank_of(submitted)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Asha Rao", "Asha"),
        ("A. P. J. Kalam", "Kalam"),
        ("आरव शर्मा", "आरव"),
        ("李小龙", "李…"),
        ("Madonna", "Madonna"),
        ("X", "X"),
        ("🤖", "🤖"),
        ("", ""),
    ],
)
def test_first_name_of_any_script(name: str, expected: str) -> None:
    assert first_name(name) == expected


def test_page_lists_checked_in_students_first_and_only_seats(event: Event) -> None:
    asha, ben, dia = taking_part(event, "Asha", "Ben", "Dia")
    Ticket.objects.filter(registration=dia).update(checked_in_at=event.starts_at)
    cancel([ben.pk], actor=Change.Actor.ORGANISER, deadline=Deadline())
    page = organiser_client().get(enter_path(event)).context["page"]
    assert [line.registration for line in page.lines] == [dia, asha]


def test_points_of_all_are_saved_at_once_and_nothing_is_public(event: Event, client: Client) -> None:
    asha, ben, dia, eve = taking_part(event, "Asha", "Ben", "Dia", "Eve")
    response = entered(organiser_client(), event, {asha: "9", ben: "12.5", dia: "9", eve: ""})
    assert response.status_code == 302
    assert ranks(event) == {"Ben": 1, "Asha": 2, "Dia": 2}
    assert client.get("/events/robo-race/results/").status_code == 404
    entry = AuditEntry.objects.get(what="entered")
    assert (entry.before[f"registration {ben.pk}"], entry.after[f"registration {ben.pk}"]) == ("", "12.5")
    assert "Ben" not in f"{entry.before}{entry.after}"


def test_emptied_field_leaves_the_sheet_and_the_ranks_close_up(event: Event) -> None:
    asha, ben = taking_part(event, "Asha", "Ben")
    client = organiser_client()
    entered(client, event, {asha: "9", ben: "12"})
    entered(client, event, {ben: " "})
    assert ranks(event) == {"Asha": 1}


def test_invalid_input_is_reported_at_its_field_and_kept(event: Event) -> None:
    asha, ben, dia = taking_part(event, "Asha", "Ben", "Dia")
    response = entered(organiser_client(), event, {asha: "9", ben: "12,5", dia: "1e99"})
    page = response.context["page"]
    assert response.status_code == 200
    assert {line.text: bool(line.error) for line in page.lines} == {"9": False, "12,5": True, "1e99": True}
    assert f'aria-describedby="value-{ben.pk}-error"' in response.content.decode()
    assert "<title>Error: " in response.content.decode()
    assert Result.objects.count() == 0


def test_script_in_a_field_is_text(event: Event) -> None:
    (asha,) = taking_part(event, "Asha")
    page = entered(organiser_client(), event, {asha: '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in page


def test_concurrent_edits_of_a_sheet_are_noticed(event: Event) -> None:
    asha, ben, dia = taking_part(event, "Asha", "Ben", "Dia")
    first, second = organiser_client(), organiser_client(organiser("second"))
    mine = typed_in(first, event, {asha: "1", ben: "2"})
    entered(second, event, {ben: "7", dia: "8"})
    response = first.post(enter_path(event), mine)
    page = response.context["page"]
    found = {
        line.registration.student.name: (line.changed_from, line.stored, line.text) for line in page.changed
    }
    assert found == {"Ben": ("nothing", "7", "2"), "Dia": ("nothing", "8", "8")}
    assert {key: entry.points for key, entry in service.entries_of(event).items()} == {ben.pk: 7, dia.pk: 8}
    again = {"version": page.sheet.version, "counted": "most", "shown": page.shown}
    again |= {line.field: line.text for line in page.lines}
    assert first.post(enter_path(event), again).status_code == 302
    assert {key: entry.points for key, entry in service.entries_of(event).items()} == {
        asha.pk: 1,
        ben.pk: 2,
        dia.pk: 8,
    }


def test_without_the_version_the_first_ones_points_would_be_gone(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    monkeypatch.setattr(service, "_is_as_shown", lambda *_args: True)
    (ben,) = taking_part(event, "Ben")
    first, second = organiser_client(), organiser_client(organiser("second"))
    mine = typed_in(first, event, {ben: "2"})
    entered(second, event, {ben: "7"})
    assert first.post(enter_path(event), mine).status_code == 302
    assert service.entries_of(event)[ben.pk].points == 2


def test_typed_ranks_may_tie_and_are_independent_of_points(event: Event) -> None:
    asha, ben = taking_part(event, "Asha", "Ben")
    client = organiser_client()
    assert client.post(enter_path(event), {"counting": "rank"}).status_code == 302
    entered(client, event, {asha: "3", ben: "3"})
    assert ranks(event) == {"Asha": 3, "Ben": 3}
    client.post(enter_path(event), {"counting": "most"})
    assert ResultSheet.objects.get().counting == "rank"


def test_other_counting_turns_the_ranks_round(event: Event) -> None:
    asha, ben = taking_part(event, "Asha", "Ben")
    client = organiser_client()
    entered(client, event, {asha: "3", ben: "5"})
    client.post(enter_path(event), {"counting": "least"})
    assert ranks(event) == {"Asha": 1, "Ben": 2}
    assert AuditEntry.objects.filter(what="changed", after={"counting": "least"}).exists()


def test_points_of_a_cancelled_registration_are_not_saved(event: Event) -> None:
    asha, ben = taking_part(event, "Asha", "Ben")
    client = organiser_client()
    sent = typed_in(client, event, {asha: "3", ben: "5"})
    cancel([ben.pk], actor=Change.Actor.ORGANISER, deadline=Deadline())
    client.post(enter_path(event), sent)
    assert ranks(event) == {"Asha": 1}


def test_publishing_is_previewed_and_in_the_audit_log(event: Event, client: Client) -> None:
    asha, ben = taking_part(event, "Asha Rao", "Ben Iyer")
    admin_browser = organiser_client()
    entered(admin_browser, event, {asha: "3", ben: "5"})
    path = reverse("admin:results_publish", args=[event.pk])
    question = admin_browser.get(path).content.decode()
    assert "2 results become public" in question
    assert "Publish 2 results" in question
    assert admin_browser.post(path, {"names": "short"} | AHEAD).status_code == 302
    cache.forget()
    page = client.get("/events/robo-race/results/")
    text = page.content.decode()
    assert (page["Cache-Control"], list(page.cookies)) == ("public, max-age=5", [])
    assert ("Ben" in text, "Iyer" in text, "Rao" in text) == (True, False, False)
    entry = AuditEntry.objects.get(what="published")
    assert entry.after == {"published": True, "names": "short", "results": 2}


def test_publishing_comes_again_where_a_result_changed_meanwhile(event: Event) -> None:
    asha, ben = taking_part(event, "Asha Rao", "Ben Iyer")
    browser = organiser_client()
    entered(browser, event, {asha: "3", ben: "5"})
    path = reverse("admin:results_publish", args=[event.pk])
    seen = browser.get(path).context["seen"]
    entered(browser, event, {asha: "9", ben: "5"})
    again = browser.post(path, {"names": "short", "seen": seen} | AHEAD)
    assert (again.status_code, AuditEntry.objects.filter(what="published").exists()) == (200, False)
    assert "The results changed while you were reading." in again.content.decode()
    done = browser.post(path, {"names": "short", "seen": again.context["seen"]} | AHEAD, follow=True)
    assert "2 results are public." in done.content.decode()


@pytest.mark.parametrize(
    ("names", "shown"), [("full", [True, True]), ("short", [True, False]), ("none", [False, False])]
)
def test_names_are_public_in_the_chosen_form(
    event: Event, client: Client, names: str, shown: list[bool]
) -> None:
    (asha,) = taking_part(event, "Asha Rao", school="Hill School")
    entered(organiser_client(), event, {asha: "3"})
    published(event, names)
    text = client.get("/events/robo-race/results/").content.decode()
    assert [word in text for word in ("Asha", "Rao")] == shown
    assert "Hill School" in text


def test_results_are_linked_only_once_they_are_public(event: Event, client: Client) -> None:
    (asha,) = taking_part(event, "Asha Rao")
    entered(organiser_client(), event, {asha: "3"})
    paths, link = ("/", "/events/robo-race/"), "/results/"
    assert [link in client.get(path).content.decode() for path in paths] == [False, False]
    assert "robo-race" not in client.get("/results/").content.decode()
    published(event)
    assert [link in client.get(path).content.decode() for path in paths] == [True, True]
    assert "/events/robo-race/results/" in client.get("/results/").content.decode()


def test_withdrawn_results_are_not_found(event: Event, client: Client) -> None:
    (asha,) = taking_part(event, "Asha Rao")
    admin_browser = organiser_client()
    entered(admin_browser, event, {asha: "3"})
    published(event)
    path = reverse("admin:results_unpublish", args=[event.pk])
    assert "1 result is public now" in admin_browser.get(path).content.decode()
    admin_browser.post(path)
    cache.forget()
    responses = [client.get(f"/events/{slug}/results/") for slug in ("robo-race", "no-such-event")]
    assert [response.status_code for response in responses] == [404, 404]
    assert responses[0].content == responses[1].content
    assert AuditEntry.objects.filter(what="unpublished").count() == 1
    assert Result.objects.get().points == 3


def test_draft_event_has_no_public_results(event: Event, client: Client) -> None:
    (asha,) = taking_part(event, "Asha Rao")
    entered(organiser_client(), event, {asha: "3"})
    published(event)
    Event.objects.update(state=Event.State.DRAFT)
    cache.forget()
    assert client.get("/events/robo-race/results/").status_code == 404


def test_results_without_a_rank_cannot_be_published(event: Event) -> None:
    taking_part(event, "Asha Rao")
    admin_browser = organiser_client()
    path = reverse("admin:results_publish", args=[event.pk])
    assert "There are no ranks yet" in admin_browser.get(path).content.decode()
    admin_browser.post(path, {"names": "full"} | AHEAD)
    assert not ResultSheet.objects.filter(published_at__isnull=False).exists()


@pytest.mark.parametrize("page", ["0", "-1", "2", "x", "9999999", "٣"])
def test_unknown_page_is_not_found(event: Event, client: Client, page: str) -> None:
    (asha,) = taking_part(event, "Asha Rao")
    entered(organiser_client(), event, {asha: "3"})
    published(event)
    assert client.get("/events/robo-race/results/", {"page": page}).status_code == 404


def test_long_results_come_in_pages(event: Event, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "PER_PAGE", 2)
    monkeypatch.setattr("registrations.results.views.PER_PAGE", 2)
    rows = taking_part(event, "Asha", "Ben", "Dia")
    entered(organiser_client(), event, {row: str(9 - number) for number, row in enumerate(rows)})
    published(event)
    texts = [client.get("/events/robo-race/results/", {"page": page}).content.decode() for page in (1, 2)]
    assert [[name in text for name in ("Asha", "Ben", "Dia")] for text in texts] == [
        [True, True, False],
        [False, False, True],
    ]


@pytest.mark.parametrize("name", ["results_enter", "results_publish", "results_unpublish"])
def test_pages_need_the_permission_to_change_results(event: Event, name: str) -> None:
    path = reverse(f"admin:{name}", args=[event.pk])
    nobody, owner = organiser_client(organiser("nobody", is_superuser=False)), organiser_client()
    assert [nobody.get(path).status_code, nobody.post(path).status_code] == [403, 403]
    assert [Client().get(path).status_code, owner.get(path).status_code] == [302, 200]
    assert owner.get(reverse(f"admin:{name}", args=[event.pk + 99])).status_code == 404


def test_queries_of_the_sheet_are_the_same_for_one_and_three(
    event: Event, django_assert_num_queries: Any
) -> None:
    client = organiser_client()
    taking_part(event, "Asha")
    one = query_count(client, enter_path(event))
    taking_part(event, "Ben", "Dia")
    assert query_count(client, enter_path(event)) == one


def test_queries_of_the_public_page_are_the_same_for_one_and_three(event: Event, client: Client) -> None:
    def asked() -> int:
        cache.forget()
        with CaptureQueriesContext(connection) as queries:
            client.get("/events/robo-race/results/")
        return len(queries)

    rows = taking_part(event, "Asha", "Ben", "Dia")
    entered(organiser_client(), event, {rows[0]: "3"})
    published(event)
    one = asked()
    entered(organiser_client(organiser("second")), event, {rows[1]: "3", rows[2]: "2"})
    assert asked() == one
    assert client.get("/events/robo-race/results/").status_code == 200
    with CaptureQueriesContext(connection) as kept:
        client.get("/events/robo-race/results/")
    assert len(kept) == 0


def test_page_of_the_event_leads_to_its_results(event: Event) -> None:
    assert enter_path(event) in organiser_client().get(page_of(event)).content.decode()


@pytest.mark.parametrize(
    ("role", "expected"), [(LEAD, [200, 404]), (RESULTS, [200, 200]), (OWNER, [200, 200])]
)
def test_lead_enters_results_of_led_events_and_the_results_role_of_all(
    event: Event, role: str, expected: list[int]
) -> None:
    user, other = in_role(role), build_event(event.fest, name="Quiz")
    event.leads.add(user)
    (asha,) = taking_part(event, "Asha")
    client = organiser_client(user)
    names = ("results_enter", "results_publish", "results_unpublish")
    for name in names:
        paths = [reverse(f"admin:{name}", args=[one.pk]) for one in (event, other)]
        assert [client.get(path).status_code for path in paths] == expected
    entered(client, event, {asha: "3"})
    assert enter_path(event) in client.get(page_of(event)).content.decode()
    paths = [reverse("admin:results_publish", args=[one.pk]) for one in (event, other)]
    assert [client.post(path, {"names": "none"} | AHEAD).status_code for path in paths] == [302, expected[1]]
    assert ResultSheet.objects.get(published_at__isnull=False).event == event


def test_volunteer_cannot_enter_results(event: Event) -> None:
    assert organiser_client(in_role(VOLUNTEER)).get(enter_path(event)).status_code in (302, 403)


def test_results_ahead_of_the_event_are_asked_about(event: Event) -> None:
    (asha,) = taking_part(event, "Asha Rao")
    client = organiser_client()
    sent = {name: value for name, value in typed_in(client, event, {asha: "3"}).items() if name not in AHEAD}
    asked = client.post(enter_path(event), sent)
    text = asked.content.decode()
    assert (asked.status_code, ranks(event)) == (200, {})
    assert ("has not begun: it starts on" in text, f'name="value-{asha.pk}" value="3"' in text) == (
        True,
        True,
    )
    assert client.post(enter_path(event), sent | AHEAD).status_code == 302
    path = reverse("admin:results_publish", args=[event.pk])
    question = client.post(path, {"names": "short"}).content.decode()
    assert ("is not over: it ends on" in question, "tick the box if this is right" in question) == (
        True,
        True,
    )
    assert not ResultSheet.objects.filter(published_at__isnull=False).exists()
    assert client.post(path, {"names": "short"} | AHEAD).status_code == 302


def test_results_of_an_event_that_is_over_are_saved_at_once(event: Event) -> None:
    (asha,) = taking_part(event, "Asha Rao")
    now = database_now()
    Event.objects.filter(pk=event.pk).update(starts_at=now - dt.timedelta(hours=2), ends_at=now)
    client = organiser_client()
    assert "ahead_is_right" not in client.get(enter_path(event)).content.decode()
    sent = {name: value for name, value in typed_in(client, event, {asha: "3"}).items() if name not in AHEAD}
    assert client.post(enter_path(event), sent).status_code == 302
    path = reverse("admin:results_publish", args=[event.pk])
    assert client.post(path, {"names": "short"}).status_code == 302
