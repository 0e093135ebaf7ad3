"""Hand scanners whose keyboard layout is not the device's, and Caps Lock."""

import string

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from events.models import Event
from tickets.checkin import keyboards
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.keyboards import LAYOUTS, explain, meant_by
from tickets.checkin.lookup import Kind, read
from tickets.models import Delegation, Scan, Ticket
from tickets.tests.builders.checkin import (
    as_json,
    checkpoint_of,
    fest_today,
    gate_of,
    open_event,
    phone_of,
    submit_scan,
    ticket_for,
    volunteer,
)

CODES = st.text(string.ascii_letters + string.digits + "-_", min_size=22, max_size=22)
AMBIGUOUS = {"Greek": "W"}
"""Keys that type the same character as another one."""
ADDRESS = "https://fest.example/t/{}/"
GERMAN = str.maketrans("yzYZ-_/:", "zyZYß?-Ö")
FRENCH = str.maketrans("amqwzAMQWZ0123456789-_/:.", "q,azwQ?AZWà&é\"'(-è_ç)°!M:")
FRENCH_CAPS_LOCK = str.maketrans("amqwzAMQWZ-_/:.", "q,azwQ?AZW°)§m/")
SPANISH = str.maketrans("-_/:", "'?-Ñ")
SWEDISH = str.maketrans("-_/:", "+?-Ö")
TURKISH = str.maketrans("i-_/:.", "ı*?.Şç")
CZECH = str.maketrans("yzYZ0123456789-_/:", 'zyZYé+ěščřžýáí=%-"')
RUSSIAN = str.maketrans(
    string.ascii_letters + "/:.", "фисвуапршолдьтщзйкыегмцчняФИСВУАПРШОЛДЬТЩЗЙКЫЕГМЦЧНЯ.Жю"
)
HINDI = str.maketrans("abcdekt/:19_", "ोवम्ाकूयछ१९ः")
BENGALI = str.maketrans("abcdekt/:19_", "োবম্াকূ\u09dfছ১৯ঃ")
KEYBOARDS = [GERMAN, FRENCH, SPANISH, SWEDISH, TURKISH, CZECH, RUSSIAN]
NAMES = ["German", "French", "Spanish", "Swedish", "Turkish", "Czech", "Russian"]


def typed_on(layout: keyboards.Layout, text: str) -> str:
    keys: dict[str, str | int | None] = {}
    for typed, meant in zip(layout.typed, layout.meant, strict=True):
        keys.setdefault(meant, typed)
    return text.translate(str.maketrans(keys))


@given(code=CODES, layout=st.sampled_from(LAYOUTS))
def test_every_layout_is_read_back(code: str, layout: keyboards.Layout) -> None:
    text = typed_on(layout, ADDRESS.format(code))
    if not set(AMBIGUOUS.get(str(layout.name), "")) & set(code):
        assert code in {read(one).value for one in (text, *meant_by(text))}


@given(code=CODES, layout=st.sampled_from([GERMAN, SPANISH, SWEDISH]))
def test_caps_lock_on_top_of_another_layout_is_read_back(code: str, layout: dict[int, int]) -> None:
    assert ADDRESS.format(code) in meant_by(ADDRESS.format(code).swapcase().translate(layout))


@given(code=CODES)
def test_caps_lock_that_shifts_every_key_is_read_back(code: str) -> None:
    """As on French keyboards, where digits need the shift key."""
    letters = ADDRESS.format(code).swapcase()
    assert ADDRESS.format(code) in meant_by(letters.translate(FRENCH_CAPS_LOCK))


@pytest.mark.parametrize("layout", KEYBOARDS, ids=NAMES)
def test_address_on_another_layout_is_explained(layout: dict[int, int]) -> None:
    assert "another keyboard layout" in explain("https://other.example/menu".translate(layout))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("https://other.example/menu", ""),
        ("ABC-2345", ""),
        ("x" * 22, ""),
        ("?", ""),
        ("", ""),
        ("ß" * 10_000, ""),
        ("HTTPS://FEST.EXAMPLE/T/ABCDEFGHIJKLMNOPQRSTUV/", "Caps Lock is on, or the hand scanner types"),
        ("HTTPS://FEST.EXAMPLE/T/aBCDEFGHIJKLMNOPQRSTUV/", "Caps Lock is on."),
    ],
)
def test_only_an_address_in_other_letters_is_explained(text: str, hint: str) -> None:
    assert explain(text).startswith(hint) if hint else not explain(text)


@pytest.fixture
def event() -> Event:
    return open_event(fest_today(), name="Robo Race")


@pytest.fixture
def checkpoint(event: Event) -> Checkpoint:
    return checkpoint_of(gate_of(event.fest, event))


@pytest.fixture
def phone(checkpoint: Checkpoint) -> Client:
    return phone_of(volunteer(checkpoint.gate))


def with_code(ticket: Ticket, code: str) -> str:
    Ticket.objects.filter(pk=ticket.pk).update(code=code)
    return ADDRESS.format(code)


@pytest.mark.django_db
@pytest.mark.parametrize("layout", [*KEYBOARDS, HINDI, BENGALI], ids=[*NAMES, "Hindi", "Bengali"])
def test_scanner_of_another_layout_lets_in(
    event: Event, checkpoint: Checkpoint, phone: Client, layout: dict[int, int]
) -> None:
    code = "a_k1t9e" * 3 + "d" if layout in (HINDI, BENGALI) else "Zy-Qa_W0m9ZzYw1A-bCdEf"
    address = with_code(ticket_for(event), code)
    address = f"/t/{code}" if layout in (HINDI, BENGALI) else address
    assert as_json(phone, checkpoint, address.translate(layout))["verdict"] == "in"
    assert as_json(phone, checkpoint, address)["verdict"] == "already"


@pytest.mark.django_db
def test_scanner_with_caps_lock_lets_in(event: Event, checkpoint: Checkpoint, phone: Client) -> None:
    address = with_code(ticket_for(event), "Zy-Qa_W0m9ZzYw1A-bCdEf")
    assert as_json(phone, checkpoint, address.swapcase())["verdict"] == "in"


@pytest.mark.django_db
def test_school_list_opens_on_another_layout(event: Event, checkpoint: Checkpoint, phone: Client) -> None:
    school = ticket_for(event).student.school
    code = Delegation.objects.create(school=school, fest=event.fest).code
    address = f"https://fest.example/delegation/{code}/"
    assert as_json(phone, checkpoint, address.translate(GERMAN))["verdict"] == "school"


@pytest.mark.django_db
def test_code_in_capitals_only_is_not_guessed_but_explained(
    event: Event, checkpoint: Checkpoint, phone: Client
) -> None:
    address = with_code(ticket_for(event), "Zy-Qa_W0m9ZzYw1A-bCdEf")
    answer = as_json(phone, checkpoint, address.upper())
    assert (answer["verdict"], "Caps Lock" in answer["sentence"]) == ("unreadable", True)
    assert Scan.objects.get().ticket is None


@pytest.mark.django_db
def test_page_without_scripts_explains_the_keyboard(checkpoint: Checkpoint, phone: Client) -> None:
    page = submit_scan(phone, checkpoint, ADDRESS.format("x" * 22).translate(GERMAN)).content.decode()
    assert "another keyboard layout" in page


@pytest.mark.parametrize("layout", KEYBOARDS, ids=NAMES)
def test_address_on_another_layout_is_no_reference(layout: dict[int, int]) -> None:
    """Though "example" has the length of one."""
    text = "http://a.example/m".translate(layout)
    assert (read(text).kind, read("Ref: ABC-2345").kind) == (Kind.NOTHING, Kind.REFERENCE)


@pytest.mark.django_db
def test_ticket_of_another_fest_is_not_found_by_its_layout(checkpoint: Checkpoint, phone: Client) -> None:
    ticket = ticket_for(open_event(fest_today(is_current=False, name="Last year")))
    address = ADDRESS.format(ticket.code).translate(GERMAN)
    assert as_json(phone, checkpoint, address)["verdict"] in ("unknown", "unreadable")
