"""Configuration files: where they are, and what stands in them. Nothing here acts on it.

lkmconf.py reads lkm.conf(5), the modules of a boot; lkmdconf.py reads lkmd.conf(5), the daemon's options.
"""
