/* linux_stat.c: what files are, and what directories hold. */

#include "linux_emul.h"

#include <sys/dirent.h>
#include <sys/malloc.h>
#include <sys/stat.h>
#include <sys/unistd.h>

/* Call a native stat: its first argument, a name or a descriptor, and where the struct goes. */
static int
native_stat(struct lwp *l, sy_call_t *call, register_t what, void **sg, struct stat *st)
{
	struct stat *ust = stackgap_alloc(l->l_proc, sg, sizeof(*st));
	register_t rval[2];
	int error;

	if (ust == NULL)
		return ENOMEM;
	error = NATIVE(call, l, rval, what, W(ust));
	return error != 0 ? error : copyin(ust, st, sizeof(*st));
}

/* By the rules of the calls that take a directory and flags. */
static int
stat_at(struct lwp *l, int fd, const char *upath, int flags, struct stat *st)
{
	void *sg = stackgap_init(l->l_proc, 0);
	sy_call_t *call = (flags & LINUX_AT_SYMLINK_NOFOLLOW) != 0 ? sys___lstat30 : sys___stat30;
	struct linux_at at;
	char first;
	int error;

	if ((flags & LINUX_AT_EMPTY_PATH) != 0 && fd != LINUX_AT_FDCWD) {
		if (upath == NULL)
			first = '\0';
		else if ((error = copyin(upath, &first, 1)) != 0)
			return error;
		if (first == '\0')
			return native_stat(l, sys___fstat30, fd, &sg, st);
	}
	if ((error = linux_at_enter(l, fd, upath, &sg, &at)) != 0)
		return error;
	error = native_stat(l, call, W(linux_name(l, upath, &sg)), &sg, st);
	linux_at_leave(l, &at);
	return error;
}

/* Device numbers are made of major and minor in the same way. */
static int
copyout_stat(const struct stat *st, void *uaddr)
{
	struct linux_stat out;

	memset(&out, 0, sizeof(out));
	out.st_dev = st->st_dev;
	out.st_ino = st->st_ino;
#ifndef __LP64__
	out.st_ino32 = st->st_ino;
#endif
	out.st_mode = st->st_mode;
	out.st_nlink = st->st_nlink;
	out.st_uid = st->st_uid;
	out.st_gid = st->st_gid;
	out.st_rdev = st->st_rdev;
	out.st_size = st->st_size;
	out.st_blksize = st->st_blksize;
	out.st_blocks = st->st_blocks;
	out.st_atime_sec = st->st_atimespec.tv_sec;
	out.st_atime_nsec = st->st_atimespec.tv_nsec;
	out.st_mtime_sec = st->st_mtimespec.tv_sec;
	out.st_mtime_nsec = st->st_mtimespec.tv_nsec;
	out.st_ctime_sec = st->st_ctimespec.tv_sec;
	out.st_ctime_nsec = st->st_ctimespec.tv_nsec;
	return copyout(&out, uaddr, sizeof(out));
}

LINUX_CALL(stat)
{
	struct stat st;
	int error = stat_at(l, LINUX_AT_FDCWD, ARG(0, const char *), 0, &st);

	return error != 0 ? error : copyout_stat(&st, ARG(1, void *));
}

LINUX_CALL(lstat)
{
	struct stat st;
	int error = stat_at(l, LINUX_AT_FDCWD, ARG(0, const char *), LINUX_AT_SYMLINK_NOFOLLOW, &st);

	return error != 0 ? error : copyout_stat(&st, ARG(1, void *));
}

LINUX_CALL(fstat)
{
	void *sg = stackgap_init(l->l_proc, 0);
	struct stat st;
	int error = native_stat(l, sys___fstat30, ARG(0, register_t), &sg, &st);

	return error != 0 ? error : copyout_stat(&st, ARG(1, void *));
}

/* newfstatat, fstatat64: (directory, name, struct, flags) */
LINUX_CALL(newfstatat)
{
	struct stat st;
	int error = stat_at(l, ARG(0, int), ARG(1, const char *), ARG(3, int), &st);

	return error != 0 ? error : copyout_stat(&st, ARG(2, void *));
}

static void
statx_time(const struct timespec *ts, struct linux_statx_time *out)
{
	out->tv_sec = ts->tv_sec;
	out->tv_nsec = ts->tv_nsec;
}

/* statx(directory, name, flags, what is asked for, struct): all that stat has is stored, whatever was asked for. */
LINUX_CALL(statx)
{
	struct linux_statx out;
	struct stat st;
	int error = stat_at(l, ARG(0, int), ARG(1, const char *), ARG(2, int), &st);

	if (error != 0)
		return error;
	memset(&out, 0, sizeof(out));
	out.stx_mask = LINUX_STATX_BASIC_STATS | LINUX_STATX_BTIME;
	out.stx_blksize = st.st_blksize;
	out.stx_nlink = st.st_nlink;
	out.stx_uid = st.st_uid;
	out.stx_gid = st.st_gid;
	out.stx_mode = st.st_mode;
	out.stx_ino = st.st_ino;
	out.stx_size = st.st_size;
	out.stx_blocks = st.st_blocks;
	statx_time(&st.st_atimespec, &out.stx_atime);
	statx_time(&st.st_birthtimespec, &out.stx_btime);
	statx_time(&st.st_ctimespec, &out.stx_ctime);
	statx_time(&st.st_mtimespec, &out.stx_mtime);
	out.stx_rdev_major = major(st.st_rdev);
	out.stx_rdev_minor = minor(st.st_rdev);
	out.stx_dev_major = major(st.st_dev);
	out.stx_dev_minor = minor(st.st_dev);
	return copyout(&out, ARG(4, void *), sizeof(out));
}

#define DIRENT_ROUND(n)		(((n) + 7) & ~(size_t)7)
#define MAXDIRENTS		(64 * 1024)	/* bytes in one call */

/*
 * Native records to foreign ones; returns the bytes of these. A record grows by at most a half: the name begins six
 * bytes further on, and the shortest has sixteen bytes.
 */
static size_t
translate_dirents(const char *from, size_t length, off_t offset, char *to)
{
	const struct dirent *in;
	struct linux_dirent64 *out;
	size_t done = 0;

	for (size_t at = 0; at + offsetof(struct dirent, d_name) < length; at += in->d_reclen) {
		in = (const void *)(from + at);
		size_t size = DIRENT_ROUND(LINUX_DIRENT64_HEAD + in->d_namlen + 1);
		if (in->d_reclen < offsetof(struct dirent, d_name) + in->d_namlen + 1 || at + in->d_reclen > length)
			break;		/* not a record: some file system's mistake */

		out = (struct linux_dirent64 *)(to + done);
		memset(out, 0, size);
		out->d_ino = in->d_fileno;
		out->d_off = offset;
		out->d_reclen = size;
		out->d_type = in->d_type;
		memcpy(to + done + LINUX_DIRENT64_HEAD, in->d_name, in->d_namlen);
		done += size;
	}
	return done;
}

/*
 * getdents64(file, buffer, size): the native entries are read into the very buffer, as many as will fit translated.
 * d_off is the same for all of them, where the next call goes on: a program that seeks to one within sees others twice.
 */
LINUX_CALL(getdents64)
{
	char *ubuf = ARG(1, char *), *native, *foreign;
	size_t size = MIN(ARG(2, u_int), MAXDIRENTS), want = size / 3 * 2 & ~(size_t)7, length;
	register_t offset[2];
	int fd = ARG(0, int), error;

	if ((error = NATIVE(sys___getdents30, l, retval, fd, W(ubuf), want)) != 0 || (length = *retval) == 0)
		return error;
	if ((error = NATIVE(sys_lseek, l, offset, fd, 0, QUAD(0), SEEK_CUR)) != 0)
		return error;
	native = malloc(want, M_TEMP, M_WAITOK);
	foreign = malloc(size, M_TEMP, M_WAITOK);
	if ((error = copyin(ubuf, native, length)) == 0) {
		length = translate_dirents(native, length, *(off_t *)offset, foreign);
		*retval = length;
		error = copyout(foreign, ubuf, length);
	}
	free(native, M_TEMP);
	free(foreign, M_TEMP);
	return error;
}
