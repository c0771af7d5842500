/* <sys/statvfs.h>: what statvfs(2) tells of a mounted file system. */

#ifndef _SYS_STATVFS_H_
#define _SYS_STATVFS_H_

#include <sys/types.h>
#include <sys/fstypes.h>

#define _VFS_NAMELEN	32
#define _VFS_MNAMELEN	1024
#define VFS_NAMELEN	_VFS_NAMELEN
#define VFS_MNAMELEN	_VFS_MNAMELEN

struct statvfs {
	u_long		f_flag;
	u_long		f_bsize;
	u_long		f_frsize;	/* the unit of the blocks below */
	u_long		f_iosize;
	uint64_t	f_blocks;
	uint64_t	f_bfree;
	uint64_t	f_bavail;
	uint64_t	f_bresvd;
	uint64_t	f_files;
	uint64_t	f_ffree;
	uint64_t	f_favail;
	uint64_t	f_fresvd;
	uint64_t	f_syncreads;
	uint64_t	f_syncwrites;
	uint64_t	f_asyncreads;
	uint64_t	f_asyncwrites;
	fsid_t		f_fsidx;
	u_long		f_fsid;
	u_long		f_namemax;
	uid_t		f_owner;
	union {
		uint32_t	f_spare[4];
#if __LKM_API < 200
		short		f_type;		/* of struct statfs */
#endif
	};
	char		f_fstypename[VFS_NAMELEN];
	char		f_mntonname[VFS_MNAMELEN];
	char		f_mntfromname[VFS_MNAMELEN];
};

#define ST_RDONLY	MNT_RDONLY
#define ST_SYNCHRONOUS	MNT_SYNCHRONOUS
#define ST_NOEXEC	MNT_NOEXEC
#define ST_NOSUID	MNT_NOSUID
#define ST_NODEV	MNT_NODEV
#define ST_UNION	MNT_UNION
#define ST_ASYNC	MNT_ASYNC
#define ST_NOCOREDUMP	MNT_NOCOREDUMP
#define ST_NOATIME	MNT_NOATIME
#define ST_LOCAL	MNT_LOCAL
#define ST_QUOTA	MNT_QUOTA
#define ST_ROOTFS	MNT_ROOTFS

#define ST_WAIT		MNT_WAIT
#define ST_NOWAIT	MNT_NOWAIT

#endif
