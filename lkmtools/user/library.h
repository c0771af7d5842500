/* What the sources of the library share. */

#ifndef _LIBRARY_H_
#define _LIBRARY_H_

#include <stdio.h>

/*
 * A program may have a function or a variable of its own by the name of one of ours, as it may where libraries are
 * archives: ours is weak, and gives way. No function of standard C calls one of BSD's that is likely to be replaced so.
 */
#define WEAK(name)	PRAGMA(weak name)
#define PRAGMA(text)	_Pragma(#text)

#define PUSHED		8	/* characters that ungetc() has room for in front of a full buffer */

struct __file {
	int		 fd;
	int		 flags;
	size_t		 at, end;	/* what is in the buffer: for reading [at, end), for writing [PUSHED, end) */
	struct __file	*next;		/* of all that are open */
	char		*line;		/* of fgetln() */
	size_t		 room;
	char		 data[PUSHED + BUFSIZ];
};

#define F_READ		0x01
#define F_WRITE		0x02
#define F_OUTPUT	0x04	/* the buffer holds what is to be written */
#define F_LINED		0x08	/* written at each end of line */
#define F_UNBUFFERED	0x10
#define F_EOF		0x20
#define F_ERROR		0x40
#define F_APPEND	0x80	/* written at the end, which the descriptor does not do itself */

int	__put(int, FILE *);		/* fputc() without regard to F_UNBUFFERED */
int	__settle(FILE *);		/* after output: write it if the stream is not to keep it */
int	__flush_all(void);

extern char	*__progname;

#endif
