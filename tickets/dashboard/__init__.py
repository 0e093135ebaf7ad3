"""The first page of the admin: what is there at a glance, what waits for a decision."""
