"""How the accounts library behaves on this site: login, mails, messages and client addresses."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.stages import EmailVerificationStage
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.models import Teacher
from registrations.teachers import account_mails, onboarding, security, throttling
from registrations.teachers.account_mails import enqueue
from registrations.teachers.accounts_library import user_of
from techfest.core.roles import ROLES, VOLUNTEER, has_role, roles_of


class Backend(AuthenticationBackend):
    """Check one password for each attempt, so that the time taken reveals nothing.

    The library would check an address twice, as e-mail address and as user name.
    """

    def _authenticate(self, request: Any, **credentials: Any) -> Any:
        login = credentials.get("username") or credentials.get("email") or ""
        return self._check_password(user_of(login), credentials["password"])


_WRONG = gettext_lazy("The e-mail address, user name or password is not right. Check them and try again.")
_OWN_NETWORK = frozenset({"", "127.0.0.1", "::1"})


class Adapter(DefaultAccountAdapter):
    """Send no mail during a request, and never reveal whether an account exists."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _WRONG,
        "username_password_mismatch": _WRONG,
        "incorrect_password": gettext_lazy("The password is not right"),
        "enter_current_password": gettext_lazy("The current password is not right"),
        "incorrect_code": gettext_lazy("The code is not right. Enter the one that is shown now"),
        "too_many_login_attempts": gettext_lazy(
            "There were too many wrong attempts. Wait five minutes, or choose a new password."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """The library creates no accounts: they are made by invitation or on approval."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Enqueue the mail instead of sending it, with a limit per mailbox and purpose."""
        notice = account_mails.library_mail(template_prefix, context)
        if notice is None or not throttling.may_mail(self.request, notice.subject, email):
            return
        enqueue(notice, to=email, user=context.get("user"))

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _dash, token = key.partition("-")
        return account_mails.absolute_url(reverse("account_reset_password_from_key", args=[uid, token]))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return account_mails.absolute_url(
            reverse(
                "account_confirm_email", args=[onboarding.verification_key(emailconfirmation.email_address)]
            )
        )

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        login = credentials.get("email") or credentials.get("username") or ""
        self._login_failed_rl_usage = throttling.count_attempt(request, login)
        if self._login_failed_rl_usage is None:
            security.record_lock_out(user_of(login))
            raise self.validation_error("too_many_login_attempts")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        security.record_failure(user_of(credentials.get("email") or credentials.get("username") or ""))

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Clear the failed attempts. The library calls this for each address of a person with a new password."""
        if user := user_of(str(credentials.get("email", ""))):
            throttling.clear_attempts(user)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        throttling.remember_device(request, response, user)
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Send teachers to their students or the waiting page, organisers to the admin, volunteers to check-in."""
        teacher = Teacher.objects.filter(user=request.user.pk).first()
        if teacher:
            return settings.LOGIN_REDIRECT_URL if teacher.is_approved else reverse("teachers:waiting")
        if getattr(request.user, "is_staff", False):
            return reverse("admin:index")
        return reverse("checkin:home") if has_role(request.user, VOLUNTEER) else "/"

    def is_safe_url(self, url: str) -> bool:
        """Accept only paths of this site: the library would also accept other hosts of ours."""
        return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Show a message only for a new password; everything else is visible on the page."""
        if "account/messages/password_changed.txt" in (*args, *kwargs.values()):
            messages.success(request, _("Your new password is set."))

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the visitor's address, as our proxy reports it. The proxy replaces what a visitor sends."""
        address = request.META.get("REMOTE_ADDR", "")
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        return forwarded if forwarded and address in _OWN_NETWORK else address or "unknown"

    def get_login_stages(self) -> list[str]:
        own = "registrations.teachers.adapter.VerificationStage"
        library = "allauth.account.stages.EmailVerificationStage"
        return [own if stage == library else stage for stage in super().get_login_stages()]


class VerificationStage(EmailVerificationStage):
    """Require a verified address, except of organisers and volunteers, whose accounts an owner creates."""

    def handle(self) -> Any:
        user = self.login.user
        is_made_in_the_admin = user.is_staff or not roles_of(user).isdisjoint(ROLES)
        return (None, True) if is_made_in_the_admin else super().handle()
