/* <libgen.h>: parts of a path, in memory that the next call uses again. */

#ifndef _LIBGEN_H_
#define _LIBGEN_H_

char	*basename(char *);
char	*dirname(char *);

#endif
