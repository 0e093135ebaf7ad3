"""What the workers do when they are rung: look into the database, do what is due, record it."""

from celery import current_app, shared_task
from celery.signals import worker_process_init

from events.clock import database_now
from tickets import (
    alerting,
    booklets,
    clusters,
    confirmations,
    deliveries,
    doorbell,
    heartbeats,  # noqa: F401 - it listens to the tasks
    pdf,
    reminding,
    rendering,
    sending,
    workerfiles,
)
from tickets.models import Booklet, Printout
from tickets.papers import printouts
from tickets.restore import watching

MAKERS: tuple[workerfiles.Maker, ...] = ((Booklet, booklets.make), (Printout, printouts.make))
FILES = tuple(model for model, _make in MAKERS)


@worker_process_init.connect
def wall_in(**_kwargs: object) -> None:
    """A process that makes PDFs and nothing else gets a wall around its memory; past it, only it dies.

    A process that sends has a hundred threads, whose stacks would count.
    """
    if set(current_app.amqp.queues.consume_from) == {"pdf"}:
        pdf.limit_memory(rendering.MEMORY)


@shared_task(name="tickets.render")
def render() -> int:
    """Makes PDFs for a few seconds, then makes room; the mails that waited for them may go."""
    made = rendering.render_due()
    if made or rendering.is_work_left():
        doorbell.publish()
    if workerfiles.is_work_left(*FILES):
        doorbell.publish("tickets.bind")
    return made


@shared_task(name="tickets.bind")
def bind() -> int:
    """Makes the booklets and printouts that are wanted, once single tickets had their turn; mails may go."""
    tries = workerfiles.make_due(*MAKERS)
    if tries:
        doorbell.publish()
    return tries


@shared_task(name="tickets.send")
def send() -> int:
    """Sends what is due for some seconds, then makes room; comes again until nothing was due."""
    tried = sending.send_due()
    if tried:
        doorbell.publish("tickets.send")
    return tried


@shared_task(name="tickets.remind")
def remind() -> int:
    """Owes the reminders of tomorrow, from the afternoon on; they go with the next ring."""
    owed = reminding.owe_reminders(now=database_now())
    if owed:
        doorbell.publish("tickets.send")
    return owed


@shared_task(name="tickets.watch")
def watch() -> int:
    """Looks for registrations that seem one person's work, and mails the owners what alarms are new."""
    found = clusters.watch(now=database_now())
    if alerting.mail_owners(now=database_now()):
        doorbell.publish("tickets.send")
    return found


@shared_task(name="tickets.sweep")
def sweep() -> bool:
    """Rings for whatever has been owed too long: its ring was lost, or its worker died. Clears old files.

    Moves the marker by which a restored database is recognised. What was given up because the disk was full is
    wanted again once it has room. The time to confirm an address begins where its mail was handed over.
    """
    watching.watch()
    confirmations.keep_time()
    booklets.remove_old()
    printouts.remove_old()
    rendering.unblock()
    workerfiles.unblock(*FILES)
    is_owed = deliveries.has_due() or rendering.is_work_left() or workerfiles.is_work_left(*FILES)
    if is_owed:
        doorbell.publish()
    return is_owed
