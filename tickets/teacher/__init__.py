"""The teacher's board: what has become of the own school's students, their tickets and mails."""
