"""Locks, condition variables, sleeping, callouts, interrupt levels."""
