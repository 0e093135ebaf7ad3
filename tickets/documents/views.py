"""The page behind the code on a certificate."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from registrations.access import secret
from tickets.checkin import throttle
from tickets.content import absolute
from tickets.documents.certificates import is_replaced, path_of
from tickets.models import Certificate
from tickets.pdf.certificate import achievement
from tickets.qr import svg


@secret
@require_safe
def certificate(request: HttpRequest, code: str) -> HttpResponse:
    """Shows what was certified to whom, as printed, and whether it is still valid."""
    related = ("registration__event__fest", "registration__event__venue", "student__school")
    found = Certificate.objects.select_related(*related).filter(code=code).first()
    if found is None:
        throttle.limit_unknown_codes(request)
        raise Http404
    context = {
        "certificate": found,
        "student": found.student,
        "event": found.registration.event,
        "what": achievement(found.rank),
        "is_replaced": bool(found.revoked_at) and is_replaced(found),
        "qr_svg": "" if found.revoked_at else SafeString(svg(absolute(path_of(found)))),
    }
    return render(request, "tickets/certificate.html", context)
