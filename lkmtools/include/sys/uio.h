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
struct proc;
struct vmspace;
struct lwp;

enum uio_rw { UIO_READ, UIO_WRITE };
enum uio_seg { UIO_USERSPACE, UIO_SYSSPACE };

/* A transfer stays inside the kernel when uio_vmspace is vmspace_kernel(), the kernel's own address space. */
struct uio {
	struct iovec	*uio_iov;
	int		 uio_iovcnt;
	off_t		 uio_offset;
	size_t		 uio_resid;
	enum uio_rw	 uio_rw;
#if __LKM_API < 400
	/* uio_segflg is what such a source sets; the kernel takes UIO_SYSSPACE there for vmspace_kernel(). */
	union {
		struct vmspace	*uio_vmspace;
		long		 uio_segflg;
	};
	struct proc	*uio_procp;
#else
	struct vmspace	*uio_vmspace;
#endif
};

#define UIO_SETUP_SYSSPACE(uio)	uio_setup_sysspace(uio)

void	uio_setup_sysspace(struct uio *uio);
int	uiomove(void *buf, size_t n, struct uio *uio);
#endif

#endif
