"""Helpers for tests of the admin: organisers, a row in each table, and forms as a browser sends them."""

from typing import Any

import html5lib
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from events.models import Fest
from registrations.models import (
    AccountSession,
)
from techfest.core.admin.base import page_of
from techfest.core.roles import ADMIN_ROLES
from tickets.models import (
    Heartbeat,
    ProviderOutage,
)

WITHOUT_PAGES = {AccountSession, Heartbeat, ProviderOutage}
"""Models without pages: session keys must not be in an address; the dashboard shows workers and the provider."""


def organiser(name: str = "organiser", **values: Any) -> Any:
    return get_user_model().objects.create_user(name, **({"is_staff": True, "is_superuser": True} | values))


def in_role(role: str, name: str = "", **values: Any) -> Any:
    """Return a user with this role who is no superuser."""
    user = organiser(
        name or role.replace(" ", "-"), **{"is_staff": role in ADMIN_ROLES, "is_superuser": False} | values
    )
    user.groups.add(Group.objects.get(name=role))
    return user


def organiser_client(user: Any = None) -> Client:
    """Return a client in which an organiser is logged in."""
    client = Client()
    client.force_login(user or organiser())
    return client


def list_path(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def add_path(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")


def filled_in(client: Client, path: str, **values: Any) -> dict[str, Any]:
    """Return what a browser would send from the form at this path, with these values."""
    response = client.get(path)
    assert response.status_code == 200
    return sent_by(response) | values


def act(client: Client, action: str, *rows: Any, **values: Any) -> Any:
    """Choose the action for these rows, or confirm what its page shows, and follow to the list."""
    form = {"action": action, "_selected_action": [row.pk for row in rows]} | values
    return post_as_shown(client, list_path(type(rows[0])), form)


def post_as_shown(client: Client, path: str, form: dict[str, Any]) -> Any:
    """Send the form; where a page with the consequences answers a confirmed one, send it again as that page does."""
    response = client.post(path, form, follow=True)
    outcome = response.context and response.context.get("outcome")
    if outcome and form.get("confirmed"):
        response = client.post(path, form | {"seen": outcome.digest}, follow=True)
    return response


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def is_asked(response: Any) -> bool:
    """Whether the response is a confirmation page."""
    return response.status_code == 200 and "admin-confirm" in response.content.decode()


def asked_by(client: Client, response: Any) -> Any:
    """Return the page that asks, if the response leads to one, otherwise the response."""
    return client.get(response["Location"]) if "/act/?" in response.get("Location", "") else response


def confirm(client: Client, event: Any, response: Any, **values: Any) -> Any:
    """Send the form of a confirmation page, to the address that it names."""
    page = html5lib.parse(response.content.decode(), namespaceHTMLElements=False)
    action = page.find(".//div[@id='content-main']/form").get("action", "")
    return client.post(action or page_of(event), sent_by(response) | values)


def sent_by(response: Any) -> dict[str, Any]:
    """Return what a browser would send from the form of a page; repeated names become lists."""
    page = html5lib.parse(response.content.decode(), namespaceHTMLElements=False)
    form = page.find(".//div[@id='content-main']/form")
    sent: dict[str, Any] = {}
    for field in form.iter():
        is_sent = field.tag in ("input", "textarea", "select") and field.get("type") not in ("file", "submit")
        is_chosen = field.get("type") != "radio" or "checked" in field.attrib
        if is_sent and is_chosen and field.get("name"):
            for name, value in _sent_by(field).items():
                sent[name] = value if name not in sent else [*_listed(sent[name]), value]
    return sent


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _sent_by(field: Any) -> dict[str, Any]:
    name = field.get("name")
    if field.tag == "textarea":
        return {name: field.text or ""}
    if field.tag == "select":
        chosen = [option.get("value") for option in field.iter("option") if "selected" in option.attrib]
        return {name: chosen} if "multiple" in field.attrib else {name: (chosen or [""])[0]}
    if field.get("type") in ("checkbox", "radio"):
        return {name: field.get("value", "on")} if "checked" in field.attrib else {}
    return {name: field.get("value", "")}


def query_count(client: Client, path: str) -> int:
    """Return how often the page asks the database: the fewer of two times, as caches of some seconds may expire."""
    client.get(path)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    return min(counts)


def current_fest() -> Fest:
    return Fest.objects.get(is_current=True)
