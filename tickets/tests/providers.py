"""E-mail providers for tests: the HTTP stub as a process, and the settings that point the site at it."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.test import Client

from deploy.provider_stub.client import StubClient, running_stub

SIGNING_KEY = "key-of-the-webhooks"
HOOK_SECRET = "hook:password"


@pytest.fixture(scope="session")
def stub_process() -> Iterator[StubClient]:
    with running_stub() as client:
        yield client


@pytest.fixture
def stub(stub_process: StubClient) -> StubClient:
    """A provider that has accepted nothing yet and follows no script."""
    stub_process.reset()
    return stub_process


def environment_of(provider: str, stub: StubClient) -> dict[str, str]:
    """The environment of a process that sends through the stub."""
    common = {"EMAIL_PROVIDER": provider, "DEFAULT_FROM_EMAIL": "Tech Fest <tickets@fest.example>"}
    if provider == "mailgun":
        return common | {
            "MAILGUN_API_KEY": "key",
            "MAILGUN_API_URL": stub.mailgun_url,
            "MAILGUN_SENDER_DOMAIN": "fest.example",
            "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY,
        }
    return common | {
        "BREVO_API_KEY": "key",
        "BREVO_API_URL": stub.brevo_url,
        "BREVO_WEBHOOK_SECRET": HOOK_SECRET,
    }


def use(settings: Any, provider: str, values: dict[str, Any]) -> None:
    settings.EMAIL_PROVIDER = provider
    settings.EMAIL_BACKEND = f"anymail.backends.{provider}.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "Tech Fest <tickets@fest.example>"
    settings.ANYMAIL = {"REQUESTS_TIMEOUT": (1, 2), "IGNORE_RECIPIENT_STATUS": True, **values}


@pytest.fixture
def mailgun(settings: Any, stub: StubClient) -> StubClient:
    """Send from this process through the stub as if it were Mailgun."""
    values = {
        "MAILGUN_API_KEY": "key",
        "MAILGUN_API_URL": stub.mailgun_url,
        "MAILGUN_SENDER_DOMAIN": "fest.example",
        "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY,
    }
    use(settings, "mailgun", values)
    return stub


@pytest.fixture
def brevo(settings: Any, stub: StubClient) -> StubClient:
    """Send from this process through the stub as if it were Brevo, which accepts an idempotency key."""
    values = {"BREVO_API_KEY": "key", "BREVO_API_URL": stub.brevo_url, "WEBHOOK_SECRET": HOOK_SECRET}
    use(settings, "brevo", values)
    return stub


def report(
    client: Client, body: Any, *, provider: str = "mailgun", headers: Mapping[str, str] | None = None
) -> int:
    raw = body if isinstance(body, str | bytes) else json.dumps(body)
    response = client.post(
        f"/hooks/{provider}/", raw, content_type="application/json", headers=dict(headers or {})
    )
    return response.status_code


def basic(secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(secret.encode()).decode()}
