/* <sys/ioctl.h>, with the function. */

#ifndef _USER_SYS_IOCTL_H_
#define _USER_SYS_IOCTL_H_

#include_next <sys/ioctl.h>

int	ioctl(int, unsigned long, ...);

#endif
