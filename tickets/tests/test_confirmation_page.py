"""The confirmation page, My registrations, and what each of the two links permits."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from events import cache
from events.models import Event
from registrations import links
from registrations.models import Registration, Student, Submission
from registrations.tests.builders import build_event, build_fest, build_submission
from tickets.models import Delivery, Ticket
from tickets.tests.builders import build_answered, let_time_pass, registration_of, ticket_of

pytestmark = pytest.mark.django_db

State = Registration.State
SECRET_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
ASHA: dict[str, Any] = {"name": "Asha Rao", "email": "asha@example.org"}


def read(client: Client, path: str) -> str:
    page = client.get(path)
    assert page.status_code == 200
    assert {name: page.headers.get(name, "") for name in SECRET_HEADERS} == SECRET_HEADERS
    assert page.cookies == {}
    return page.content.decode()


def parts_of(reference: str) -> tuple[str, str]:
    """The two parts in which a reference is shown, so that it is easier to read aloud."""
    return reference[:3], reference[3:]


def cancel_path(submission: Submission, registration: Registration) -> str:
    return f"{links.confirmation_path(submission)}cancel/{registration.event.slug}/"


def state_of(registration: Registration) -> str:
    return Registration.objects.get(pk=registration.pk).state


def twice(**values: Any) -> tuple[Submission, Submission]:
    """Two submissions of one student, created by the first."""
    fest = build_fest()
    first, second = (build_submission(build_event(fest), **ASHA, **values) for _ in range(2))
    assert first.student == second.student
    return first, second


def test_answer_page_shows_its_ticket(client: Client) -> None:
    submission = build_answered(**ASHA)
    text = read(client, links.confirmation_path(submission))
    for words in (
        "Asha Rao",
        ticket_of(submission).registration.event.name,
        "<svg",
        *parts_of(submission.student.reference),
    ):
        assert words in text


def test_answer_page_shows_only_what_its_submission_obtained(client: Client) -> None:
    first, second = twice()
    names = [registration_of(one).event.name for one in (first, second)]
    for submission, own, other in ((first, names[0], names[1]), (second, names[1], names[0])):
        text = read(client, links.confirmation_path(submission))
        assert own in text
        assert not re.search(rf"\b{other}\b", text)


def test_answer_page_goes_by_start(client: Client) -> None:
    """Entries are not ordered as events were created or locked."""
    fest = build_fest()
    late = build_event(fest, name="Evening Race", hour=18)
    early = build_event(fest, name="Morning Race", hour=9)
    text = read(client, links.confirmation_path(build_submission(late, early)))
    assert re.findall(r'<h2><bdi translate="no">(.+?)</bdi>', text) == ["Morning Race", "Evening Race"]


def test_my_page_shows_everything(client: Client) -> None:
    first, second = twice()
    text = read(client, links.my_path(first.student))
    for submission in (first, second):
        assert registration_of(submission).event.name in text
        assert ticket_of(submission).get_absolute_url() in text


def test_my_link_is_shown_only_by_the_submission_that_created_the_student(client: Client) -> None:
    first, second = twice()
    my = links.my_path(first.student)
    assert (first.created_student, second.created_student) == (True, False)
    assert my in read(client, links.confirmation_path(first))
    assert "/my/" not in read(client, links.confirmation_path(second))


def test_cancelling_through_a_later_submission_shows_no_my_link(client: Client) -> None:
    _first, second = twice()
    path = cancel_path(second, registration_of(second))
    assert "/my/" not in read(client, path)
    done = client.post(path)
    assert done.status_code == 200
    assert "/my/" not in done.content.decode()


def test_pages_keep_the_name_out_of_title_and_previews(client: Client) -> None:
    submission = build_answered(**ASHA)
    student = submission.student
    registration = registration_of(submission)
    paths = [
        links.confirmation_path(submission),
        cancel_path(submission, registration),
        links.my_path(student),
        f"{links.my_path(student)}details/",
        f"{links.my_path(student)}add/",
        f"{links.my_path(student)}cancel/",
    ]
    for path in paths:
        head = read(client, path).partition("</head>")[0]
        assert "Asha" not in head
        assert student.reference not in head


def test_answer_page_masks_the_address(client: Client) -> None:
    text = read(client, links.confirmation_path(build_answered(**ASHA)))
    assert "asha@example.org" not in text
    assert "a•••@example.org" in text


def test_answer_without_address_says_that_the_page_is_the_ticket(client: Client) -> None:
    text = read(client, links.confirmation_path(build_answered(email="")))
    assert "We cannot mail you" in text


@pytest.mark.parametrize("kind", ["response", "my"])
def test_tampered_old_or_foreign_link_is_not_found(client: Client, kind: str) -> None:
    submission = build_answered()
    path = links.confirmation_path(submission) if kind == "response" else links.my_path(submission.student)
    token = path.strip("/").split("/")[1]
    prefix = "/a/" if kind == "response" else "/my/"
    other = "/my/" if kind == "response" else "/a/"
    named, dot, rest = token.partition(".")
    wrong = [
        f"{prefix}{named[::-1]}{dot}{rest}/",
        f"{prefix}{token[:-1]}{'A' if token[-1] != 'A' else 'B'}/",
        f"{prefix}{token.partition('~')[0]}/",
        f"{prefix}%00/",
        f"{prefix}~/",
        f"{other}{token}/",
    ]
    assert [client.get(one).status_code for one in wrong] == [404] * len(wrong)
    assert client.get(path).status_code == 200
    Student.objects.update(link_version=2)
    assert client.get(path).status_code == 404


def test_get_of_a_cancel_link_does_nothing(client: Client) -> None:
    """Mail scanners open every link."""
    submission = build_answered()
    registration = registration_of(submission)
    for path in (cancel_path(submission, registration), f"{links.my_path(submission.student)}cancel/"):
        for method in ("get", "head"):
            assert getattr(client, method)(path).status_code == 200
    assert state_of(registration) == State.CONFIRMED


def test_post_of_a_cancel_link_cancels_and_promotes(client: Client) -> None:
    event = build_event(build_fest(), capacity=1)
    first, second = build_submission(event), build_submission(event)
    path = cancel_path(first, registration_of(first))
    assert client.post(path).status_code == 200
    assert [state_of(registration_of(one)) for one in (first, second)] == [State.CANCELLED, State.CONFIRMED]
    assert ticket_of(second).is_live is True
    assert client.post(path).status_code == 200
    assert (Event.objects.get().seats.taken, Ticket.objects.live().count()) == (1, 1)


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
def test_post_from_another_site_cancels_nothing(client: Client, headers: dict[str, str]) -> None:
    submission = build_answered()
    registration = registration_of(submission)
    for path in (
        cancel_path(submission, registration),
        f"{links.my_path(submission.student)}cancel/",
        f"{links.my_path(submission.student)}resend/",
        "/link/",
    ):
        assert client.post(path, headers=headers).status_code == 403
    assert state_of(registration) == State.CONFIRMED


def test_answer_link_cancels_only_what_its_submission_obtained(client: Client) -> None:
    first, second = twice()
    registration = registration_of(second)
    assert client.post(cancel_path(first, registration)).status_code == 404
    assert client.get(cancel_path(first, registration)).status_code == 404
    assert state_of(registration) == State.CONFIRMED


def test_links_reach_no_other_student(client: Client) -> None:
    event = build_event(build_fest())
    mine, other = build_submission(event), build_submission(build_event(event.fest))
    theirs = registration_of(other)
    paths = [cancel_path(mine, theirs), f"{links.my_path(mine.student)}cancel/{theirs.event.slug}/"]
    paths += [f"{links.my_path(mine.student)}cancel/{number}/" for number in (0, 10**9, 10**30)]
    assert [client.post(path).status_code for path in paths] == [404] * len(paths)
    assert state_of(theirs) == State.CONFIRMED
    assert other.student.reference not in read(client, links.my_path(mine.student))


def test_cancelled_registration_is_told_on_both_pages(client: Client) -> None:
    submission = build_answered()
    client.post(cancel_path(submission, registration_of(submission)))
    for path in (links.confirmation_path(submission), links.my_path(submission.student)):
        text = read(client, path)
        assert "This registration was cancelled." in text
        assert "<svg xmlns" not in text


def test_link_again_gives_one_answer_to_everybody(client: Client) -> None:
    submission = build_answered(email="known@example.org")
    responses = [
        client.post("/link/", {"email": address})
        for address in ("known@example.org", "KNOWN@example.org", "unknown@example.org")
    ]
    assert {response.status_code for response in responses} == {200}
    assert len({response.content for response in responses}) == 1
    assert [row.student for row in Delivery.objects.filter(kind="link")] == [submission.student] * 2


def test_link_again_beyond_the_cap_looks_the_same(client: Client) -> None:
    build_answered(email="known@example.org")
    responses = [client.post("/link/", {"email": "known@example.org"}) for _ in range(5)]
    assert len({response.content for response in responses}) == 1
    assert Delivery.objects.filter(kind="link").count() == 3


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@b.c\r\nBcc: x@y.example", "a@b.example,c@d.example", "x" * 5000, "a\x00@b.example"],
)
def test_link_again_takes_one_address_only(client: Client, address: str) -> None:
    build_answered(email="a@b.example")
    response = client.post("/link/", {"email": address})
    assert response.status_code in {200, 400}
    assert Delivery.objects.filter(kind="link").count() == 0


def test_resend_mails_the_link_a_few_times_an_hour(client: Client) -> None:
    student = build_answered().student
    for _ in range(5):
        response = client.post(f"{links.my_path(student)}resend/")
        assert (response.status_code, response["Location"]) == (302, links.my_path(student))
    assert Delivery.objects.filter(kind="link").count() == 3
    assert client.get(f"{links.my_path(student)}resend/").status_code == 405
    let_time_pass(dt.timedelta(minutes=61))
    client.post(f"{links.my_path(student)}resend/")
    assert Delivery.objects.filter(kind="link").count() == 4


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("queued", "is on its way"),
        ("sent", "was sent to"),
        ("delivered", "was delivered to"),
        ("bounced", "did not arrive"),
        ("failed", "could not be sent"),
        ("suppressed", "An organiser must release the address"),
        ("dropped", "Mails go to"),
    ],
)
def test_my_page_tells_where_the_mail_is(client: Client, state: str, words: str) -> None:
    submission = build_answered(**ASHA)
    Delivery.objects.update(state=state)
    text = read(client, links.my_path(submission.student))
    assert words in text
    assert "asha@example.org" not in text


def test_answer_page_takes_one_query(client: Client, django_assert_num_queries: Any) -> None:
    """Hundreds open it in the same seconds."""
    path = links.confirmation_path(build_answered(**ASHA))
    client.get(path)
    with django_assert_num_queries(1):
        client.get(path)


@pytest.mark.parametrize("kind", ["response", "my"])
def test_number_of_queries_does_not_grow_with_events(client: Client, kind: str) -> None:
    counts = []
    fest = build_fest()
    for count in (1, 3):
        submission = build_submission(*[build_event(fest) for _ in range(count)])
        path = (
            links.confirmation_path(submission) if kind == "response" else links.my_path(submission.student)
        )
        cache.forget()
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_cancelled_event_is_told_on_every_page_of_whoever_had_a_seat(client: Client) -> None:
    submission = build_answered(**ASHA)
    ticket = ticket_of(submission)
    Event.objects.update(state=Event.State.CANCELLED)
    cache.forget()
    for path in (
        links.confirmation_path(submission),
        links.my_path(submission.student),
        ticket.get_absolute_url(),
    ):
        text = read(client, path)
        assert ("This event is cancelled" in text, ticket.get_absolute_url() + "ticket.pdf" in text) == (
            True,
            False,
        )


def test_way_back_is_offered_only_while_a_place_is_free_this_very_moment(client: Client) -> None:
    event = build_event(build_fest(), capacity=2)
    one, other = (build_submission(event) for _ in range(2))
    client.get("/")
    text = client.post(cancel_path(one, registration_of(one))).content.decode()
    assert "Register again" in text
    for _ in range(2):
        build_submission(event)
    text = client.post(cancel_path(other, registration_of(other))).content.decode()
    assert "Register again" not in text
