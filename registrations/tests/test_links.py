"""Secret links: what each one shows, when it dies, and that none can be forged."""

import base64
from typing import Any

import pytest
from django.core.signing import Signer
from django.db.models import F
from django.urls import reverse
from django.utils import translation

from registrations.links import (
    DeadLink,
    confirmation_path,
    my_path,
    read_confirmation,
    secret_path,
    student_of,
)
from registrations.models import Student, Submission
from registrations.tests.builders import build_event, build_fest, build_submission
from tickets.models import Ticket
from tickets.registration_summary import of_submission

pytestmark = pytest.mark.django_db


@pytest.fixture
def submission() -> Submission:
    return build_submission(build_event(build_fest()))


def token_of(path: str) -> str:
    return path.strip("/").split("/")[1]


def submission_of(token: str) -> int | None:
    """The submission that a confirmation link opens."""
    found = of_submission(*read_confirmation(token))
    return found.submission_id if found else None


def raised_version(student: Student) -> None:
    Student.objects.filter(pk=student.pk).update(link_version=F("link_version") + 1)
    student.refresh_from_db()


def test_answer_link_opens_its_submission(submission: Submission) -> None:
    assert submission_of(token_of(confirmation_path(submission))) == submission.pk


def test_my_link_opens_its_student(submission: Submission) -> None:
    assert student_of(token_of(my_path(submission.student))) == submission.student


def test_answer_link_is_no_my_link(submission: Submission) -> None:
    with pytest.raises(DeadLink):
        student_of(token_of(confirmation_path(submission)))
    with pytest.raises(DeadLink):
        submission_of(token_of(my_path(submission.student)))


def test_link_of_old_version_is_dead(submission: Submission) -> None:
    response, my = confirmation_path(submission), my_path(submission.student)
    raised_version(submission.student)
    assert submission_of(token_of(response)) is None
    with pytest.raises(DeadLink):
        student_of(token_of(my))
    assert student_of(token_of(my_path(submission.student))) == submission.student


def test_link_signed_with_former_key_still_opens(submission: Submission, settings: Any) -> None:
    settings.LINK_KEYS = ["a" * 40]
    former = my_path(submission.student)
    settings.LINK_KEYS = ["b" * 40, "a" * 40]
    assert student_of(token_of(former)) == submission.student
    assert my_path(submission.student) != former


def test_link_signed_with_forgotten_key_is_dead(submission: Submission, settings: Any) -> None:
    settings.LINK_KEYS = ["a" * 40]
    former = my_path(submission.student)
    settings.LINK_KEYS = ["b" * 40]
    with pytest.raises(DeadLink):
        student_of(token_of(former))


def test_link_signed_with_the_secret_key_of_the_site_is_dead(submission: Submission, settings: Any) -> None:
    token = token_of(my_path(submission.student))
    settings.LINK_KEYS = [settings.SECRET_KEY]
    with pytest.raises(DeadLink):
        student_of(token)


def test_link_with_one_sign_changed_is_dead(submission: Submission) -> None:
    token = token_of(my_path(submission.student))
    changed = [token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1 :] for i in range(len(token))]
    for other in changed:
        with pytest.raises(DeadLink):
            student_of(other)


def test_link_that_names_a_primary_key_is_dead(submission: Submission, settings: Any) -> None:
    """As signed before links had a random value: after a restore it would open another student's page."""
    signers = {
        kind: Signer(key=settings.LINK_KEYS[0], salt=f"registrations.{kind}", sep="~")
        for kind in ("my", "answer")
    }
    with pytest.raises(DeadLink):
        student_of(signers["my"].sign(f"{submission.student.pk}.1"))
    with pytest.raises(DeadLink):
        submission_of(signers["answer"].sign(f"{submission.pk}.1"))


@pytest.mark.parametrize("token", ["", "~", "1.1", "1.1~", "1~x", "x.y~z", "1.1~\x00", "🤖", "1" * 5000])
def test_link_made_up_is_dead(submission: Submission, token: str) -> None:
    with pytest.raises(DeadLink):
        student_of(token)


def test_link_to_somebody_erased_is_dead(submission: Submission) -> None:
    student = submission.student
    token = token_of(my_path(student))
    Student.objects.filter(pk=student.pk).update(link_version=0)
    with pytest.raises(DeadLink):
        student_of(token)


def test_link_carries_at_least_128_bits(submission: Submission) -> None:
    for path in (confirmation_path(submission), my_path(submission.student)):
        signature = token_of(path).rpartition("~")[2]
        assert len(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))) >= 16


def test_ticket_code_carries_128_bits(submission: Submission) -> None:
    code = Ticket.objects.get().code
    assert len(base64.urlsafe_b64decode(code + "==")) == 16


def test_submission_keys_use_all_128_bits() -> None:
    """A version-4 UUID has six fixed bits; over 64 keys each bit of ours is seen both ways."""
    keys = [Submission.new_key().int for _ in range(64)]
    seen_set = seen_clear = 0
    for key in keys:
        seen_set |= key
        seen_clear |= ~key & (2**128 - 1)
    assert seen_set == seen_clear == 2**128 - 1


@pytest.mark.parametrize("language", ["en", "hi"])
def test_paths_with_secrets_are_those_of_the_urlconf(submission: Submission, language: str) -> None:
    code, token = Ticket.objects.get().code, token_of(confirmation_path(submission))
    named: list[tuple[str, list[str]]] = [
        ("tickets:ticket", [code]),
        ("tickets:pdf", [code]),
        ("tickets:ics", [code]),
        ("tickets:confirmation", [token]),
        ("tickets:my", [token]),
        ("registrations:confirm", [token]),
        ("registrations:cancel", [token, "robo-race"]),
        ("tickets:confirmation-cancel", [token, "robo-race"]),
    ]
    with translation.override(language):
        for name, args in named * 2:
            assert secret_path(name, *args) == reverse(name, args=args)
