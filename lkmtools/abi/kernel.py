"""<sys/kernel.h> and <sys/systm.h>: values of exported variables that are the same on every machine."""

HZ = 100
PAGE_SIZE = 4096
PAGE_SHIFT = 12

OSTYPE = "NetBSD"
OSRELEASE = "5.2"
