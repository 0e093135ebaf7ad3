"""The file backend: complete files, one per message, and the same file for the same message."""

import email
import os
from email import policy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from tickets.mail.send import send_due
from tickets.models import Delivery
from tickets.tests.builders import PDF, build_answered, delivery_of, pretend_rendered

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eml(settings: Any) -> None:
    settings.EMAIL_BACKEND = "tickets.mail.file_backend.EmlBackend"


def files() -> list[Path]:
    return sorted(Path(django_settings.EMAIL_FILE_PATH).glob("*"))


def test_sent_mail_is_one_whole_file() -> None:
    submission = build_answered(name="Asha Rao")
    pretend_rendered()
    send_due()
    (file,) = files()
    message = email.message_from_bytes(file.read_bytes(), policy=policy.default)
    assert file.name == f"{delivery_of(submission).key.hex}.eml"
    assert (message["to"], message["reply-to"]) == (submission.student.email, "desk@fest.example")
    assert str(message["subject"]).strip().startswith("Asha Rao: you are registered")
    parts = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert parts == ["text/plain", "text/html", "application/pdf", "text/calendar"]
    (pdf,) = [part for part in message.walk() if part.get_content_type() == "application/pdf"]
    assert pdf.get_payload(decode=True) == PDF


def test_mail_sent_again_replaces_its_own_file() -> None:
    build_answered()
    pretend_rendered()
    send_due()
    before = files()
    Delivery.objects.update(state=Delivery.State.QUEUED)
    send_due()
    assert files() == before


def test_disk_that_fails_leaves_no_half_file(monkeypatch: pytest.MonkeyPatch) -> None:
    build_answered()
    pretend_rendered()

    real, failed = os.fsync, []

    def fail(handle: int) -> None:
        file = Path(f"/proc/self/fd/{handle}").readlink()
        if file.parent != Path(django_settings.EMAIL_FILE_PATH):
            return real(handle)
        failed.append(file)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    send_due()
    assert len(failed) == 1
    assert (files(), Delivery.objects.get().state) == ([], Delivery.State.QUEUED)
