"""Pages that ask before an act show what it does, do what they showed, and say afterwards what has happened."""

from collections.abc import Iterator
from typing import Any

import html5lib
import pytest
from django.core import mail as outbox
from django.test import Client
from django.urls import reverse

from events.models import Event, Fest, Venue
from registrations.admin import event_rehearsal
from registrations.booking.cancel import cancel
from registrations.models import Change, Registration, Student
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_submission,
    build_teacher,
)
from registrations.tests.counting import counts, states
from techfest.core import roles
from techfest.core.admin import confirmation, rehearsal
from techfest.core.admin.base import page_of
from techfest.core.admin.rehearsal import Consequences, MailSample, rehearse
from techfest.core.db.locking import Deadline
from techfest.core.formatting import moment
from tickets.mail.compose import Composer, compose
from tickets.mail.kinds.base import AS_SENT
from tickets.mail.preview import PERSONAL_LINK, without_links
from tickets.models import Delivery, Notice, Ticket
from tickets.tests.admin_helpers import (
    act,
    asked_by,
    confirm,
    filled_in,
    in_role,
    list_path,
    organiser_client,
    said,
    sent_by,
)
from tickets.tests.audited import offenders

pytestmark = pytest.mark.django_db

HOSTILE = '<b>Bring</b> https://evil.example {{ name }} & "quotes" <script>alert(1)</script>'


@pytest.fixture(autouse=True)
def audited(db: None) -> Iterator[None]:
    yield
    assert offenders() == []


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def event_of(fest: Fest, people: int = 3, *, capacity: int = 1, **values: Any) -> Event:
    event = build_event(fest, capacity=capacity, **values)
    for number in range(people):
        build_submission(event, name=f"Asha {'ABCDEFGH'[number]}", grade=7, email=f"{number}@example.org")
    return event


def rows(event: Event) -> list[Registration]:
    return list(event.registrations.order_by("queue_position"))


def pressed(client: Client, page: Any, **values: Any) -> Any:
    """Send the page of an action as a browser does."""
    return client.post(list_path(Registration), sent_by(page) | values, follow=True)


def stored() -> list[int]:
    return [model.objects.count() for model in (Change, Delivery, Ticket, Student)]


def test_page_names_those_who_follow_and_leaves_nothing_behind(client: Client, fest: Fest) -> None:
    event = event_of(fest)
    before = stored()
    page = act(client, "cancel_registrations", rows(event)[0])
    groups = page.context["outcome"].groups
    assert [group.words for group in groups] == ["1 registration is cancelled", "1 gets a seat"]
    assert "Asha B" in groups[1].lines[0]
    assert (stored(), states(event), counts(event)) == (
        before,
        ["confirmed", "waiting", "waiting"],
        (1, 2, 3),
    )


def test_forecast_is_what_happens(client: Client, fest: Fest) -> None:
    event = event_of(fest)
    page = act(client, "cancel_registrations", rows(event)[0])
    forecast = page.context["outcome"]
    assert "Cancel 1 registration and mail 2 people" in " ".join(page.content.decode().split())
    done = pressed(client, page, notify="on")
    assert said(done) == [", ".join(forecast.counts) + "."] == ["1 cancelled, 1 promoted, 2 mails queued."]
    assert Delivery.objects.exclude(kind="registered").count() == forecast.mails == 2


def test_page_comes_again_where_something_else_would_happen(client: Client, fest: Fest) -> None:
    event = event_of(fest, 4)
    page = act(client, "cancel_registrations", rows(event)[0])
    cancel([rows(event)[1].pk], actor=Change.Actor.STUDENT, deadline=Deadline())
    again = pressed(client, page, notify="on")
    assert again.context["is_changed"]
    assert "Asha C" in again.context["outcome"].groups[1].lines[0]
    assert states(event) == ["confirmed", "cancelled", "waiting", "waiting"]
    assert said(pressed(client, again, notify="on")) == ["1 cancelled, 1 promoted, 2 mails queued."]


@pytest.mark.parametrize(("notify", "rehearsals"), [("on", 0), ("", 1)])
def test_refused_act_is_rehearsed_again_only_to_show_the_mails(
    client: Client, fest: Fest, monkeypatch: pytest.MonkeyPatch, notify: str, rehearsals: int
) -> None:
    event, calls = event_of(fest, 4), []
    page = act(client, "cancel_registrations", rows(event)[0])
    cancel([rows(event)[1].pk], actor=Change.Actor.STUDENT, deadline=Deadline())

    def counted(do: Any) -> Consequences:
        calls.append(do)
        return rehearse(do)

    monkeypatch.setattr(confirmation, "rehearse", counted)
    again = pressed(client, page, notify=notify)
    assert (again.context["is_changed"], len(calls)) == (True, rehearsals)
    assert (again.context["outcome"].mails, len(again.context["outcome"].samples)) == (2, 2)


@pytest.mark.parametrize(
    "values",
    [{"state": "cancelled"}, {"venue": "Hall B"}, {"venue": "Hall B", "capacity": "2"}, {"capacity": "4"}],
)
def test_large_event_is_rehearsed_with_one_registration_and_shows_the_same(
    client: Client, fest: Fest, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]
) -> None:
    hall, event = Venue.objects.create(fest=fest, name="Hall B"), event_of(fest)
    teacher = build_teacher()
    build_submission(event, name="Ben Iyer", grade=7, email="", school=teacher.school.name)
    build_submission(event, name="Asha Rao", grade=7, email="rao@example.org")
    given = values | ({"venue": hall.pk} if "venue" in values else {})
    data, read, seen = filled_in(client, page_of(event), **given), rehearsal.read, []

    def counted(rows: Any, *, shows_mails: bool) -> Any:
        seen.append(sum(isinstance(row, Change) for row in rows))
        return read(rows, shows_mails=shows_mails)

    monkeypatch.setattr(rehearsal, "read", counted)
    whole = client.post(page_of(event), data, follow=True).context["outcome"]
    monkeypatch.setattr(event_rehearsal, "MAX_REHEARSED", 2)
    found = client.post(page_of(event), data, follow=True).context["outcome"]
    shown = ("mails", "unmailed", "unmailed_ids", "teachers")
    assert [getattr(found, name) for name in shown] == [getattr(whole, name) for name in shown]
    assert [(one.count, one.subject) for one in found.samples] == [
        (one.count, one.subject) for one in whole.samples
    ]
    promoted = int(values.get("capacity", 1)) - 1
    told = 0 if list(values) == ["capacity"] else 5
    assert seen == [told + promoted, min(told, 1) + 1 if promoted else min(told, 1)]


def form_with(page: Any, name: str) -> Any:
    root = html5lib.parse(page.content.decode(), namespaceHTMLElements=False)
    return next(form for form in root.iter("form") if form.find(f".//*[@name='{name}']") is not None)


def test_enter_in_the_sentence_shows_the_mail(client: Client, fest: Fest) -> None:
    event = event_of(fest, 1)
    build_submission(event, name="Ben Iyer", email="")
    pages = [
        act(client, "cancel_registrations", *rows(event)),
        client.post(page_of(event), filled_in(client, page_of(event), state="cancelled"), follow=True),
    ]
    for page, name in zip(pages, ("reason", "hold-reason"), strict=True):
        buttons = [one for one in form_with(page, name).iter("button") if "form" not in one.attrib]
        assert buttons[0].get("name") == "look"
        form = form_with(page, "unmailed")
        values = {one.get("name"): one.get("value") for one in form.iter("input")}
        assert "Ben Iyer" in client.post(form.get("action"), values).content.decode()


def test_second_press_mails_no_one_again(client: Client, fest: Fest) -> None:
    event = event_of(fest)
    page = act(client, "cancel_registrations", rows(event)[0])
    pressed(client, page, notify="on")
    mails = Delivery.objects.count()
    assert said(pressed(client, page, notify="on")) == ["All of these are cancelled already."]
    assert Delivery.objects.count() == mails


def test_confirmation_that_saw_nothing_is_shown_first(client: Client, fest: Fest) -> None:
    event = event_of(fest)
    form = {"action": "cancel_registrations", "_selected_action": [rows(event)[0].pk], "confirmed": "yes"}
    page = client.post(list_path(Registration), form)
    assert page.context["outcome"].groups
    assert states(event) == ["confirmed", "waiting", "waiting"]


def test_mail_is_shown_as_it_is_sent_without_personal_links(client: Client, fest: Fest) -> None:
    event = event_of(fest, name="Robo Race")
    page = act(client, "cancel_registrations", rows(event)[0])
    cancelled, promoted = page.context["outcome"].samples
    done = pressed(client, page, notify="on", reason="[your sentence]")
    assert said(done)
    for kind, sample in (("cancelled", cancelled), ("promoted", promoted)):
        assert as_shown(Delivery.objects.get(kind=kind)) == sample
        assert "http" not in sample.text
        assert PERSONAL_LINK in sample.text


def as_shown(delivery: Delivery) -> MailSample:
    """The mail as a preview shows it, with the PDF that the sender waits for."""
    token = AS_SENT.set(True)
    try:
        ((_row, message),) = Composer().compose([delivery])
    finally:
        AS_SENT.reset(token)
    return MailSample(1, str(message.subject), without_links(str(message.body)))


def test_sentence_of_a_capacity_change_is_text_in_both_parts(client: Client, fest: Fest) -> None:
    event = event_of(fest, 2)
    asked = client.post(page_of(event), filled_in(client, page_of(event), capacity="2"), follow=True)
    confirm(client, event, asked, **{"hold-reason": HOSTILE})
    message = compose(Delivery.objects.get(kind="promoted"))
    assert message is not None
    html = message.alternatives[0][0]
    assert ("<script>" in html, "<b>Bring" in html, "&lt;b&gt;Bring" in html) == (False, False, True)
    assert ("https://evil.example" in html, "https://evil.example" in message.body) == (False, False)
    assert ("<b>Bring</b>" in message.body, "{{ name }}" in message.body) == (True, True)


def test_sentence_about_a_venue_reaches_the_mail_and_the_log(client: Client, fest: Fest) -> None:
    event = event_of(fest, 1)
    hall = Venue.objects.create(fest=fest, name="Hall B")
    asked = client.post(page_of(event), filled_in(client, page_of(event), venue=hall.pk), follow=True)
    assert "[your sentence]" in asked.context["outcome"].samples[0].text
    look = asked_by(
        client, confirm(client, event, asked, look="yes", **{"hold-reason": "The lab is flooded."})
    )
    (sample,) = look.context["outcome"].samples
    assert "The lab is flooded." in sample.text
    assert Event.objects.get().venue != hall
    confirm(client, event, look)
    message = compose(Delivery.objects.get(kind="changed"))
    assert message is not None
    assert all("The lab is flooded." in text for text in (message.body, message.alternatives[0][0]))
    assert Change.objects.get(cause="event_changed").reason == "The lab is flooded."


def test_sentence_is_bounded(client: Client, fest: Fest) -> None:
    event = event_of(fest)
    page = act(client, "cancel_registrations", rows(event)[0])
    again = pressed(client, page, notify="on", reason="x" * 301)
    assert again.context["form"].errors
    assert states(event)[0] == "confirmed"


def test_was_and_will_be_stand_side_by_side(client: Client, fest: Fest) -> None:
    event = event_of(fest, 1)
    old, hall = event.venue.name, Venue.objects.create(fest=fest, name="Hall B")
    asked = client.post(
        page_of(event), filled_in(client, page_of(event), venue=hall.pk, capacity="4"), follow=True
    )
    assert asked.context["differences"] == [("Venue", old, "Hall B"), ("Capacity", "1", "4")]


def test_teachers_are_told_of_their_own_students_without_an_address(client: Client, fest: Fest) -> None:
    event = build_event(fest, capacity=5)
    teacher = build_teacher()
    child = build_submission(event, name="Asha Rao", grade=7, email="", school=teacher.school.name).student
    build_submission(event, name="Ben Iyer", grade=7, email="", school="Hill School")
    page = act(client, "cancel_registrations", *rows(event))
    outcome = page.context["outcome"]
    assert (outcome.unmailed_count, outcome.teachers) == (2, 1)
    done = pressed(client, page, notify="on", tell_teachers="on", reason="The hall is closed.")
    assert said(done) == ["2 cancelled, 0 mails queued, 1 mail to teachers queued."]
    notice = Notice.objects.get()
    assert notice.delivery.to == teacher.user.email
    assert child.name not in notice.text
    message = compose(notice.delivery)
    assert message is not None
    assert message.subject.startswith("Tell 1 of your students")
    assert f"{child.name} (7): the registration for {event.name} is cancelled." in message.body
    assert "The organisers write: The hall is closed." in message.body
    assert "Ben Iyer" not in message.body


def test_act_without_mails_mails_no_teacher_either(client: Client, fest: Fest) -> None:
    event, teacher = build_event(fest, capacity=5), build_teacher()
    build_submission(event, name="Asha Rao", grade=7, email="", school=teacher.school.name)
    build_submission(event, name="Ben Iyer", grade=7, email="ben@example.org")
    page = act(client, "cancel_registrations", *rows(event))
    assert sent_by(page)["tell_teachers"] == "on"
    pressed(client, page, notify="")
    assert states(event) == ["cancelled", "cancelled"]
    assert (Notice.objects.count(), Delivery.objects.get(kind="cancelled").state) == (0, "dropped")


def test_list_to_print_has_only_rows_that_the_user_may_see(client: Client, fest: Fest) -> None:
    mine, other = build_event(fest), build_event(fest, name="Quiz")
    build_submission(mine, name="Asha Rao", email="")
    build_submission(mine, name="Chitra Das", email="chitra@example.org")
    build_submission(other, name="Ben Iyer", email="")
    ids = {"unmailed": list(Registration.objects.values_list("pk", flat=True))}
    path = reverse("admin:registrations_registration_unmailed")
    lead = in_role(roles.LEAD)
    mine.leads.add(lead)
    pages = [one.post(path, ids).content.decode() for one in (client, organiser_client(lead))]
    names = ("Asha Rao", "Ben Iyer", "Chitra Das")
    assert [[name in page for name in names] for page in pages] == [[True, True, False], [True, False, False]]
    assert client.post(path, {"unmailed": ["1 OR 1=1"]}).status_code == 400
    assert client.post(path, {"unmailed": "1 " * 20_001}).status_code == 400
    assert client.get(path).status_code == 405


def test_move_asks_for_the_event_first_and_then_shows_the_mail(client: Client, fest: Fest) -> None:
    old, new = event_of(fest, 1), build_event(fest, name="Quiz")
    first = act(client, "move_registrations", rows(old)[0])
    assert "Show what will happen" in first.content.decode()
    page = pressed(client, first, event=new.pk, reason="Doubled")
    assert page.context["outcome"].groups[0].words == "1 is moved to"
    assert "Quiz" in page.context["outcome"].samples[0].subject
    assert states(old) == ["confirmed"]
    assert said(pressed(client, page, notify="on")) == ["1 moved, 1 mail queued.", "1 has a seat in Quiz."]
    assert outbox.outbox == []


@pytest.mark.parametrize(
    "path",
    ["admin:registrations_registration_add_by_hand", "admin:tickets_message_add", "admin:events_fest_copy"],
)
def test_pages_that_ask_nothing_of_anyone_show_all_their_fields(client: Client, path: str) -> None:
    fest = build_event(build_fest()).fest
    response = client.get(reverse(path, args=[fest.pk] if path == "admin:events_fest_copy" else []))
    form, page = response.context["form"], response.content.decode()
    assert form.visible_fields()
    assert [one.html_name for one in form.visible_fields() if f'name="{one.html_name}' not in page] == []


def test_printed_list_says_nothing_that_may_change(client: Client, fest: Fest) -> None:
    """It is printed before the change is saved."""
    event = build_event(fest)
    build_submission(event, name="Asha Rao", email="")
    ids = {"unmailed": list(Registration.objects.values_list("pk", flat=True))}
    page = client.post(reverse("admin:registrations_registration_unmailed"), ids).content.decode()
    assert event.name in page
    assert (event.venue.name in page, moment(event.starts_at) in page) == (False, False)
