"""Two teachers use one class list at once: no crash, no deadlock, and no list both registered and deleted."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client

from registrations.class_lists import drafts, jobs
from registrations.class_lists import hand_over as hand_over_module
from registrations.models import ClassList, ClassListJob, Registration, School, Submission
from registrations.privacy import redact as erased_lists
from registrations.students.consents import teachers_text
from registrations.tests.builders.class_list_uploads import (
    LISTS,
    build_listed_fest,
    build_listing_teacher,
    draft_of,
    handed_over,
    pasted,
)
from registrations.tests.races import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

ROWS = pasted("Asha Rao|7||Robo Race", "Bilal Khan|8||Science Quiz")
TOGETHER = 0.4
Answer = Any


class Staffroom:
    """A list of two students, and two teachers who each do one thing."""

    def __init__(self) -> None:
        self.fest = build_listed_fest()
        teachers = [build_listing_teacher("rao"), build_listing_teacher("sen", School.objects.get())]
        self.clients = [_browser(teacher) for teacher in teachers]
        self.colleague = teachers[1]
        self.begin()

    def begin(self) -> None:
        """Upload the list again; no student is registered yet."""
        self.class_list = draft_of(handed_over(self.clients[0], ROWS))
        self.path = f"{LISTS}{self.class_list.pk}/"

    def post(self, by: int, path: str, **sent: Any) -> Answer:
        return self.clients[by].post(path, sent)

    def confirm(self, by: int) -> Answer:
        sent = {"how": "good", "when_full": "wait", "consent": "on", "text": teachers_text(self.fest).pk}
        return self.post(by, f"{self.path}confirm/", key=str(Submission.new_key()), **sent)

    def delete(self, by: int) -> Answer:
        return self.post(by, f"{self.path}discard/")

    def edit(self, by: int) -> Answer:
        return self.clients[by].post(f"{self.path}fix/", {"leave-3": "1"})

    def change_columns(self, by: int) -> Answer:
        return self.clients[by].post(f"{self.path}columns/", {"column-2": "email"})

    def confirm_encoding(self, by: int) -> Answer:
        return self.post(by, f"{self.path}letters/")

    def hand_over(self, by: int) -> Answer:
        sent = {"lists": [self.class_list.pk], "colleague": self.colleague.pk}
        return self.clients[0].post("/teacher/handover/", sent)

    def upload(self, by: int) -> Answer:
        return handed_over(self.clients[by], ROWS)


OPERATIONS = ("confirm", "delete", "edit", "change_columns", "confirm_encoding", "hand_over", "upload")
PAIRS = list(itertools.combinations_with_replacement(OPERATIONS, 2))


def _browser(teacher: Any) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(teacher.user)
    return client


@contextmanager
def meeting(monkeypatch: pytest.MonkeyPatch, look: Callable[[QuerySet[ClassList]], Any]) -> Iterator[None]:
    """Each request that has read the list waits briefly for the other one: with the lock, only one can be here."""
    line = threading.Barrier(2)

    def looked(rows: QuerySet[ClassList]) -> Any:
        found = look(rows)
        with suppress(threading.BrokenBarrierError):
            line.wait(TOGETHER)
        return found

    with monkeypatch.context() as patch:
        for module in (drafts, hand_over_module, erased_lists):
            patch.setattr(module, "lock_lists", looked)
        yield


def both(room: Staffroom, first: str, second: str) -> list[Answer]:
    works = [lambda by=by, name=name: getattr(room, name)(by) for by, name in enumerate((first, second))]
    return at_once(works)


def wrong(room: Staffroom, names: tuple[str, str], responses: list[Answer]) -> list[str]:
    """Return what is inconsistent after both requests and the workers are done."""
    found = [
        f"{name}: {getattr(one, 'status_code', one)}" for name, one in zip(names, responses, strict=True)
    ]
    found = [one for one in found if not one.endswith((" 302", " 200", " 404", " 410"))]
    jobs.run_due()
    for name, one in zip(names, responses, strict=True):
        if name == "confirm" and getattr(one, "status_code", 0) == 302:
            link_id = one["Location"].strip("/").rpartition("/")[2]
            if not ClassListJob.objects.filter(link_id=link_id, finished_at__isnull=False, error="").exists():
                found.append("confirmed, and the job is gone")
            if not Registration.objects.exists():
                found.append("confirmed, and no student is registered")
    if "delete" not in names and not ClassList.objects.filter(pk=room.class_list.pk).exists():
        found.append("the list is gone without a deletion")
    return found


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=["+".join(pair) for pair in PAIRS])
def test_two_at_one_list(monkeypatch: pytest.MonkeyPatch, first: str, second: str) -> None:
    room = Staffroom()
    with meeting(monkeypatch, drafts.lock_lists):
        responses = both(room, first, second)
    assert wrong(room, (first, second), responses) == []


def _without_lock(rows: QuerySet[ClassList]) -> list[ClassList]:
    return list(rows.select_related("fest"))


@pytest.mark.parametrize("other", ["confirm", "edit"])
def test_without_the_lock_a_deleted_list_breaks_what_the_colleague_does(
    monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    """Negative control: both requests read the list before either of them writes."""
    room, broken = Staffroom(), list[str]()
    for _round in range(10):
        with meeting(monkeypatch, _without_lock):
            responses = both(room, other, "delete")
        if broken := wrong(room, (other, "delete"), responses):
            break
        room.begin()
    assert broken


def test_list_that_a_colleague_deleted_has_a_page_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Staffroom()
    listed = ClassList.objects.get(pk=room.class_list.pk)
    assert room.delete(1).status_code == 302
    later = room.confirm(0)
    assert (later.status_code, "This list no longer exists" in later.content.decode()) == (404, True)
    with pytest.raises(drafts.ListDeleted):
        drafts.discard(listed)


def test_page_of_a_list_that_is_deleted_during_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Staffroom()

    def deleted(_rows: QuerySet[ClassList]) -> list[ClassList]:
        ClassList.objects.all().delete()
        return []

    monkeypatch.setattr(drafts, "lock_lists", deleted)
    response = room.confirm(0)
    assert response.status_code == 410
    assert "A colleague deleted this list." in response.content.decode()
