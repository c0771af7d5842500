/* <sys/msgbuf.h>: the kernel's message buffer. */

#ifndef _SYS_MSGBUF_H_
#define _SYS_MSGBUF_H_

#include <sys/cdefs.h>

struct kern_msgbuf {
#define MSG_MAGIC	0x063061
	long	msg_magic;
	long	msg_bufx;	/* where the next character is written, */
	long	msg_bufr;	/* and where the next one is read */
	long	msg_bufs;	/* size of msg_bufc */
	char	msg_bufc[1];
};

#endif
