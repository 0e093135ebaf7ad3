"""The preview, the page that confirms, and the result of a class list count alike."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.models import Event
from registrations.class_lists.confirm import readiness
from registrations.class_lists.parse import read_draft
from registrations.class_lists.preview import PreviewRequest, context_of
from registrations.models import ClassListEntry
from registrations.tests.builders import build_event, build_fest
from registrations.tests.builders.class_lists import build_list, registered, row

pytestmark = pytest.mark.django_db

NAMES = ("Asha Rao", "Bilal Khan", "Chen Wei", "Divya Menon", "Esther Paul", "Farid Shah", "")
GRADES = st.sampled_from(["6", "7", "12", "x", ""])
ROWS = st.lists(
    st.tuples(
        st.sampled_from(NAMES), GRADES, st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True)
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture
def events() -> list[Event]:
    fest = build_fest()
    return [
        build_event(fest, hour=10, capacity=2, waiting_limit=1),
        build_event(fest, hour=10.5, capacity=3),
        build_event(fest, hour=14, capacity=1, waiting_limit=0, grade_min=7, grade_max=8),
    ]


@given(lines=ROWS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_preview_confirm_page_and_result_count_alike(
    events: list[Event], lines: list[tuple[str, str, list[int]]]
) -> None:
    cells = [[name, grade, *row(name, *(events[at] for at in wanted))[2:]] for name, grade, wanted in lines]
    class_list = build_list(events[0].fest, cells)
    shown = context_of(read_draft(class_list), PreviewRequest())
    confirming = readiness(class_list)
    assert (confirming.summary, confirming.good, confirming.left) == (
        shown["summary"],
        shown["good"],
        shown["bad"],
    )
    if confirming.obstacle:
        return
    registered(class_list)
    entries = ClassListEntry.objects.filter(row__class_list=class_list, is_new=True)
    assert entries.values("row").distinct().count() == confirming.good
    assert class_list.rows.filter(done_at=None).count() == confirming.left
