"""Teachers in the admin: approving and refusing them, invitations, their addresses and second steps."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin_base import BaseAdmin, RecordAdmin
from registrations.admin import exports
from registrations.fields import EmailField
from registrations.models import Invitation, Teacher
from registrations.teachers import onboarding
from techfest.core import audit_log
from techfest.core.admin.asking import asks_first
from techfest.core.admin.confirmation import Confirmation, ReasonForm, confirmation_form, confirmed_action
from techfest.core.admin.marks import mark
from techfest.core.db.clock import database_now
from techfest.core.text_limits import LimitedText

if TYPE_CHECKING:
    _Form = forms.ModelForm[Any]
else:
    _Form = forms.ModelForm


class WaitingFilter(admin.SimpleListFilter):
    """Teachers waiting for approval, which needs a verified address, approved ones, and all others."""

    title = gettext_lazy("approval")
    parameter_name = "approval"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [
            ("waiting", _("waiting for approval")),
            ("approved", _("approved")),
            ("unverified", _("address not confirmed yet")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "waiting":
                return queryset.waiting()
            case "approved":
                return queryset.approved()
            case "unverified":
                return queryset.filter(approved_at=None).exclude(pk__in=Teacher.objects.waiting())
        return queryset


@admin.register(Teacher)
class TeacherAdmin(RecordAdmin):
    """Teachers are invited, or request access that is approved or refused here."""

    export_columns = exports.TEACHERS
    list_display = (
        "name",
        "email",
        "school",
        "state_shown",
        "note",
        "created_at",
        "approved_at",
        "approved_by",
    )
    next_step = gettext_lazy("Invite teachers, or tell them to ask for access on the page for teachers.")
    list_select_related = ("user", "school", "approved_by")
    list_filter = (WaitingFilter, "school")
    search_fields = ("user__first_name", "user__last_name", "user__email", "school__name", "note")
    fields = ("name", "email", "school", "note", "created_at", "approved_at", "approved_by")
    readonly_fields = ("name", "email")
    ordering = ("approved_at", "-created_at")
    actions = ("approve", "refuse")

    @admin.display(description=gettext_lazy("name"), ordering="user__first_name")
    def name(self, obj: Teacher) -> str:
        return obj.name

    @admin.display(description=gettext_lazy("state"), ordering="approved_at")
    def state_shown(self, obj: Teacher) -> SafeString:
        if obj.approved_at:
            return mark("ok", _("approved"))
        is_waiting = getattr(obj, "is_waiting", False)
        return mark("wait", _("waiting for approval") if is_waiting else _("address not confirmed yet"))

    @admin.display(description=gettext_lazy("e-mail"), ordering="user__email")
    def email(self, obj: Teacher) -> str:
        return obj.user.email

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        super().prepare_rows(request, rows)
        ids = [row.pk for row in rows]
        waiting = set(Teacher.objects.waiting().filter(pk__in=ids).values_list("pk", flat=True))
        for row in rows:
            row.is_waiting = row.pk in waiting

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registrations.change_teacher")

    @admin.action(description=gettext_lazy("Approve teachers"), permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Teacher]) -> None:
        chosen = list(queryset.values_list("pk", flat=True))
        count = onboarding.approve(chosen, by=request.user, now=database_now())
        words = ngettext(
            "%(count)d teacher is approved and gets a mail.",
            "%(count)d teachers are approved and get a mail each.",
            count,
        )
        self.message_user(request, words % {"count": count}, messages.SUCCESS)
        self._show_rest(request, len(chosen) - count)

    @asks_first
    @admin.action(description=gettext_lazy("Refuse teachers"), permissions=["decide"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[Teacher]) -> HttpResponseBase | None:
        """Refuse the chosen requests after a question: accounts that only asked are deleted."""
        rows = queryset.filter(pk__in=Teacher.objects.waiting()).select_related("user", "school")
        chosen = list(rows.order_by("pk"))
        return confirmed_action(
            self,
            request,
            action="refuse",
            refusal=""
            if chosen
            else _(
                "None of these is waiting for approval: they were decided before, or their addresses are not confirmed."
            ),
            confirmation=lambda: Confirmation(
                title=_("Refuse these teachers?"),
                submit_label=ngettext(
                    "Refuse %(count)d teacher, delete the account and mail it",
                    "Refuse %(count)d teachers, delete their accounts and mail them",
                    len(chosen),
                )
                % {"count": len(chosen)},
                chosen=chosen,
                summary=[_("Each gets a mail, and the account is deleted. They may ask again.")],
                changes=[
                    (
                        format_html(
                            '<bdi translate="no">{}</bdi> ({}), <bdi translate="no">{}</bdi>',
                            one.name,
                            one.user.email,
                            one.school,
                        ),
                        _("waiting for approval"),
                        _("no account"),
                    )
                    for one in chosen
                ],
                is_danger=True,
            ),
            do=lambda: self._refuse_and_report([one.pk for one in chosen]),
        )

    def _refuse_and_report(self, chosen: list[int]) -> list[tuple[str, int]]:
        count = onboarding.refuse(chosen)
        words = ngettext(
            "%(count)d teacher is refused and gets a mail.",
            "%(count)d teachers are refused and get a mail each.",
            count,
        )
        return [(words % {"count": count}, messages.SUCCESS)]

    def _show_rest(self, request: HttpRequest, count: int) -> None:
        words = ngettext(
            "%(count)d stays as it is: it was decided before, or the address is not confirmed.",
            "%(count)d stay as they are: they were decided before, or their addresses are not confirmed.",
            count,
        )
        if count:
            self.message_user(request, words % {"count": count}, messages.WARNING)


class InvitationForm(LimitedText, _Form):
    email = EmailField(
        label=gettext_lazy("E-mail"), error_messages={"required": gettext_lazy("Enter an e-mail address")}
    )


@admin.register(Invitation)
class InvitationAdmin(BaseAdmin):
    """The code is not shown: it makes its user a teacher of the school."""

    form = InvitationForm
    redacted_fields = ("email",)
    list_display = ("email", "school", "invited_by", "created_at", "accepted_at")
    list_select_related = ("school", "invited_by")
    list_filter = (("accepted_at", admin.EmptyFieldListFilter),)
    search_fields = ("email", "school__name")
    fields = ("email", "school")
    ordering = ("-created_at", "-pk")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: Any, obj: Invitation, form: Any, change: bool) -> None:
        """Save the invitation and enqueue its mail in one transaction."""
        with transaction.atomic():
            obj.invited_by = request.user
            super().save_model(request, obj, form, change)
            onboarding.invite(obj)


@admin.register(Authenticator)
class SecondStepAdmin(RecordAdmin):
    """Accounts with a second step at the login. Secrets are never shown; the account's page resets them."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    list_filter = ("type",)
    search_fields = ("user__username", "user__email")
    fields = ("user", "type", "created_at", "last_used_at")
    ordering = ("user__username", "pk")


@admin.register(EmailAddress)
class AddressAdmin(RecordAdmin):
    """Addresses of accounts. Usually a person confirms one by the link in a mail; a superuser can do it here."""

    list_display = ("email", "user", "primary", "verified")
    list_select_related = ("user",)
    list_filter = ("verified",)
    search_fields = ("email", "user__username")
    fields = ("email", "user", "primary", "verified")
    ordering = ("email", "pk")
    actions = ("confirm",)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("account.change_emailaddress")

    @asks_first
    @admin.action(description=gettext_lazy("Mark addresses as confirmed"), permissions=["decide"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[EmailAddress]) -> HttpResponseBase | None:
        chosen = list(queryset.filter(verified=False).select_related("user"))
        form = confirmation_form(ReasonForm, request)
        return confirmed_action(
            self,
            request,
            action="confirm",
            refusal="" if chosen else _("These addresses are confirmed already."),
            confirmation=lambda: Confirmation(
                title=_("Confirm addresses"),
                submit_label=_("Mark them as confirmed"),
                chosen=chosen,
                summary=[_("Make sure that each address belongs to its account: their mails go there.")],
                rows=[format_html('<bdi translate="no">{}</bdi>: {}', one.user, one.email) for one in chosen],
            ),
            form=form,
            do=lambda: _confirm(chosen, request.user, form.cleaned_data["reason"]),
        )


def _confirm(chosen: list[EmailAddress], user: Any, reason: str) -> list[tuple[str, int]]:
    count = 0
    for one in chosen:
        if one.set_verified():  # not where another account has confirmed the same address
            audit_log.record(one.user, what="address confirmed", now=database_now(), user=user, reason=reason)
            count += 1
    words = ngettext("%(count)d address is confirmed.", "%(count)d addresses are confirmed.", count)
    report = [(words % {"count": count}, messages.SUCCESS)] if count else []
    if count < len(chosen):
        text = _("Another account has confirmed an address of these; it stays as it is.")
        report.append((text, messages.WARNING))
    return report
