"""Mails of the outbox, with the texts of notices, and the delivery events from the provider."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from registrations.models import Change, ClassListJob, Student, Submission
from techfest.core.db import processes
from techfest.core.db.indexes import index_where_set
from techfest.core.db.triggers import Trigger
from tickets.keys import random_key
from tickets.querysets import DeliveryQuerySet


class Delivery(models.Model):
    """One e-mail of the outbox, written in the transaction of its cause.

    `key` is the idempotency key for providers that accept one, so that a repeated hand-over is one mail. `created_at`
    is the time of the cause, `queued_at` when the mail was last queued. `claimed_at` begins the lease of the worker
    that is sending it, and `claimed_by` is that process (see techfest/core/db/processes.py); the lease of a dead
    worker runs out. The `day` of a reminder, or of a mail about questions, is in the fest's time zone.
    """

    class Kind(models.TextChoices):
        REGISTERED = "registered", _("registration")
        PROMOTED = "promoted", _("a seat became free")
        CANCELLED = "cancelled", _("cancellation")
        LINK = "link", _("link to my registrations")
        ATTEMPT = "attempt", _("name used by someone else")
        CORRECTED = "corrected", _("details corrected")
        CLASS = "class", _("tickets of a class")
        NOTICE = "notice", _("notice to a teacher")
        CHANGED = "changed", _("changed event")
        MOVED = "moved", _("moved to another event")
        REISSUED = "reissued", _("a new ticket")
        REMINDER = "reminder", _("reminder of the day before")
        QUESTIONS = "questions", _("questions to answer")
        MESSAGE = "message", _("message from the organisers")
        DIGEST = "digest", _("several mails in one")

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        SUPPRESSED = "suppressed", _("held back by the provider")
        BOUNCED = "bounced", _("bounced")
        COMPLAINED = "complained", _("complained")
        FAILED = "failed", _("failed")
        DROPPED = "dropped", _("no longer true")
        GATHERED = "gathered", _("in a mail with others")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    student = models.ForeignKey(
        Student, models.CASCADE, null=True, related_name="deliveries", verbose_name=_("student")
    )
    submission = models.ForeignKey(
        Submission, models.CASCADE, null=True, related_name="deliveries", editable=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="deliveries",
        editable=False,
        verbose_name=_("user"),
        db_index=False,
    )
    job = models.ForeignKey(
        ClassListJob, models.CASCADE, null=True, related_name="deliveries", editable=False, db_index=False
    )
    document = models.ForeignKey(
        "DocumentJob", models.SET_NULL, null=True, related_name="deliveries", editable=False, db_index=False
    )
    change = models.ForeignKey(
        Change, models.CASCADE, null=True, related_name="deliveries", editable=False, db_index=False
    )
    ticket = models.ForeignKey(
        "Ticket", models.CASCADE, null=True, related_name="deliveries", editable=False, db_index=False
    )
    message = models.ForeignKey(
        "Message", models.CASCADE, null=True, related_name="deliveries", editable=False, db_index=False
    )
    day = models.DateField(null=True, editable=False)
    to = models.EmailField(_("to"))
    mailbox = models.CharField(max_length=254, editable=False)
    key = models.UUIDField(unique=True, default=random_key, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.QUEUED, editable=False
    )
    created_at = models.DateTimeField(_("created"))
    queued_at = models.DateTimeField(_("queued"), db_default=Now(), editable=False)
    due_at = models.DateTimeField(_("next try"))
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    admitted_at = models.DateTimeField(null=True, editable=False)
    held_at = models.DateTimeField(null=True, editable=False)
    gathered_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="parts",
        verbose_name=_("in the mail"),
        db_index=False,
    )
    claimed_by = models.CharField(
        max_length=processes.LENGTH, blank=True, default="", db_default="", editable=False
    )
    sent_at = models.DateTimeField(_("sent"), null=True, editable=False)
    provider_id = models.CharField(_("provider's id"), max_length=200, blank=True, editable=False)
    error = models.CharField(_("error"), max_length=300, blank=True, editable=False)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("deliveries")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["submission", "kind"],
                condition=Q(kind="registered"),
                name="delivery_registered_once",
            ),
            models.UniqueConstraint(
                fields=["change", "kind", "to"],
                condition=Q(change__isnull=False),
                name="delivery_once_a_change",
            ),
            models.CheckConstraint(
                condition=~Q(kind="registered") | Q(submission__isnull=False),
                name="delivery_registered_has_submission",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["promoted", "cancelled", "corrected", "changed", "moved"])
                | Q(change__isnull=False),
                name="delivery_has_its_change",
            ),
            models.CheckConstraint(
                condition=Q(student__isnull=False) | Q(kind__in=["class", "notice", "message", "digest"]),
                name="delivery_has_its_student",
            ),
            models.UniqueConstraint(
                fields=["job"], condition=Q(kind="class"), name="delivery_one_class_mail_a_job"
            ),
            models.UniqueConstraint(
                fields=["student", "day"], condition=Q(kind="reminder"), name="delivery_one_reminder_a_day"
            ),
            models.UniqueConstraint(
                fields=["student", "day"],
                condition=Q(kind="questions"),
                name="delivery_one_question_mail_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(kind="reminder") | Q(day__isnull=False), name="delivery_reminder_has_its_day"
            ),
            models.CheckConstraint(
                condition=~Q(kind="reissued") | Q(ticket__isnull=False), name="delivery_has_its_ticket"
            ),
            models.CheckConstraint(
                condition=~Q(kind="message") | Q(message__isnull=False), name="delivery_has_its_message"
            ),
            models.CheckConstraint(
                condition=Q(state="gathered", gathered_into__isnull=False)
                | ~Q(state="gathered") & Q(gathered_into=None),
                name="delivery_gathered_has_its_digest",
            ),
            # A message goes to students of its own fest only.
            Trigger(
                name="tickets_delivery_message_of_its_fest",
                event="BEFORE INSERT OR UPDATE OF message_id, student_id",
                condition="NEW.message_id IS NOT NULL AND NEW.student_id IS NOT NULL",
                function="tickets_refuse_other_fest",
                body="""
                    BEGIN
                        IF (SELECT fest_id FROM tickets_message WHERE id = NEW.message_id) IS DISTINCT FROM
                            (SELECT fest_id FROM registrations_student WHERE id = NEW.student_id) THEN
                            RAISE EXCEPTION 'a message of one fest goes to no student of another'
                                USING ERRCODE = 'check_violation', CONSTRAINT = 'delivery_message_of_its_fest';
                        END IF;
                        RETURN NEW;
                    END
                """,
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                name="delivery_pending",
                condition=Q(state__in=["queued", "sending"]),
            ),
            models.Index(fields=["mailbox", "created_at"], name="delivery_mailbox"),
            index_where_set("user", "delivery_user"),
            index_where_set("job", "delivery_job"),
            index_where_set("document", "delivery_document"),
            index_where_set("ticket", "delivery_ticket"),
            index_where_set("message", "delivery_message"),
            index_where_set("gathered_into", "delivery_gathered_into"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.student or self.to}"

    @property
    def sent_in(self) -> "Delivery":
        """The mail that is sent: this one, or the digest that it became a part of."""
        return self.gathered_into or self


class Notice(models.Model):
    """The text of a mail that cannot be composed from other rows, such as one with a link to a new password.

    It is deleted once its mail was handed over or given up, so that a link that opens an account is not kept. Children
    are not named in it: a notice about them has the ids of `changes`, and its text is only the organiser's sentence.
    """

    delivery = models.OneToOneField(Delivery, models.CASCADE, related_name="notice")
    subject = models.CharField(max_length=200)
    text = models.TextField()
    link = models.URLField(max_length=500, blank=True)
    link_label = models.CharField(max_length=80, blank=True)
    changes = ArrayField(models.BigIntegerField(), default=list, db_default=[], editable=False)

    def __str__(self) -> str:
        return self.subject


class DeliveryEvent(models.Model):
    """An event that the provider reported about a delivery. Append-only; `event_id` makes a repeated call one row."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="events", verbose_name=_("delivery"))
    event_id = models.CharField(max_length=200, unique=True, editable=False)
    kind = models.CharField(_("what"), max_length=30)
    happened_at = models.DateTimeField(_("happened"))
    received_at = models.DateTimeField(_("received"), auto_now_add=True)
    detail = models.CharField(_("detail"), max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.happened_at:%Y-%m-%d %H:%M:%S}"
