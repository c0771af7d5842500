"""What every room stands on: configuration, console, rows of exported functions, panics, queues."""
