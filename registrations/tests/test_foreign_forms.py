"""Forms that come through a translation service, or from another site: nothing is done, and nothing typed is lost."""

import re
from typing import Any

import html5lib
import pytest
from django.test import Client

from events import cache
from registrations.links import my_path
from registrations.models import Registration
from registrations.tests.builders import build_event, build_fest, build_submission, build_user
from registrations.tests.form_posts import FORM, typed

pytestmark = pytest.mark.django_db

THROUGH_A_TRANSLATION: list[dict[str, str]] = [
    {"Origin": "https://fest-example-org.translate.goog", "Sec-Fetch-Site": "cross-site"},
    {
        "Origin": "https://fest-example-org.translate.goog",
        "Referer": "https://fest-example-org.translate.goog/",
    },
    {"Origin": "https://www.translatetheweb.com"},
    {"Origin": "https://translated.turbopages.org", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
]


@pytest.fixture
def form() -> dict[str, Any]:
    event = build_event(build_fest(), name="Robo Race", slug="robo-race")
    cache.forget()
    return typed(event, name="Łukasz <b>Müller</b>", section="B", roll_number="17")


def fields_of(response: Any) -> dict[str, list[str]]:
    """What the form of the page sends."""
    tree = html5lib.parse(response.content.decode(), namespaceHTMLElements=False)
    found: dict[str, list[str]] = {}
    for one in tree.iter("input"):
        found.setdefault(one.get("name"), []).append(one.get("value"))
    return found


@pytest.mark.parametrize("headers", THROUGH_A_TRANSLATION)
def test_translated_form_keeps_its_text_and_goes_on_at_the_original_page(
    client: Client, form: dict[str, Any], headers: dict[str, str]
) -> None:
    response = client.post(FORM, form, headers=headers)
    page = response.content.decode()
    assert (response.status_code, response["Cache-Control"]) == (403, "no-store")
    assert "Nothing was registered" in page
    assert "Łukasz &lt;b&gt;Müller&lt;/b&gt;" in re.sub(r"<input[^>]*>", "", page), (
        "it can be read, and copied"
    )
    assert '<form method="post" action="http://testserver/register/"' in page
    assert "Robo Race" in page
    assert "Wording" not in page
    sent = fields_of(response)
    assert {name: sent[name] for name in ("key", "name", "section", "roll_number", "events")} == {
        "key": [form["key"]],
        "name": [form["name"]],
        "section": ["B"],
        "roll_number": ["17"],
        "events": ["robo-race"],
    }
    assert Registration.objects.count() == 0
    original = client.post(
        FORM, sent, headers={"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    )
    assert original.status_code == 200
    assert 'value="Łukasz &lt;b&gt;Müller&lt;/b&gt;"' in original.content.decode()
    assert Registration.objects.count() == 0, "the reader checks the form and sends it"


def test_kept_form_is_registered_when_sent_from_the_original_page(
    client: Client, form: dict[str, Any]
) -> None:
    kept = fields_of(client.post(FORM, form, headers=THROUGH_A_TRANSLATION[0]))
    own = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    edited = fields_of(client.post(FORM, kept, headers=own))
    assert client.post(FORM, form | {"key": edited["key"][0]}, headers=own).status_code == 302
    assert Registration.objects.count() == 1


def test_other_public_forms_keep_their_text_too(client: Client) -> None:
    student = build_submission(build_event(build_fest())).student
    path = f"{my_path(student)}details/"
    response = client.post(path, {"name": "Asha Rau", "grade": "7"}, headers=THROUGH_A_TRANSLATION[0])
    assert response.status_code == 403
    assert fields_of(response)["name"] == ["Asha Rau"]
    student.refresh_from_db()
    assert student.name != "Asha Rau"


def test_form_with_a_login_shows_its_text_but_no_password_and_no_form() -> None:
    client = Client(enforce_csrf_checks=True)
    asked = {
        "name": "Meera Rao",
        "school": "Hill School",
        "note": "I teach 9 B",
        "password": "three odd lions",
    }
    response = client.post("/accounts/ask/", asked, headers=THROUGH_A_TRANSLATION[0])
    page = response.content.decode()
    assert response.status_code == 403
    for text in (
        "Meera Rao",
        "Hill School",
        "I teach 9 B",
        "If the page is translated, show the original",
        "http://testserver/accounts/ask/",
    ):
        assert text in page
    assert "three odd lions" not in page
    assert "<form" not in page


def test_signed_in_user_cannot_be_made_to_send_a_prepared_form() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(build_user())
    response = client.post("/teacher/", {"name": "x"}, headers=THROUGH_A_TRANSLATION[0])
    assert response.status_code == 403
    assert "<form" not in response.content.decode()
