"""Filters of the list of registrations."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.fest_choice import choice_of
from registrations.models import Question, Registration, School
from registrations.questions.missing import without_answer
from registrations.students.names import mailbox_key
from techfest.core.roles import is_owner

State = Registration.State
LIVE_TICKET = Registration.objects.filter(pk=OuterRef("pk"), tickets__voided_at=None)
IS_IN = Q(tickets__voided_at=None, tickets__checked_in_at__isnull=False)
"""Registrations whose live ticket, of which each has at most one, was checked in."""
CAME_IN = Exists(Registration.objects.filter(IS_IN, pk=OuterRef("pk")))
_UNACCEPTED = "unaccepted"
_MAILBOX = "mailbox-"
_ANY = "any"


class AttendanceFilter(admin.SimpleListFilter):
    """Registrations with a seat whose student has, or has not, come in."""

    title = gettext_lazy("attendance")
    parameter_name = "attendance"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("in", _("checked in")), ("out", _("not checked in"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "in":
                return queryset.filter(CAME_IN)
            case "out":
                return queryset.filter(~CAME_IN, state=State.CONFIRMED)
        return queryset


class SimilarFilter(admin.SimpleListFilter):
    """Registrations that an alert is about: those of unaccepted schools, or of one student's mailbox.

    The choice of a mailbox is offered only while it is active: alerts link to it.
    """

    title = gettext_lazy("similarity")
    parameter_name = "similar"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        choices = [(_UNACCEPTED, _("school not accepted yet"))]
        asked = request.GET.get(self.parameter_name, "")
        return [*choices, (asked, _("the same mailbox"))] if _mailbox_owner(asked) else choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Registration]) -> QuerySet[Registration]:
        value = self.value() or ""
        if value == _UNACCEPTED:
            return queryset.filter(student__school__state=School.State.PENDING)
        if owner := _mailbox_owner(value):
            # The list must show the student: an address that the user may not see is not compared with.
            address = queryset.filter(student=owner).values_list("student__email", flat=True).first()
            return queryset.filter(_of_mailbox(address)) if address else queryset.none()
        return queryset


def _mailbox_owner(value: str) -> int:
    """Return the id of the student whose mailbox is asked for, 0 if the value asks for none."""
    number = value.removeprefix(_MAILBOX)
    is_id = number != value and number.isascii() and number.isdigit() and len(number) < 19
    return int(number) if is_id else 0


def _of_mailbox(email: str) -> Q:
    """Registrations whose student's address leads to the same mailbox, with or without a tag."""
    mailbox = mailbox_key(email)
    local, _at, domain = mailbox.rpartition("@")
    tagged = Q(student__email_key__startswith=f"{local}+", student__email_key__endswith=f"@{domain}")
    return Q(student__email_key=mailbox) | tagged


class UnconfirmedFilter(admin.SimpleListFilter):
    """Active registrations whose e-mail address has not been confirmed yet."""

    title = gettext_lazy("e-mail address")
    parameter_name = "unconfirmed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("yes", _("not confirmed yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Registration]) -> QuerySet[Registration]:
        return queryset.active().filter(confirm_by__isnull=False) if self.value() == "yes" else queryset  # type: ignore[attr-defined]  # RegistrationQuerySet


class UnansweredFilter(admin.SimpleListFilter):
    """Active registrations whose students have not answered a question; a message can be sent to them."""

    title = gettext_lazy("questions")
    parameter_name = "unanswered"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        fest = choice_of(request).main
        if fest is None or not is_owner(request.user):
            return []
        asked = Question.objects.filter(fest=fest, is_asked=True).values_list("pk", "text")
        words = _("not answered: %(question)s")
        each = [(str(pk), words % {"question": Truncator(text).chars(60)}) for pk, text in asked]
        return [(_ANY, _("one is not answered")), *each] if each else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Registration]) -> QuerySet[Registration]:
        value = self.value() or ""
        if value == _ANY:
            return without_answer(queryset)
        return without_answer(queryset, int(value)) if value.isdecimal() and len(value) < 19 else queryset
