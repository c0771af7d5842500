/* <sys/uio.h>, with the functions. */

#ifndef _USER_SYS_UIO_H_
#define _USER_SYS_UIO_H_

#include_next <sys/uio.h>

ssize_t	readv(int, const struct iovec *, int);
ssize_t	writev(int, const struct iovec *, int);

#endif
