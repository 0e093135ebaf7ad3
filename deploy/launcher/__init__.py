"""The two commands: ``deploy/up`` and ``deploy/test``. The standard library only, for nothing is installed yet."""
