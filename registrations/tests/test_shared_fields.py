"""The fields of the public form are shared by all forms of a snapshot: none of them leaves anything behind."""

import re
from typing import Any

import pytest
from django.http import QueryDict
from django.test import RequestFactory

from events.cache import cached_fest, forget
from events.models import Fest
from registrations.forms import RegistrationForm
from registrations.students.consents import current_text
from registrations.tests.builders import build_event, build_fest
from registrations.tests.form_posts import FORM, typed
from registrations.views import posted_form, show_form

pytestmark = pytest.mark.django_db

ANSWERS: list[dict[str, Any]] = [
    {},
    {"name": None},
    {"name": "  Asha   Rao ", "section": "b"},
    {"name": "a" * 900, "school": "b" * 201, "section": "c" * 30, "roll_number": "7" * 30},
    {"name": "A\x01sha", "email": "asha", "grade": "99"},
    {"name": "आरव शर्मा", "school": "Sch\u0000ool"},
    {"name": "e" + "\u0301" * 40},
    {"email": "", "grade": ""},
    {"email": " asha @example.org "},
    {"events": []},
    {"events": ["nowhere"]},
    {"events": ["race", "quiz"]},
    {"want_waiting": None},
    {"consent": None},
    {"wording": "0"},
    {"wording": "0", "name": ""},
]


@pytest.fixture(params=[False, True], ids=["plain", "confirming"])
def fest(request: pytest.FixtureRequest) -> Fest:
    fest = build_fest(confirms_addresses=request.param)
    build_event(fest, name="Robo Race", slug="race", hour=9)
    build_event(fest, name="Quiz", slug="quiz", hour=9)
    forget()
    return fest


def posted(values: dict[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in (typed("race", key="0" * 32) | values).items():
        if value is not None:
            data.setlist(name, value if isinstance(value, list) else [value])
    return data


def seen(form: RegistrationForm) -> tuple[Any, ...]:
    """What a form makes of its answers, and the page that shows it."""
    form.is_valid()
    page = show_form(RequestFactory().get(FORM), form, key="0" * 32).content.decode()
    return form.errors.as_json(), form.cleaned_data, re.sub(r"\s+", " ", page)


def test_shared_fields_answer_as_fields_of_their_own(fest: Fest) -> None:
    """In both orders, so that each form comes after each other one."""
    for values in [*ANSWERS, *reversed(ANSWERS)]:
        data, current = posted(values), cached_fest()
        made = RegistrationForm(
            data, fest=fest, events=current.events, known=current.events, consent=current_text(fest)
        )
        assert seen(posted_form(current, fest, data)) == seen(made)


def test_fields_are_made_once_a_snapshot(fest: Fest) -> None:
    current = cached_fest()
    one, other = (posted_form(current, fest, posted({})) for _ in range(2))
    assert one.fields is other.fields
    forget()
    assert posted_form(cached_fest(), fest, posted({})).fields is not one.fields
