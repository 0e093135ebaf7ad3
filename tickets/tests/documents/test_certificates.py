"""Certificates: who gets one, what its page shows, and how it is revoked and replaced."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from events import cache
from events.models import AuditEntry, Event
from registrations import links
from registrations.booking.cancel import cancel
from registrations.booking.errors import ActionRejected
from registrations.models import Change, Registration
from registrations.results import publish, service
from registrations.students.merge import merge_students
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core.db.locking import Deadline
from tickets.documents import certificates
from tickets.documents.certificates import path_of
from tickets.models import Certificate, Ticket
from tickets.tests.admin_helpers import organiser
from tickets.tests.audited import offenders

pytestmark = pytest.mark.django_db


@pytest.fixture
def event() -> Event:
    return build_event(build_fest(name="Tech Fest"), name="Robo Race", slug="robo-race")


@pytest.fixture
def owner() -> Any:
    return organiser()


def seats(event: Event, *names: str) -> list[Registration]:
    return [build_submission(event, name=name).registrations.get() for name in names]


def let_in(*registrations: Registration) -> None:
    Ticket.objects.filter(registration__in=registrations).update(checked_in_at=timezone.now())


def given(kind: str = "participation") -> list[str]:
    rows = Certificate.objects.filter(kind=kind, revoked_at=None).order_by("student__name_key")
    return [row.student.name for row in rows]


def score(event: Event, points: dict[Registration, int], user: Any) -> list[str]:
    sheet = service.sheet_of(event)
    typed = service.SubmittedPage(version=sheet.version, counting="most", shown={}, values={})
    values = {row.pk: value for row, value in points.items()}
    typed = service.SubmittedPage(version=sheet.version, counting="most", shown={}, values=values)
    return service.save(event, typed, user=user, deadline=Deadline())


def published_ranks(event: Event, points: dict[Registration, int], user: Any, max_rank: int = 3) -> int:
    score(event, points, user)
    publish.publish(event, "short", user=user, deadline=Deadline())
    return certificates.issue_ranks(event, max_rank=max_rank, user=user, deadline=Deadline())


def participation(event: Event, user: Any, *, everybody: bool = False) -> int:
    return certificates.issue_participation(event, everybody=everybody, user=user, deadline=Deadline())


def test_checked_in_students_get_one_certificate_each(event: Event, owner: Any) -> None:
    asha, ben, _dia = seats(event, "Asha", "Ben", "Dia")
    let_in(asha, ben)
    assert [participation(event, owner), participation(event, owner)] == [2, 0]
    assert given() == ["Asha", "Ben"]
    assert AuditEntry.objects.get(what="issued certificates").after == {"kind": "participation", "count": 2}


def test_without_check_ins_the_organiser_must_confirm(event: Event, owner: Any) -> None:
    seats(event, "Asha", "Ben")
    with pytest.raises(ActionRejected):
        participation(event, owner)
    assert given() == []
    assert participation(event, owner, everybody=True) == 2


def test_confirmation_gives_nothing_to_the_absent(event: Event, owner: Any) -> None:
    asha, _ben = seats(event, "Asha", "Ben")
    let_in(asha)
    participation(event, owner, everybody=True)
    assert given() == ["Asha"]


def test_published_ranks_are_certified_down_to_the_chosen_one(event: Event, owner: Any) -> None:
    asha, ben, dia = seats(event, "Asha", "Ben", "Dia")
    score(event, {asha: 9, ben: 7, dia: 7}, owner)
    with pytest.raises(ActionRejected):
        certificates.issue_ranks(event, max_rank=3, user=owner, deadline=Deadline())
    assert published_ranks(event, {}, owner, max_rank=1) == 1
    assert given("rank") == ["Asha"]
    assert certificates.issue_ranks(event, max_rank=2, user=owner, deadline=Deadline()) == 2
    assert list(Certificate.objects.order_by("pk").values_list("rank", flat=True)) == [1, 2, 2]


def test_codes_are_random_and_long() -> None:
    event = build_event(build_fest())
    seats(event, "Asha", "Ben")
    participation(event, organiser(), everybody=True)
    codes = list(Certificate.objects.values_list("code", flat=True))
    assert ([len(code) for code in codes], len(set(codes))) == ([22, 22], 2)


def test_changed_results_revoke_and_reissue_untrue_certificates(
    event: Event, owner: Any, client: Client
) -> None:
    asha, ben, dia = seats(event, "Asha", "Ben", "Dia")
    published_ranks(event, {asha: 9, ben: 7, dia: 5}, owner)
    before = {row.student.name: row for row in Certificate.objects.all()}
    notes = score(event, {ben: 8, asha: 3, dia: 5}, owner)
    assert notes == ["3 rank certificates are no longer true and were revoked. Print the new ones."]
    after = {row.student.name: row.rank for row in Certificate.objects.filter(revoked_at=None)}
    assert after == {"Ben": 1, "Dia": 2, "Asha": 3}
    page = client.get(path_of(before["Asha"])).content.decode()
    assert "This certificate is no longer valid" in page
    assert "a new certificate was issued" in page
    entry = AuditEntry.objects.get(what="replaced certificates")
    assert entry.after == {"revoked": 3, "issued": 3}


def test_rank_that_is_still_true_keeps_its_certificate(event: Event, owner: Any) -> None:
    asha, ben = seats(event, "Asha", "Ben")
    published_ranks(event, {asha: 9, ben: 7}, owner)
    codes = set(Certificate.objects.values_list("code", flat=True))
    assert score(event, {asha: 10}, owner) == []
    assert set(Certificate.objects.filter(revoked_at=None).values_list("code", flat=True)) == codes


def test_withdrawn_results_change_nothing_until_others_are_published(event: Event, owner: Any) -> None:
    asha, ben = seats(event, "Asha", "Ben")
    published_ranks(event, {asha: 9, ben: 7}, owner)
    publish.unpublish(event, user=owner, deadline=Deadline())
    score(event, {ben: 12}, owner)
    assert Certificate.objects.filter(revoked_at=None).count() == 2
    publish.publish(event, "short", user=owner, deadline=Deadline())
    ranks = {row.student.name: row.rank for row in Certificate.objects.filter(revoked_at=None)}
    assert ranks == {"Ben": 1, "Asha": 2}


def test_student_who_lost_the_rank_loses_the_certificate(event: Event, owner: Any) -> None:
    asha, ben = seats(event, "Asha", "Ben")
    published_ranks(event, {asha: 9, ben: 7}, owner)
    sheet = service.sheet_of(event)
    typed = service.SubmittedPage(version=sheet.version, counting="most", shown={}, values={ben.pk: None})
    service.save(event, typed, user=owner, deadline=Deadline())
    assert given("rank") == ["Asha"]


def test_cancelled_registration_ends_its_certificate(event: Event, owner: Any, client: Client) -> None:
    (asha,) = seats(event, "Asha")
    participation(event, owner, everybody=True)
    cancel([asha.pk], actor=Change.Actor.ORGANISER, deadline=Deadline())
    page = client.get(path_of(Certificate.objects.get())).content.decode()
    assert "no longer valid" in page
    assert "The registration behind it was cancelled." in page


def test_page_shows_the_certificate_and_is_not_cached(event: Event, owner: Any, client: Client) -> None:
    seats(event, "Asha Rao")
    participation(event, owner, everybody=True)
    response = client.get(path_of(Certificate.objects.get()))
    page = response.content.decode()
    words = ("This certificate is genuine", "Asha Rao", "took part in", "Robo Race", "Tech Fest")
    assert [word for word in words if word not in page] == []
    headers = ("Cache-Control", "X-Robots-Tag", "Referrer-Policy")
    assert [response[name] for name in headers] == ["no-store", "noindex, nofollow", "no-referrer"]
    assert "Asha" not in page.split("</head>")[0]


@pytest.mark.parametrize("path", ["/c/AAAAAAAAAAAAAAAAAAAAAA/", "/c/short/", "/c/"])
def test_unknown_code_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_name_on_the_page_is_text(event: Event, owner: Any, client: Client) -> None:
    seats(event, "<script>alert(1)</script> Asha")
    participation(event, owner, everybody=True)
    assert "<script>alert" not in client.get(path_of(Certificate.objects.get())).content.decode()


def test_my_registrations_show_rank_points_and_certificates(event: Event, owner: Any, client: Client) -> None:
    asha, ben = seats(event, "Asha", "Ben")
    path = links.my_path(asha.student)
    assert "Results and certificates" not in client.get(path).content.decode()
    score(event, {asha: 9, ben: 12}, owner)
    assert "Rank 2" not in client.get(path).content.decode()
    published_ranks(event, {}, owner)
    cache.forget()
    page = client.get(path).content.decode()
    own = Certificate.objects.get(student=asha.student)
    assert ("Rank 2" in page, "9 points" in page, path_of(own) in page) == (True, True, True)
    other = Certificate.objects.get(student=ben.student)
    assert ("12 points" in page, path_of(other) in page) == (False, False)


def test_certificate_of_a_duplicate_stays_valid_only_if_its_rank_is_true(event: Event, owner: Any) -> None:
    """If a merged student has two results, the one of the better registration counts."""
    asha, duplicate = seats(event, "Asha", "Asha Rao")
    published_ranks(event, {asha: 9, duplicate: 12}, owner, max_rank=1)
    assert given("rank") == ["Asha Rao"]
    user, kept, gone = owner, asha.student_id, duplicate.student_id
    merge_students(kept, gone, user=user, reason="Twice", deadline=Deadline())
    assert given("rank") == []
    assert offenders() == []


def test_certificate_of_a_duplicate_moves_with_its_result(event: Event, owner: Any) -> None:
    asha, duplicate = seats(event, "Asha", "Asha Rao")
    published_ranks(event, {duplicate: 12}, owner)
    merge_students(asha.student_id, duplicate.student_id, user=owner, reason="Twice", deadline=Deadline())
    assert given("rank") == ["Asha"]
    assert offenders() == []
