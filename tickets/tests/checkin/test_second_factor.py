"""Check-in staff with other rights must pass the second factor first."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from events.models import Event, Fest
from registrations.tests.builders import PASSWORD, build_teacher
from registrations.tests.second_step import code_of, pass_second_step, set_up_app
from techfest.core.roles import LEAD, OWNER, RESULTS
from tickets.checkin.urls import urlpatterns
from tickets.keys import random_key
from tickets.models import CheckIn, Delegation, Gate
from tickets.tests.admin_helpers import in_role, organiser
from tickets.tests.builders.checkin import fest_today, gate_of, open_event, phone_of, ticket_for, volunteer

pytestmark = pytest.mark.django_db

SET_UP = "/accounts/2fa/"
SHOW_A_CODE = "/accounts/2fa/reauthenticate/"


@pytest.fixture(autouse=True)
def required(settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True


@pytest.fixture
def fest() -> Fest:
    return fest_today()


@pytest.fixture
def event(fest: Fest) -> Event:
    return open_event(fest, name="Robo Race")


@pytest.fixture
def gate(event: Event) -> Gate:
    return gate_of(event.fest, event)


def addresses(gate: Gate, event: Event) -> dict[str, str]:
    """Every check-in URL by name."""
    school = ticket_for(event).student.school
    delegation = Delegation.objects.get_or_create(fest=event.fest, school=school)[0]
    values = {"gate": gate.pk, "event": event.slug, "link_id": random_key(), "code": delegation.code}
    return {
        str(one.name): reverse(
            f"checkin:{one.name}", kwargs={name: values[name] for name in one.pattern.converters}
        )
        for one in urlpatterns
    }


def asked_for(browser: Client, path: str, **headers: str) -> set[str]:
    """Where a browser is redirected from this URL by GET or POST; the status if it is not."""
    responses = [browser.get(path, headers=headers), browser.post(path, {"text": "asha"}, headers=headers)]
    return {
        one["Location"].partition("?")[0] if one.status_code == 302 else str(one.status_code)
        for one in responses
    }


def those_who_need_it(event: Event, gate: Gate) -> dict[str, Any]:
    """One account of every kind with more rights than checking people in."""
    lead = in_role(LEAD)
    event.leads.add(lead)
    teacher = build_teacher().user
    staff = volunteer(gate)
    staff.is_staff = True
    staff.save()
    judge = in_role(RESULTS)
    for one in (teacher, judge):
        one.groups.add(volunteer().groups.get())
        gate.volunteers.add(one)
    return {
        "owner": in_role(OWNER),
        "superuser": organiser(),
        "lead": lead,
        "volunteer who is a teacher": teacher,
        "volunteer who enters results": judge,
        "volunteer who is staff": staff,
    }


def test_no_check_in_url_opens_with_a_password_alone(event: Event, gate: Gate) -> None:
    """Pages, endpoints of scripts and cached pages: no one is checked in, and no name is shown."""
    for who, user in those_who_need_it(event, gate).items():
        browser = phone_of(user)
        for name, path in addresses(gate, event).items():
            assert asked_for(browser, path) == {SET_UP}, (who, name)
            assert asked_for(browser, path, accept="application/json") == {"401"}, (who, name)
    assert CheckIn.objects.count() == 0


def test_account_with_an_app_is_asked_for_a_code_and_led_back(event: Event, gate: Gate) -> None:
    user = in_role(OWNER)
    user.set_password(PASSWORD)
    user.save()
    secret = set_up_app(user)
    browser, path = phone_of(user), reverse("checkin:search-gate", args=[gate.pk])
    assert browser.get(path)["Location"] == f"{SHOW_A_CODE}?next={path}"
    assert browser.post(path, {"text": "asha"})["Location"] == f"{SHOW_A_CODE}?next=/door/"
    response = browser.post(f"{SHOW_A_CODE}?next={path}", {"code": code_of(secret)})
    assert (response.status_code, response["Location"]) == (302, path)
    assert browser.get(path).status_code == 200


def test_account_without_an_app_reads_why_and_is_led_back(gate: Gate) -> None:
    user = in_role(OWNER)
    browser, path = phone_of(user), reverse("checkin:search-gate", args=[gate.pk])
    assert "needs the second step" not in browser.get(SET_UP).content.decode()
    browser.get(path)
    live = reverse("checkin:live-gate", args=[gate.pk])
    assert browser.get(live, headers={"sec-fetch-mode": "cors"})["Location"] == SET_UP
    page = browser.get(SET_UP).content.decode()
    assert ("The page that you opened needs the second step." in page, f'href="{path}"' in page) == (
        True,
        False,
    )
    set_up_app(user)
    assert f'href="{path}"' in browser.get(SET_UP).content.decode()


def test_door_opens_once_the_second_step_is_passed(event: Event, gate: Gate) -> None:
    for who, user in those_who_need_it(event, gate).items():
        browser = phone_of(user)
        pass_second_step(browser, user)
        assert browser.get("/door/").status_code in (200, 302), who
        assert "/accounts/" not in browser.get("/door/").get("Location", ""), who


def test_second_step_that_was_removed_since_counts_no_more(gate: Gate) -> None:
    user = in_role(OWNER)
    browser = phone_of(user)
    pass_second_step(browser, user)
    assert browser.get("/door/").status_code in (200, 302)
    Authenticator.objects.all().delete()
    assert browser.get("/door/")["Location"] == SET_UP


def test_volunteer_keeps_the_password_alone_unless_the_setting_says_otherwise(
    gate: Gate, settings: Any
) -> None:
    browser, path = phone_of(volunteer(gate)), reverse("checkin:scanner-gate", args=[gate.pk])
    assert browser.get(path).status_code == 200
    settings.REQUIRE_SECOND_FACTOR_OF_VOLUNTEERS = True
    assert browser.get(path)["Location"] == SET_UP


def test_account_without_checkpoints_is_not_asked_for_a_code(gate: Gate) -> None:
    """The answer is the same with and without a second factor: 404."""
    assert phone_of(in_role(RESULTS)).get(reverse("checkin:scanner-gate", args=[gate.pk])).status_code == 404
