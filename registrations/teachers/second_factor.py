"""The second step after the password: which accounts need it, and the redirect to it."""

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse

from techfest.core.roles import VOLUNTEER, roles_of

CHECK_IN_ONLY = frozenset({VOLUNTEER})
ASKED_FOR = "second_step_asked_for"
"""In the session: the page that asked for a second step where none was set up."""


def is_required_of(user: Any) -> bool:
    """Whether this account must pass the second step wherever it is required.

    An account that can do no more than check people in may keep a password alone, unless a setting says otherwise:
    volunteers are many, use borrowed phones and have the account for a day; their searches are limited and logged.
    A volunteer who is a teacher as well can do more, and needs it.
    No query where the roles are known already.
    """
    if not settings.REQUIRE_SECOND_FACTOR:
        return False
    is_check_in_only = not (user.is_staff or user.is_superuser) and roles_of(user) <= CHECK_IN_ONLY
    return settings.REQUIRE_SECOND_FACTOR_OF_VOLUNTEERS or not is_check_in_only


def has_passed(request: HttpRequest) -> bool:
    """Whether this session has shown a code of a second step that its user still has, where one is required."""
    if not is_required_of(request.user):
        return True
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "mfa" for record in records) and has_app(request.user)


def redirect_to_second_step(request: HttpRequest, *, back_to: str) -> HttpResponseRedirect:
    """Asks for a code and leads back, or to the page that sets the second step up."""
    if has_app(request.user):  # signed in before it was switched on, or by another way than the login
        return redirect_to_login(back_to, reverse("mfa_reauthenticate"))
    if request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate":  # and not what a script asks for
        request.session[ASKED_FOR] = back_to
    return redirect("mfa_index")


def has_app(user: Any) -> bool:
    """Whether an app that shows codes is set up; recovery codes alone are no second step."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())
