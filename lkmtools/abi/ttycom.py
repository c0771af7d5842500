"""<sys/ttycom.h>, <sys/termios.h>: terminals."""

from lkmtools.abi.datamodel import Struct

winsize = Struct("winsize", "u_short ws_row; u_short ws_col; u_short ws_xpixel; u_short ws_ypixel")
NCCS = 20
termios = Struct(
    "termios",
    "u_int c_iflag; u_int c_oflag; u_int c_cflag; u_int c_lflag; u_char c_cc[20]; int c_ispeed; int c_ospeed",
)
# Their arguments have no pointers and no longs, so these are the same on all machines.
TIOCGWINSZ = 0x40087468
TIOCGETA = 0x402C7413
TIOCSETA, TIOCSETAW, TIOCSETAF = 0x802C7414, 0x802C7415, 0x802C7416

# Flags by the names they share with other systems: what a terminal's driver has bits for.
IFLAGS = {
    "IGNBRK": 0x1, "BRKINT": 0x2, "IGNPAR": 0x4, "PARMRK": 0x8, "INPCK": 0x10, "ISTRIP": 0x20, "INLCR": 0x40,
    "IGNCR": 0x80, "ICRNL": 0x100, "IXON": 0x200, "IXOFF": 0x400, "IXANY": 0x800, "IMAXBEL": 0x2000,
}  # fmt: skip
OFLAGS = {"OPOST": 0x1, "ONLCR": 0x2, "OCRNL": 0x10, "ONOCR": 0x20, "ONLRET": 0x40}
CFLAGS = {
    "CS6": 0x100, "CS7": 0x200, "CSTOPB": 0x400, "CREAD": 0x800, "PARENB": 0x1000, "PARODD": 0x2000,
    "HUPCL": 0x4000, "CLOCAL": 0x8000,
}  # fmt: skip
LFLAGS = {
    "ECHOKE": 0x1, "ECHOE": 0x2, "ECHOK": 0x4, "ECHO": 0x8, "ECHONL": 0x10, "ECHOPRT": 0x20, "ECHOCTL": 0x40,
    "ISIG": 0x80, "ICANON": 0x100, "IEXTEN": 0x400, "FLUSHO": 0x800000, "PENDIN": 0x20000000,
    "TOSTOP": 0x400000, "NOFLSH": 0x80000000,
}  # fmt: skip
# Places in c_cc.
CHARACTERS = {
    "VEOF": 0, "VEOL": 1, "VEOL2": 2, "VERASE": 3, "VWERASE": 4, "VKILL": 5, "VREPRINT": 6, "VINTR": 8,
    "VQUIT": 9, "VSUSP": 10, "VSTART": 12, "VSTOP": 13, "VLNEXT": 14, "VDISCARD": 15, "VMIN": 16, "VTIME": 17,
}  # fmt: skip
