/* <sys/select.h>, with the functions. */

#ifndef _USER_SYS_SELECT_H_
#define _USER_SYS_SELECT_H_

#include_next <sys/select.h>

#include <sys/time.h>

int	select(int, fd_set *, fd_set *, fd_set *, const struct timeval *);

#endif
