"""Broadcasts: one message of the organisers to many students."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.models import Fest
from techfest.core.db.triggers import Trigger


class Message(models.Model):
    """One message to all students in a filter: drafted, sent to its writer as a trial, confirmed, then sent.

    `audience` is the filter, and `audience_text` describes it. Confirming writes the deliveries, which become due at
    `goes_at`; stopping the message drops those that were not sent.
    """

    fest = models.ForeignKey(Fest, models.CASCADE, related_name="+", verbose_name=_("fest"))
    subject = models.CharField(_("subject"), max_length=150)
    text = models.TextField(_("text"))
    audience = models.JSONField(default=dict, editable=False)
    audience_text = models.CharField(_("to"), max_length=300, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        editable=False,
        related_name="+",
        verbose_name=_("written by"),
    )
    created_at = models.DateTimeField(_("written"), db_default=Now(), editable=False)
    tested_at = models.DateTimeField(_("tried"), null=True, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, editable=False)
    goes_at = models.DateTimeField(_("goes"), null=True, editable=False)
    total = models.PositiveIntegerField(_("mails"), default=0, editable=False)
    stopped_at = models.DateTimeField(_("stopped"), null=True, editable=False)
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("stopped by"),
    )

    class Meta:
        constraints: ClassVar = [
            Trigger(
                name="tickets_message_stays_in_its_fest",
                event="BEFORE UPDATE OF fest_id",
                condition="NEW.fest_id IS DISTINCT FROM OLD.fest_id",
                function="tickets_refuse_moved_message",
                body="""
                    BEGIN
                        RAISE EXCEPTION 'a message stays in its fest'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'message_stays_in_its_fest';
                    END
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.subject
