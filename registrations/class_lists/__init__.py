"""A teacher's class list: from a file or a paste to registrations."""
