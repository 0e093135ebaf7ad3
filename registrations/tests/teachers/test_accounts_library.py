"""The private names of the accounts library that are used, and that no other module uses them."""

import inspect
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows import login
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username, user_id_to_str
from allauth.core.internal import ratelimit
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings

PRIVATE_MODULE = re.compile(r"\ballauth(\.\w+)*\.internal\b")
FENCE = "registrations/teachers/accounts_library.py"
TEST_HELPER = "registrations/tests/second_step.py"
PARAMETERS = [
    (login.perform_login, ["request", "login"]),
    (filter_users_by_email, ["email", "is_active", "prefer_verified", "for_login"]),
    (get_user_by_username, ["username"]),
    (user_id_to_str, ["user"]),
    (
        ratelimit.consume,
        ["request", "app", "action", "config", "key", "user", "dry_run", "limit_get", "raise_exception"],
    ),
    (ratelimit.clear, ["request", "app", "action", "config", "key", "user"]),
    (ratelimit.respond_429, ["request"]),
    (ratelimit.RateLimitUsage.rollback, ["self"]),
    (AuthenticationBackend._authenticate, ["self", "request", "credentials"]),
    (AuthenticationBackend._check_password, ["self", "user", "password"]),
    (DefaultAccountAdapter._delete_login_attempts_cached_email, ["self", "request", "credentials"]),
    (DefaultAccountAdapter._rollback_login_failed_rl_usage, ["self"]),
    (totp.generate_totp_secret, ["length"]),
    (totp.hotp_value, ["secret", "counter"]),
    (totp.format_hotp_value, ["value"]),
    (totp.yield_hotp_counters_from_time, []),
    (totp.TOTP.activate, ["user", "secret"]),
    (totp.TOTP._mark_code_used, ["self", "code"]),
    (login.record_authentication, ["request", "user", "method", "extra_data"]),
    (RecoveryCodes.activate, ["user"]),
]


@pytest.mark.parametrize(
    ("function", "names"), PARAMETERS, ids=[function.__qualname__ for function, _names in PARAMETERS]
)
def test_private_function_takes_the_known_parameters(function: Callable[..., Any], names: list[str]) -> None:
    assert list(inspect.signature(function).parameters) == names


@pytest.mark.parametrize(
    ("caller", "name"),
    [
        (AuthenticationBackend.authenticate, "self._authenticate("),
        (DefaultAccountAdapter._rollback_login_failed_rl_usage, '"_login_failed_rl_usage"'),
        (DefaultAccountAdapter.authenticate, "self.pre_authenticate("),
        (DefaultAccountAdapter.authenticate, "self.authentication_failed("),
        (totp.TOTP.validate_code, "self._mark_code_used(code)"),
        (check_rate_limit, 'key = f"mfa-auth-user-{str(user.pk)}"'),
        (check_rate_limit, 'action="login_failed"'),
    ],
)
def test_library_calls_what_this_site_overrides(caller: Callable[..., Any], name: str) -> None:
    assert name in inspect.getsource(caller)


def test_new_password_clears_the_failed_attempts() -> None:
    from allauth.account.internal.flows import password_reset

    assert "adapter._delete_login_attempts_cached_email(" in inspect.getsource(password_reset)


def test_no_other_module_uses_private_names() -> None:
    root = Path(settings.BASE_DIR)
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.split()
    users = {name for name in listed if PRIVATE_MODULE.search((root / name).read_text(encoding="utf-8"))}
    assert users == {FENCE, TEST_HELPER, str(Path(__file__).relative_to(root))}
