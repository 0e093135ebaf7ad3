"""How a restored database is recognised, and what waits until an owner has looked at it."""
