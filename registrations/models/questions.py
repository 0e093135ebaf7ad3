"""Questions that organisers ask of students, and the answers."""

import datetime as dt
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.models import Event, Fest
from registrations.models.people import Student

MAX_SHORT = 200
MAX_LONG = 2000
MAX_OPTION = 80
MAX_OPTIONS = 20


class Question(models.Model):
    """A question to each student of a fest, or of one event. A new one needs no migration.

    Once answered it is switched off rather than deleted. Its answers are erased `erased_after_days` days after the
    fest. `ready` names the ready-made question that it was made from.
    """

    class Kind(models.TextChoices):
        SHORT = "short", _("short text")
        LONG = "long", _("long text")
        ONE = "one", _("one of a list")
        SEVERAL = "several", _("several of a list")
        NUMBER = "number", _("number")
        YES_NO = "yes_no", _("yes or no")
        DATE = "date", _("date")

    class Ready(models.TextChoices):
        FOOD = "food", _("Food and allergies")
        PHOTO = "photo", _("Photo consent")
        ACCESS = "access", _("Access needs")
        EMERGENCY = "emergency", _("Emergency contact")

    fest = models.ForeignKey(Fest, models.CASCADE, related_name="questions", verbose_name=_("fest"))
    event = models.ForeignKey(
        Event,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="questions",
        verbose_name=_("event"),
        help_text=_(
            "Leave empty to ask everybody in the fest once. Otherwise only those in the event are asked."
        ),
    )
    text = models.CharField(_("question"), max_length=200)
    help_text = models.CharField(_("explanation"), max_length=300, blank=True)
    kind = models.CharField(_("kind of answer"), max_length=10, choices=Kind.choices, default=Kind.SHORT)
    options = ArrayField(
        models.CharField(max_length=MAX_OPTION), default=list, blank=True, verbose_name=_("options")
    )
    is_required = models.BooleanField(
        _("must be answered"),
        default=False,
        help_text=_(
            "Students cannot send the form without an answer. A teacher's list and the door do not insist."
        ),
    )
    purpose = models.CharField(
        _("purpose"),
        max_length=200,
        help_text=_("Why you ask. Students read it beside the question, and on the privacy page."),
    )
    leads_read = models.BooleanField(
        _("event leads read the answers"),
        default=False,
        db_default=False,
        help_text=_(
            "Those of the event that the question belongs to. Owners and the student's own teacher always read them;"
            " volunteers at the door only as you choose below."
        ),
    )
    at_door = models.BooleanField(
        _("volunteers at the door read the answers"),
        default=False,
        db_default=False,
        help_text=_("On the page of a scan. Only for what the door must know, such as a need for access."),
    )
    erased_after_days = models.PositiveSmallIntegerField(
        _("answers are erased this many days after the fest"), default=30, validators=[MaxValueValidator(365)]
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_asked = models.BooleanField(
        _("asked"), default=True, help_text=_("Switched off, the question is on no form. Its answers stay.")
    )
    ready = models.CharField(max_length=10, choices=Ready.choices, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["fest", "event", "ready"],
                condition=~Q(ready=""),
                nulls_distinct=False,
                name="question_ready_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["one", "several"], options__len__gte=2)
                | (~Q(kind__in=["one", "several"]) & Q(options=[])),
                name="question_options_suit_its_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def field_name(self) -> str:
        """The name of its field in forms."""
        return f"answer_{self.pk}"

    @property
    def last_day(self) -> dt.date:
        """The last day on which answers are kept."""
        return self.fest.ends_on + dt.timedelta(days=self.erased_after_days)

    @property
    def has_options(self) -> bool:
        return self.kind in (self.Kind.ONE, self.Kind.SEVERAL)


class Answer(models.Model):
    """A student's answer. A question that was left unanswered has no row.

    `value` is the text as typed; the chosen options, one a line; a number without separators; `yes` or `no`; a day
    like 2026-12-31. It is shown to the readers of the question only, and stands in no log.
    """

    YES, NO = "yes", "no"

    question = models.ForeignKey(Question, models.PROTECT, related_name="answers", verbose_name=_("question"))
    student = models.ForeignKey(
        Student, models.CASCADE, related_name="answers", verbose_name=_("student"), db_index=False
    )
    value = models.TextField(_("answer"))
    answered_at = models.DateTimeField(_("answered"), db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["student", "question"], name="answer_once"),
            models.CheckConstraint(condition=~Q(value=""), name="answer_is_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.student}: {self.question}"
