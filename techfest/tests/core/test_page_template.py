"""Page templates: the slots of one person never appear on the page of another, whatever they contain."""

import pytest
from django.test import Client
from django.utils import timezone

from events.cache import CachedFest
from registrations import links
from registrations.models import Student
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.page_template import MAX_PAGES, PageTemplate
from tickets.models import Ticket

FIRST = "\U00100000"


def cached_fest() -> CachedFest:
    return CachedFest(None, (), timezone.now())


def test_part_is_escaped_and_put_in_once() -> None:
    template = PageTemplate()
    page = f"<p>{template.slot('<b>Asha</b>')}</p><p>{template.slot('B')}</p>"
    assert template.fill(page) == "<p>&lt;b&gt;Asha&lt;/b&gt;</p><p>B</p>"


def test_placeholder_inside_a_value_stays_as_it_is() -> None:
    """A name that contains the placeholder of another slot is not filled in."""
    template = PageTemplate()
    page = template.slot(f"a{chr(ord(FIRST) + 1)}b") + "|" + template.slot("secret")
    assert template.fill(page) == f"a{chr(ord(FIRST) + 1)}b|secret"


def test_part_with_several_places_is_put_into_each_of_them() -> None:
    template = PageTemplate()
    slots = [template.slot(part) for part in ("Asha", "Rao")]
    assert template.fill(f"{slots[1]}, {slots[0]} {slots[1]}") == "Rao, Asha Rao"


def test_page_without_slots_and_empty_parts_stay_as_they_are() -> None:
    template = PageTemplate()
    assert (template.slot(""), template.fill(f"page {FIRST}")) == ("", f"page {FIRST}")


def test_character_of_an_event_that_is_no_slot_stays() -> None:
    """An organiser's text may contain any character."""
    template = PageTemplate()
    page = f"{template.slot('Asha')} at {chr(ord(FIRST) + 7)}"
    assert template.fill(page) == f"Asha at {chr(ord(FIRST) + 7)}"


def test_kept_page_serves_others_with_their_own_parts() -> None:
    current, pages = cached_fest(), []
    for name in ("Asha", "Zarina"):
        template = PageTemplate()
        slot = template.slot(name)
        pages.append(template.page(current.pages, ("page", slot), lambda slot=slot: f"Dear {slot}"))  # type: ignore[misc]
    assert (pages, len(current.pages)) == (["Dear Asha", "Dear Zarina"], 1)


def test_page_that_is_asked_for_is_kept_however_many_were_made_up() -> None:
    current = cached_fest()
    for number in range(2 * MAX_PAGES):
        current.pages.get_or_render(number, lambda: "made up")
    current.pages.get_or_render("wanted", lambda: "page")
    assert ("wanted" in current.pages, len(current.pages)) == (True, MAX_PAGES)


@pytest.mark.django_db
def test_answer_pages_of_one_shape_hold_only_their_own(client: Client) -> None:
    event = build_event(build_fest())
    values = [
        {"name": "Asha Raman", "email": "raman@one.example", "section": "Q"},
        {"name": "Zarina Khan", "email": "zkhan@two.example", "section": "W", "school": "Hill School"},
        {"name": "<i>Ben</i>", "email": "ben@three.example", "section": "Z"},
    ]
    kids = [build_submission(event, **one) for one in values]
    Student.objects.filter(pk=kids[2].student_id).update(name=f"Ben {chr(ord(FIRST) + 5)} {FIRST}")
    pages = [client.get(links.confirmation_path(kid)).content.decode() for kid in kids * 2]
    assert pages[:3] == pages[3:]
    for number, kid in enumerate(kids):
        code = Ticket.objects.get(student=kid.student).code
        secrets = [values[number]["name"], code, links.my_path(kid.student), kid.student.reference[:3] + "-"]
        seen = [[secret in page for secret in secrets[1:]] for page in pages[:3]]
        assert seen == [[other == number] * 3 for other in range(3)]
        assert [values[number]["name"] in page for page in pages[:2]] == [number == 0, number == 1]
