"""Teachers' pages: the students of their school, with registrations, tickets and mails."""
