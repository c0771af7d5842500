/* linux_file.c: names and open files. */

#include "linux_emul.h"

#include <sys/fcntl.h>
#include <sys/unistd.h>

/*
 * A name, in the program's memory, for a native call. /proc/self/exe is the name of the program itself, put into the
 * stack gap; all others are the program's own pointer. The kernel looks below e_path by itself.
 */
const char *
linux_name(struct lwp *l, const char *upath, void **sg)
{
	static const char self[] = "/proc/self/exe";
	const struct linux_emuldata *data = LINUX_DATA(l->l_proc);
	char text[sizeof(self)], *copy;

	if (copyinstr(upath, text, sizeof(text), NULL) != 0 || strcmp(text, self) != 0)
		return upath;
	copy = stackgap_alloc(l->l_proc, sg, strlen(data->exe) + 1);
	if (copy == NULL || copyout(data->exe, copy, strlen(data->exe) + 1) != 0)
		return upath;
	return copy;
}

/* Calls that take a directory: a relative name's walk begins there. The native ones begin where the process is. */
int
linux_at_enter(struct lwp *l, int fd, const char *upath, void **sg, struct linux_at *at)
{
	static const char escape[] = "/..";	/* so that the way back does not lead below e_path */
	register_t rval[2];
	char first;
	int error;

	at->cwd = NULL;
	if (fd == LINUX_AT_FDCWD)
		return 0;
	if ((error = copyin(upath, &first, 1)) != 0 || first == '/')
		return error;
	if ((at->cwd = stackgap_alloc(l->l_proc, sg, MAXPATHLEN)) == NULL)
		return ENOMEM;
	if ((error = copyout(escape, at->cwd, sizeof(escape) - 1)) == 0)
		error = NATIVE(sys___getcwd, l, rval, W(at->cwd + sizeof(escape) - 1), MAXPATHLEN - sizeof(escape));
	if (error == 0)
		error = NATIVE(sys_fchdir, l, rval, fd);
	if (error != 0)
		at->cwd = NULL;
	return error;
}

void
linux_at_leave(struct lwp *l, struct linux_at *at)
{
	register_t rval[2];

	if (at->cwd != NULL)
		(void)NATIVE(sys_chdir, l, rval, W(at->cwd));
}

/* A native call whose first word is a name, with others behind it, as seen from directory fd. */
static int
call_at(struct lwp *l, sy_call_t *call, int fd, const char *upath, register_t second, register_t third,
    register_t *retval)
{
	void *sg = stackgap_init(l->l_proc, 0);
	struct linux_at at;
	int error = linux_at_enter(l, fd, upath, &sg, &at);

	if (error == 0) {
		error = NATIVE(call, l, retval, W(linux_name(l, upath, &sg)), second, third);
		linux_at_leave(l, &at);
	}
	return error;
}

/* Flags of open files, in both directions; the ways of access are the same. */
static const struct {
	int	foreign;
	int	native;
} open_flags[] = {
	{ LINUX_O_CREAT, O_CREAT },
	{ LINUX_O_EXCL, O_EXCL },
	{ LINUX_O_NOCTTY, O_NOCTTY },
	{ LINUX_O_TRUNC, O_TRUNC },
	{ LINUX_O_APPEND, O_APPEND },
	{ LINUX_O_NONBLOCK, O_NONBLOCK },
	{ LINUX_O_DSYNC, O_DSYNC },
	{ LINUX_O_SYNC, O_SYNC },
	{ LINUX_O_ASYNC, O_ASYNC },
	{ LINUX_O_DIRECT, O_DIRECT },
	{ LINUX_O_DIRECTORY, O_DIRECTORY },
	{ LINUX_O_NOFOLLOW, O_NOFOLLOW },
};

static int
native_flags(int foreign)
{
	int native = foreign & O_ACCMODE;

	for (size_t i = 0; i < __arraycount(open_flags); i++)
		if ((foreign & open_flags[i].foreign) != 0)
			native |= open_flags[i].native;
	return native;
}

static int
linux_flags(int native)
{
	int foreign = native & O_ACCMODE;

	for (size_t i = 0; i < __arraycount(open_flags); i++)
		if ((native & open_flags[i].native) != 0)
			foreign |= open_flags[i].foreign;
	return foreign;
}

static int
close_on_exec(struct lwp *l, int fd, bool on)
{
	register_t rval[2];

	return on ? NATIVE(sys_fcntl, l, rval, fd, F_SETFD, FD_CLOEXEC) : 0;
}

static int
open_at(struct lwp *l, int fd, const char *upath, int flags, mode_t mode, register_t *retval)
{
	int error = call_at(l, sys_open, fd, upath, native_flags(flags), mode, retval);

	return error != 0 ? error : close_on_exec(l, *retval, (flags & LINUX_O_CLOEXEC) != 0);
}

LINUX_CALL(open)
{
	return open_at(l, LINUX_AT_FDCWD, ARG(0, const char *), ARG(1, int), ARG(2, mode_t), retval);
}

LINUX_CALL(openat)
{
	return open_at(l, ARG(0, int), ARG(1, const char *), ARG(2, int), ARG(3, mode_t), retval);
}

LINUX_CALL(creat)
{
	return open_at(l, LINUX_AT_FDCWD, ARG(0, const char *), O_WRONLY | LINUX_O_CREAT | LINUX_O_TRUNC,
	    ARG(1, mode_t), retval);
}

LINUX_CALL(mkdirat)
{
	return call_at(l, sys_mkdir, ARG(0, int), ARG(1, const char *), ARG(2, register_t), 0, retval);
}

LINUX_CALL(unlinkat)
{
	int flags = ARG(2, int);

	if ((flags & ~LINUX_AT_REMOVEDIR) != 0)
		return EINVAL;
	return call_at(l, flags != 0 ? sys_rmdir : sys_unlink, ARG(0, int), ARG(1, const char *), 0, 0, retval);
}

LINUX_CALL(fchmodat)
{
	return call_at(l, sys_chmod, ARG(0, int), ARG(1, const char *), ARG(2, register_t), 0, retval);
}

LINUX_CALL(fchownat)
{
	return call_at(l, sys_chown, ARG(0, int), ARG(1, const char *), ARG(2, register_t), ARG(3, register_t), retval);
}

LINUX_CALL(access)
{
	return call_at(l, sys_access, LINUX_AT_FDCWD, ARG(0, const char *), ARG(1, register_t), 0, retval);
}

/* faccessat, and faccessat2, whose flags change nothing here: real and effective user are asked alike. */
LINUX_CALL(faccessat)
{
	return call_at(l, sys_access, ARG(0, int), ARG(1, const char *), ARG(2, register_t), 0, retval);
}

/* symlinkat(text, directory, name): only the name is walked. */
LINUX_CALL(symlinkat)
{
	void *sg = stackgap_init(l->l_proc, 0);
	const char *name = ARG(2, const char *);
	struct linux_at at;
	int error = linux_at_enter(l, ARG(1, int), name, &sg, &at);

	if (error == 0) {
		error = NATIVE(sys_symlink, l, retval, ARG(0, register_t), W(name));
		linux_at_leave(l, &at);
	}
	return error;
}

/* Calls of two names, which must begin in the same directory, or be absolute. */
static int
two_names_at(struct lwp *l, sy_call_t *call, int fd, const char *from, int tofd, const char *to, register_t *retval)
{
	void *sg = stackgap_init(l->l_proc, 0);
	struct linux_at at, toat;
	int error;

	if ((error = linux_at_enter(l, fd, from, &sg, &at)) != 0)
		return error;
	if (tofd != fd && (error = linux_at_enter(l, tofd, to, &sg, &toat)) == 0 && toat.cwd != NULL) {
		linux_at_leave(l, &toat);
		error = EXDEV;
	}
	if (error == 0)
		error = NATIVE(call, l, retval, W(from), W(to));
	linux_at_leave(l, &at);
	return error;
}

LINUX_CALL(renameat)
{
	return two_names_at(l, sys_rename, ARG(0, int), ARG(1, const char *), ARG(2, int), ARG(3, const char *), retval);
}

LINUX_CALL(renameat2)
{
	return ARG(4, int) != 0 ? EINVAL : linux_sys_renameat(l, v, retval);
}

LINUX_CALL(linkat)
{
	return two_names_at(l, sys_link, ARG(0, int), ARG(1, const char *), ARG(2, int), ARG(3, const char *), retval);
}

/* readlink(name, buffer, its size): the link /proc/self/exe is not in any file system. */
static int
readlink_at(struct lwp *l, int fd, const char *upath, char *buf, int size, register_t *retval)
{
	void *sg = stackgap_init(l->l_proc, 0);
	const char *exe = LINUX_DATA(l->l_proc)->exe;
	const size_t slash = exe[0] != '/';	/* such a link is never relative */
	int error;

	if (size <= 0)
		return EINVAL;
	if (linux_name(l, upath, &sg) == upath)
		return call_at(l, sys_readlink, fd, upath, W(buf), size, retval);
	*retval = MIN(slash + strlen(exe), (size_t)size);
	error = slash ? copyout("/", buf, 1) : 0;
	return error != 0 ? error : copyout(exe, buf + slash, *retval - slash);
}

LINUX_CALL(readlink)
{
	return readlink_at(l, LINUX_AT_FDCWD, ARG(0, const char *), ARG(1, char *), ARG(2, int), retval);
}

LINUX_CALL(readlinkat)
{
	return readlink_at(l, ARG(0, int), ARG(1, const char *), ARG(2, char *), ARG(3, int), retval);
}

LINUX_CALL(truncate)
{
	return NATIVE(sys_truncate, l, retval, ARG(0, register_t), 0, QUAD(ARG(1, long)));
}

LINUX_CALL(ftruncate)
{
	return NATIVE(sys_ftruncate, l, retval, ARG(0, register_t), 0, QUAD(ARG(1, long)));
}

LINUX_CALL(truncate64)
{
	return NATIVE(sys_truncate, l, retval, ARG(0, register_t), 0, QUAD(ARG64(1)));
}

LINUX_CALL(ftruncate64)
{
	return NATIVE(sys_ftruncate, l, retval, ARG(0, register_t), 0, QUAD(ARG64(1)));
}

LINUX_CALL(lseek)
{
	return NATIVE(sys_lseek, l, retval, ARG(0, register_t), 0, QUAD(ARG(1, long)), ARG(2, register_t));
}

LINUX_CALL(pread64)
{
	return NATIVE(sys_pread, l, retval, ARG(0, register_t), ARG(1, register_t), ARG(2, register_t), 0,
	    QUAD(ARG64(3)));
}

LINUX_CALL(pwrite64)
{
	return NATIVE(sys_pwrite, l, retval, ARG(0, register_t), ARG(1, register_t), ARG(2, register_t), 0,
	    QUAD(ARG64(3)));
}

/* fcntl(file, command, argument) */
LINUX_CALL(fcntl)
{
	int fd = ARG(0, int), error;

	switch (ARG(1, int)) {
	case LINUX_F_DUPFD:
		return NATIVE(sys_fcntl, l, retval, fd, F_DUPFD, ARG(2, register_t));
	case LINUX_F_DUPFD_CLOEXEC:
		return NATIVE(sys_fcntl, l, retval, fd, F_DUPFD_CLOEXEC, ARG(2, register_t));
	case LINUX_F_GETFD:
		return NATIVE(sys_fcntl, l, retval, fd, F_GETFD, 0);
	case LINUX_F_SETFD:
		return NATIVE(sys_fcntl, l, retval, fd, F_SETFD, ARG(2, register_t) & FD_CLOEXEC);
	case LINUX_F_GETFL:
		if ((error = NATIVE(sys_fcntl, l, retval, fd, F_GETFL, 0)) == 0)
			*retval = linux_flags(*retval);
		return error;
	case LINUX_F_SETFL:
		return NATIVE(sys_fcntl, l, retval, fd, F_SETFL, native_flags(ARG(2, int)));
	default:
		return EINVAL;
	}
}

/* pipe2(where to put the two descriptors, flags) */
static int
new_pipe(struct lwp *l, int *fds, int flags)
{
	register_t ends[2], rval[2];
	int pair[2], error;

	if ((flags & ~(LINUX_O_CLOEXEC | LINUX_O_NONBLOCK | LINUX_O_DIRECT)) != 0)
		return EINVAL;
	if ((error = sys_pipe(l, NULL, ends)) != 0)
		return error;
	for (int i = 0; i < 2; i++) {
		pair[i] = ends[i];
		(void)close_on_exec(l, pair[i], (flags & LINUX_O_CLOEXEC) != 0);
		if ((flags & LINUX_O_NONBLOCK) != 0)
			(void)NATIVE(sys_fcntl, l, rval, pair[i], F_SETFL, O_NONBLOCK);
	}
	if ((error = copyout(pair, fds, sizeof(pair))) != 0) {
		(void)NATIVE(sys_close, l, rval, pair[0]);
		(void)NATIVE(sys_close, l, rval, pair[1]);
	}
	return error;
}

LINUX_CALL(pipe)
{
	return new_pipe(l, ARG(0, int *), 0);
}

LINUX_CALL(pipe2)
{
	return new_pipe(l, ARG(0, int *), ARG(1, int));
}

/* dup3(from, to, flags): unlike dup2, never from itself to itself. */
LINUX_CALL(dup3)
{
	int error;

	if (ARG(0, int) == ARG(1, int) || (ARG(2, int) & ~LINUX_O_CLOEXEC) != 0)
		return EINVAL;
	error = NATIVE(sys_dup2, l, retval, ARG(0, register_t), ARG(1, register_t));
	return error != 0 ? error : close_on_exec(l, *retval, (ARG(2, int) & LINUX_O_CLOEXEC) != 0);
}

/* getcwd(buffer, size): answers how long it is, as the native one. */
LINUX_CALL(getcwd)
{
	return NATIVE(sys___getcwd, l, retval, ARG(0, register_t), ARG(1, register_t));
}

/* Advice about files and memory, which this kernel does not need. */
LINUX_CALL(advice)
{
	return 0;
}
