"""Messages to the students in a filter."""
