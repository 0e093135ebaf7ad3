"""Signals for the apps above. Each is sent inside the transaction that caused it, unless it says otherwise."""

from django.dispatch import Signal

registrations_changed = Signal()
"""Sent by `booking.ledger` with `changes` (saved, with registration, event, student and submission loaded), `now`
(the time of these changes), `old_emails` (the previous address of each corrected student, by id) and `not_notified`
(ids of registrations whose students an organiser does not want to notify). A receiver that raises undoes the
changes."""

attempt_noticed = Signal()
"""Sent with `student` and `now` when a form used the name of a registered student and was refused."""

notice_pending = Signal()
"""Sent with `to`, `subject`, `text` (plain, paragraphs separated by empty lines) and `now`, and optionally `link`
(absolute), `link_label` and `user`: queues a mail to a teacher in the same transaction."""
work_pending = Signal()
"""Sent with `task`, the name of a Celery task that has work once this transaction is committed."""

list_registered = Signal()
"""Sent with `job` (a ClassListJob) and `now` when a job ends, whether or not something was registered."""

results_changed = Signal()
"""Sent with `sheet` (a locked ResultSheet), `user` and `now` when results are published, withdrawn or changed. A
receiver may return a sentence for the organiser."""

students_merged = Signal()
"""Sent with `kept`, `removed` (both Student, locked), `duplicates`, `now` and `notify`, in the transaction that makes
two rows of one student one: whatever of `removed` stands in a room above moves to `kept`, before `removed` is deleted.

`duplicates` are pairs of registrations for one event, the better one and the one that was cancelled for it. Where
it is to `notify` the student, the address that is kept hears where everything is found now."""

schools_merged = Signal()
"""Sent with `kept`, `removed` (both School), `students` (the numbers of those who moved) and `now`, likewise, before
`removed` is deleted."""

student_erased = Signal()
"""Sent with `student` (locked, its details still there) and `now` inside the transaction that erases a person:
the rooms above blank or delete what they hold, and remove files after the commit."""

fest_purged = Signal()
"""Sent with `fest` and `now` inside a transaction of its own after everybody of the fest was erased: what the
rooms above keep of the fest and may name people (messages, booklets, printouts) goes."""

traces_swept = Signal()
"""Sent without a transaction, now and then and after erasures: whatever file of an erased person a crash, or a
worker that was at it, has left goes now."""

student_data_requested = Signal()
"""Sent with `student`: each receiver answers with a `minors.record.Part`, what its room keeps of the person."""

registrations_counted = Signal()
"""Sent with `fest`: a receiver answers with how many came in to each event, by the event's number."""

fest_zone_changed = Signal()
"""Sent with `fest` inside the transaction that changes its time zone: printed times are no longer right."""
