"""<sys/kernel.h> and <sys/systm.h>: values of exported variables that are the same on every machine."""

HZ = 100
HOSTNAME = "lkm"
MAXHOSTNAMELEN = 256

OSTYPE = "NetBSD"
OSRELEASE = "5.2"
