"""The page on which people list and end their own sessions."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from registrations.teachers import sessions
from registrations.teachers.views import never_store


@never_store
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_sessions(request: HttpRequest) -> HttpResponse:
    """The list; each but the one that is in use has a button, and there is one for all of these."""
    found = sessions.sessions_of(request.user)
    others = [one for one in found if one.session_key != request.session.session_key]
    if request.method == "POST":
        chosen = request.POST.get("session", "")
        ended = [one for one in others if chosen in ("others", sessions.handle_of(one))]
        count = sessions.end(ended, account=request.user)
        words = ngettext("%(count)d session is ended.", "%(count)d sessions are ended.", count)
        messages.success(request, words % {"count": count} if count else _("It had ended already."))
        return redirect("account_sessions")
    rows = [(one, sessions.handle_of(one) if one in others else "") for one in found]
    return render(request, "account/sessions.html", {"rows": rows, "others": others})
