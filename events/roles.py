"""Who may do what at the desk and at the door: the names of the roles, and how a user has one."""

from typing import Any

OWNER = "owner"
LEAD = "event lead"
RESULTS = "results"
VOLUNTEER = "volunteer"


def has_role(user: Any, role: str) -> bool:
    """Whether the user is in the role's group; one query for all roles of a request."""
    if not user.is_authenticated or not user.is_active:
        return False
    if not hasattr(user, "_role_names"):
        user._role_names = frozenset(user.groups.values_list("name", flat=True))
    return role in user._role_names


def is_owner(user: Any) -> bool:
    """Owners see and change everything of the fest. A superuser is one."""
    return bool(user.is_active and user.is_superuser) or has_role(user, OWNER)
