/* <sys/fstypes.h>: the names of file systems and of files in them, and the flags of a mount. */

#ifndef _SYS_FSTYPES_H_
#define _SYS_FSTYPES_H_

#include <sys/types.h>

typedef struct fsid {
#if __LKM_API < 400
	union { int32_t __fsid_val[2]; int32_t val[2]; };
#else
	int32_t	__fsid_val[2];
#endif
} fsid_t;

/* A file within its file system, which chooses how long fid_data is. */
struct fid {
	u_short	fid_len;	/* of the whole */
	u_short	fid_reserved;
	char	fid_data[0];
};

/* A file in any file system. */
struct fhandle {
	fsid_t		fh_fsid;
	struct fid	fh_fid;
};
typedef struct fhandle	fhandle_t;

#define FHANDLE_SIZE_MIN	28
#define FHANDLE_SIZE_MAX	1024
#define FHANDLE_SIZE_FROM_FILEID_SIZE(size)	(sizeof(fsid_t) + (size))
#define FHANDLE_FSID(fh)	(&(fh)->fh_fsid)
#define FHANDLE_FILEID(fh)	(&(fh)->fh_fid)
#define FHANDLE_SIZE(fh)	(sizeof(fsid_t) + FHANDLE_FILEID(fh)->fid_len)

/* What the user says (mnt_flag, f_flag). */
#define MNT_RDONLY	0x00000001
#define MNT_SYNCHRONOUS	0x00000002
#define MNT_NOEXEC	0x00000004
#define MNT_NOSUID	0x00000008
#define MNT_NODEV	0x00000010
#define MNT_UNION	0x00000020
#define MNT_ASYNC	0x00000040
#define MNT_NOCOREDUMP	0x00008000
#define MNT_IGNORE	0x00100000
#define MNT_LOG		0x02000000
#define MNT_NOATIME	0x04000000
#define MNT_SYMPERM	0x20000000
#define MNT_NODEVMTIME	0x40000000
#define MNT_SOFTDEP	0x80000000

/* Of exported file systems. */
#define MNT_EXRDONLY	0x00000080
#define MNT_EXPORTED	0x00000100
#define MNT_DEFEXPORTED	0x00000200
#define MNT_EXPORTANON	0x00000400
#define MNT_EXKERB	0x00000800
#define MNT_EXNORESPORT	0x08000000
#define MNT_EXPUBLIC	0x10000000

/* What the file system says. */
#define MNT_LOCAL	0x00001000
#define MNT_QUOTA	0x00002000
#define MNT_ROOTFS	0x00004000

/* What mount(2) or unmount(2) is to do. */
#define MNT_UPDATE	0x00010000
#define MNT_DELEXPORT	0x00020000
#define MNT_RELOAD	0x00040000
#define MNT_FORCE	0x00080000
#define MNT_GETARGS	0x00400000

#define MNT_BASIC_FLAGS \
	(MNT_ASYNC | MNT_NOCOREDUMP | MNT_NODEV | MNT_NOEXEC | MNT_NOSUID | MNT_RDONLY | MNT_SYNCHRONOUS | \
	 MNT_UNION | MNT_NOATIME | MNT_NODEVMTIME | MNT_SYMPERM | MNT_SOFTDEP | MNT_IGNORE | MNT_LOG)
#define MNT_OP_FLAGS	(MNT_UPDATE | MNT_RELOAD | MNT_FORCE | MNT_GETARGS)
#define MNT_VISFLAGMASK \
	(MNT_BASIC_FLAGS | MNT_EXRDONLY | MNT_EXPORTED | MNT_DEFEXPORTED | MNT_EXPORTANON | MNT_EXKERB | \
	 MNT_EXNORESPORT | MNT_EXPUBLIC | MNT_LOCAL | MNT_QUOTA | MNT_ROOTFS)

/* What the kernel says (mnt_iflag). */
#define IMNT_GONE	0x00000001
#define IMNT_UNMOUNT	0x00000002
#define IMNT_WANTRDWR	0x00000004
#define IMNT_MPSAFE	0x00000008
#define IMNT_DTYPE	0x00000040
#define IMNT_WANTRDONLY	0x00000080

#define MNT_WAIT	1
#define MNT_NOWAIT	2
#define MNT_LAZY	3

#endif
