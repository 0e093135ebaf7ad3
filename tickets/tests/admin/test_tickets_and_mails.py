"""Tickets and mails in the admin: failures are found and retried."""

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from techfest.core.admin.base import page_of
from tickets.admin.mail import advice_on
from tickets.models import Delivery, Ticket
from tickets.querysets import NOT_ARRIVED
from tickets.tests.admin_helpers import list_path, organiser_client
from tickets.tests.builders import build_answered, delivery_of, pretend_rendered, ticket_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    """Show all fests: each row built here has a different fest."""
    browser = organiser_client()
    browser.post(reverse("admin:choose_fest"), {"fest": "all"})
    return browser


@pytest.fixture
def notified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record that workers are notified, without notifying any."""
    heard: list[str] = []
    for module in ("mail", "tickets"):
        monkeypatch.setattr(f"tickets.admin.{module}.notify_workers", lambda: heard.append("notify_workers"))
    return heard


def act(client: Client, action: str, *rows: Any) -> list[str]:
    form = {"action": action, "_selected_action": [row.pk for row in rows]}
    response = client.post(list_path(type(rows[0])), form, follow=True)
    return [str(message) for message in response.context["messages"]]


def listed(client: Client, model: Any, **filters: str) -> list[Any]:
    return list(client.get(list_path(model), filters).context["cl"].result_list)


def test_failed_mail_is_found_with_its_error(client: Client) -> None:
    failed, fine = delivery_of(build_answered()), delivery_of(build_answered())
    Delivery.objects.filter(pk=failed.pk).update(state="failed", error="No such mailbox")
    assert listed(client, Delivery, trouble="yes") == [failed]
    assert listed(client, Delivery, state__exact="queued") == [fine]
    assert "No such mailbox" in client.get(list_path(Delivery)).content.decode()


@pytest.mark.parametrize("state", sorted(set(Delivery.State.values) - {"gathered"}))
@pytest.mark.parametrize("provider", ["mailgun", "brevo", ""])
def test_mail_that_did_not_arrive_says_what_to_do(
    client: Client, settings: Any, state: str, provider: str
) -> None:
    settings.EMAIL_PROVIDER = provider
    delivery = delivery_of(build_answered())
    Delivery.objects.filter(pk=delivery.pk).update(state=state)
    delivery.refresh_from_db()
    advice = advice_on(delivery)
    assert (advice == "-") == (state not in NOT_ARRIVED)
    assert ("Suppressions" in advice) == (state == "suppressed" and provider == "mailgun")
    assert ("Blocked contacts" in advice) == (state == "suppressed" and provider == "brevo")
    assert advice in unescape(client.get(page_of(delivery)).content.decode())


def test_failed_mail_is_sent_again(
    client: Client, notified: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    failed, fine = delivery_of(build_answered()), delivery_of(build_answered())
    Delivery.objects.filter(pk=failed.pk).update(state="failed", error="No such mailbox", attempts=5)
    Delivery.objects.filter(pk=fine.pk).update(state="sent")
    with django_capture_on_commit_callbacks(execute=True):
        words = act(client, "queue_again", failed, fine)
        assert notified == []
    assert words == [
        "1 mail is sent again.",
        "1 mail stays as it is: it had not failed, or its words are not kept.",
    ]
    assert list(Delivery.objects.order_by("pk").values_list("state", "attempts", "error")) == [
        ("queued", 0, ""),
        ("sent", 0, ""),
    ]
    assert notified == ["notify_workers"]


def test_pdf_is_made_again(
    client: Client, notified: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    ticket = ticket_of(build_answered())
    pretend_rendered()
    with django_capture_on_commit_callbacks(execute=True):
        assert act(client, "make_again", ticket) == ["1 PDF is made again."]
    assert (Ticket.objects.get().rendered_at, notified) == (None, ["notify_workers"])


def test_tickets_are_filtered_by_the_state_of_their_pdf(client: Client) -> None:
    made = ticket_of(build_answered())
    pretend_rendered()
    given_up, pending = ticket_of(build_answered()), ticket_of(build_answered())
    Ticket.objects.filter(pk=given_up.pk).update(render_attempts=3, render_error="OSError: no font")
    found = [listed(client, Ticket, pdf=where) for where in ("made", "given_up", "pending")]
    assert found == [[made], [given_up], [pending]]


def test_code_of_a_ticket_is_not_shown(client: Client) -> None:
    ticket = ticket_of(build_answered())
    pages = [client.get(path).content.decode() for path in (list_path(Ticket), page_of(ticket))]
    assert [ticket.code in page for page in pages] == [False, False]


@pytest.mark.parametrize("model", [Ticket, Delivery])
def test_rows_are_never_written_by_a_form(client: Client, model: Any) -> None:
    build_answered()
    row = model.objects.get()
    posts = [client.post(page_of(row), {"to": "x@example.org"})]
    posts.append(client.post(page_of(row).replace("change", "delete"), {"post": "yes"}))
    assert ([post.status_code for post in posts], model.objects.count()) == ([403, 403], 1)
