"""Rows that turned out to be of one school, or of one student, become one."""
