"""Pages of accounts: invitation, request for access, address confirmation, waiting, sessions."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress, EmailConfirmationHMAC, Login
from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from registrations.models import Invitation
from registrations.schools import school_names
from registrations.teachers import onboarding, sessions
from registrations.teachers.access import has_access, teacher_of
from registrations.teachers.accounts_library import perform_login
from registrations.teachers.forms import AccessRequestForm, InvitedForm, PasswordForm
from techfest.core.db.clock import database_now

View = Callable[..., HttpResponse]


def never_store(view: View) -> View:
    """Never cache or index the page, and never send its link to other sites."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return guarded


@never_store
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def invited(request: HttpRequest, code: str) -> HttpResponse:
    """Accept an invitation: create an account, or link the existing one once its person is signed in."""
    now = database_now()
    invitation = onboarding.open_invitation(code, now=now)
    if invitation is None:
        return render(request, "account/invited_gone.html", status=404)
    known = onboarding.user_with_email(invitation.email)
    if known or request.user.is_authenticated:
        return _linked(request, invitation, known)
    form = InvitedForm(request.POST or None, initial={"email": invitation.email})
    if request.method != "POST" or not form.is_valid():
        return render(request, "account/invited.html", {"form": form, "invitation": invitation})
    try:
        teacher = onboarding.join(invitation, now=now, **form.cleaned_data)
    except onboarding.InvitationUsed:
        return redirect("account_invited", code)
    return _signed_in(request, teacher.user, invitation.email)


def _linked(request: HttpRequest, invitation: Invitation, known: Any) -> HttpResponse:
    """Link the existing account with this address. Other signed-in people see that the invitation is not theirs."""
    is_theirs = known is not None and request.user.pk == known.pk
    if request.method == "POST" and is_theirs:
        try:
            onboarding.accept(invitation, user=request.user, now=database_now())
        except onboarding.InvitationUsed:
            return redirect("account_invited", invitation.code)
        return redirect(get_adapter().get_login_redirect_url(request))
    context = {"invitation": invitation, "is_theirs": is_theirs}
    return render(request, "account/invited_known.html", context)


@never_store
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@rate_limit(action="signup")  # type: ignore[untyped-decorator]  # the library has no types
def request_access(request: HttpRequest) -> HttpResponse:
    """Request access. The page is the same for known and unknown addresses; only the mail differs."""
    form = AccessRequestForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "account/request_access.html", {"form": form, "schools": school_names()})
    user, unverified = onboarding.request_access(form.access_request)
    if unverified:
        EmailConfirmationHMAC.create(unverified).send(request, signup=True)
    else:
        get_adapter().send_account_already_exists_mail(user.email)
    return redirect("account_email_verification_sent")


@never_store
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def confirm(request: HttpRequest, key: str) -> HttpResponse:
    """Verify an address: the link was sent to it, and the password shows that its reader made the request."""
    address = onboarding.unverified_address(key)
    if address is None:
        return render(request, "account/confirm_gone.html", status=404)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _knows_password(request, address, form):
        get_adapter().confirm_email(request, address)
        return _signed_in(request, address.user, address.email)
    return render(request, "account/confirm.html", {"form": form, "email": address.email})


def _knows_password(request: HttpRequest, address: EmailAddress, form: PasswordForm) -> bool:
    """Whether this is the password of the address's account. Wrong ones count as failed logins."""
    adapter = get_adapter()
    try:
        user = adapter.authenticate(
            request, username=address.user.get_username(), password=form.cleaned_data["password"]
        )
        if user is None or user.pk != address.user_id:
            raise adapter.validation_error("incorrect_password")
    except ValidationError as error:
        form.add_error("password", error)
    return form.is_valid()


def _signed_in(request: HttpRequest, user: Any, email: str) -> HttpResponse:
    response: HttpResponse = perform_login(request, Login(user=user, email=email))
    return response


@never_store
@login_required
@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """Tell a teacher that the request waits for approval; approved teachers are redirected."""
    teacher = teacher_of(request)
    if teacher is None:
        raise Http404
    if has_access(teacher):
        return redirect("/teacher/")
    return render(request, "teachers/waiting.html", {"teacher": teacher})


@never_store
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_sessions(request: HttpRequest) -> HttpResponse:
    """List the sessions, with a button to end each other one and a button to end all of them."""
    found = sessions.sessions_of(request.user)
    others = [one for one in found if one.session_key != request.session.session_key]
    if request.method == "POST":
        chosen = request.POST.get("session", "")
        ended = [one for one in others if chosen in ("others", sessions.handle_of(one))]
        count = sessions.end_sessions(ended, account=request.user)
        words = ngettext("%(count)d session is ended.", "%(count)d sessions are ended.", count)
        messages.success(request, words % {"count": count} if count else _("It had ended already."))
        return redirect("account_sessions")
    rows = [(one, sessions.handle_of(one) if one in others else "") for one in found]
    return render(request, "account/sessions.html", {"rows": rows, "others": others})
