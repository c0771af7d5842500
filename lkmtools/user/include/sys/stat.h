/* <sys/stat.h>, with the functions. */

#ifndef _USER_SYS_STAT_H_
#define _USER_SYS_STAT_H_

#include_next <sys/stat.h>

int	stat(const char *, struct stat *);
int	lstat(const char *, struct stat *);
int	fstat(int, struct stat *);
int	chflags(const char *, unsigned long);
int	fchflags(int, unsigned long);
int	chmod(const char *, mode_t);
int	fchmod(int, mode_t);
int	mkdir(const char *, mode_t);
int	mkfifo(const char *, mode_t);
int	mknod(const char *, mode_t, dev_t);
mode_t	umask(mode_t);

#endif
