"""A new fest shows the next step, one at a time, with its button; its own page is where the button leads."""

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from events.models import Event, Fest, Seats
from registrations.tests.builders import build_event, build_fest, build_school, build_submission
from techfest.core.db.clock import database_now
from techfest.core.roles import LEAD, OWNER
from tickets import heartbeats
from tickets.tests.admin_helpers import in_role, is_asked, organiser_client, said

pytestmark = pytest.mark.django_db
TODAY = reverse("admin:index")
DAY = dt.timedelta(days=1)


def step(client: Any) -> Any:
    return client.get(TODAY).context["next_step"]


def new_fest(**values: Any) -> Fest:
    """A fest whose registration opens tomorrow."""
    now = database_now()
    return build_fest(**({"opens_at": now + DAY, "closes_at": now + 5 * DAY} | values))


def test_steps_follow_each_other_until_registration_opens(settings: Any) -> None:
    settings.EMAIL_PROVIDER = ""
    client = organiser_client()
    found = [step(client).title]
    fest = new_fest(is_current=False, name="Tech Fest")
    found.append(step(client).label)
    Fest.objects.update(is_current=True)
    found.append(step(client).title)
    drafts = [build_event(fest, name=f"Quiz {n}", capacity=n, state=Event.State.DRAFT) for n in (0, 5)]
    found.append(step(client).title)
    Seats.objects.filter(event=drafts[0]).update(capacity=8)
    found.append(step(client).label)
    Event.objects.update(state=Event.State.PUBLISHED)
    found.append(step(client).title)
    settings.EMAIL_PROVIDER = "mailgun"
    found.append(step(client).title.split(" on ")[0])
    assert found == [
        "Create your fest",
        "Open Tech Fest",
        "Add the events",
        "Give Quiz 0 its seats",
        "Publish 2 events",
        "Set up the mail",
        "Registration opens",
    ]
    Fest.objects.update(opens_at=database_now() - DAY)
    assert step(client) is None


def test_each_step_leads_to_a_page(settings: Any) -> None:
    client = organiser_client()
    paths = [step(client).path]
    fest = new_fest()
    paths += [step(client).path, *(path for _label, path in step(client).others)]
    event = build_event(fest, capacity=0)
    paths += [step(client).path, *(path for _label, path in step(client).others)]
    Seats.objects.filter(event=event).update(capacity=8)
    paths += [step(client).path, *(path for _label, path in step(client).others)]
    assert {client.get(path).status_code for path in paths} == {200}


def test_all_drafts_are_published_after_a_question(settings: Any) -> None:
    settings.EMAIL_PROVIDER = "mailgun"
    fest, client = new_fest(), organiser_client(in_role(OWNER))
    drafts = [build_event(fest, state=Event.State.DRAFT) for _ in range(3)]
    found = step(client)
    assert (found.act.action, sorted(found.ids)) == ("publish_events", [event.pk for event in drafts])
    sent = {"_selected_action": found.ids}
    asked = client.post(found.act.path, sent, follow=True)
    assert (is_asked(asked), Event.objects.filter(state="published").count()) == (True, 0)
    done = client.post(found.act.path, sent | {"confirmed": "yes"}, follow=True)
    assert (done.redirect_chain, said(done)) == ([(TODAY, 302)], ["3 events are published."])
    assert Event.objects.filter(state="published").count() == 3
    again = client.post(found.act.path, sent | {"confirmed": "yes"}, follow=True)
    assert said(again) == ["None of these is a draft with seats."]


def test_steps_are_for_owners() -> None:
    event = build_event(new_fest(), state=Event.State.DRAFT)
    lead = in_role(LEAD)
    event.leads.add(lead)
    assert step(organiser_client(lead)) is None


def test_empty_boxes_do_not_show(settings: Any) -> None:
    settings.EMAIL_PROVIDER = "mailgun"
    for kind in heartbeats.KINDS:
        heartbeats.write(kind)
    fest, client = build_fest(), organiser_client()
    empty = client.get(TODAY).content.decode()
    event = build_event(fest)
    quiet = client.get(TODAY).content.decode()
    build_submission(event, school=build_school().name)
    busy = client.get(TODAY).content.decode()
    boxes = ("To decide", "Timetable", "Something is wrong", "Registrations by the", "The largest")
    assert [[box in page for box in boxes] for page in (empty, quiet, busy)] == [
        [False, False, False, False, False],
        [False, True, False, False, False],
        [False, True, False, True, True],
    ]
