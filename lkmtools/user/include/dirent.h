/* <dirent.h>: reading directories. */

#ifndef _DIRENT_H_
#define _DIRENT_H_

#include <sys/types.h>
#include <sys/dirent.h>

#define d_ino	d_fileno

typedef struct _dirdesc DIR;

DIR	*opendir(const char *);
struct dirent	*readdir(DIR *);
int	readdir_r(DIR *, struct dirent *, struct dirent **);
void	rewinddir(DIR *);
long	telldir(DIR *);
void	seekdir(DIR *, long);
int	closedir(DIR *);
int	dirfd(DIR *);
int	scandir(const char *, struct dirent ***, int (*)(const struct dirent *),
	    int (*)(const void *, const void *));
int	alphasort(const void *, const void *);
int	getdents(int, char *, size_t);

#endif
