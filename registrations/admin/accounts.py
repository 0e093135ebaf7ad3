"""Accounts in the admin: owners make and close those of event leads, results and volunteers."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.admin.account_security import AccountActions, lines_about
from registrations.fields import EmailField
from registrations.models import SecurityEvent
from registrations.teachers import role_assignment, security, sessions
from registrations.teachers.onboarding import user_with_email
from techfest.core import audit_log
from techfest.core.admin.base import page_of
from techfest.core.admin.pages import staff_page
from techfest.core.roles import LEAD, OWNER, RESULTS, ROLES, VOLUNTEER
from techfest.core.text_limits import LimitedText

if TYPE_CHECKING:
    _Form = forms.ModelForm[Any]
else:
    _Form = forms.ModelForm

LABELS = {
    "": gettext_lazy("none"),
    VOLUNTEER: gettext_lazy("volunteer: checks in at the door"),
    RESULTS: gettext_lazy("results: enters and publishes results of all events"),
    LEAD: gettext_lazy("event lead: runs the events they lead"),
    OWNER: gettext_lazy("owner: runs the whole fest"),
}
KEEP, MAIL, SHOW = "keep", "mail", "show"
PASSWORD_CHOICES = {
    KEEP: gettext_lazy("as before"),
    MAIL: gettext_lazy("mail a link to choose a password"),
    SHOW: gettext_lazy("show a new password here, once"),
}


class AccountForm(LimitedText, _Form):
    """An account with one role and one way to set its password, instead of Django's permission boxes."""

    email = EmailField(label=gettext_lazy("E-mail"), required=False)
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        required=False,
        help_text=gettext_lazy(
            "The events of a lead are set on each event's page, the gates of a volunteer on each gate's page."
        ),
    )
    password_choice = forms.ChoiceField(label=gettext_lazy("Password"), widget=forms.RadioSelect)
    reader: Any = None
    shown: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields.keys() - set(
            self.shown
        ):  # fields that the page does not show must not be posted
            del self.fields[name]
        is_new = self.instance.pk is None
        for name, labels in (("role", LABELS), ("password_choice", PASSWORD_CHOICES)):
            field = self.fields.get(name)
            if isinstance(field, forms.ChoiceField):
                field.choices = [
                    (value, str(label)) for value, label in labels.items() if self._may(value, is_new)
                ]
        self.initial.setdefault("role", "" if is_new else role_assignment.role_of(self.instance))
        self.initial.setdefault("password_choice", MAIL if is_new else KEEP)

    def _may(self, value: str, is_new: bool) -> bool:
        return not (value == KEEP and is_new) and (value != OWNER or self.reader.is_superuser)

    def clean_username(self) -> str:
        """Refuse a name that differs from another only in case, and one that looks like an e-mail address."""
        name: str = self.cleaned_data["username"]
        others = get_user_model().objects.exclude(pk=self.instance.pk)
        if others.filter(username__iexact=name).exists():
            raise forms.ValidationError(_("Another account has this user name."))
        if "@" in name and name.lower() != self.instance.username.lower():
            raise forms.ValidationError(_("A user name has no @. The e-mail address has a field of its own."))
        return name

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"] or ""
        known = user_with_email(email) if email else None
        if known and known.pk != self.instance.pk:
            raise forms.ValidationError(_("Another account has this address."))
        return email

    def clean(self) -> Any:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("password_choice") == MAIL and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", _("Without an address no link can be mailed."))
        return cleaned


class RoleFilter(admin.SimpleListFilter):
    title = gettext_lazy("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(role, role) for role in ROLES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(groups__name=self.value()) if self.value() in ROLES else queryset


@admin.register(get_user_model())
class AccountAdmin(AccountActions):
    """Accounts get permissions by their role, as each app declares in `permissions.py`, and none of their own.

    Superusers are created on the command line only.
    """

    form = AccountForm
    redacted_fields = ("username", "first_name", "last_name", "email")
    list_display = ("username", "first_name", "last_name", "email", "role_shown", "is_active", "last_login")
    list_filter = (RoleFilter, "is_active")
    search_fields = ("username", "first_name", "last_name", "email")
    fields = ("username", "first_name", "last_name", "email", "role", "is_active", "password_choice")
    ordering = ("username",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Hide superusers from everyone but superusers."""
        rows = super().get_queryset(request).prefetch_related(Prefetch("groups", to_attr="in_groups"))
        return rows if request.user.is_superuser else rows.exclude(is_superuser=True)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        below = obj is None or role_assignment.may_be_changed_by(request.user, obj)
        return below and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Accounts are deactivated and never deleted: the audit log refers to them."""
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out what would lock users out of their own account, and the role of superusers."""
        if obj and not self.has_change_permission(request, obj):
            return ("username", "first_name", "last_name", "email", "role_shown", "is_active")
        own, higher = obj and obj.pk == request.user.pk, obj and obj.is_superuser
        hidden = {"role", "is_active", "password_choice"} if own else {"role"} if higher else set()
        return tuple(name for name in self.fields if name not in hidden)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("role_shown",) if obj and not self.has_change_permission(request, obj) else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: type[forms.ModelForm[Any]] = super().get_form(request, obj, change=change, **kwargs)
        values = {"reader": request.user, "shown": tuple(self.get_fields(request, obj))}
        return type(form.__name__, (form,), values)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write the changed columns only; the password is no form field."""
        if change:
            columns = {field.name for field in obj._meta.concrete_fields}
            obj.save(update_fields=columns & {*form.changed_data})
        else:
            obj.set_unusable_password()
            obj.save()
        if "role" in form.cleaned_data:
            role_assignment.assign_role(obj, role=form.cleaned_data["role"])
        if change and "is_active" in form.changed_data:
            kind = SecurityEvent.Kind.OPENED if obj.is_active else SecurityEvent.Kind.CLOSED
            security.record(kind, account=obj)
            if not obj.is_active:
                sessions.end_sessions(sessions.sessions_of(obj), account=obj)

    def lines_of(self, request: HttpRequest, obj: Any) -> list[audit_log.Line]:
        """Return the audit log of the account, with its security events."""
        return [*super().lines_of(request, obj), *lines_about(obj)]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        match form.cleaned_data.get("password_choice"):
            case "mail":
                role_assignment.mail_link(form.instance)
            case "show":
                request.new_password = role_assignment.give_password(form.instance)  # type: ignore[attr-defined]  # for the answer only

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._password_page(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._password_page(request, obj) or super().response_change(request, obj)

    def _password_page(self, request: HttpRequest, obj: Any) -> HttpResponse | None:
        """Return the page that shows a new password once; it is in no message and no cookie."""
        password = getattr(request, "new_password", "")
        if not password:
            return None
        return staff_page(
            request,
            self,
            "admin/registrations/password.html",
            title=_("New password of %(name)s") % {"name": obj.get_username()},
            account=obj,
            password=password,
            page_path=page_of(obj),
        )

    @admin.display(description=gettext_lazy("role"))
    def role_shown(self, obj: Any) -> str:
        names = {group.name for group in getattr(obj, "in_groups", ())}
        role = next((role for role in ROLES if role in names), "–")
        return _("superuser") if obj.is_superuser else role
