"""The Celery tasks for tickets and mails. Each reads from the database what is due, does it, and records it."""

import time

from celery import shared_task

from techfest.core.db.clock import database_now
from tickets import abuse_detection, restore, wakeup
from tickets.documents import jobs, pdf_process, ticket_pdf
from tickets.mail import address_confirmation, owner_alerts, queue
from tickets.mail import send as send_module
from tickets.mail.kinds import reminder

RENDER_SECONDS, BIND_SECONDS = 25.0, 290.0
"""How long the process of the PDFs may take for one run; within the time limits of the tasks, which end the worker."""


@shared_task(name="tickets.render")
def render() -> int:
    """Makes ticket PDFs for a few seconds, then lets other tasks run. Wakes up the sender of the mails that waited."""
    made = 0
    if ticket_pdf.has_due() and ticket_pdf.may_begin(time.monotonic() + ticket_pdf.BUDGET):
        made = pdf_process.run("tickets", seconds=RENDER_SECONDS)
    elif not jobs.is_work_left():
        pdf_process.end_if_unused()
    if made or ticket_pdf.is_work_left():
        wakeup.publish()
    if jobs.is_work_left():
        wakeup.publish("tickets.bind")
    return made


@shared_task(name="tickets.bind")
def bind() -> int:
    """Makes the ordered documents, after single tickets had their turn, and wakes up the mail sender."""
    tries = 0
    if jobs.has_due() and ticket_pdf.may_begin(time.monotonic() + ticket_pdf.BUDGET):
        tries = pdf_process.run("documents", seconds=BIND_SECONDS)
    if tries:
        wakeup.publish()
    return tries


@shared_task(name="tickets.send")
def send() -> int:
    """Sends due mails for some seconds, then lets other tasks run. Runs again until no mail is due."""
    tried = send_module.send_due()
    if tried:
        wakeup.publish("tickets.send")
    return tried


@shared_task(name="tickets.remind")
def remind() -> int:
    """Enqueues tomorrow's reminders, from the afternoon on."""
    pending = reminder.enqueue_reminders(now=database_now())
    if pending:
        wakeup.publish("tickets.send")
    return pending


@shared_task(name="tickets.watch")
def watch() -> int:
    """Looks for clusters of registrations, and mails new alerts to the owners."""
    found = abuse_detection.watch(now=database_now())
    if owner_alerts.mail_owners(now=database_now()):
        wakeup.publish("tickets.send")
    return found


@shared_task(name="tickets.sweep")
def sweep() -> bool:
    """Wakes up the workers for overdue work, whose wake-up was lost or whose worker died. Deletes old files.

    Also advances the marker by which a restored database is recognised, retries PDFs that failed because the disk was
    full, and starts the time to confirm an address once its mail was handed over.
    """
    restore.watch()
    address_confirmation.keep_time()
    jobs.remove_old()
    ticket_pdf.unblock()
    jobs.unblock()
    is_pending = queue.has_due() or ticket_pdf.is_work_left() or jobs.is_work_left()
    if is_pending:
        wakeup.publish()
    return is_pending
