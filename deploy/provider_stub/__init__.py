"""A scripted stand-in for the e-mail provider's HTTP API, for tests and benches.

It speaks Mailgun's and Brevo's send calls as far as django-anymail uses them, keeps every accepted
message in memory and can be scripted at run time to be slow, to refuse, to answer wrongly or to hang.
``python -m deploy.provider_stub --port 0 --delay 2`` prints its ports as one JSON line and ends on TERM.
"""

from deploy.provider_stub.client import StubClient, StubError, running_stub
from deploy.provider_stub.webhooks import brevo_event, signed_event

__all__ = ["StubClient", "StubError", "brevo_event", "running_stub", "signed_event"]
