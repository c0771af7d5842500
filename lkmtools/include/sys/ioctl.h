/* <sys/ioctl.h>: all the ioctl commands of the system's own. */

#ifndef _SYS_IOCTL_H_
#define _SYS_IOCTL_H_

#include <sys/ioccom.h>
#include <sys/filio.h>
#include <sys/ttycom.h>

#endif
