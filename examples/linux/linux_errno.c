/* linux_errno.c: errors by Linux's numbers, which are the same on amd64 and i386. */

#include "linux_emul.h"

/* By our number. What Linux has no word for has the nearest. */
const int linux_errno[ELAST + 1] = {
	[0] = 0,
	[EPERM] = 1, [ENOENT] = 2, [ESRCH] = 3, [EINTR] = 4, [EIO] = 5, [ENXIO] = 6, [E2BIG] = 7, [ENOEXEC] = 8,
	[EBADF] = 9, [ECHILD] = 10, [EDEADLK] = 35, [ENOMEM] = 12, [EACCES] = 13, [EFAULT] = 14, [ENOTBLK] = 15,
	[EBUSY] = 16, [EEXIST] = 17, [EXDEV] = 18, [ENODEV] = 19, [ENOTDIR] = 20, [EISDIR] = 21, [EINVAL] = 22,
	[ENFILE] = 23, [EMFILE] = 24, [ENOTTY] = 25, [ETXTBSY] = 26, [EFBIG] = 27, [ENOSPC] = 28, [ESPIPE] = 29,
	[EROFS] = 30, [EMLINK] = 31, [EPIPE] = 32, [EDOM] = 33, [ERANGE] = 34, [EAGAIN] = 11, [EINPROGRESS] = 115,
	[EALREADY] = 114, [ENOTSOCK] = 88, [EDESTADDRREQ] = 89, [EMSGSIZE] = 90, [EPROTOTYPE] = 91,
	[ENOPROTOOPT] = 92, [EPROTONOSUPPORT] = 93, [ESOCKTNOSUPPORT] = 94, [EOPNOTSUPP] = 95, [EPFNOSUPPORT] = 96,
	[EAFNOSUPPORT] = 97, [EADDRINUSE] = 98, [EADDRNOTAVAIL] = 99, [ENETDOWN] = 100, [ENETUNREACH] = 101,
	[ENETRESET] = 102, [ECONNABORTED] = 103, [ECONNRESET] = 104, [ENOBUFS] = 105, [EISCONN] = 106,
	[ENOTCONN] = 107, [ESHUTDOWN] = 108, [ETOOMANYREFS] = 109, [ETIMEDOUT] = 110, [ECONNREFUSED] = 111,
	[ELOOP] = 40, [ENAMETOOLONG] = 36, [EHOSTDOWN] = 112, [EHOSTUNREACH] = 113, [ENOTEMPTY] = 39,
	[EPROCLIM] = 11 /* EAGAIN */, [EUSERS] = 87, [EDQUOT] = 122, [ESTALE] = 116, [EREMOTE] = 66,
	[EBADRPC] = 71 /* EPROTO */, [ERPCMISMATCH] = 71, [EPROGUNAVAIL] = 71, [EPROGMISMATCH] = 71,
	[EPROCUNAVAIL] = 71, [ENOLCK] = 37, [ENOSYS] = 38, [EFTYPE] = 40 /* ELOOP: a symbolic link, opened */,
	[EAUTH] = 13 /* EACCES */, [ENEEDAUTH] = 13, [EIDRM] = 43, [ENOMSG] = 42, [EOVERFLOW] = 75, [EILSEQ] = 84,
	[ENOTSUP] = 95, [ECANCELED] = 125, [EBADMSG] = 74, [ENODATA] = 61, [ENOSR] = 63, [ENOSTR] = 60, [ETIME] = 62,
	[ENOATTR] = 61 /* ENODATA */, [EMULTIHOP] = 72, [ENOLINK] = 67, [EPROTO] = 71,
};

/* What a call leaves in its result register for a native error: small and negative; EINVAL for a strange number. */
int
linux_result(int error)
{
	return -(error > 0 && error <= ELAST ? linux_errno[error] : linux_errno[EINVAL]);
}
