"""The scripts of the admin's forms: those of Django 5.2 but for two, which together are larger than a whole page.

XRegExp is needed only for slugs in other scripts than Latin, and `actions.js` only on lists, which load their own.
"""

from django.forms import Media

NEEDED = (
    "admin/js/vendor/jquery/jquery.min.js",
    "admin/js/jquery.init.js",
    "admin/js/core.js",
    "admin/js/admin/RelatedObjectLookups.js",
    "admin/js/urlify.js",
    "admin/js/prepopulate.js",
)


class FewScripts:
    """Beside a ModelAdmin, before it."""

    @property
    def media(self) -> Media:
        return Media(js=NEEDED)
