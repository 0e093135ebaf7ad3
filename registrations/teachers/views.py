"""Becoming a teacher: the invitation's page, the form of who asks, the link that proves an address, waiting."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import EmailAddress, EmailConfirmationHMAC, Login
from allauth.decorators import rate_limit
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from registrations.models import Invitation
from registrations.schools import school_names
from registrations.teachers import email_verification, onboarding
from registrations.teachers.access import has_access, teacher_of
from registrations.teachers.forms import AccessRequestForm, InvitedForm, PasswordForm
from techfest.core.db.clock import database_now

View = Callable[..., HttpResponse]


def never_store(view: View) -> View:
    """The page is never stored or indexed, and tells no other site the link that opened it."""

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
    """An invitation: a new account, or for somebody who has one, one button once they are signed in."""
    now = database_now()
    invitation = onboarding.open_invitation(code, now=now)
    if invitation is None:
        return render(request, "account/invited_gone.html", status=404)
    known = onboarding.user_with(invitation.email)
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
    """For who has an account with this address: it is linked. Anybody else who is signed in is told so."""
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
    """Asks for access. The answer is the same whether the address is known or not; the letter is not."""
    form = AccessRequestForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "account/ask.html", {"form": form, "schools": school_names()})
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
    """Proves an address: the link came to it, and the password shows that its reader is who asked."""
    address = email_verification.address_of(key)
    if address is None:
        return render(request, "account/confirm_gone.html", status=404)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _knows_password(request, address, form):
        get_adapter().confirm_email(request, address)
        return _signed_in(request, address.user, address.email)
    return render(request, "account/confirm.html", {"form": form, "email": address.email})


def _knows_password(request: HttpRequest, address: EmailAddress, form: PasswordForm) -> bool:
    """Whether it is the password of this address's account; wrong ones are counted as at the login."""
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
    """For who has asked and was not approved yet; whoever was is sent on."""
    teacher = teacher_of(request)
    if teacher is None:
        raise Http404
    if has_access(teacher):
        return redirect("/teacher/")
    return render(request, "teachers/waiting.html", {"teacher": teacher})
