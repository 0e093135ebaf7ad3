"""The base of errors whose text may be shown to people."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class UserFacingError(Exception):
    """An error whose `text` says to a user what went wrong."""

    text: "str | _StrPromise" = _("This could not be done.")


class LockTimeout(UserFacingError):
    """The database did not answer in time, or the connection broke and the outcome is unknown."""

    text = _("Too many people are registering at this moment. Your answers are kept.")


class ConcurrentUpdate(UserFacingError):
    """Rows changed although this transaction had locked or read them. The transaction is repeated."""
