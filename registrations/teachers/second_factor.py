"""The second step of the login: who needs it, how its secrets are encrypted, and how it is reset.

The encryption keys are derived from `SECOND_FACTOR_KEYS`, followed by `SECRET_KEY` and its fallbacks: the first one
encrypts, all of them decrypt. A stolen database dump therefore opens no account. After a change of keys `manage.py
encrypt_second_factors` encrypts every row with the first key; then the old key can be removed.

If a phone is lost, an organiser resets the second step with a reason, an audit log entry and a mail. The admin never
resets that of an owner, so that a stolen session of one owner cannot take over the others. For owners there is
`manage.py reset_second_factor` on the server, which mails all owners.
"""

import base64
import logging
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.translation import gettext_lazy

from registrations.models import AccountSession, SecurityEvent
from registrations.teachers import account_mails, throttling
from registrations.teachers.account_events import record_and_notify
from registrations.teachers.role_assignment import may_be_changed_by, role_of
from techfest.core import audit_log
from techfest.core.db.clock import database_now
from techfest.core.roles import OWNER, VOLUNTEER, owners_with_email, roles_of

CHECK_IN_ONLY = frozenset({VOLUNTEER})
ASKED_FOR = "second_step_asked_for"
"""Session key: the page that required a second step when none was set up."""


def is_required_of(user: Any) -> bool:
    """Whether this account needs the second step.

    An account that can only check people in may use a password alone, unless a setting says otherwise: volunteers are
    many, use borrowed phones and have the account for a day; their searches are limited and logged. A volunteer who
    is also a teacher needs it. No query if the roles are already known.
    """
    if not settings.REQUIRE_SECOND_FACTOR:
        return False
    is_check_in_only = not (user.is_staff or user.is_superuser) and roles_of(user) <= CHECK_IN_ONLY
    return settings.REQUIRE_SECOND_FACTOR_OF_VOLUNTEERS or not is_check_in_only


def has_passed(request: HttpRequest) -> bool:
    """Whether this session passed the second step with an app the user still has, if it is required."""
    if not is_required_of(request.user):
        return True
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "mfa" for record in records) and has_app(request.user)


def redirect_to_second_step(request: HttpRequest, *, back_to: str) -> HttpResponseRedirect:
    """Redirect to the code form and back, or to the page that sets up the second step."""
    if has_app(request.user):  # signed in before it was switched on, or by another way than the login
        return redirect_to_login(back_to, reverse("mfa_reauthenticate"))
    if request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate":  # and not what a script asks for
        request.session[ASKED_FOR] = back_to
    return redirect("mfa_index")


def has_app(user: Any) -> bool:
    """Whether an authenticator app is set up. Recovery codes alone do not count."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


RESET = SecurityEvent.Kind.SECOND_FACTOR_RESET


def may_be_reset_by(organiser: Any, account: Any) -> bool:
    """Whether this organiser may reset it in the admin: only of accounts of a lower rank, never of owners."""
    is_owner = account.is_superuser or role_of(account) == OWNER
    return not is_owner and account.pk != organiser.pk and may_be_changed_by(organiser, account)


@transaction.atomic
def reset(account: Any, *, reason: str, by: Any = None) -> None:
    """Remove app and recovery codes, end all sessions of the account, log it and notify the person.

    Wrong passwords and codes are forgotten, so that the person can log in and set up a new app at once. Without `by`
    it was reset on the server: then all other owners are notified as well.
    """
    Authenticator.objects.filter(user=account).delete()
    AccountSession.objects.filter(account=account).delete()
    audit_log.record(account, what="second step reset", now=database_now(), user=by, reason=reason)
    record_and_notify(RESET, account, by=by, detail=reason)
    throttling.clear_attempts(account)
    throttling.clear_wrong_codes(account)
    for owner in owners_with_email().exclude(pk=account.pk) if by is None else ():
        account_mails.notify_owner(owner, account)


FIELDS = ("secret", "seed")
"""The secret keys of an authenticator's data."""
_PURPOSE = b"techfest.second-factor"
_MARK = "gAAAA"
"""Every token begins with it: the version, and the zero bytes of any time before the year 2106."""


class Unreadable(Exception):
    """The secret was encrypted with a key that is no longer in the settings."""


def encrypt(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return the encrypted text. Raises `Unreadable` if no key fits."""
    try:
        return _keys().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Unreadable from error


@transaction.atomic
def encrypt_all() -> int:
    """Encrypt every secret with the first key, including those stored in clear; return the number of rows.

    Raises `Unreadable` if a key is missing; then nothing is written.
    """
    rows = list(Authenticator.objects.select_for_update().order_by("pk"))
    for row in rows:
        row.data |= {name: _encrypted(row.data[name]) for name in FIELDS if name in row.data}
        row.save(update_fields=["data"])
    return len(rows)


def _encrypted(text: str) -> str:
    return encrypt(decrypt(text) if text.startswith(_MARK) else text)


def _keys() -> MultiFernet:
    secrets = [*settings.SECOND_FACTOR_KEYS, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(force_bytes(secret))) for secret in secrets])


def _derived(secret: bytes) -> bytes:
    """Derive a key for this purpose only, so that other uses of the setting reveal nothing about it."""
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(derivation.derive(secret))


logger = logging.getLogger(__name__)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Store the secrets of second steps encrypted."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("The code is not right. Enter the one that is shown now"),
        "unreadable": gettext_lazy("Your second step cannot be checked at the moment. Tell the organisers"),
    }

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Refuse the code with a message if the key is missing, and log which setting lacks it."""
        try:
            return decrypt(encrypted_text)
        except Unreadable:
            logger.error("A second step cannot be decrypted: its key is no longer in SECOND_FACTOR_KEYS.")  # noqa: TRY400 - the traceback would show nothing more
            raise self.validation_error("unreadable") from None
