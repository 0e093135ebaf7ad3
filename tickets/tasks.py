"""The Celery tasks of tickets and mails: read from the database what is due, do it, record it."""

from celery import current_app, shared_task
from celery.signals import worker_process_init

from techfest.core.db.clock import database_now
from tickets import abuse_detection, pdf, wakeup
from tickets.documents import booklets, jobs, printouts, ticket_pdf
from tickets.mail import address_confirmation, owner_alerts, queue
from tickets.mail import send as send_module
from tickets.mail.kinds import reminder
from tickets.models import Booklet, Printout
from tickets.restore import decision

MAKERS: tuple[jobs.Maker, ...] = ((Booklet, booklets.make), (Printout, printouts.make))
FILES = tuple(model for model, _make in MAKERS)


@worker_process_init.connect
def wall_in(**_kwargs: object) -> None:
    """A process that makes PDFs and nothing else gets a wall around its memory; past it, only it dies.

    A process that sends has a hundred threads, whose stacks would count.
    """
    if set(current_app.amqp.queues.consume_from) == {"pdf"}:
        pdf.limit_memory(ticket_pdf.MEMORY)


@shared_task(name="tickets.render")
def render() -> int:
    """Makes PDFs for a few seconds, then lets other tasks run; mails that waited for them can be sent."""
    made = ticket_pdf.render_due()
    if made or ticket_pdf.is_work_left():
        wakeup.publish()
    if jobs.is_work_left(*FILES):
        wakeup.publish("tickets.bind")
    return made


@shared_task(name="tickets.bind")
def bind() -> int:
    """Makes the booklets and printouts that are wanted, once single tickets had their turn; mails may go."""
    tries = jobs.make_due(*MAKERS)
    if tries:
        wakeup.publish()
    return tries


@shared_task(name="tickets.send")
def send() -> int:
    """Sends due mails for some seconds, then lets other tasks run; runs again until nothing is due."""
    tried = send_module.send_due()
    if tried:
        wakeup.publish("tickets.send")
    return tried


@shared_task(name="tickets.remind")
def remind() -> int:
    """Enqueues the reminders for tomorrow, from the afternoon on."""
    pending = reminder.enqueue_reminders(now=database_now())
    if pending:
        wakeup.publish("tickets.send")
    return pending


@shared_task(name="tickets.watch")
def watch() -> int:
    """Looks for registrations that seem one person's work, and mails the owners what alerts are new."""
    found = abuse_detection.watch(now=database_now())
    if owner_alerts.mail_owners(now=database_now()):
        wakeup.publish("tickets.send")
    return found


@shared_task(name="tickets.sweep")
def sweep() -> bool:
    """Rings for whatever has been owed too long: its ring was lost, or its worker died. Clears old files.

    Moves the marker by which a restored database is recognised. What was given up because the disk was full is
    wanted again once it has room. The time to confirm an address begins where its mail was handed over.
    """
    decision.watch()
    address_confirmation.keep_time()
    booklets.remove_old()
    printouts.remove_old()
    ticket_pdf.unblock()
    jobs.unblock(*FILES)
    is_pending = queue.has_due() or ticket_pdf.is_work_left() or jobs.is_work_left(*FILES)
    if is_pending:
        wakeup.publish()
    return is_pending
