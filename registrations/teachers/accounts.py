"""What there is under /accounts/: of the library only what is needed, under the names that it looks for."""

from allauth.account import views as library
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.base.views import ReauthenticateView as CodeAgainView
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from django.urls import path, re_path

from registrations.teachers import views

urlpatterns = [
    path("login/", library.login, name="account_login"),
    path("logout/", library.logout, name="account_logout"),
    path("inactive/", library.account_inactive, name="account_inactive"),
    path("reauthenticate/", library.reauthenticate, name="account_reauthenticate"),
    path("ask/", views.ask, name="account_signup"),
    path("invited/<str:code>/", views.invited, name="account_invited"),
    path("confirm-email/", library.email_verification_sent, name="account_email_verification_sent"),
    path("confirm-email/<str:key>/", views.confirm, name="account_confirm_email"),
    path("password/change/", library.password_change, name="account_change_password"),
    path("password/set/", library.password_set, name="account_set_password"),
    path("password/reset/", library.password_reset, name="account_reset_password"),
    path("password/reset/done/", library.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/key/done/",
        library.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-\w]+)/$",
        library.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("2fa/", IndexView.as_view(), name="mfa_index"),
    path("2fa/authenticate/", AuthenticateView.as_view(), name="mfa_authenticate"),
    path("2fa/reauthenticate/", CodeAgainView.as_view(), name="mfa_reauthenticate"),
    path("2fa/totp/activate/", totp.activate_totp, name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "2fa/recovery-codes/generate/",
        recovery.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/download/",
        recovery.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
]
