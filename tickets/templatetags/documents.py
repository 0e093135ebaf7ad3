"""Who may order what, for the desk's templates."""

from typing import Any

from django import template

from techfest.core.roles import is_owner

register = template.Library()


@register.filter
def owns_the_fest(user: Any) -> bool:
    """Whether the user is an owner, who sees all of a school."""
    return is_owner(user)
