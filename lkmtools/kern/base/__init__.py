"""The common base of the rooms: configuration, console, rows of exported functions, panics, queues."""
