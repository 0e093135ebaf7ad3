"""The audit log."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from techfest.core.db.triggers import Trigger


class AuditEntry(models.Model):
    """An entry of the audit log: who did what to a row that has no history of its own. A trigger makes it append-only.

    Registrations have their Changes instead. `before` and `after` hold only what changed, and of personal details
    only the field names. Written only by `audit_log.record`. There is no foreign key to the subject, so entries
    outlive it.
    """

    at = models.DateTimeField(_("at"), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("user"),
    )
    subject_kind = models.CharField(_("kind"), max_length=50, editable=False)
    subject_id = models.BigIntegerField(_("id"), editable=False)
    what = models.CharField(_("what"), max_length=60, editable=False)
    before = models.JSONField(_("before"), default=dict, editable=False)
    after = models.JSONField(_("after"), default=dict, editable=False)
    reason = models.CharField(_("reason"), max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name_plural = _("audit entries")
        indexes: ClassVar = [
            models.Index(fields=["subject_kind", "subject_id", "at"], name="audit_of_a_subject")
        ]
        constraints: ClassVar = [
            # Erasing a student may clear reason and values; what was done, when, by whom and to which row stays.
            Trigger(
                name="events_auditentry_append_only",
                event="BEFORE UPDATE OR DELETE",
                function="events_refuse_rewriting",
                body="""
                    BEGIN
                        IF TG_OP = 'UPDATE' AND current_setting('techfest.erasing', true) = 'on'
                            AND to_jsonb(NEW) - '{reason,before,after}'::text[]
                                = to_jsonb(OLD) - '{reason,before,after}'::text[]
                        THEN
                            RETURN NEW;
                        END IF;
                        RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME
                            USING ERRCODE = 'integrity_constraint_violation';
                    END
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.subject_kind} {self.subject_id}: {self.what}"
