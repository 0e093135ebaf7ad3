"""The Celery tasks for tickets and mails. Each reads from the database what is due, does it, and records it."""

from celery import current_app, shared_task
from celery.signals import worker_process_init

from techfest.core.db.clock import database_now
from tickets import abuse_detection, pdf, restore, wakeup
from tickets.documents import jobs, ticket_pdf
from tickets.documents.makers import MAKERS
from tickets.mail import address_confirmation, owner_alerts, queue
from tickets.mail import send as send_module
from tickets.mail.kinds import reminder


@worker_process_init.connect
def limit_memory(**_kwargs: object) -> None:
    """Limit the memory of a process that only makes PDFs: if it needs more, only this process dies.

    A process that sends mails has a hundred threads, whose stacks would count.
    """
    if set(current_app.amqp.queues.consume_from) == {"pdf"}:
        pdf.limit_memory(ticket_pdf.MEMORY)


@shared_task(name="tickets.render")
def render() -> int:
    """Makes ticket PDFs for a few seconds, then lets other tasks run. Wakes up the sender of the mails that waited."""
    made = ticket_pdf.render_due()
    if made or ticket_pdf.is_work_left():
        wakeup.publish()
    if jobs.is_work_left():
        wakeup.publish("tickets.bind")
    return made


@shared_task(name="tickets.bind")
def bind() -> int:
    """Makes the ordered documents, after single tickets had their turn, and wakes up the mail sender."""
    tries = jobs.make_due(MAKERS)
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
