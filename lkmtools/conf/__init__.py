"""Configuration files: where they are, and what they contain. Nothing in this package acts on them.

lkmconf.py reads lkm.conf(5), the modules of a boot; lkmdconf.py reads lkmd.conf(5), the daemon's options.
"""
