"""The benches: each is one command, ``python -m deploy.bench.<name>``, and leaves one file of results."""
