"""The first page of the desk: what is there at a glance, what waits for a decision."""
