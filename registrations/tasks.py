"""What the workers do for registrations: look into the database, do what is due, record it."""

from celery import shared_task

from registrations.classlists import jobs


@shared_task(name="registrations.confirm")
def confirm() -> int:
    """Registers the class lists that were confirmed, chunk by chunk."""
    return jobs.run_due()
