"""Registrations that have something in common which no other filter asks: where an alert leads to."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.models import Registration, School
from registrations.students.names import mailbox_key

UNACCEPTED = "unaccepted"
_MAILBOX = "mailbox-"


class SimilarFilter(admin.SimpleListFilter):
    """Of schools that nobody has accepted yet; and, where the address asks so, of one student's mailbox."""

    title = gettext_lazy("what is alike")
    parameter_name = "similar"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        choices = [(UNACCEPTED, _("school not accepted yet"))]
        asked = request.GET.get(self.parameter_name, "")
        return [*choices, (asked, _("the same mailbox"))] if _owner(asked) else choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Registration]) -> QuerySet[Registration]:
        value = self.value() or ""
        if value == UNACCEPTED:
            return queryset.filter(student__school__state=School.State.PENDING)
        if owner := _owner(value):
            # Only of a student whom this list shows: nobody else's mailbox is compared with.
            address = queryset.filter(student=owner).values_list("student__email", flat=True).first()
            return queryset.filter(of_mailbox(address)) if address else queryset.none()
        return queryset


class UnconfirmedFilter(admin.SimpleListFilter):
    """Whose e-mail address is still to be confirmed."""

    title = gettext_lazy("e-mail address")
    parameter_name = "unconfirmed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("yes", _("not confirmed yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Registration]) -> QuerySet[Registration]:
        return queryset.active().filter(confirm_by__isnull=False) if self.value() == "yes" else queryset  # type: ignore[attr-defined]  # RegistrationQuerySet


def of_mailbox(email: str) -> Q:
    """Registrations whose student's mail is read by whoever reads this address."""
    mailbox = mailbox_key(email)
    local, _at, domain = mailbox.rpartition("@")
    tagged = Q(student__email_key__startswith=f"{local}+", student__email_key__endswith=f"@{domain}")
    return Q(student__email_key=mailbox) | tagged


def _owner(value: str) -> int:
    """The student whose mailbox is asked for; 0 where none is."""
    pk = value.removeprefix(_MAILBOX)
    return int(pk) if pk != value and pk.isascii() and pk.isdigit() and len(pk) < 19 else 0
