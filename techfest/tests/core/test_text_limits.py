"""No text field of the site can be made slow by what is typed into it."""

import contextlib
import importlib
import pkgutil
import uuid
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.test import RequestFactory
from django.utils.module_loading import import_string
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from events.admin_base import BaseAdmin, RecordAdmin
from registrations.fields import TextField
from techfest.core.text_limits import LimitedText, limit_text
from techfest.tests.support.steps import counted
from techfest.tests.support.worst_texts import MARKS, worst_texts

APPS = ("events", "registrations", "tickets", "techfest")
RUN = "a" + MARKS * 20
STEPS_ALWAYS = 3_000
STEPS_PER_CHARACTER = 150
DJANGO_READS = 256 * 1024
"""Characters in a form; the limit of fields without their own."""


@cache
def form_classes() -> list[Any]:
    """Every form of the apps, and those configured for the accounts library."""
    for app in APPS:
        for module in pkgutil.walk_packages([app], f"{app}."):
            if ".tests" not in module.name and ".migrations" not in module.name:
                importlib.import_module(module.name)
    named = [*settings.ACCOUNT_FORMS.values(), *settings.MFA_FORMS.values()]
    found = {form for form in _below(forms.BaseForm) if form.__module__.split(".")[0] in APPS}
    found = {form for form in found if ".tests" not in form.__module__}
    return sorted(found | {import_string(name) for name in named}, key=str)


def _below(base: type[Any]) -> Iterator[type[Any]]:
    for form in base.__subclasses__():
        yield form
        yield from _below(form)


def text_fields(form: Any) -> dict[str, forms.CharField]:
    return {name: field for name, field in form.items() if isinstance(field, forms.CharField)}


@cache
def every_field() -> dict[str, forms.CharField]:
    """The distinct text fields of all forms, as they are during validation."""
    found: dict[Any, tuple[str, forms.CharField]] = {}
    for form in form_classes():
        for name, field in text_fields(form.base_fields).items():
            alike = (type(field), name, field.max_length, getattr(field, "max_characters", 0))
            found.setdefault(alike, (f"{form.__name__}.{name}", deepcopy(field)))
    for _name, field in found.values():
        limit_text(field)
        field.required = False
    return dict(found.values())


def test_there_are_forms_in_every_app() -> None:
    names = {form.__name__ for form in form_classes()}
    assert {"RegistrationForm", "LoginForm", "MessageForm", "EventForm", "FilterForm", "SearchForm"} <= names
    assert len(every_field()) > 15


def test_every_form_limits_its_text_fields() -> None:
    """Every form is a `LimitedText`, except those listed here."""
    assert [form for form in form_classes() if not issubclass(form, LimitedText)] == []


class _Forgotten(forms.Form):
    text = forms.CharField()


class _Limited(LimitedText, _Forgotten):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.fields["late"] = forms.CharField()


class _Numbered(LimitedText, forms.Form):
    key = forms.UUIDField()
    extra = forms.JSONField()


def test_field_that_makes_something_else_of_its_text_goes_on_doing_so() -> None:
    assert _Numbered({"key": str(uuid.uuid4()), "extra": "[1]"}).is_valid()


def test_limited_form_refuses_a_run_in_each_field_and_any_other_form_does_not() -> None:
    sent = {"text": RUN, "late": RUN}
    assert _Forgotten(sent).is_valid()
    form = _Limited(sent)
    assert {name: len(errors) for name, errors in form.errors.items()} == {"text": 1, "late": 1}


@pytest.mark.django_db
def test_every_page_of_the_admin_limits_its_text_fields(rf: RequestFactory) -> None:
    """Forms and formsets that Django makes from models."""
    request = rf.get("/admin/")
    request.user = get_user_model()(is_superuser=True, is_staff=True, is_active=True)
    unlimited = []
    for model_admin in admin.site._registry.values():
        if isinstance(model_admin, RecordAdmin) or not isinstance(model_admin, BaseAdmin):
            continue
        made = [model_admin.get_form(request)]
        made += [one.get_formset(request).form for one in model_admin.get_inline_instances(request)]
        for form in made:
            for name, field in text_fields(form.base_fields).items():
                if not issubclass(form, LimitedText) and not _refuses(field):
                    unlimited.append(f"{form.__name__}.{name}")
    assert unlimited == []


def _refuses(field: forms.CharField) -> bool:
    try:
        field.clean(RUN)
    except ValidationError as refused:
        return any(error.code == "marks" for error in refused.error_list)
    return False


@pytest.mark.parametrize("text", ["\u3164", "\u2800\u2800", "\ufe0f\u200d", "\U000e0100", "\u115f \uffa0"])
def test_text_that_cannot_be_seen_is_no_text_for_any_field(text: str) -> None:
    """A required field then asks for one. A password is never shown."""
    accepted = []
    for name, field in every_field().items():
        with contextlib.suppress(ValidationError):
            if field.clean(text) not in field.empty_values:
                accepted.append((name, field.widget.input_type))
    assert {kind for _name, kind in accepted} <= {"password"}, accepted


@hypothesis(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=worst_texts(3_000), data=st.data())
def test_worst_of_unicode_costs_a_field_few_steps(text: str, data: st.DataObject) -> None:
    """A field with a limit reads a few times that limit, other fields read the text once."""
    name = data.draw(st.sampled_from(sorted(every_field())))
    field = every_field()[name]
    read = min(len(text), _limit(field))
    with counted() as steps, contextlib.suppress(ValidationError):
        field.clean(text)
    assert steps.total <= STEPS_ALWAYS + STEPS_PER_CHARACTER * read, name


def _limit(field: forms.CharField) -> int:
    if isinstance(field, TextField):
        return 4 * field.max_characters
    return DJANGO_READS


@pytest.mark.parametrize(
    "text", ["x" * 200_000, "a" + MARKS * 100_000, "\ufdfa" * 200_000], ids=["x", "m", "l"]
)
def test_huge_text_costs_a_limited_field_next_to_nothing(text: str) -> None:
    for name, field in every_field().items():
        if isinstance(field, TextField):
            with counted() as steps, pytest.raises(ValidationError):
                field.clean(text)
            assert steps.total < 500, name
