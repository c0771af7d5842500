"""Processes: system calls, signals, descriptors, credentials, time."""
