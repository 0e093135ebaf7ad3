"""What the form answers: hidden events, wrong moments, repeats, and who learns what."""

import datetime as dt
import re
from html import unescape
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from events import cache
from events.models import Event, Fest
from registrations import links, views
from registrations.models import Consent, ConsentText, Registration, Student, Submission
from registrations.tests.builders import build_event, build_fest, build_school, build_submission
from registrations.tests.form_posts import FORM, post_form, text_of, typed
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def rows() -> list[int]:
    models = (Student, Submission, Registration, Consent, Ticket, Delivery)
    return [model.objects.count() for model in models]


def change(event: Event, **values: Any) -> None:
    Event.objects.filter(pk=event.pk).update(**values)
    cache.forget()


def kept(page: str) -> dict[str, list[str]]:
    """The hidden fields of a page's first form, as a browser would send them."""
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(
        r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.partition("</form>")[0]
    ):
        fields.setdefault(name, []).append(unescape(value))
    return fields


def neutral(page: str) -> str:
    """The page without what is new at each rendering, and without the event that was asked for."""
    return re.sub(r'name="key" value="[0-9a-f]{32}"', "", page)


def test_unknown_events_and_drafts_are_answered_alike(client: Client, fest: Fest) -> None:
    build_event(fest)
    draft, elsewhere = build_event(fest, state=Event.State.DRAFT), build_event(build_fest())
    values = {"name": "Asha Rao", "email": ""}
    responses = [
        post_form(client, event, **values)
        for event in (draft, elsewhere, "nothing", "abc", "-1", "0", "%00", "'")
    ]
    assert {response.status_code for response in responses} == {409}
    assert len({neutral(text_of(response)) for response in responses}) == 1
    assert "Registration for one of these events is closed" in text_of(responses[0])
    assert 'value="Asha Rao"' in text_of(responses[0])
    assert rows() == [0] * 6


def test_pages_of_drafts_are_those_of_nothing(client: Client, fest: Fest) -> None:
    draft, elsewhere = build_event(fest, state=Event.State.DRAFT), build_event(build_fest())
    for path in ("/events/%s/", "/events/%s/event.ics"):
        responses = [client.get(path % slug) for slug in (draft.slug, elsewhere.slug, "nothing")]
        assert {response.status_code for response in responses} == {404}
        assert len({response.content for response in responses}) == 1
    asked = [client.get(f"{FORM}?event={slug}") for slug in (draft.slug, elsewhere.slug, "nothing")]
    assert len({neutral(text_of(response)) for response in asked}) == 1


@pytest.mark.parametrize("value", ["-1", "0", "abc", "../..", "\x00", "99999999999999999999", "' OR 1=1--"])
def test_hidden_event_beside_a_real_one_obtains_nothing(client: Client, fest: Fest, value: str) -> None:
    event = build_event(fest)
    assert post_form(client, event, value).status_code == 409
    assert rows() == [0] * 6


def test_form_sent_within_the_grace_is_taken(client: Client, fest: Fest) -> None:
    event = build_event(fest, closes_at=timezone.now() - MINUTE)
    assert post_form(client, event).status_code == 302


def test_refused_of_a_rush_share_the_cards_of_other_events_and_nothing_else(
    client: Client, fest: Fest, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, young = build_event(fest, capacity=0, waiting_limit=0), build_event(fest, grade_min=1, grade_max=5)
    free = build_event(fest, grade_min=6, grade_max=9)
    rendered: list[str] = []

    def counted(name: str, context: Any) -> str:
        rendered.append(name)
        return render_to_string(name, context)

    monkeypatch.setattr(views, "render_to_string", counted)
    answers = (("Asha Rao", "7"), ("Ben Rao", "7"), ("Chitra Rao", "5"))
    pages = [text_of(post_form(client, full, name=name, grade=grade)) for name, grade in answers]
    assert [[name in page for name, _grade in answers] for page in pages] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]
    assert [(free.name in page, young.name in page) for page in pages] == [(True, False)] * 2 + [
        (False, True)
    ]
    assert len(rendered) == 2


def test_form_sent_three_minutes_after_closing_is_refused_and_kept(client: Client, fest: Fest) -> None:
    event, other = build_event(fest), build_event(fest)
    values = typed(event, name="Asha <b>Rao</b>", section="B", roll_number="17")
    change(event, closes_at=timezone.now() - 3 * MINUTE)
    response = client.post(FORM, values)
    page = text_of(response)
    assert (response.status_code, response["Cache-Control"]) == (409, "no-store")
    assert "Registration for this event is closed." in page
    assert other.name in page
    sent = kept(page)
    assert {name: sent[name] for name in ("key", "name", "section", "roll_number", "email")} == {
        name: [values[name]] for name in ("key", "name", "section", "roll_number", "email")
    }
    assert rows() == [0] * 6
    form = text_of(client.post(FORM, sent | {"edit": "1"}))
    assert 'value="Asha &lt;b&gt;Rao&lt;/b&gt;"' in form
    assert rows() == [0] * 6


def test_event_that_closed_costs_none_of_the_others(client: Client, fest: Fest) -> None:
    closed, event = build_event(fest, closes_at=timezone.now() - 3 * MINUTE), build_event(fest)
    response = post_form(client, closed, event)
    assert response.status_code == 302
    assert list(Registration.objects.values_list("event", flat=True)) == [event.pk]
    assert "Registration for this event is closed." in text_of(client.get(response["Location"]))


def test_form_may_be_filled_in_a_quarter_of_an_hour_early_and_is_kept(client: Client, fest: Fest) -> None:
    event = build_event(fest, opens_at=timezone.now() + 14 * MINUTE)
    assert event.slug in text_of(client.get(FORM))
    values = typed(event, name="Asha Rao")
    response = client.post(FORM, values)
    page = text_of(response)
    assert response.status_code == 409
    assert re.search(r"<h2>Opens at \d\d?:\d\d:\d\d[ap]m</h2>", page)
    assert "Your answers are kept" in page
    sent = kept(page)
    assert sent["key"] == [values["key"]]
    assert rows() == [0] * 6
    change(event, opens_at=timezone.now() - MINUTE)
    assert client.post(FORM, sent).status_code == 302
    assert Submission.objects.get().key.hex == values["key"]


def test_form_sent_long_before_the_opening_is_told_when(client: Client, fest: Fest) -> None:
    event = build_event(fest, opens_at=timezone.now() + 20 * MINUTE)
    response = post_form(client, event)
    assert (response.status_code, "Opens at" in text_of(response)) == (409, True)
    assert event.slug not in text_of(client.get(FORM))


@pytest.mark.parametrize("whole_fest", [True, False])
def test_paused_registration_says_its_text_and_keeps_the_form(
    client: Client, fest: Fest, whole_fest: bool
) -> None:
    event = build_event(
        fest, is_paused=not whole_fest, pause_text="" if whole_fest else "Hall <i>flooded</i>"
    )
    if whole_fest:
        Fest.objects.update(is_paused=True, pause_text="Hall <i>flooded</i>")
    values = typed(event)
    response = client.post(FORM, values)
    assert response.status_code == 409
    assert "Hall &lt;i&gt;flooded&lt;/i&gt;" in text_of(response)
    assert kept(text_of(response))["key"] == [values["key"]]
    assert rows() == [0] * 6


def test_repeat_of_a_form_shows_the_first_answer(client: Client, fest: Fest) -> None:
    """A double click, F5, and the back button with the same answers."""
    event = build_event(fest)
    values = typed(event)
    responses = [client.post(FORM, values) for _ in range(3)]
    assert len({response["Location"] for response in responses}) == 1
    assert rows() == [1] * 6


def test_used_form_with_other_words_is_not_guessed(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    values = typed(event, name="Asha Rao")
    client.post(FORM, values)
    response = client.post(FORM, values | {"name": "Ben Rao"})
    page = text_of(response)
    assert (response.status_code, rows()) == (409, [1] * 6)
    assert "This form was already sent" in page
    assert ("Asha" in page, "/a/" in page) == (False, False)
    sent = kept(page)
    assert (sent["name"], sent["key"] != [values["key"]]) == (["Ben Rao"], True)
    assert client.post(FORM, sent).status_code == 302
    assert Student.objects.count() == 2


def test_used_form_with_other_events_leads_its_student_to_the_answer(client: Client, fest: Fest) -> None:
    event, other = build_event(fest), build_event(fest)
    values = typed(event, name="Asha Rao", section="b", school="riverside  public school")
    first = client.post(FORM, values)
    response = client.post(FORM, values | {"events": [other.slug]})
    page = text_of(response)
    assert response.status_code == 409
    assert 'This form was sent for <bdi translate="no">Asha Rao</bdi>' in page
    assert first["Location"] in page


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Asha Das"},
        {"school": "Hill School"},
        {"grade": "8"},
        {"section": "C"},
        {"section": ""},
        {"roll_number": "18"},
        {"email": "x@example.net"},
        {"email": ""},
    ],
)
def test_used_form_names_nobody_whose_details_were_not_typed(
    client: Client, fest: Fest, other: dict[str, str]
) -> None:
    """Each detail counts, so that a key that has leaked is no way to ask who it belongs to."""
    event = build_event(fest)
    build_school("Hill School")
    values = typed(event, name="Asha Rao", section="B", roll_number="17", email="asha@example.org")
    location = client.post(FORM, values)["Location"]
    page = text_of(client.post(FORM, values | other))
    assert "This form was already sent" in page
    for secret in (location, "/a/", "/my/", Student.objects.get().reference, "This form was sent for"):
        assert secret not in re.sub(r'name="key" value="[0-9a-f]{32}"', "", page)


@pytest.mark.parametrize("key", [None, "", "1", "x" * 32, "0" * 31, "0" * 33, "\x00", "٣" * 40])
def test_form_without_its_key_is_shown_again_with_one(client: Client, fest: Fest, key: str | None) -> None:
    response = post_form(client, build_event(fest), key=key, name="Asha Rao")
    assert (response.status_code, rows()) == (200, [0] * 6)
    assert 'value="Asha Rao"' in text_of(response)
    assert re.search(r'name="key" value="[0-9a-f]{32}"', text_of(response))


def test_each_rendering_of_the_form_has_a_key_of_its_own(client: Client, fest: Fest) -> None:
    build_event(fest)
    keys = [kept(text_of(client.get(path)))["key"][0] for path in (FORM, FORM, f"{FORM}?event=x")]
    assert len(set(keys)) == 3
    assert client.get(FORM)["Cache-Control"] == "no-store"


def test_namesake_learns_no_address_and_may_add_what_tells_apart(client: Client, fest: Fest) -> None:
    event, other = build_event(fest), build_event(fest)
    post_form(
        client, event, name="Asha Rao", email="secret.parent@example.org", section="B", roll_number="R-41-Q"
    )
    response = post_form(client, other, name="asha  rao", email="x@example.net")
    page = text_of(response)
    assert response.status_code == 409
    assert "A student with this name and grade is registered." in page
    reference = Student.objects.get().reference
    for secret in ("secret.parent", "R-41-Q", reference, "/my/", "/a/", "/t/"):
        assert secret not in re.sub(r'"[0-9a-f]{32}"', "", page)
    assert Delivery.objects.filter(kind="attempt").count() == 1
    assert post_form(client, other, name="asha  rao", email="x@example.net", section="C").status_code == 302


def test_siblings_share_an_address(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    for name in ("Asha Rao", "Usha Rao"):
        assert post_form(client, event, name=name, email="parent@example.org").status_code == 302
    assert Delivery.objects.filter(kind="registered", to="parent@example.org").count() == 2


def test_new_school_is_pending_and_not_proposed_to_others(client: Client, fest: Fest) -> None:
    build_school("Riverside Public School")
    post_form(client, build_event(fest), school="Rude <b>School</b>")
    cache.forget()
    page = text_of(client.get(FORM))
    assert ("Rude" in page, "Riverside Public School" in page) == (False, True)


def test_form_from_another_site_is_refused(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        response = client.post(FORM, typed(event), headers=headers)
        assert (response.status_code, "from another site" in text_of(response)) == (403, True)
    assert rows() == [0] * 6
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://testserver"}):
        assert client.post(FORM, typed(event), headers=headers).status_code == 302


def test_privacy_page_is_linked_at_the_foot_and_beside_the_consent(client: Client, fest: Fest) -> None:
    Fest.objects.update(privacy_text="The parents' council", retention_days=21)
    build_event(fest)
    page = text_of(client.get(FORM))
    form, _mark, foot = page.partition("<footer")
    assert ('href="/privacy/"' in form, 'href="/privacy/"' in foot) == (True, True)
    assert 0 < form.index('name="consent"') - form.index('href="/privacy/"') < 600
    privacy = text_of(client.get("/privacy/"))
    for words in ("The parents&#x27; council", "desk@fest.example", "21 days", "I agree."):
        assert words in privacy


def test_used_form_of_further_events_with_others_is_asked_about(client: Client, fest: Fest) -> None:
    """The back button after adding an event, another choice, and Send: no guess, and no crash."""
    first, second, third = (build_event(fest) for _ in range(3))
    student = build_submission(first).student
    path = f"{links.my_path(student)}add/"
    key = kept(text_of(client.get(path)))["key"]
    assert client.post(path, {"key": key, "events": second.slug, "want_waiting": "on"}).status_code == 302
    again = client.post(path, {"key": key, "events": third.slug, "want_waiting": "on"})
    assert (again.status_code, "This form was already sent." in text_of(again)) == (409, True)
    assert Registration.objects.count() == 2
    sent = {"key": kept(text_of(again))["key"], "events": third.slug, "want_waiting": "on"}
    assert client.post(path, sent).status_code == 302
    assert Registration.objects.count() == 3


def test_further_events_know_no_other_student(client: Client, fest: Fest) -> None:
    """A key of another student's submission, sent behind one's own link, reveals nothing of it."""
    event, other = build_event(fest), build_event(fest)
    mine = build_submission(event).student
    theirs = build_submission(event, name="Zarina Khan")
    response = client.post(
        f"{links.my_path(mine)}add/", {"key": theirs.key.hex, "events": other.slug, "want_waiting": "on"}
    )
    page = text_of(response)
    assert response.status_code == 409
    for secret in ("Zarina", theirs.student.reference, links.confirmation_path(theirs)):
        assert secret not in page


def test_repeat_after_the_links_died_shows_that_submission_only(client: Client, fest: Fest) -> None:
    """A new address invalidates every old link; a browser that kept the form must not restore one."""
    event = build_event(fest)
    values = typed(event)
    client.post(FORM, values)
    Student.objects.update(link_version=2)
    response = client.post(FORM, values)
    page = text_of(client.get(response["Location"]))
    assert ("<svg" in page, "/my/" in page) == (True, False)
    registration = Registration.objects.get()
    cancel_page = text_of(client.get(f"{response['Location']}cancel/{registration.event.slug}/"))
    done = text_of(client.post(f"{response['Location']}cancel/{registration.event.slug}/"))
    assert ("/my/" in cancel_page, "/my/" in done) == (False, False)


def test_consent_is_kept_with_the_wording_that_was_read(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    page = text_of(client.get(FORM))
    values = typed(event) | {name: value for name, value in kept(page).items() if name != "key"}
    ConsentText.objects.create(fest=fest, version=2, text="I agree to photographs, too.")
    cache.forget()
    response = client.post(FORM, values)
    assert response.status_code == 200
    assert "I agree to photographs, too." in text_of(response)
    assert "The wording was changed. Read it again, then tick the box" in text_of(response)
    assert rows() == [0] * 6
    again = values | {name: value for name, value in kept(text_of(response)).items() if name != "key"}
    assert client.post(FORM, again).status_code == 302
    assert Consent.objects.get().text.version == 2


def test_kept_pages_are_not_crowded_out_by_made_up_addresses(client: Client, fest: Fest) -> None:
    event = build_event(fest)
    for number in range(30):
        for path in (FORM, "/", event.get_absolute_url()):
            client.get(f"{path}?event=x{number}&x={number}")
    assert len(cache.cached_fest().pages) == 3


@pytest.mark.parametrize("path", ["/", FORM, "/events/robo/"])
def test_kept_page_repeats_nothing_of_the_request(client: Client, fest: Fest, path: str) -> None:
    build_event(fest, slug="robo")
    marked = '?event="><b>x</b>&grade="><b>x</b>&category=<b>x</b>&day=<b>x</b>&q=<b>x</b>'
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher", "Accept-Language": "<b>"}
    first = text_of(client.get(path + marked, headers=headers))
    assert ("<b>x" in first, "evil.example" in first, "gopher" in first) == (False, False, False)
    assert neutral(text_of(client.get(path))) == neutral(first)


def is_ticked(page: str) -> bool:
    return bool(re.search(r'name="consent"[^>]*checked', page))


@pytest.mark.parametrize("how", ["edit", "choose another", "no key", "an error", "a namesake"])
def test_consent_stays_ticked_wherever_the_form_is_shown_again(client: Client, fest: Fest, how: str) -> None:
    event, other = build_event(fest), build_event(fest)
    if how == "a namesake":
        build_submission(other, name="Asha Rao")
    changes: dict[str, dict[str, Any]] = {
        "edit": {"edit": "1"},
        "choose another": {"edit": "1", "events": [other.slug]},
        "no key": {"key": ""},
        "an error": {"school": ""},
        "a namesake": {},
    }
    values = typed(event, name="Asha Rao") | changes[how]
    assert is_ticked(text_of(client.post(FORM, values)))
    assert not is_ticked(text_of(client.post(FORM, values | {"consent": ""})))
    assert not is_ticked(text_of(client.post(FORM, values | {"wording": "0"})))
    assert not is_ticked(text_of(client.get(FORM)))


def test_consent_is_sent_along_with_every_answer_that_repeats_the_form(client: Client, fest: Fest) -> None:
    """After "full" and "too soon"; the busy page and the page about another site repeat the fields in the same way."""
    full = build_event(fest, capacity=0, waiting_limit=0)
    build_event(fest)
    page = text_of(post_form(client, full))
    forms = re.findall(r'<form[^>]*action="/register/".*?</form>', page, re.S)
    assert ([kept(form)["consent"] for form in forms], "Choose this instead" in page) == (
        [["on"], ["on"]],
        True,
    )


def test_labels_of_events_say_when_for_whom_and_what_is_left(client: Client, fest: Fest) -> None:
    event = build_event(
        fest, name="Robo Race", hour=10, grade_min=5, grade_max=10, capacity=3, buffer_minutes=30
    )
    page = text_of(client.get(FORM))
    day = f"{fest.starts_on:%a} {fest.starts_on.day} {fest.starts_on:%b}"
    assert (
        f'<b translate="no">Robo Race</b> <small>{day}, 10:00am to 11:00am, grades 5 to 10, 3 seats left</small>'
    ) in page
    begin = int(event.starts_at.timestamp()) // 60
    assert f'data-hours="{begin} {begin + 90}" data-grades="5 10" data-name="Robo Race"' in page
    assert page.index('name="grade"') < page.index('name="events"')


def offered(page: str) -> set[str]:
    return set(re.findall(r'name="events"\s*value="([^"]+)">Choose this instead', page))


@pytest.mark.parametrize("reason", ["clash", "already"])
def test_events_are_not_offered_that_are_held_or_overlap_or_are_not_for_the_grade(
    client: Client, fest: Fest, reason: str
) -> None:
    held, wanted = build_event(fest, hour=10), build_event(fest, hour=10)
    build_event(fest, hour=10.5, slug="overlaps")
    build_event(fest, hour=11, slug="fits")
    build_event(fest, hour=11, slug="seniors", grade_min=9)
    values = typed(held)
    client.post(FORM, values)
    event = held if reason == "already" else wanted
    response = post_form(client, event, **{name: values[name] for name in ("name", "email")})
    assert (response.status_code, offered(text_of(response))) == (409, {"fits"})


def heading(page: str) -> str:
    return unescape(re.findall(r"<h1>(.*?)</h1>", page)[0])


def test_student_who_has_a_seat_is_told_so_and_gets_the_ticket_again(client: Client, fest: Fest) -> None:
    event = build_event(fest, name="Robo Race")
    values = typed(event)
    client.post(FORM, values)
    response = post_form(client, event, **{name: values[name] for name in ("name", "email")})
    page = text_of(response)
    assert (response.status_code, heading(page)) == (409, "You already have a seat in Robo Race")
    assert "ot registered" not in page
    assert "We cannot mail you" not in page
    sent = client.post("/link/", kept(page.partition('action="/link/"')[2]))
    assert (sent.status_code, Delivery.objects.filter(kind="link", to=values["email"]).count()) == (200, 1)


def test_student_who_waits_is_told_so(client: Client, fest: Fest) -> None:
    event = build_event(fest, name="Robo Race", capacity=1)
    build_submission(event)
    values = typed(event)
    client.post(FORM, values)
    response = post_form(client, event, **{name: values[name] for name in ("name", "email")})
    assert heading(text_of(response)) == "You are already on the waiting list of Robo Race"
    assert 'class="panel is-waiting"' in text_of(response)


def test_student_who_has_one_of_two_events_is_told_that_nothing_was_added(client: Client, fest: Fest) -> None:
    event, other = build_event(fest), build_event(fest, grade_min=9)
    values = typed(event)
    client.post(FORM, values)
    response = post_form(client, event, other, **{name: values[name] for name in ("name", "email")})
    assert (response.status_code, heading(text_of(response))) == (409, "Nothing new was registered")
    assert "Send my ticket again" in text_of(response)
