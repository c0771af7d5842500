/* <sys/select.h>: sets of descriptors; in the kernel, <sys/selinfo.h> too. */

#ifndef _SYS_SELECT_H_
#define _SYS_SELECT_H_

#include <sys/types.h>

#define FD_SET(n, p)	((void)((p)->fds_bits[(unsigned)(n) / 32] |= 1U << ((unsigned)(n) % 32)))
#define FD_CLR(n, p)	((void)((p)->fds_bits[(unsigned)(n) / 32] &= ~(1U << ((unsigned)(n) % 32))))
#define FD_ISSET(n, p)	(((p)->fds_bits[(unsigned)(n) / 32] >> ((unsigned)(n) % 32) & 1) != 0)
#define FD_ZERO(p)	((void)(*(p) = (fd_set){ { 0 } }))

#ifdef _KERNEL
#include <sys/selinfo.h>
#endif

#endif
