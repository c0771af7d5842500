/* <sys/vnode.h>: vnodes: what the kernel knows of a file, and the vectors of functions that file systems give it. */

#ifndef _SYS_VNODE_H_
#define _SYS_VNODE_H_

#include <sys/param.h>
#include <sys/condvar.h>
#include <sys/event.h>
#include <sys/kauth.h>
#include <sys/lock.h>
#include <sys/mutex.h>
#include <sys/queue.h>
#include <sys/rwlock.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <uvm/uvm_param.h>
#include <uvm/uvm_pglist.h>
#include <uvm/uvm_object.h>
#include <uvm/uvm_extern.h>

struct buf;
struct componentname;
struct fifoinfo;
struct file;
struct lwp;
struct mount;
struct namecache;
struct nameidata;
struct socket;
struct specnode;
struct uvm_ractx;
struct vnode;

enum vtype { VNON, VREG, VDIR, VBLK, VCHR, VLNK, VSOCK, VFIFO, VBAD };

enum vtagtype {
	VT_NON, VT_UFS, VT_NFS, VT_MFS, VT_MSDOSFS, VT_LFS, VT_LOFS, VT_FDESC, VT_PORTAL, VT_NULL, VT_UMAP, VT_KERNFS,
	VT_PROCFS, VT_AFS, VT_ISOFS, VT_UNION, VT_ADOSFS, VT_EXT2FS, VT_CODA, VT_FILECORE, VT_NTFS, VT_VFS, VT_OVERLAY,
	VT_SMBFS, VT_PTYFS, VT_TMPFS, VT_UDF, VT_SYSVBFS, VT_PUFFS, VT_HFS, VT_EFS, VT_ZFS
};

#define VNODE_TYPES \
	"VNON", "VREG", "VDIR", "VBLK", "VCHR", "VLNK", "VSOCK", "VFIFO", "VBAD"
#define VNODE_TAGS \
	"VT_NON", "VT_UFS", "VT_NFS", "VT_MFS", "VT_MSDOSFS", "VT_LFS", "VT_LOFS", "VT_FDESC", "VT_PORTAL", "VT_NULL", \
	"VT_UMAP", "VT_KERNFS", "VT_PROCFS", "VT_AFS", "VT_ISOFS", "VT_UNION", "VT_ADOSFS", "VT_EXT2FS", "VT_CODA", \
	"VT_FILECORE", "VT_NTFS", "VT_VFS", "VT_OVERLAY", "VT_SMBFS", "VT_PTYFS", "VT_TMPFS", "VT_UDF", "VT_SYSVBFS", \
	"VT_PUFFS", "VT_HFS", "VT_EFS", "VT_ZFS"

struct vnlock {
	krwlock_t	vl_lock;
	u_int		vl_canrecurse;
	u_int		vl_recursecnt;
};

LIST_HEAD(buflists, buf);
TAILQ_HEAD(vnodelst, vnode);
typedef struct vnodelst	vnodelst_t;

/* Lists of buffers, of names and of vnodes that are not in use are the kernel's own records: their members stay empty. */
struct vnode {
	struct uvm_object	 v_uobj;
	kcondvar_t		 v_cv;		/* of v_numoutput and the like, with the interlock */
	voff_t			 v_size;
	voff_t			 v_writesize;
	int			 v_iflag;	/* VI_*, with the interlock */
	int			 v_vflag;	/* VV_*, with the vnode locked */
	int			 v_uflag;	/* VU_*, the file system's */
	int			 v_numoutput;	/* writes that have begun */
	int			 v_writecount;	/* who has it open for writing */
	int			 v_holdcnt;
	int			 v_synclist_slot;
	struct mount		*v_mount;
	int			(**v_op)(void *);
	TAILQ_ENTRY(vnode)	 v_freelist;
	vnodelst_t		*v_freelisthd;
	TAILQ_ENTRY(vnode)	 v_mntvnodes;	/* of its file system */
	struct buflists		 v_cleanblkhd;
	struct buflists		 v_dirtyblkhd;
	TAILQ_ENTRY(vnode)	 v_synclist;
	LIST_HEAD(, namecache)	 v_dnclist;
	LIST_HEAD(, namecache)	 v_nclist;
	union {
		struct mount	 *vu_mountedhere;	/* VDIR: what covers it */
		struct socket	 *vu_socket;		/* VSOCK */
		struct specnode	 *vu_specnode;		/* VCHR, VBLK: see <miscfs/specfs/specdev.h> */
		struct fifoinfo	 *vu_fifoinfo;		/* VFIFO */
		struct uvm_ractx *vu_ractx;		/* VREG */
	} v_un;
	enum vtype		 v_type;
	enum vtagtype		 v_tag;
	struct vnlock		 v_lock;
	struct vnlock		*v_vnlock;	/* the lock that counts: its own, or in a layer that below */
	void			*v_data;	/* the file system's */
	struct klist		 v_klist;
};
typedef struct vnode	vnode_t;
#define v_usecount	v_uobj.uo_refs
#define v_interlock	v_uobj.vmobjlock
#define v_mountedhere	v_un.vu_mountedhere
#define v_socket	v_un.vu_socket
#define v_specnode	v_un.vu_specnode
#define v_fifoinfo	v_un.vu_fifoinfo
#define v_ractx		v_un.vu_ractx

#define VV_ROOT		0x00000001
#define VV_SYSTEM	0x00000002
#define VV_ISTTY	0x00000004
#define VV_MAPPED	0x00000008
#define VV_MPSAFE	0x00000010
#define VV_LOCKSWORK	0x00000020
#define VI_TEXT		0x00000100
#define VI_EXECMAP	0x00000200
#define VI_WRMAP	0x00000400
#define VI_WRMAPDIRTY	0x00000800
#define VI_XLOCK	0x00001000
#define VI_ONWORKLST	0x00004000
#define VI_MARKER	0x00008000
#define VI_LAYER	0x00020000
#define VI_MAPPED	0x00040000
#define VI_CLEAN	0x00080000
#define VI_INACTPEND	0x00100000
#define VI_INACTREDO	0x00200000
#define VI_FREEING	0x00400000
#define VU_DIROP	0x01000000

/* Before NetBSD 5 there was one word of flags. */
#if __LKM_API < 500
#define v_flag		v_vflag
#define VROOT		VV_ROOT
#define VSYSTEM		VV_SYSTEM
#define VISTTY		VV_ISTTY
#endif

#define VSIZENOTSET	((voff_t)-1)
#define VNOVAL		(-1)

struct vattr {
	enum vtype	va_type;
	mode_t		va_mode;
	nlink_t		va_nlink;
	uid_t		va_uid;
	gid_t		va_gid;
	long		va_fsid;
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
#define IO_SYNC		(0x00000040 | IO_DSYNC)
#define IO_NODELOCKED	0x00000080
#define IO_NDELAY	0x00000100
#define IO_DSYNC	0x00000200
#define IO_ALTSEMANTICS	0x00000400
#define IO_NORMAL	0x00000800
#define IO_EXT		0x00001000
#define IO_DIRECT	0x00002000
#define IO_JOURNALLOCKED	0x00004000
#define IO_ADV_MASK	0x00000003
#define IO_ADV_SHIFT	0
#define IO_ADV_ENCODE(adv)	(((adv) << IO_ADV_SHIFT) & IO_ADV_MASK)
#define IO_ADV_DECODE(ioflag)	(((ioflag) & IO_ADV_MASK) >> IO_ADV_SHIFT)

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
#define FSYNC_LAZY	0x0008
#define FSYNC_NOLOG	0x0010
#define FSYNC_CACHE	0x0100

/* What file systems call their own update function with. */
#define UPDATE_WAIT	0x0001
#define UPDATE_DIROP	0x0002
#define UPDATE_CLOSE	0x0004

/* revoke */
#define REVOKEALL	0x0001

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
	const char	**vdesc_transports;	/* NULL */
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
#define VOCALL(ops, offset, ap)	((*(ops)[(offset)])(ap))
#define VCALL(vp, offset, ap)	VOCALL((vp)->v_op, (offset), (ap))

struct vnodeopv_entry_desc {
	const struct vnodeop_desc	*opve_op;
	int				(*opve_impl)(void *);
};
struct vnodeopv_desc {
	int					(***opv_desc_vector_p)(void *);
	const struct vnodeopv_entry_desc	 *opv_desc_ops;
};

/* What the arguments of every operation begin with. */
struct vop_generic_args {
	struct vnodeop_desc	*a_desc;
};

#ifdef _KERNEL
#include <sys/mount.h>
#include <sys/vnode_if.h>
#if defined(__OpenBSD__)
#include <uvm/uvm_extern.h>
#endif

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
int	vget(struct vnode *vp, int flags __lkm_more);
void	vput(struct vnode *vp);
void	vrele(struct vnode *vp);
void	vref(struct vnode *vp);
void	vhold(struct vnode *vp);
void	holdrele(struct vnode *vp);
void	vholdl(struct vnode *vp);	/* with the interlock held */
void	holdrelel(struct vnode *vp);
#define VREF(vp)	vref(vp)
#define VHOLD(vp)	vhold(vp)
#define HOLDRELE(vp)	holdrele(vp)
int	vrecycle(struct vnode *vp, kmutex_t *interlock, struct lwp *l);
void	vgone(struct vnode *vp);
int	vflush(struct mount *mp, struct vnode *skipvp, int flags);
void	vflushbuf(struct vnode *vp, int sync);
int	vinvalbuf(struct vnode *vp, int flags, kauth_cred_t cred, struct lwp *l, bool catch, int slptimeo);
int	vn_lock(struct vnode *vp, int flags __lkm_more);
int	vlockmgr(struct vnlock *vl, int flags);
int	vlockstatus(struct vnlock *vl);
u_int	vn_setrecurse(struct vnode *vp);
void	vn_restorerecurse(struct vnode *vp, u_int flags);
void	vattr_null(struct vattr *vap);
#define VATTR_NULL(vap)	vattr_null(vap)
int	vaccess(enum vtype type, mode_t file_mode, uid_t uid, gid_t gid, mode_t acc_mode, kauth_cred_t cred);
int	vtruncbuf(struct vnode *vp, daddr_t lbn, bool catch, int slptimeo);
void	vfs_timestamp(struct timespec *ts);
int	vn_writechk(struct vnode *vp);
int	vn_marktext(struct vnode *vp);
void	vn_markexec(struct vnode *vp);
int	vn_bwrite(void *v);
int	vn_open(struct nameidata *ndp, int fmode, int cmode);
int	vn_close(struct vnode *vp, int flags, kauth_cred_t cred);
int	vn_rdwr(enum uio_rw rw, struct vnode *vp, void *base, int len, off_t offset, enum uio_seg segflg, int ioflg,
	    kauth_cred_t cred, size_t *aresid, struct lwp *l);
void	vprint(const char *label, struct vnode *vp);

void	vfs_opv_init(const struct vnodeopv_desc * const *descs);
void	vfs_opv_free(const struct vnodeopv_desc * const *descs);
int	vn_default_error(void *v);

int	bdevvp(dev_t dev, struct vnode **vpp);
int	cdevvp(dev_t dev, struct vnode **vpp);
int	vfinddev(dev_t dev, enum vtype type, struct vnode **vpp);
void	vdevgone(int maj, int minl, int minh, enum vtype type);
void	vrevoke(struct vnode *vp);
void	vwakeup(struct buf *bp);
struct vnode	*vnalloc(struct mount *mp);
void	vnfree(struct vnode *vp);
void	vmark(struct vnode *mvp, struct vnode *vp);
struct vnode	*vunmark(struct vnode *mvp);
void	vrelel(struct vnode *vp, int flags);
int	vn_isunder(struct vnode *dvp, struct vnode *rvp, struct lwp *l);
int	vn_readdir(struct file *fp, char *buf, int segflg, u_int count, int *done, struct lwp *l, off_t **cookies,
	    int *ncookies);
int	vn_stat(struct vnode *vp, struct stat *sb);
int	vn_kqfilter(struct file *fp, struct knote *kn);
int	vn_extattr_get(struct vnode *vp, int ioflg, int ns, const char *name, size_t *buflen, void *buf, struct lwp *l);
int	vn_extattr_set(struct vnode *vp, int ioflg, int ns, const char *name, size_t buflen, const void *buf,
	    struct lwp *l);
int	vn_extattr_rm(struct vnode *vp, int ioflg, int ns, const char *name, struct lwp *l);
void	vn_ra_allocctx(struct vnode *vp);
void	vn_syncer_add_to_worklist(struct vnode *vp, int delay);
void	vn_syncer_remove_from_worklist(struct vnode *vp);
int	speedup_syncer(void);
int	dorevoke(struct vnode *vp, kauth_cred_t cred);
int	vfs_drainvnodes(long target, struct lwp *l);

#define NULLVP	((struct vnode *)NULL)

/* OpenBSD's VOP_MKNOD keeps the new vnode; NetBSD's returns it, locked. */
#if defined(__OpenBSD__)
static inline int
__lkm_mknod(struct vnode *dvp, struct vnode **vpp, struct componentname *cnp, struct vattr *vap)
{
	int error = VOP_MKNOD(dvp, vpp, cnp, vap);

	if (error == 0) {
		vput(*vpp);
		*vpp = NULLVP;
	}
	return error;
}
#define VOP_MKNOD(dvp, vpp, cnp, vap)	__lkm_mknod((dvp), (vpp), (cnp), (vap))
#endif
#endif

#endif
