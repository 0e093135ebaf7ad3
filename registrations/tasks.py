"""Celery tasks of registrations. They carry no payload and do what is due in the database."""

from celery import shared_task

from registrations import hooks
from registrations.booking import confirmation_deadline
from registrations.class_lists import jobs
from registrations.class_lists.drafts import purge_drafts
from registrations.class_lists.listed_answers import blank_due_answers
from registrations.holds import service
from registrations.privacy import erase
from registrations.privacy import purge as purge_module
from registrations.questions import answers
from registrations.teachers import sessions
from techfest.core.db.clock import database_now


@shared_task(name="registrations.confirm")
def confirm() -> int:
    """Registers confirmed class lists, chunk by chunk; starts no new one after some seconds."""
    finished = jobs.run_due()
    if finished:
        hooks.notify_workers.call("registrations.confirm")
    return finished


@shared_task(name="registrations.purge_drafts")
def purge_class_lists() -> int:
    """Deletes class list drafts that were not changed for a week."""
    return purge_drafts(database_now())


@shared_task(name="registrations.tend_blocks")
def expire_holds() -> int:
    """Releases unconfirmed registrations and ends holds whose time is over, and reminds teachers.

    Unconfirmed registrations come first, so that no seat of an ended hold goes to a student who is late.
    """
    return confirmation_deadline.release_due() + service.process_due()


@shared_task(name="registrations.purge")
def purge() -> int:
    """Erases the people of fests whose time is over, for some seconds, and repeats until none are left."""
    erased = purge_module.purge_due()
    if erased:
        hooks.notify_workers.call("registrations.purge")
    return erased


@shared_task(name="registrations.erase_answers")
def erase_answers() -> int:
    """Deletes the answers to questions whose last day is over, and the cells of class lists that held them."""
    return answers.erase_due() + blank_due_answers()


@shared_task(name="registrations.clear_sessions")
def clear_sessions() -> None:
    """Deletes expired sessions."""
    sessions.SessionStore.clear_expired()


@shared_task(name="registrations.forget_traces")
def forget_traces() -> None:
    """Finishes erasures that a crash interrupted: files and lines of the register."""
    erase.sweep()
