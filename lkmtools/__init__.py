"""A kernel-module laboratory: modload, modunload and modstat over a simulated NetBSD kernel."""

__version__ = "0.1.0"
