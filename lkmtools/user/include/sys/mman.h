/* <sys/mman.h>, with the functions. */

#ifndef _USER_SYS_MMAN_H_
#define _USER_SYS_MMAN_H_

#include_next <sys/mman.h>

void	*mmap(void *, size_t, int, int, int, off_t);
int	munmap(void *, size_t);
int	mlock(const void *, size_t);
int	msync(void *, size_t, int);
int	munlock(const void *, size_t);
int	mprotect(void *, size_t, int);

#endif
