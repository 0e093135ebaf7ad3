"""Addresses of accounts in the admin: a superuser confirms one whose mail did not arrive."""

import pytest
from allauth.account.models import EmailAddress

from events.models import AuditEntry
from registrations.tests.builders import build_teacher
from techfest.core.roles import OWNER
from tickets.tests.admin_helpers import act, in_role, is_asked, organiser, organiser_client, said

pytestmark = pytest.mark.django_db
WHY = "Spoke to her at the school"


@pytest.fixture
def address() -> EmailAddress:
    teacher = build_teacher(is_approved=False, email="rao@example.org")
    EmailAddress.objects.filter(user=teacher.user).update(verified=False)
    return EmailAddress.objects.get(user=teacher.user)


def test_superuser_confirms_an_address_with_a_reason(address: EmailAddress) -> None:
    boss = organiser("boss")
    browser = organiser_client(boss)
    assert is_asked(act(browser, "confirm", address))
    assert is_asked(act(browser, "confirm", address, confirmed="yes", reason=""))
    address.refresh_from_db()
    assert not address.verified
    assert said(act(browser, "confirm", address, confirmed="yes", reason=WHY)) == ["1 address is confirmed."]
    address.refresh_from_db()
    assert address.verified
    entry = AuditEntry.objects.get(what="address confirmed")
    assert (entry.user, entry.subject_id, entry.reason) == (boss, address.user_id, WHY)
    assert said(act(browser, "confirm", address)) == ["These addresses are confirmed already."]


def test_address_that_another_account_confirmed_stays_as_it_is(address: EmailAddress) -> None:
    EmailAddress.objects.create(user=organiser("other"), email=address.email, verified=True, primary=True)
    texts = said(act(organiser_client(), "confirm", address, confirmed="yes", reason=WHY))
    assert texts == ["Another account has confirmed an address of these; it stays as it is."]
    address.refresh_from_db()
    assert not address.verified


def test_owner_sees_no_addresses(address: EmailAddress) -> None:
    act(organiser_client(in_role(OWNER)), "confirm", address, confirmed="yes", reason=WHY)
    address.refresh_from_db()
    assert not address.verified
