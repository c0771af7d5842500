"""<sys/uio.h>: scatter and gather.

The members up to uio_vmspace are NetBSD 4.0's and later. uio_segflg and uio_lwp (uio_procp before 3.0) follow
them for older sources: a transfer is within the kernel when uio_vmspace is VMSPACE_KERNEL or uio_segflg is
UIO_SYSSPACE.
"""

from lkmtools.abi.datamodel import Struct

UIO_READ, UIO_WRITE = 0, 1
UIO_USERSPACE, UIO_SYSSPACE = 0, 1
VMSPACE_KERNEL = -1  # vmspace_kernel(): as wide as a pointer, only compared
UIO_MAXIOV = 1024
UIO_SMALLIOV = 8

iovec = Struct("iovec", "void *iov_base; size_t iov_len")
uio = Struct(
    "uio",
    """struct iovec *uio_iov; int uio_iovcnt; off_t uio_offset; size_t uio_resid; int uio_rw;
       struct vmspace *uio_vmspace; int uio_segflg; struct lwp *uio_lwp""",
)
