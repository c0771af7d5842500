/* <sys/lockf.h>: locks of parts of a file, which a file system keeps with the file. */

#ifndef _SYS_LOCKF_H_
#define _SYS_LOCKF_H_

#include <sys/types.h>

struct lockf;
struct vop_advlock_args;

#ifdef _KERNEL
int	lf_advlock(struct vop_advlock_args *ap, struct lockf **head, off_t size);
void	lf_init(void);
#endif

#endif
