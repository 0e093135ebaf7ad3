"""The invariants of registrations, in the order in which `manage.py audit` checks them."""

from registrations.invariants import caps, history, questions, results, seats, students

CHECKS = (
    seats.counts_equal_a_recount,
    seats.a_student_has_an_event_once,
    seats.a_key_was_answered_once,
    seats.every_submission_has_what_it_obtained,
    seats.every_queue_position_given_is_still_held,
    seats.no_student_waits_beside_a_free_seat,
    seats.queue_positions_were_given_in_order,
    seats.states_follow_the_graph,
    seats.the_last_change_is_the_state,
    seats.registrations_were_made_while_it_was_open,
    students.active_students_have_consented,
    students.clashes_have_a_conflict,
    students.open_conflicts_have_their_reason,
    students.references_name_one_person,
    *history.CHECKS,
    seats.holds_count_their_registrations,
    seats.no_hold_outlives_its_time,
    students.class_lists_add_up,
    students.submissions_of_lists_are_known_by_their_rows,
    students.rows_carry_the_school_of_their_list,
    *results.CHECKS,
    *questions.CHECKS,
    students.unconfirmed_registrations_end_in_time,
    caps.no_student_got_more_events_than_allowed,
)
