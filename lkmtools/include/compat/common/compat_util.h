/*
 * <compat/common/compat_util.h>: memory of the calling program that a foreign system call may use, for arguments that
 * the native one reads from there. The kernel tries e_path by itself: there is no CHECK_ALT_EXIST() to write.
 */

#ifndef _COMPAT_COMMON_COMPAT_UTIL_H_
#define _COMPAT_COMMON_COMPAT_UTIL_H_

#include <sys/types.h>
#include <sys/proc.h>

#define STACKGAPLEN	8192

#ifdef _KERNEL
void	*stackgap_init(const struct proc *p, size_t sz);			/* sz 0: all of it */
void	*stackgap_alloc(const struct proc *p, void **sgp, size_t sz);	/* NULL when there is no room */
#endif

#endif
