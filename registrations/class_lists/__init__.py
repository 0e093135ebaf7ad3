"""A teacher's class list: from a file or pasted rows to registrations."""
