"""The QR of a school's delegation."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from events.models import Fest
from registrations.models import Teacher
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.logs import without_secrets
from tickets import delegations
from tickets.models import Delegation
from tickets.tests.builders.teachers import build_teacher, signed_in, text_of

pytestmark = pytest.mark.django_db

PAGE = "/teacher/delegation/"


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def teacher() -> Teacher:
    return build_teacher()


def path_of(delegation: Delegation) -> str:
    return f"/delegation/{delegation.code}/"


def test_code_is_made_by_a_post_and_not_by_a_get(fest: Fest, teacher: Teacher) -> None:
    client = signed_in(teacher)
    assert "Make the code" in text_of(client.get(PAGE))
    assert Delegation.objects.count() == 0
    assert client.post(f"{PAGE}renew/")["Location"] == PAGE
    assert "Show this at the door: it opens your school's list." in text_of(client.get(PAGE))


def test_page_draws_the_address(
    fest: Fest, teacher: Teacher, tmp_path: Path, read_qr: Callable[[Path], list[str]]
) -> None:
    import subprocess

    from techfest.tests.support.programs import find_program
    from tickets.pdf.engine import engine

    client = signed_in(teacher)
    client.post(f"{PAGE}renew/")
    drawn = re.search(r"<svg[^>]*qr-code.*?</svg>", client.get(PAGE).content.decode(), re.DOTALL)
    assert drawn is not None
    data = engine().weasyprint.HTML(string=f"<div>{drawn[0]}</div>").write_pdf()
    (tmp_path / "qr.pdf").write_bytes(data)
    command = [find_program("pdftoppm"), "-r", "100", "-png", "-singlefile", "qr.pdf", "qr"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    (url,) = read_qr(tmp_path / "qr.png")
    assert url.endswith(path_of(Delegation.objects.get()))


def test_public_page_names_the_school_and_no_students(fest: Fest, teacher: Teacher) -> None:
    build_submission(build_event(fest), name="Asha Raman")
    response = Client().get(path_of(delegations.renew(teacher.school, fest)))
    page = text_of(response)
    assert ("Delegation of Riverside Public School" in page, "Asha" in page) == (True, False)
    assert (response["Cache-Control"], response["X-Robots-Tag"], response["Referrer-Policy"]) == (
        "no-store",
        "noindex, nofollow",
        "no-referrer",
    )


def test_old_code_dies_with_the_new_one(fest: Fest, teacher: Teacher) -> None:
    old = path_of(delegations.renew(teacher.school, fest))
    signed_in(teacher).post(f"{PAGE}renew/")
    assert [Client().get(path).status_code for path in (old, path_of(Delegation.objects.get()))] == [404, 200]


def test_each_school_has_its_own_code(fest: Fest, teacher: Teacher) -> None:
    other = build_teacher("Hill School")
    for one in (teacher, other):
        signed_in(one).post(f"{PAGE}renew/")
    assert delegations.delegation_of(teacher.school, fest) != delegations.delegation_of(other.school, fest)


def test_code_is_masked_in_every_log(fest: Fest, teacher: Teacher) -> None:
    delegation = delegations.renew(teacher.school, fest)
    assert delegation.code not in without_secrets(f'"GET {path_of(delegation)} HTTP/1.1" 200')
    assert delegation.code not in without_secrets(f'"GET /hi//delegation//{delegation.code}/ HTTP/1.1" 200')
