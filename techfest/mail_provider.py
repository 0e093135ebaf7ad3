"""The settings of django-anymail for each e-mail provider."""

from typing import Any

from .env import StrictEnv


def provider_settings(env: StrictEnv, provider: str) -> dict[str, Any]:
    """The part of ``ANYMAIL`` for ``provider``; raises ``ImproperlyConfigured`` when a key is missing.

    The URL of the provider's API can be overridden, for example with that of a local stub. Webhooks are also accepted
    with former secrets that are among the fallbacks.
    """
    if provider == "mailgun":
        return {
            "MAILGUN_API_KEY": env.text("MAILGUN_API_KEY"),
            "MAILGUN_API_URL": env.text("MAILGUN_API_URL", "https://api.mailgun.net/v3"),
            "MAILGUN_SENDER_DOMAIN": env.text("MAILGUN_SENDER_DOMAIN"),
            "MAILGUN_WEBHOOK_SIGNING_KEY": env.text("MAILGUN_WEBHOOK_SIGNING_KEY"),
            "MAILGUN_WEBHOOK_SIGNING_KEY_FALLBACKS": env.items("MAILGUN_WEBHOOK_SIGNING_KEY_FALLBACKS", ""),
        }
    if provider == "brevo":
        return {
            "BREVO_API_KEY": env.text("BREVO_API_KEY"),
            "BREVO_API_URL": env.text("BREVO_API_URL", "https://api.brevo.com/v3/"),
            "WEBHOOK_SECRET": [
                env.text("BREVO_WEBHOOK_SECRET"),
                *env.items("BREVO_WEBHOOK_SECRET_FALLBACKS", ""),
            ],
        }
    return {}
