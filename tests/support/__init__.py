"""Helpers of the tests; README.md says what is where."""
