"""Signals for the apps above. Each is sent inside the transaction that caused it, unless it says otherwise."""

from django.dispatch import Signal

registrations_changed = Signal()
"""Sent by `booking.ledger` with `changes` (saved or about to be, with registration, event, student and submission
loaded), `now` (the time of these changes), `batch` (what a receiver adds to it is written with them), `old_emails` (the
previous address of each corrected student, by id) and `not_notified` (ids of registrations whose students an organiser
does not want to notify). A receiver that raises undoes the changes."""

attempt_noticed = Signal()
"""Sent with `student` and `now` when a form used the name of a registered student and was refused."""

list_registered = Signal()
"""Sent with `job` (a ClassListJob) and `now` when a job ends, whether or not something was registered."""

list_undone = Signal()
"""Sent with `job` (a ClassListJob) once its registrations are cancelled, in the transaction that undoes the list."""

results_changed = Signal()
"""Sent with `sheet` (a locked ResultSheet), `user` and `now` when results are published, withdrawn or changed. A
receiver may return a sentence for the organiser."""

students_merged = Signal()
"""Sent with `kept`, `removed` (both locked Students), `duplicates`, `now` and `notify` when two students are merged.
What the apps above have of `removed` must move to `kept`, before `removed` is deleted.

`duplicates` are pairs of registrations for one event: the one that stays and the one that was cancelled for it. With
`notify` the student is sent the link again."""

schools_merged = Signal()
"""Sent with `kept`, `removed` (both School), `students` (ids of those who moved) and `now`, before `removed` is
deleted."""

student_erased = Signal()
"""Sent with `student` (locked, details still set) and `now` when a student is erased. The apps above erase their data
and remove files after the commit."""

fest_purged = Signal()
"""Sent with `fest` and `now` in its own transaction after all people of the fest were erased. The apps above delete
what may still name people (messages, documents)."""

traces_swept = Signal()
"""Sent outside a transaction, regularly and after erasures: receivers delete files of erased people that a crash or a
running worker has left."""

student_data_requested = Signal()
"""Sent with `student`: each receiver returns a `privacy.export.Part` with the data its app has of the student."""

registrations_counted = Signal()
"""Sent with `fest`: a receiver returns how many people checked in to each event, by event id."""

fest_zone_changed = Signal()
"""Sent with `fest` inside the transaction that changes its time zone: printed times are no longer right."""
