"""Tickets, which students show at the door."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from registrations.models import Registration, Student, random_code
from techfest.core.db import processes
from tickets.querysets import TicketQuerySet


class Ticket(models.Model):
    """The ticket of one student for a confirmed registration; exactly one is live.

    The code of a live ticket never changes. A worker renders the PDF from this row: `rendered_at` is set once the
    file exists, `render_attempts` counts the attempts since it was last requested, and `render_is_blocked` is set if
    the disk was the cause of a failure. `checked_in_at` is set by the single conditional update of a check-in, and
    cleared when it is undone.
    """

    registration = models.ForeignKey(
        Registration, models.CASCADE, related_name="tickets", verbose_name=_("registration")
    )
    student = models.ForeignKey(Student, models.CASCADE, related_name="tickets", verbose_name=_("student"))
    code = models.CharField(max_length=22, default=random_code, editable=False)
    created_at = models.DateTimeField(_("issued"))
    voided_at = models.DateTimeField(_("void since"), null=True, editable=False)
    checked_in_at = models.DateTimeField(_("came in"), null=True, editable=False)
    rendered_at = models.DateTimeField(_("PDF made"), null=True, editable=False)
    render_claimed_at = models.DateTimeField(null=True, editable=False)
    render_claimed_by = models.CharField(
        max_length=processes.LENGTH, blank=True, default="", db_default="", editable=False
    )
    render_attempts = models.PositiveSmallIntegerField(_("tries"), default=0, editable=False)
    render_is_blocked = models.BooleanField(default=False, db_default=False, editable=False)
    render_error = models.CharField(_("error"), max_length=300, blank=True, editable=False)

    objects = TicketQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["registration", "student"],
                condition=Q(voided_at=None),
                name="ticket_live_once",
            ),
            # `unique=True` would add a second index, for LIKE.
            models.UniqueConstraint(fields=["code"], name="ticket_code_once"),
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
