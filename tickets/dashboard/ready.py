"""The page of the checklist before a fest goes live, which also sends a test mail."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from events.fest_choice import show_fest
from events.models import Fest
from techfest.core.admin.pages import staff_page, visible_or_404
from techfest.core.db.clock import database_now
from tickets.go_live import points
from tickets.mail.kinds.notice import enqueue_notice


def paths(site: admin.AdminSite) -> list[URLPattern]:
    """The address below the page of the fest."""
    return [path("events/fest/<int:pk>/ready/", site.admin_view(ready), name="events_fest_ready")]


def ready(request: HttpRequest, pk: int) -> HttpResponseBase:
    """GET shows the checklist; POST sends a test mail to the signed-in user."""
    fest: Fest = visible_or_404(request, Fest, pk, permission="events.change_fest")
    show_fest(request, fest)
    if request.method == "POST":
        _send_test_mail(request, fest)
        return HttpResponseRedirect(request.path)
    found = points(fest, now=database_now())
    return staff_page(
        request,
        admin.site.get_model_admin(Fest),
        "admin/events/fest/ready.html",
        title=_("Before going live"),
        shown_fest=fest,
        points=found,
        missing=sum(not point.is_well for point in found),
    )


def _send_test_mail(request: HttpRequest, fest: Fest) -> None:
    to = getattr(request.user, "email", "")
    if not to:
        messages.error(request, _("Your account has no e-mail address."))
        return
    text = _(
        "This is how mails of %(fest)s arrive.\n\n"
        "Check that it came into the inbox and not into the spam folder, and that a reply reaches %(contact)s."
    )
    values = {"fest": fest.name, "contact": fest.contact_email}
    subject = _("Test mail of %(fest)s") % values
    enqueue_notice(to=to, subject=subject, text=text % values, user=request.user, now=database_now())
    messages.info(request, _("A test mail to %(to)s is queued and goes out at once.") % {"to": to})
