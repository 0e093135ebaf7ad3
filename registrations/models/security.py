"""Account security: the log of events, sessions, and temporary passwords."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from techfest.core.db.triggers import Trigger


class SecurityEvent(models.Model):
    """One event of an account or its login. Append-only by a trigger; written by `security.record`.

    It holds no password, code or typed user name, and only the network of the address. The accounts have no foreign
    key constraint: an event outlives its account, which is deleted when a teacher's request is refused.
    """

    class Kind(models.TextChoices):
        SIGNED_IN = "signed_in", _("signed in")
        SIGN_IN_FAILED = "sign_in_failed", _("wrong password")
        LOCKED_OUT = "locked_out", _("too many tries")
        SIGNED_OUT = "signed_out", _("signed out")
        SESSIONS_ENDED = "sessions_ended", _("sessions ended")
        PASSWORD_CHANGED = "password_changed", _("new password")
        SECOND_FACTOR_ADDED = "second_factor_added", _("second step set up")
        SECOND_FACTOR_REMOVED = "second_factor_removed", _("second step removed")
        SECOND_FACTOR_RESET = "second_factor_reset", _("second step reset by an organiser")
        RECOVERY_CODES = "recovery_codes", _("new recovery codes")
        SECOND_FACTOR_USED = "second_factor_used", _("second step passed")
        SECOND_FACTOR_FAILED = "second_factor_failed", _("wrong code at the second step")
        ROLES_CHANGED = "roles_changed", _("roles changed")
        CLOSED = "closed", _("account closed")
        OPENED = "opened", _("account opened again")

    at = models.DateTimeField(_("at"), db_default=Now(), editable=False)
    kind = models.CharField(_("what"), max_length=30, choices=Kind.choices, editable=False)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        editable=False,
        related_name="+",
        verbose_name=_("account"),
        help_text=_("Empty: a user name that no account has."),
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        editable=False,
        related_name="+",
        verbose_name=_("by"),
        help_text=_("Empty: the person, a stranger, or the system."),
    )
    network = models.CharField(_("network"), max_length=50, blank=True, editable=False)
    detail = models.CharField(_("detail"), max_length=300, blank=True, editable=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "at"], name="security_of_an_account"),
            models.Index(fields=["kind", "network", "at"], name="security_of_a_network"),
        ]
        constraints: ClassVar = [
            Trigger(
                name="registrations_securityevent_append_only",
                event="BEFORE UPDATE OR DELETE",
                function="registrations_keep_security_events",
                body="""
                    BEGIN
                        RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME
                            USING ERRCODE = 'integrity_constraint_violation';
                    END
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.get_kind_display()}"


class AccountSession(AbstractBaseSession):
    """A session with Django's columns, and what its person needs to recognise it.

    The additional columns repeat data of the session so that sessions can be found by account. The key is the value
    of the browser's cookie; no page shows it, so this table has no page in the admin.
    """

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, editable=False, related_name="sessions"
    )
    began_at = models.DateTimeField(null=True, editable=False)
    network = models.CharField(max_length=50, blank=True, editable=False)
    device = models.CharField(max_length=60, blank=True, editable=False)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    @classmethod
    def get_session_store_class(cls) -> type[Any]:
        from registrations.teachers.sessions import SessionStore

        return SessionStore


class TemporaryPassword(models.Model):
    """An account whose password an owner chose and that must be changed at the first login."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="temporary_password"
    )
    at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return str(self.account)
