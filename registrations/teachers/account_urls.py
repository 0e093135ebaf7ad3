"""URLs under /accounts/: the views of the accounts library that are needed, with the names that it expects."""

from functools import wraps
from typing import Any

from allauth.account import views as library
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.base.views import ReauthenticateView as CodeAgainView
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, re_path
from django.views.decorators.http import require_http_methods

from registrations.teachers import views
from registrations.teachers.views import never_store


def _page(route: str, view: Any, *, name: str) -> URLPattern:
    pattern: URLPattern = path(route, _library_view(view), name=name)
    return pattern


def _library_view(view: Any) -> Any:
    """A view of the library for GET and POST, never stored by a browser that others use next."""
    return never_store(require_http_methods(["GET", "HEAD", "POST"])(view))


def _with_errors_shown(view: Any) -> Any:
    """Show an error on the previous page if the key of the recovery codes is missing."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = view(request, *args, **kwargs)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect("mfa_index")
        return response

    return shown


def _clear_site_data(view: Any) -> Any:
    """Clear the data of this site in the browser after logout: files, rows and the service worker of check-in."""

    @wraps(view)
    def left(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = view(request, *args, **kwargs)
        if request.method == "POST":
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response

    return left


urlpatterns = [
    _page("login/", library.login, name="account_login"),
    _page("logout/", _clear_site_data(library.logout), name="account_logout"),
    _page("inactive/", library.account_inactive, name="account_inactive"),
    _page("reauthenticate/", library.reauthenticate, name="account_reauthenticate"),
    path("ask/", views.request_access, name="account_signup"),
    path("invited/<str:code>/", views.invited, name="account_invited"),
    _page("confirm-email/", library.email_verification_sent, name="account_email_verification_sent"),
    path("confirm-email/<str:key>/", views.confirm, name="account_confirm_email"),
    _page("password/change/", library.password_change, name="account_change_password"),
    path("sessions/", views.own_sessions, name="account_sessions"),
    _page("password/set/", library.password_set, name="account_set_password"),
    _page("password/reset/", library.password_reset, name="account_reset_password"),
    _page("password/reset/done/", library.password_reset_done, name="account_reset_password_done"),
    _page(
        "password/reset/key/done/",
        library.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-\w]+)/$",
        _library_view(library.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    _page("2fa/", IndexView.as_view(), name="mfa_index"),
    _page("2fa/authenticate/", AuthenticateView.as_view(), name="mfa_authenticate"),
    _page("2fa/reauthenticate/", CodeAgainView.as_view(), name="mfa_reauthenticate"),
    _page("2fa/totp/activate/", totp.activate_totp, name="mfa_activate_totp"),
    _page("2fa/totp/deactivate/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    _page(
        "2fa/recovery-codes/",
        _with_errors_shown(recovery.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    _page(
        "2fa/recovery-codes/generate/",
        _with_errors_shown(recovery.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    _page(
        "2fa/recovery-codes/download/",
        _with_errors_shown(recovery.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
]
