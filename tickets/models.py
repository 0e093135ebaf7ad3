"""What leaves the house: tickets, and the mails that are owed."""

import secrets
import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from events.models import Fest
from registrations.models import (
    Change,
    ClassListJob,
    Registration,
    School,
    Student,
    Submission,
    random_code,
)
from tickets.querysets import DeliveryQuerySet, TicketQuerySet


def random_key() -> uuid.UUID:
    return uuid.UUID(bytes=secrets.token_bytes(16))


class Ticket(models.Model):
    """What one person of a confirmed registration shows at the door; exactly one is live.

    The code never changes while the ticket lives. The PDF is a file made from this row by a worker:
    `rendered_at` says that it is there, `render_attempts` counts begun tries since it was last wanted.
    """

    registration = models.ForeignKey(
        Registration, models.CASCADE, related_name="tickets", verbose_name=_("registration")
    )
    student = models.ForeignKey(Student, models.CASCADE, related_name="tickets", verbose_name=_("student"))
    code = models.CharField(max_length=22, unique=True, default=random_code, editable=False)
    created_at = models.DateTimeField(_("issued"))
    voided_at = models.DateTimeField(_("void since"), null=True, editable=False)
    rendered_at = models.DateTimeField(_("PDF made"), null=True, editable=False)
    render_claimed_at = models.DateTimeField(null=True, editable=False)
    render_attempts = models.PositiveSmallIntegerField(_("tries"), default=0, editable=False)
    render_error = models.CharField(_("error"), max_length=300, blank=True, editable=False)

    objects = TicketQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["registration", "student"],
                condition=Q(voided_at=None),
                name="ticket_live_once",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"],
                name="ticket_to_render",
                condition=Q(voided_at=None, rendered_at=None),
            )
        ]

    def __str__(self) -> str:
        return str(self.registration)

    def get_absolute_url(self) -> str:
        return reverse("tickets:ticket", args=[self.code])

    @property
    def is_live(self) -> bool:
        return self.voided_at is None


class Delivery(models.Model):
    """One e-mail that is owed to somebody; written in the transaction that caused it.

    `key` goes along to the provider, where it takes one, so that a repeated hand-over is one mail.
    `created_at` is the moment of its cause, `queued_at` when it was last put into the queue.
    `claimed_at` is the lease of the worker that is sending it; a dead worker's lease runs out.
    """

    class Kind(models.TextChoices):
        ANSWER = "answer", _("answer to a registration")
        PROMOTED = "promoted", _("a seat became free")
        CANCELLED = "cancelled", _("cancellation")
        LINK = "link", _("link to my registrations")
        ATTEMPT = "attempt", _("somebody tried your name")
        CORRECTED = "corrected", _("details corrected")
        CLASS = "class", _("tickets of a class")
        LETTER = "letter", _("letter to a teacher")

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        BOUNCED = "bounced", _("bounced")
        COMPLAINED = "complained", _("complained")
        FAILED = "failed", _("failed")
        DROPPED = "dropped", _("no longer true")

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
    )
    job = models.ForeignKey(
        ClassListJob, models.CASCADE, null=True, related_name="deliveries", editable=False
    )
    booklet = models.ForeignKey(
        "Booklet", models.SET_NULL, null=True, related_name="deliveries", editable=False
    )
    change = models.ForeignKey(Change, models.CASCADE, null=True, related_name="deliveries", editable=False)
    to = models.EmailField(_("to"))
    mailbox = models.CharField(max_length=254, editable=False)
    key = models.UUIDField(unique=True, default=random_key, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.QUEUED, editable=False
    )
    created_at = models.DateTimeField(_("owed since"))
    queued_at = models.DateTimeField(_("queued"), db_default=Now(), editable=False)
    due_at = models.DateTimeField(_("next try"))
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, editable=False)
    provider_id = models.CharField(_("provider's id"), max_length=200, blank=True, editable=False)
    error = models.CharField(_("error"), max_length=300, blank=True, editable=False)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("deliveries")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["submission", "kind"],
                condition=Q(kind="answer"),
                name="delivery_one_answer_a_press",
            ),
            models.UniqueConstraint(
                fields=["change", "kind", "to"],
                condition=Q(change__isnull=False),
                name="delivery_once_a_change",
            ),
            models.CheckConstraint(
                condition=~Q(kind="answer") | Q(submission__isnull=False),
                name="delivery_answer_has_its_press",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["promoted", "cancelled", "corrected"]) | Q(change__isnull=False),
                name="delivery_has_its_change",
            ),
            models.CheckConstraint(
                condition=Q(student__isnull=False) | Q(kind__in=["class", "letter"]),
                name="delivery_has_its_student",
            ),
            models.UniqueConstraint(
                fields=["job"], condition=Q(kind="class"), name="delivery_one_class_mail_a_job"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                name="delivery_owed",
                condition=Q(state__in=["queued", "sending"]),
            ),
            models.Index(fields=["mailbox", "created_at"], name="delivery_mailbox"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.student or self.to}"


class Letter(models.Model):
    """The words of a mail that no row could tell again, such as a link to a new password.

    It goes when its mail has been handed over, or given up: what opens a door is not kept.
    """

    delivery = models.OneToOneField(Delivery, models.CASCADE, related_name="letter")
    subject = models.CharField(max_length=200)
    text = models.TextField()
    link = models.URLField(max_length=500, blank=True)
    link_label = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return self.subject


class DeliveryEvent(models.Model):
    """What the provider told of a delivery. Append-only; `event_id` makes a repeated call one row."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="events", verbose_name=_("delivery"))
    event_id = models.CharField(max_length=200, unique=True, editable=False)
    kind = models.CharField(_("what"), max_length=30)
    happened_at = models.DateTimeField(_("happened"))
    received_at = models.DateTimeField(_("told"), auto_now_add=True)
    detail = models.CharField(_("detail"), max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.happened_at:%Y-%m-%d %H:%M:%S}"


class Booklet(models.Model):
    """All tickets of a school, or of a part of it, as one PDF that a worker makes; kept for a day.

    `filters` are the board's: grade, section, event (a slug), state, mail, name.
    """

    class PerPage(models.IntegerChoices):
        ONE = 1, _("one ticket on a page")
        FOUR = 4, _("four tickets on a page")

    fest = models.ForeignKey(Fest, models.CASCADE, related_name="+")
    school = models.ForeignKey(School, models.CASCADE, related_name="booklets")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    job = models.OneToOneField(ClassListJob, models.CASCADE, null=True, related_name="booklet")
    code = models.CharField(max_length=22, unique=True, default=random_code, editable=False)
    per_page = models.PositiveSmallIntegerField(choices=PerPage.choices, default=PerPage.ONE)
    filters = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    total = models.PositiveIntegerField(default=0, editable=False)
    made = models.PositiveIntegerField(default=0, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    error = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="booklet_to_make", condition=Q(finished_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.school} {self.created_at:%Y-%m-%d %H:%M:%S}"


class Delegation(models.Model):
    """The one QR that opens a school's list at the door."""

    fest = models.ForeignKey(Fest, models.CASCADE, related_name="+")
    school = models.ForeignKey(School, models.CASCADE, related_name="delegations")
    code = models.CharField(max_length=22, unique=True, default=random_code, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fest", "school"], name="delegation_once_a_fest")
        ]

    def __str__(self) -> str:
        return f"{self.school}, {self.fest}"
