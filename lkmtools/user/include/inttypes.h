/* <inttypes.h>: <stdint.h>, the printf letters of its types, and functions of the widest. */

#ifndef _INTTYPES_H_
#define _INTTYPES_H_

#include <stdint.h>
#include <sys/inttypes.h>

typedef struct {
	intmax_t	quot;
	intmax_t	rem;
} imaxdiv_t;

intmax_t	imaxabs(intmax_t);
imaxdiv_t	imaxdiv(intmax_t, intmax_t);
intmax_t	strtoimax(const char *, char **, int);
uintmax_t	strtoumax(const char *, char **, int);

#endif
