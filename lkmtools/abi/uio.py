"""<sys/uio.h>: scatter and gather."""

from lkmtools.abi.datamodel import Struct

UIO_READ, UIO_WRITE = 0, 1
UIO_USERSPACE, UIO_SYSSPACE = 0, 1
UIO_MAXIOV = 1024
UIO_SMALLIOV = 8

iovec = Struct("iovec", "void *iov_base; size_t iov_len")
uio = Struct(
    "uio",
    """struct iovec *uio_iov; int uio_iovcnt; off_t uio_offset; size_t uio_resid; int uio_rw;
       struct vmspace *uio_vmspace""",
)
