"""Documents that workers make, and certificates."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.models import Event, Fest
from registrations.models import ClassListJob, Registration, School, Student, random_code
from techfest.core.db import processes


class DocumentJob(models.Model):
    """A file that a worker makes in several attempts, with its progress; kept for a day.

    `code` names it in its URL, `made` of `total` is the progress, `is_blocked` says that the disk failed.
    """

    code = models.CharField(max_length=22, unique=True, default=random_code, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    claimed_by = models.CharField(
        max_length=processes.LENGTH, blank=True, default="", db_default="", editable=False
    )
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    total = models.PositiveIntegerField(default=0, editable=False)
    made = models.PositiveIntegerField(default=0, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    is_blocked = models.BooleanField(default=False, db_default=False, editable=False)
    error = models.CharField(max_length=300, blank=True, editable=False)

    class Meta:
        abstract = True


class Booklet(DocumentJob):
    """All tickets of a school, or of some of its students, as one PDF.

    `filters` are those of the teacher's page: grade, section, event (a slug), state, mail, name.
    """

    class PerPage(models.IntegerChoices):
        ONE = 1, _("one ticket on a page")
        FOUR = 4, _("four tickets on a page")

    fest = models.ForeignKey(Fest, models.CASCADE, related_name="+")
    school = models.ForeignKey(School, models.CASCADE, related_name="booklets")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    job = models.OneToOneField(ClassListJob, models.CASCADE, null=True, related_name="booklet")
    per_page = models.PositiveSmallIntegerField(choices=PerPage.choices, default=PerPage.ONE)
    filters = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="booklet_to_make", condition=Q(finished_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.school} {self.created_at:%Y-%m-%d %H:%M:%S}"


class Printout(DocumentJob):
    """An attendance sheet, badges, certificates, or everything of a school in one ZIP.

    `options` depend on the kind: certificates have their `kind`, and for ranks `max_rank`.
    """

    class Kind(models.TextChoices):
        ATTENDANCE = "attendance", _("attendance sheet")
        BADGES = "badges", _("badges")
        CERTIFICATES = "certificates", _("certificates")
        SCHOOL = "school", _("everything of a school")

    fest = models.ForeignKey(Fest, models.CASCADE, related_name="+", verbose_name=_("fest"))
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    event = models.ForeignKey(
        Event, models.CASCADE, null=True, blank=True, related_name="printouts", verbose_name=_("event")
    )
    school = models.ForeignKey(
        School, models.CASCADE, null=True, blank=True, related_name="printouts", verbose_name=_("school")
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("requested by")
    )
    options = models.JSONField(default=dict, editable=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="printout_to_make", condition=Q(finished_at=None))
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind="school", school__isnull=False) | ~Q(kind="school") & Q(event__isnull=False),
                name="printout_is_of_something",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.event or self.school}"


class Certificate(models.Model):
    """Certifies that a student took part in an event or reached a rank; the code verifies it."""

    class Kind(models.TextChoices):
        PARTICIPATION = "participation", _("participation")
        RANK = "rank", _("rank")

    registration = models.ForeignKey(
        Registration, models.CASCADE, related_name="certificates", verbose_name=_("registration")
    )
    student = models.ForeignKey(
        Student, models.CASCADE, related_name="certificates", verbose_name=_("student")
    )
    kind = models.CharField(_("kind"), max_length=15, choices=Kind.choices, editable=False)
    rank = models.PositiveSmallIntegerField(_("rank"), null=True, editable=False)
    code = models.CharField(max_length=22, unique=True, default=random_code, editable=False)
    issued_at = models.DateTimeField(_("issued"), editable=False)
    revoked_at = models.DateTimeField(_("no longer valid since"), null=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["registration", "student", "kind"],
                condition=Q(revoked_at=None),
                name="certificate_valid_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="rank", rank__isnull=False) | Q(kind="participation", rank=None),
                name="certificate_of_rank_has_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.registration}"
