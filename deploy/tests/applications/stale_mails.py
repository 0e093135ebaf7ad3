"""The workers' application for a test that waits until a stopped worker's mails are too old to be sent.

They are so after ten seconds instead of forty.
"""

from celery.signals import worker_ready

from techfest.worker import app

__all__ = ["app"]

FRESH = 10.0


@worker_ready.connect
def shorten(**_kwargs: object) -> None:
    from tickets.mail import send

    send.FRESH = FRESH
