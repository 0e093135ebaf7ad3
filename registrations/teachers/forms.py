"""Forms of accounts: those of the accounts library in this site's style, invitation and request for access."""

from typing import Any

from allauth.account import forms as library
from allauth.account.models import EmailAddress
from allauth.mfa.base.forms import AuthenticateForm as LibraryAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as LibraryCodeForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy

from registrations.fields import EmailField, TextField
from registrations.forms import PlainForm
from registrations.students.fields import SchoolField
from registrations.students.names import name_key
from registrations.teachers import security
from registrations.teachers.accounts_library import mark_code_used
from registrations.teachers.onboarding import AccessRequest
from techfest.core.text_limits import LimitedText

PASSWORD_HELP = gettext_lazy(
    "At least 10 characters. Three words that you remember are better than one odd one."
)


class PasswordField(forms.CharField):
    """A password as typed: it is not stripped and never rendered again."""

    def __init__(self, *, autocomplete: str = "current-password", **kwargs: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete, "spellcheck": "false"})
        kwargs.setdefault("label", gettext_lazy("Password"))
        kwargs.setdefault("error_messages", {"required": gettext_lazy("Enter your password")})
        super().__init__(strip=False, widget=widget, **kwargs)


class NewPasswordForm(PlainForm):
    """A form that sets a new password, typed once, since it can be shown and reset."""

    name = TextField(
        label=gettext_lazy("Full name"),
        max_characters=150,
        too_long=gettext_lazy("Full name must be 150 characters or less"),
        key=name_key,
        max_characters_in_key=400,
        attrs={"autocomplete": "name", "spellcheck": "false", "autocapitalize": "words", "dir": "auto"},
        error_messages={"required": gettext_lazy("Enter your full name")},
    )
    password = PasswordField(
        label=gettext_lazy("Choose a password"),
        autocomplete="new-password",
        help_text=PASSWORD_HELP,
        error_messages={"required": gettext_lazy("Enter a password")},
    )

    def clean(self) -> Any:
        cleaned = super().clean() or self.cleaned_data
        if password := cleaned.get("password"):
            user = get_user_model()(
                first_name=cleaned.get("name", ""), email=cleaned.get("email", self.initial.get("email", ""))
            )
            try:
                validate_password(password, user)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned


class InvitedForm(NewPasswordForm):
    """What an invited teacher enters: name and password."""


class AccessRequestForm(NewPasswordForm):
    """What a teacher without an invitation enters: also the school, and a note for the organisers."""

    email = EmailField(
        label=gettext_lazy("E-mail address"),
        help_text=gettext_lazy("Use your school address if you have one. We send a link to it."),
        error_messages={"required": gettext_lazy("Enter your e-mail address")},
    )
    school = SchoolField(attrs={"autocomplete": "organization", "list": "schools", "dir": "auto"})
    note = TextField(
        label=gettext_lazy("How can the organisers know that you teach there? (optional)"),
        required=False,
        max_characters=300,
        too_long=gettext_lazy("This must be 300 characters or less"),
        attrs={"spellcheck": "true", "dir": "auto"},
    )
    field_order = ("name", "email", "school", "note", "password")

    @property
    def access_request(self) -> AccessRequest:
        return AccessRequest(**self.cleaned_data)


class PasswordForm(PlainForm):
    """The password of the request: it shows that the same person opened the link."""

    password = PasswordField(label=gettext_lazy("The password that you chose"))


class StyledForm(LimitedText):
    """A library form without placeholders, lengths, a second password field and `required` attributes."""

    use_required_attribute = False
    fields: dict[str, forms.Field]
    labels: dict[str, tuple[Any, Any]] = {}
    """Label and message for an empty field, by field name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.fields.pop("password2", None)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.widget.attrs.pop("maxlength", None)
            field.help_text = PASSWORD_HELP if name == "password1" else ""
            if name in self.labels:
                field.label, field.error_messages["required"] = self.labels[name]


_CODE = (gettext_lazy("Code from your app"), gettext_lazy("Enter the 6-digit code"))
_NEW = (gettext_lazy("New password"), gettext_lazy("Enter a new password"))
_PASSWORD = (gettext_lazy("Password"), gettext_lazy("Enter your password"))
_CODE_ATTRIBUTES = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}


class LoginForm(StyledForm, library.LoginForm):
    labels = {
        "login": (
            gettext_lazy("E-mail address or user name"),
            gettext_lazy("Enter your e-mail address or user name"),
        ),
        "password": _PASSWORD,
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        attributes = {"autocomplete": "username", "spellcheck": "false", "autocapitalize": "none"}
        self.fields["login"].widget.attrs.update(attributes)


class RequestPasswordForm(StyledForm, library.ResetPasswordForm):
    email = EmailField(
        label=gettext_lazy("E-mail address"),
        error_messages={"required": gettext_lazy("Enter your e-mail address")},
    )


class ResetPasswordForm(StyledForm, library.ResetPasswordKeyForm):
    labels = {"password1": _NEW}

    def save(self) -> None:
        """Set the password and mark the address as verified: the link came by mail."""
        super().save()
        EmailAddress.objects.filter(user=self.user, email__iexact=self.user.email).update(verified=True)


class ChangePasswordForm(StyledForm, library.ChangePasswordForm):
    labels = {
        "oldpassword": (gettext_lazy("Current password"), gettext_lazy("Enter your current password")),
        "password1": _NEW,
    }

    def clean(self) -> Any:
        """Refuse the current password as the new one: a temporary password must really change."""
        cleaned = super().clean() or self.cleaned_data
        old, new = cleaned.get("oldpassword"), cleaned.get("password1")
        if new and new == old:
            self.add_error("password1", gettext_lazy("Choose a password other than the current one"))
        return cleaned


class ReauthenticateForm(StyledForm, library.ReauthenticateForm):
    labels = {"password": _PASSWORD}


class LimitsWrongCodes:
    """Log and explain it when the library refuses a code after too many wrong ones."""

    user: Any

    def clean_code(self) -> Any:
        try:
            return super().clean_code()  # type: ignore[misc]
        except forms.ValidationError as error:
            if error.code not in {"too_many_login_attempts", "rate_limited"}:
                raise
            security.record_lock_out(self.user, detail=security.AT_SECOND_STEP)
            text = gettext_lazy("There were too many wrong codes. Wait five minutes, then enter a new code.")
            raise forms.ValidationError(text, code=error.code) from None


class SecondFactorForm(StyledForm, LimitsWrongCodes, LibraryAuthenticateForm):
    labels = {"code": (gettext_lazy("Code from your app, or a recovery code"), _CODE[1])}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.update(_CODE_ATTRIBUTES, inputmode="text")


class SecondFactorReauthenticateForm(StyledForm, LimitsWrongCodes, LibraryCodeForm):
    labels = {"code": _CODE}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.update(_CODE_ATTRIBUTES)


class ActivateSecondFactorForm(StyledForm, LimitsWrongCodes, ActivateTOTPForm):
    labels = {"code": _CODE}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.update(_CODE_ATTRIBUTES)

    def clean_code(self) -> Any:
        """Use the code up: it must not work once more at the login."""
        code = super().clean_code()
        mark_code_used(self.user, code)
        return code


class SetPasswordForm(StyledForm, library.SetPasswordForm):
    labels = {"password1": _NEW}
