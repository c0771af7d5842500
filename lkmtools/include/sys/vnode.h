/* <sys/vnode.h>: vnodes: what the kernel knows of a file, and the vectors of functions that file systems give it. */

#ifndef _SYS_VNODE_H_
#define _SYS_VNODE_H_

#include <sys/param.h>
#include <sys/kauth.h>
#include <sys/lock.h>
#include <sys/mutex.h>
#include <sys/queue.h>
#include <sys/rwlock.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>

struct lwp;
struct mount;
struct vnode;
struct componentname;
typedef struct vnode	vnode_t;
typedef off_t		voff_t;

enum vtype { VNON, VREG, VDIR, VBLK, VCHR, VLNK, VSOCK, VFIFO, VBAD };

enum vtagtype {
	VT_NON, VT_UFS, VT_NFS, VT_MFS, VT_MSDOSFS, VT_LFS, VT_LOFS, VT_FDESC, VT_PORTAL, VT_NULL, VT_UMAP, VT_KERNFS,
	VT_PROCFS, VT_AFS, VT_ISOFS, VT_UNION, VT_ADOSFS, VT_EXT2FS, VT_CODA, VT_FILECORE, VT_NTFS, VT_VFS, VT_OVERLAY,
	VT_SMBFS, VT_PTYFS, VT_TMPFS, VT_UDF, VT_SYSVBFS, VT_PUFFS, VT_HFS, VT_EFS, VT_ZFS
};

struct vnlock {
	krwlock_t	vl_lock;
	u_int		vl_canrecurse;
	u_int		vl_recursecnt;
};

/* A file has no pages of its own here: there is no v_uobj, and v_usecount is a member. */
struct vnode {
	kmutex_t	  v_interlock;
	int		  v_usecount;
	int		  v_writecount;
	int		  v_holdcnt;
	int		  v_iflag;
	int		  v_vflag;
	int		  v_uflag;
	voff_t		  v_size;
	struct mount	 *v_mount;
	int		(**v_op)(void *);
	TAILQ_ENTRY(vnode) v_mntvnodes;
	struct mount	 *v_mountedhere;
	enum vtype	  v_type;
	enum vtagtype	  v_tag;
	struct vnlock	  v_lock;
	struct vnlock	 *v_vnlock;
	void		 *v_data;
};

#define VV_ROOT		0x00000001
#define VV_SYSTEM	0x00000002
#define VV_ISTTY	0x00000004
#define VV_MAPPED	0x00000008
#define VV_MPSAFE	0x00000010
#define VI_XLOCK	0x00001000
#define VI_LAYER	0x00020000
#define VI_CLEAN	0x00080000

#define VNOVAL		(-1)

struct vattr {
	enum vtype	va_type;
	mode_t		va_mode;
	nlink_t		va_nlink;
	uid_t		va_uid;
	gid_t		va_gid;
	dev_t		va_fsid;
	ino_t		va_fileid;
	u_quad_t	va_size;
	long		va_blocksize;
	struct timespec	va_atime;
	struct timespec	va_mtime;
	struct timespec	va_ctime;
	struct timespec	va_birthtime;
	u_long		va_gen;
	u_long		va_flags;
	dev_t		va_rdev;
	u_quad_t	va_bytes;
	u_quad_t	va_filerev;
	u_int		va_vaflags;
	long		va_spare;
};
#define VA_UTIMES_NULL	0x01
#define VA_EXCLUSIVE	0x02

/* The ioflag argument of read and write. */
#define IO_UNIT		0x00000010
#define IO_APPEND	0x00000020
#define IO_SYNC		0x00000040
#define IO_NODELOCKED	0x00000080
#define IO_NDELAY	0x00000100

#define VREAD		00004
#define VWRITE		00002
#define VEXEC		00001

/* vflush() */
#define V_SAVE		0x0001	/* of vinvalbuf: write first */
#define SKIPSYSTEM	0x0001
#define FORCECLOSE	0x0002
#define WRITECLOSE	0x0004

/* fsync */
#define FSYNC_WAIT	0x0001
#define FSYNC_DATAONLY	0x0002
#define FSYNC_RECLAIM	0x0004

/* putpages */
#define PGO_CLEANIT	0x0001
#define PGO_SYNCIO	0x0002
#define PGO_FREE	0x0008
#define PGO_ALLPAGES	0x0010

/*
 * An operation: where its arguments have their vnodes (an array that ends in VDESC_NO_OFFSET), the vnode it returns,
 * the credentials and the name; and what it does to the vnodes: RELE drops its reference, PUT unlocks it too.
 */
struct vnodeop_desc {
	int		 vdesc_offset;
	const char	*vdesc_name;
	int		 vdesc_flags;
	const int	*vdesc_vp_offsets;
	int		 vdesc_vpp_offset;
	int		 vdesc_cred_offset;
	int		 vdesc_componentname_offset;
};
#define VDESC_NO_OFFSET		(-1)
#define VDESC_MAX_VPS		8
#define VDESC_VP0_WILLRELE	0x00000001
#define VDESC_VP1_WILLRELE	0x00000002
#define VDESC_VP2_WILLRELE	0x00000004
#define VDESC_VP3_WILLRELE	0x00000008
#define VDESC_VP0_WILLUNLOCK	0x00000100
#define VDESC_VP1_WILLUNLOCK	0x00000200
#define VDESC_VP2_WILLUNLOCK	0x00000400
#define VDESC_VP3_WILLUNLOCK	0x00000800
#define VDESC_VP0_WILLPUT	0x00000101
#define VDESC_VP1_WILLPUT	0x00000202
#define VDESC_VP2_WILLPUT	0x00000404
#define VDESC_VP3_WILLPUT	0x00000808
#define VOPARG_OFFSETOF(s, f)	__builtin_offsetof(s, f)
#define VOPARG_OFFSETTO(type, offset, args)	((type)(void *)((char *)(args) + (offset)))
#define VDESC(op)		(&__CONCAT(op, _desc))
#define VOFFSET(op)		(VDESC(op)->vdesc_offset)
#define VCALL(vp, offset, ap)	((*(vp)->v_op[(offset)])(ap))

struct vnodeopv_entry_desc {
	const struct vnodeop_desc	*opve_op;
	int				(*opve_impl)(void *);
};
struct vnodeopv_desc {
	int					(***opv_desc_vector_p)(void *);
	const struct vnodeopv_entry_desc	 *opv_desc_ops;
};

#include <sys/vnode_if.h>

#ifdef _KERNEL
extern const enum vtype	iftovt_tab[];
extern const int	vttoif_tab[];
#define IFTOVT(mode)		(iftovt_tab[((mode) & S_IFMT) >> 12])
#define VTTOIF(indx)		(vttoif_tab[(int)(indx)])
#define MAKEIMODE(indx, mode)	(int)(VTTOIF(indx) | (mode))

extern int	desiredvnodes;		/* beyond this many, the longest unused is cleaned */
extern u_int	numvnodes;
typedef int	(**__vnodeop_vector_t)(void *);
extern __vnodeop_vector_t	dead_vnodeop_p;

int	getnewvnode(enum vtagtype tag, struct mount *mp, int (**vops)(void *), struct vnode **vpp);
void	ungetnewvnode(struct vnode *vp);
int	vget(struct vnode *vp, int flags);
void	vput(struct vnode *vp);
void	vrele(struct vnode *vp);
void	vref(struct vnode *vp);
void	vhold(struct vnode *vp);
void	holdrele(struct vnode *vp);
#define VREF(vp)	vref(vp)
#define VHOLD(vp)	vhold(vp)
#define HOLDRELE(vp)	holdrele(vp)
int	vrecycle(struct vnode *vp, kmutex_t *interlock, struct lwp *l);
void	vgone(struct vnode *vp);
int	vflush(struct mount *mp, struct vnode *skipvp, int flags);
void	vflushbuf(struct vnode *vp, int sync);
int	vinvalbuf(struct vnode *vp, int flags, kauth_cred_t cred, struct lwp *l, bool catch, int slptimeo);
int	vn_lock(struct vnode *vp, int flags);
int	vlockmgr(struct vnlock *vl, int flags);
int	vlockstatus(struct vnlock *vl);
void	vattr_null(struct vattr *vap);
#define VATTR_NULL(vap)	vattr_null(vap)
int	vaccess(enum vtype type, mode_t file_mode, uid_t uid, gid_t gid, mode_t acc_mode, kauth_cred_t cred);
struct nameidata;
int	vn_open(struct nameidata *ndp, int fmode, int cmode);
int	vn_close(struct vnode *vp, int flags, kauth_cred_t cred);
int	vn_rdwr(enum uio_rw rw, struct vnode *vp, void *base, int len, off_t offset, enum uio_seg segflg, int ioflg,
	    kauth_cred_t cred, size_t *aresid, struct lwp *l);
void	vprint(const char *label, struct vnode *vp);

void	vfs_opv_init(const struct vnodeopv_desc * const *descs);
void	vfs_opv_free(const struct vnodeopv_desc * const *descs);
int	vn_default_error(void *v);

/* There is no cache of names: every lookup misses. */
int	cache_lookup(struct vnode *dvp, struct vnode **vpp, struct componentname *cnp);
void	cache_enter(struct vnode *dvp, struct vnode *vp, struct componentname *cnp);
void	cache_purge(struct vnode *vp);
void	cache_purgevfs(struct mount *mp);

#define NULLVP	((struct vnode *)NULL)
#endif

#endif
