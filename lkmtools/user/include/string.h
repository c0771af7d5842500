/* <string.h>: the part that small programs need. */

#ifndef _STRING_H_
#define _STRING_H_

#include <sys/types.h>
#include <sys/null.h>

void	*memcpy(void *, const void *, size_t);
void	*memmove(void *, const void *, size_t);
void	*memset(void *, int, size_t);
int	memcmp(const void *, const void *, size_t);
size_t	strlen(const char *);
int	strcmp(const char *, const char *);
int	strncmp(const char *, const char *, size_t);
char	*strcpy(char *, const char *);
char	*strcat(char *, const char *);
char	*strchr(const char *, int);
char	*strrchr(const char *, int);
char	*strerror(int);

#endif
