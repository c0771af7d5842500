"""Loadable modules, /dev/lkm and /dev/ksyms."""
