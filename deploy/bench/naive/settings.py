"""Settings of the naive endpoint."""

import os

from deploy.bench.peer import peer_settings

globals().update(peer_settings("deploy.bench.naive"))
EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
DEFAULT_FROM_EMAIL = "Tech Fest <tickets@example.org>"
ANYMAIL = {
    "MAILGUN_API_KEY": os.environ.get("MAILGUN_API_KEY", "key"),
    "MAILGUN_API_URL": os.environ.get("MAILGUN_API_URL", "http://127.0.0.1:9/v3"),
    "MAILGUN_SENDER_DOMAIN": "example.org",
}
