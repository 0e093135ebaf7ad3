"""Accounts: login, second step, sessions and roles, and how teachers get access to their school."""
