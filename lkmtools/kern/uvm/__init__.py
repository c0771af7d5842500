"""Kernel memory, address spaces of programs, malloc(9)."""
