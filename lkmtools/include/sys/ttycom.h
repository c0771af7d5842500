/* <sys/ttycom.h>: ioctls of terminals that drivers answer most. */

#ifndef _SYS_TTYCOM_H_
#define _SYS_TTYCOM_H_

#include <sys/ioccom.h>

struct winsize {
	unsigned short	ws_row;
	unsigned short	ws_col;
	unsigned short	ws_xpixel;
	unsigned short	ws_ypixel;
};

#define TIOCEXCL	_IO('t', 13)
#define TIOCNXCL	_IO('t', 14)
#define TIOCFLUSH	_IOW('t', 16, int)
#define TIOCGWINSZ	_IOR('t', 104, struct winsize)
#define TIOCSWINSZ	_IOW('t', 103, struct winsize)
#define TIOCGPGRP	_IOR('t', 119, int)
#define TIOCSPGRP	_IOW('t', 118, int)
#define TIOCOUTQ	_IOR('t', 115, int)
#define TIOCSTI		_IOW('t', 114, char)
#define TIOCNOTTY	_IO('t', 113)

#endif
