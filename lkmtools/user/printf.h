/* What the two halves of the printf family share, and with the scanf family the sizes of integers. */

#ifndef _PRINTF_H_
#define _PRINTF_H_

#include <stdio.h>

struct sink { FILE *file; char *buf; size_t room; int count; };

enum size { CHAR, SHORT, INT, LONG, LLONG };
struct spec { int left, zero, alt, sign, width, prec, wide, number; enum size size; char conv; };

void	__put_to(struct sink *, int);
void	__pad(struct sink *, int, int);
void	__floating(struct sink *, const struct spec *, double);	/* aAeEfFgG */

#endif
