"""The base of errors whose text may be shown to people."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class UserFacingError(Exception):
    """An error whose `text` says to a user what went wrong."""

    text: "str | _StrPromise" = _("This could not be done.")
