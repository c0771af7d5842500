"""<sys/errno.h> of NetBSD 5.2: numbers, names and strerror(3) texts. Never the host's."""

EPERM = 1
ENOENT = 2
ESRCH = 3
EINTR = 4
EIO = 5
ENXIO = 6
E2BIG = 7
ENOEXEC = 8
EBADF = 9
ECHILD = 10
EDEADLK = 11
ENOMEM = 12
EACCES = 13
EFAULT = 14
ENOTBLK = 15
EBUSY = 16
EEXIST = 17
EXDEV = 18
ENODEV = 19
ENOTDIR = 20
EISDIR = 21
EINVAL = 22
ENFILE = 23
EMFILE = 24
ENOTTY = 25
ETXTBSY = 26
EFBIG = 27
ENOSPC = 28
ESPIPE = 29
EROFS = 30
EMLINK = 31
EPIPE = 32
EDOM = 33
ERANGE = 34
EAGAIN = 35
EINPROGRESS = 36
EALREADY = 37
ENOTSOCK = 38
EDESTADDRREQ = 39
EMSGSIZE = 40
EPROTOTYPE = 41
ENOPROTOOPT = 42
EPROTONOSUPPORT = 43
ESOCKTNOSUPPORT = 44
EOPNOTSUPP = 45
EPFNOSUPPORT = 46
EAFNOSUPPORT = 47
EADDRINUSE = 48
EADDRNOTAVAIL = 49
ENETDOWN = 50
ENETUNREACH = 51
ENETRESET = 52
ECONNABORTED = 53
ECONNRESET = 54
ENOBUFS = 55
EISCONN = 56
ENOTCONN = 57
ESHUTDOWN = 58
ETOOMANYREFS = 59
ETIMEDOUT = 60
ECONNREFUSED = 61
ELOOP = 62
ENAMETOOLONG = 63
EHOSTDOWN = 64
EHOSTUNREACH = 65
ENOTEMPTY = 66
EPROCLIM = 67
EUSERS = 68
EDQUOT = 69
ESTALE = 70
EREMOTE = 71
EBADRPC = 72
ERPCMISMATCH = 73
EPROGUNAVAIL = 74
EPROGMISMATCH = 75
EPROCUNAVAIL = 76
ENOLCK = 77
ENOSYS = 78
EFTYPE = 79
EAUTH = 80
ENEEDAUTH = 81
EIDRM = 82
ENOMSG = 83
EOVERFLOW = 84
EILSEQ = 85
ENOTSUP = 86
ECANCELED = 87
EBADMSG = 88
ENODATA = 89
ENOSR = 90
ENOSTR = 91
ETIME = 92
ENOATTR = 93
EMULTIHOP = 94
ENOLINK = 95
EPROTO = 96
EWOULDBLOCK = EAGAIN
ELAST = 96

# Pseudo-errors inside the kernel: never seen by a process.
EJUSTRETURN = -2
ERESTART = -3
EPASSTHROUGH = -4
EMOVEFD = -6

_TABLE = {
    EPERM: ("EPERM", "Operation not permitted"),
    ENOENT: ("ENOENT", "No such file or directory"),
    ESRCH: ("ESRCH", "No such process"),
    EINTR: ("EINTR", "Interrupted system call"),
    EIO: ("EIO", "Input/output error"),
    ENXIO: ("ENXIO", "Device not configured"),
    E2BIG: ("E2BIG", "Argument list too long"),
    ENOEXEC: ("ENOEXEC", "Exec format error"),
    EBADF: ("EBADF", "Bad file descriptor"),
    ECHILD: ("ECHILD", "No child processes"),
    EDEADLK: ("EDEADLK", "Resource deadlock avoided"),
    ENOMEM: ("ENOMEM", "Cannot allocate memory"),
    EACCES: ("EACCES", "Permission denied"),
    EFAULT: ("EFAULT", "Bad address"),
    ENOTBLK: ("ENOTBLK", "Block device required"),
    EBUSY: ("EBUSY", "Device busy"),
    EEXIST: ("EEXIST", "File exists"),
    EXDEV: ("EXDEV", "Cross-device link"),
    ENODEV: ("ENODEV", "Operation not supported by device"),
    ENOTDIR: ("ENOTDIR", "Not a directory"),
    EISDIR: ("EISDIR", "Is a directory"),
    EINVAL: ("EINVAL", "Invalid argument"),
    ENFILE: ("ENFILE", "Too many open files in system"),
    EMFILE: ("EMFILE", "Too many open files"),
    ENOTTY: ("ENOTTY", "Inappropriate ioctl for device"),
    ETXTBSY: ("ETXTBSY", "Text file busy"),
    EFBIG: ("EFBIG", "File too large"),
    ENOSPC: ("ENOSPC", "No space left on device"),
    ESPIPE: ("ESPIPE", "Illegal seek"),
    EROFS: ("EROFS", "Read-only file system"),
    EMLINK: ("EMLINK", "Too many links"),
    EPIPE: ("EPIPE", "Broken pipe"),
    EDOM: ("EDOM", "Numerical argument out of domain"),
    ERANGE: ("ERANGE", "Result too large or too small"),
    EAGAIN: ("EAGAIN", "Resource temporarily unavailable"),
    EINPROGRESS: ("EINPROGRESS", "Operation now in progress"),
    EALREADY: ("EALREADY", "Operation already in progress"),
    ENOTSOCK: ("ENOTSOCK", "Socket operation on non-socket"),
    EDESTADDRREQ: ("EDESTADDRREQ", "Destination address required"),
    EMSGSIZE: ("EMSGSIZE", "Message too long"),
    EPROTOTYPE: ("EPROTOTYPE", "Protocol wrong type for socket"),
    ENOPROTOOPT: ("ENOPROTOOPT", "Protocol option not available"),
    EPROTONOSUPPORT: ("EPROTONOSUPPORT", "Protocol not supported"),
    ESOCKTNOSUPPORT: ("ESOCKTNOSUPPORT", "Socket type not supported"),
    EOPNOTSUPP: ("EOPNOTSUPP", "Operation not supported"),
    EPFNOSUPPORT: ("EPFNOSUPPORT", "Protocol family not supported"),
    EAFNOSUPPORT: ("EAFNOSUPPORT", "Address family not supported by protocol family"),
    EADDRINUSE: ("EADDRINUSE", "Address already in use"),
    EADDRNOTAVAIL: ("EADDRNOTAVAIL", "Can't assign requested address"),
    ENETDOWN: ("ENETDOWN", "Network is down"),
    ENETUNREACH: ("ENETUNREACH", "Network is unreachable"),
    ENETRESET: ("ENETRESET", "Network dropped connection on reset"),
    ECONNABORTED: ("ECONNABORTED", "Software caused connection abort"),
    ECONNRESET: ("ECONNRESET", "Connection reset by peer"),
    ENOBUFS: ("ENOBUFS", "No buffer space available"),
    EISCONN: ("EISCONN", "Socket is already connected"),
    ENOTCONN: ("ENOTCONN", "Socket is not connected"),
    ESHUTDOWN: ("ESHUTDOWN", "Can't send after socket shutdown"),
    ETOOMANYREFS: ("ETOOMANYREFS", "Too many references: can't splice"),
    ETIMEDOUT: ("ETIMEDOUT", "Operation timed out"),
    ECONNREFUSED: ("ECONNREFUSED", "Connection refused"),
    ELOOP: ("ELOOP", "Too many levels of symbolic links"),
    ENAMETOOLONG: ("ENAMETOOLONG", "File name too long"),
    EHOSTDOWN: ("EHOSTDOWN", "Host is down"),
    EHOSTUNREACH: ("EHOSTUNREACH", "No route to host"),
    ENOTEMPTY: ("ENOTEMPTY", "Directory not empty"),
    EPROCLIM: ("EPROCLIM", "Too many processes"),
    EUSERS: ("EUSERS", "Too many users"),
    EDQUOT: ("EDQUOT", "Disc quota exceeded"),
    ESTALE: ("ESTALE", "Stale NFS file handle"),
    EREMOTE: ("EREMOTE", "Too many levels of remote in path"),
    EBADRPC: ("EBADRPC", "RPC struct is bad"),
    ERPCMISMATCH: ("ERPCMISMATCH", "RPC version wrong"),
    EPROGUNAVAIL: ("EPROGUNAVAIL", "RPC prog. not avail"),
    EPROGMISMATCH: ("EPROGMISMATCH", "Program version wrong"),
    EPROCUNAVAIL: ("EPROCUNAVAIL", "Bad procedure for program"),
    ENOLCK: ("ENOLCK", "No locks available"),
    ENOSYS: ("ENOSYS", "Function not implemented"),
    EFTYPE: ("EFTYPE", "Inappropriate file type or format"),
    EAUTH: ("EAUTH", "Authentication error"),
    ENEEDAUTH: ("ENEEDAUTH", "Need authenticator"),
    EIDRM: ("EIDRM", "Identifier removed"),
    ENOMSG: ("ENOMSG", "No message of desired type"),
    EOVERFLOW: ("EOVERFLOW", "Value too large to be stored in data type"),
    EILSEQ: ("EILSEQ", "Illegal byte sequence"),
    ENOTSUP: ("ENOTSUP", "Not supported"),
    ECANCELED: ("ECANCELED", "Operation canceled"),
    EBADMSG: ("EBADMSG", "Bad or Corrupt message"),
    ENODATA: ("ENODATA", "No message available"),
    ENOSR: ("ENOSR", "No STR resources"),
    ENOSTR: ("ENOSTR", "Not a STREAM"),
    ETIME: ("ETIME", "STREAM ioctl timeout"),
    ENOATTR: ("ENOATTR", "Attribute not found"),
    EMULTIHOP: ("EMULTIHOP", "Multihop attempted"),
    ENOLINK: ("ENOLINK", "Link has been severed"),
    EPROTO: ("EPROTO", "Protocol error"),
}


def strerror(errno: int) -> str:
    """The text strerror(3) gives for `errno`."""
    if errno in _TABLE:
        return _TABLE[errno][1]
    return f"Unknown error: {errno & 0xFFFF_FFFF}" if errno else "Undefined error: 0"


def errno_name(errno: int) -> str:
    """The symbolic name, e.g. "EBUSY"; the number as text where there is none."""
    return _TABLE[errno][0] if errno in _TABLE else str(errno)


def returned(errno: int) -> str:
    """What a function of a module returned, for a reason: a negative number is an errno of another kernel."""
    if -errno not in _TABLE:
        return errno_name(errno)
    return f"{errno}; an errno is positive in NetBSD, {errno_name(-errno)} is {-errno}"


BY_NAME = {name: number for number, (name, _) in _TABLE.items()}
