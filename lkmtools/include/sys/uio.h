/* <sys/uio.h>: scatter and gather, and the copies a device makes to and from its caller. */

#ifndef _SYS_UIO_H_
#define _SYS_UIO_H_

#include <sys/types.h>

struct iovec {
	void	*iov_base;
	size_t	 iov_len;
};

#define UIO_MAXIOV	1024
#define UIO_SMALLIOV	8

#ifdef _KERNEL
struct vmspace;
struct lwp;

enum uio_rw { UIO_READ, UIO_WRITE };
enum uio_seg { UIO_USERSPACE, UIO_SYSSPACE };

/*
 * NetBSD 4.0 put uio_vmspace where uio_segflg and uio_procp (2.0) or uio_lwp (3.0) had been; here both forms can be
 * used. A transfer stays inside the kernel when uio_vmspace is vmspace_kernel() or uio_segflg is UIO_SYSSPACE.
 */
struct uio {
	struct iovec	*uio_iov;
	int		 uio_iovcnt;
	off_t		 uio_offset;
	size_t		 uio_resid;
	enum uio_rw	 uio_rw;
	struct vmspace	*uio_vmspace;
	enum uio_seg	 uio_segflg;
	struct lwp	*uio_lwp;
};
#define uio_procp	uio_lwp

/* No struct is behind it: only compared. */
#define vmspace_kernel()	((struct vmspace *)-1)
#define VMSPACE_IS_KERNEL_P(vm)	((vm) == vmspace_kernel())
#define UIO_SETUP_SYSSPACE(uio) \
	((void)((uio)->uio_vmspace = vmspace_kernel(), (uio)->uio_segflg = UIO_SYSSPACE))

int	uiomove(void *buf, size_t n, struct uio *uio);
#endif

#endif
