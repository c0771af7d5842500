"""<sys/filio.h>: ioctls of every descriptor. Their arguments are ints: they are the same on all machines."""

FIOCLEX, FIONCLEX = 0x20006601, 0x20006602
FIONREAD = 0x4004667F  # _IOR('f', 127, int)
FIONBIO, FIOASYNC = 0x8004667E, 0x8004667D  # _IOW('f', 126, int), 125
