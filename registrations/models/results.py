"""Results of an event, and whether they are public."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from events.models import Event
from registrations.models.bookings import Registration


class ResultSheet(models.Model):
    """How an event is ranked, and whether its results are public.

    Each change raises `version`, so that organisers who edit one sheet notice each other.
    """

    class Counting(models.TextChoices):
        MOST = "most", _("most points win")
        LEAST = "least", _("fewest points, or the shortest time, win")
        RANK = "rank", _("ranks are typed in")

    class Names(models.TextChoices):
        FULL = "full", _("full name, grade and school")
        SHORT = "short", _("first name, grade and school")
        NONE = "none", _("grade and school only")

    event = models.OneToOneField(
        Event, models.CASCADE, primary_key=True, related_name="result_sheet", verbose_name=_("event")
    )
    counting = models.CharField(
        _("ranked by"), max_length=10, choices=Counting.choices, default=Counting.MOST
    )
    names = models.CharField(_("the public sees"), max_length=10, choices=Names.choices, default=Names.SHORT)
    version = models.PositiveIntegerField(default=0, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("published by"),
    )

    def __str__(self) -> str:
        return str(self.event)


class Result(models.Model):
    """The result of one registration: points, and the rank that follows from them or was typed.

    Equal points share a rank, and the next rank is skipped (1, 2, 2, 4).
    """

    registration = models.OneToOneField(
        Registration, models.CASCADE, related_name="result", verbose_name=_("registration")
    )
    points = models.DecimalField(_("points"), max_digits=9, decimal_places=3, null=True)
    rank = models.PositiveSmallIntegerField(_("rank"), null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(rank__isnull=True) | models.Q(rank__gte=1), name="result_rank_from_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.registration}: {self.rank or '-'}"
