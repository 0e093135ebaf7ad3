"""Every link of every page of the admin leads to a page, with each kind of decision waiting."""

import datetime as dt
from collections import Counter, deque
from urllib.parse import parse_qs, urljoin, urlsplit

import html5lib
import pytest
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from events.models import Fest
from registrations.models import School
from registrations.tests.builders import build_event, build_school, build_submission, build_teacher
from techfest.core.db.clock import database_now
from tickets.dashboard.decisions import PENDING_KINDS
from tickets.models import Delivery, Scan, Ticket
from tickets.querysets import RENDER_ATTEMPTS
from tickets.tests.admin_helpers import organiser_client
from tickets.tests.audited import damage
from tickets.tests.builders.everything import build_row_of_everything
from tickets.tests.builders.teachers import shut

pytestmark = pytest.mark.django_db

DASHBOARD = reverse("admin:index")


def build_each_decision() -> None:
    """Leave a row of each kind of decision waiting."""
    build_row_of_everything(1)
    fest = Fest.objects.get(is_current=True)
    now = database_now()
    build_event(fest, starts_at=now - dt.timedelta(days=1, hours=1), ends_at=now - dt.timedelta(days=1))
    school = build_school("New School", state=School.State.PENDING)
    build_teacher(school, is_approved=False, email="new.teacher@example.org")
    submission = build_submission(build_event(fest), school=school.name)
    damage("DELETE FROM registrations_consent WHERE student_id = %s", submission.student_id)
    Delivery.objects.filter(submission=submission).update(state=Delivery.State.BOUNCED)
    ticket = Ticket.objects.get(registration__submission=submission)
    Ticket.objects.filter(pk=ticket.pk).update(render_attempts=RENDER_ATTEMPTS)
    Scan.objects.update(is_conflict=True)


def links_of(path: str, content: bytes) -> list[str]:
    """Return the addresses of the admin that a page links to, as a browser reads them."""
    page = html5lib.parse(content.decode(), namespaceHTMLElements=False)
    found = (urljoin(path, link.get("href", "")) for link in page.iter("a"))
    return [urlsplit(link)._replace(fragment="").geturl() for link in found if link.startswith(DASHBOARD)]


def test_every_decision_is_waiting_and_its_link_shows_its_rows() -> None:
    client = organiser_client()
    build_each_decision()
    decisions = client.get(DASHBOARD).context["decisions"]
    assert len(decisions) == len(PENDING_KINDS)
    for decision in decisions:
        answer = client.get(decision.path)
        assert (decision.path, answer.status_code) == (decision.path, 200)
        assert (decision.path, answer.context["cl"].result_count) == (decision.path, decision.count)


MAX_PAGES = 2
"""Rows of a table whose pages are read: the page of a third row has no other kind of link."""


def kind_of(link: str) -> tuple[str, str, tuple[str, ...]]:
    """Return what links to pages of one kind share: the view, and the names of the filters."""
    parts = urlsplit(link)
    try:
        match = resolve(parts.path)
        return match.view_name, match.kwargs.get("action", ""), tuple(sorted(parse_qs(parts.query)))
    except Resolver404:
        return link, "", ()


def broken_links(client: Client) -> list[tuple[str, str, int]]:
    """Follow the links of all kinds of pages; those of a page that only filters another one are left alone."""
    found, seen, broken = deque([(DASHBOARD, "")]), {DASHBOARD}, []
    kinds: Counter[tuple[str, str, tuple[str, ...]]] = Counter()
    while found:
        path, source = found.popleft()
        answer = client.get(path)
        if answer.status_code not in (200, 302):
            broken.append((source, path, answer.status_code))
        is_page = answer.status_code == 200 and "text/html" in answer["Content-Type"]
        if not is_page:
            shut(answer)
        if is_page and (not urlsplit(path).query or source == DASHBOARD):
            for link in links_of(path, answer.content):
                kind = kind_of(link)
                if link not in seen and (kinds[kind] < MAX_PAGES or path == DASHBOARD):
                    kinds[kind] += 1
                    seen.add(link)
                    found.append((link, path))
    assert len(kinds) > 60
    return broken


def test_every_link_of_the_admin_leads_to_a_page() -> None:
    client = organiser_client()
    build_each_decision()
    assert broken_links(client) == []
