"""How the accounts library behaves in this house: its mails are letters, its limits are ours."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.models import Teacher
from registrations.teachers import email_verification, security, throttling
from registrations.teachers import messages as messages_module
from registrations.teachers.backend import user_of
from registrations.teachers.mails import enqueue
from techfest.core.roles import VOLUNTEER, has_role

_WRONG = gettext_lazy("The e-mail address or the password is not right. Check both and try again.")
_OWN_NETWORK = frozenset({"", "127.0.0.1", "::1"})


class Adapter(DefaultAccountAdapter):
    """Nobody is mailed inside a request, and no answer tells whether an account exists."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _WRONG,
        "username_password_mismatch": _WRONG,
        "incorrect_password": gettext_lazy("The password is not right"),
        "enter_current_password": gettext_lazy("The current password is not right"),
        "incorrect_code": gettext_lazy("The code is not right. Enter the one that is shown now"),
        "too_many_login_attempts": gettext_lazy(
            "There were too many wrong tries. Wait five minutes, or choose a new password."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Our own pages make accounts: by invitation, or on approval."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Owes a letter in place of an inline mail, few an hour of one purpose to one mailbox."""
        notice = messages_module.of_library(template_prefix, context)
        if notice is None or not throttling.may_mail(self.request, notice.subject, email):
            return
        enqueue(notice, to=email, user=context.get("user"))

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _dash, token = key.partition("-")
        return messages_module.absolute(reverse("account_reset_password_from_key", args=[uid, token]))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return messages_module.absolute(
            reverse(
                "account_confirm_email", args=[email_verification.key_of(emailconfirmation.email_address)]
            )
        )

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        login = credentials.get("email") or credentials.get("username") or ""
        self._login_failed_rl_usage = throttling.try_password(request, login)
        if self._login_failed_rl_usage is None:
            security.note_lock_out(user_of(login))
            raise self.validation_error("too_many_login_attempts")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        security.note_failure(user_of(credentials.get("email") or credentials.get("username") or ""))

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Called by the library for each address of somebody who has a new password: the slate is clean."""
        throttling.forget_tries(request, str(credentials.get("email", "")))

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        throttling.remember_device(request, response, user)
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Teachers to their students, who still waits to that page, organisers to the desk, volunteers to the door."""
        teacher = Teacher.objects.filter(user=request.user.pk).first()
        if teacher:
            return settings.LOGIN_REDIRECT_URL if teacher.is_approved else reverse("teachers:waiting")
        if getattr(request.user, "is_staff", False):
            return reverse("admin:index")
        return reverse("checkin:home") if has_role(request.user, VOLUNTEER) else "/"

    def is_safe_url(self, url: str) -> bool:
        """Only paths of this site: what is safe for the library may still name another of our hosts."""
        return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Only a new password is worth a word; everything else shows by itself."""
        if "account/messages/password_changed.txt" in (*args, *kwargs.values()):
            messages.success(request, _("Your new password is set."))

    def get_client_ip(self, request: HttpRequest) -> str:
        """The visitor's address: told by our own proxy, which replaces what a visitor says of it."""
        address = request.META.get("REMOTE_ADDR", "")
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        return forwarded if forwarded and address in _OWN_NETWORK else address or "unknown"

    def get_login_stages(self) -> list[str]:
        own = "registrations.teachers.login_stages.VerificationStage"
        library = "allauth.account.stages.EmailVerificationStage"
        return [own if stage == library else stage for stage in super().get_login_stages()]
