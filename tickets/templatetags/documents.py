"""Template filters for permissions to order documents."""

from typing import Any

from django import template

from techfest.core.roles import is_owner

register = template.Library()


@register.filter
def owns_the_fest(user: Any) -> bool:
    """Whether the user is an owner, who may see everything of a school."""
    return is_owner(user)
