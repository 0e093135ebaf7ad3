"""Teachers: who is let in, to which school, and by whom."""
