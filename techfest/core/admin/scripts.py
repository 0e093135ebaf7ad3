"""The scripts of the admin's forms: those of Django 5.2 but for three, which together are larger than a whole page.

XRegExp is needed only for slugs in other scripts than Latin, `core.js` only by Django's calendar and its lists with two
boxes, and `actions.js` only on lists, which load their own.
"""

from typing import Any

from django.forms import Media
from django.http import HttpRequest, HttpResponse

NEEDED = (
    "admin/js/vendor/jquery/jquery.min.js",
    "admin/js/jquery.init.js",
    "admin/js/admin/RelatedObjectLookups.js",
)
FOR_SLUGS = ("admin/js/urlify.js", "admin/js/prepopulate.js")


class FewScripts:
    """Beside a ModelAdmin, before it."""

    @property
    def media(self) -> Media:
        return Media(js=NEEDED)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Add the scripts that make a slug of a name where the form has one to fill in."""
        admin_class: Any = self
        if admin_class.get_prepopulated_fields(request, obj):
            context["media"] += Media(js=FOR_SLUGS)
        following: Any = super()
        response: HttpResponse = following.render_change_form(request, context, add, change, form_url, obj)
        return response
