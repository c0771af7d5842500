/* <sys/mount.h>: file systems: the operations of a type, and each mounted one. */

#ifndef _SYS_MOUNT_H_
#define _SYS_MOUNT_H_

#include <sys/param.h>
#include <sys/condvar.h>
#include <sys/fstypes.h>
#include <sys/kauth.h>
#include <sys/mutex.h>
#include <sys/queue.h>
#include <sys/rwlock.h>
#include <sys/specificdata.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/ucred.h>

struct buf;
struct kauth_cred;
struct sockaddr;
struct vattr;
struct vfsops;
struct vnode;
struct vnodeopv_desc;
struct wapbl;
struct wapbl_ops;
struct wapbl_replay;

#define MFSNAMELEN	16
#define MNAMELEN	90
#define VFS_MAX_MOUNT_DATA	8192

/* The types of file systems that NetBSD 5.2 has. */
#define MOUNT_FFS	"ffs"
#define MOUNT_UFS	MOUNT_FFS
#define MOUNT_NFS	"nfs"
#define MOUNT_MFS	"mfs"
#define MOUNT_MSDOS	"msdos"
#define MOUNT_LFS	"lfs"
#define MOUNT_FDESC	"fdesc"
#define MOUNT_PORTAL	"portal"
#define MOUNT_NULL	"null"
#define MOUNT_OVERLAY	"overlay"
#define MOUNT_UMAP	"umap"
#define MOUNT_KERNFS	"kernfs"
#define MOUNT_PROCFS	"procfs"
#define MOUNT_AFS	"afs"
#define MOUNT_CD9660	"cd9660"
#define MOUNT_UNION	"union"
#define MOUNT_ADOSFS	"adosfs"
#define MOUNT_EXT2FS	"ext2fs"
#define MOUNT_CFS	"coda"
#define MOUNT_CODA	MOUNT_CFS
#define MOUNT_FILECORE	"filecore"
#define MOUNT_NTFS	"ntfs"
#define MOUNT_SMBFS	"smbfs"
#define MOUNT_PTYFS	"ptyfs"
#define MOUNT_TMPFS	"tmpfs"
#define MOUNT_UDF	"udf"
#define MOUNT_SYSVBFS	"sysvbfs"
#define MOUNT_PUFFS	"puffs"
#define MOUNT_HFS	"hfs"
#define MOUNT_EFS	"efs"
#define MOUNT_ZFS	"zfs"
#define MOUNT_RUMPFS	"rumpfs"

/* The nodes of sysctl's vfs.generic. */
#define VFS_GENERIC	0
#define VFS_MAXTYPENUM	1
#define VFS_CONF	2
#define VFS_USERMOUNT	3
#define VFS_MAGICLINKS	4
#define VFSGEN_MAXID	5

/* What the kernel has for a type, whatever the type's own struct vfsops looks like (<sys/mount_old.h>). */
#if __LKM_API < 500
#define __lkm_vfsops	vfsops_5_2
#else
#define __lkm_vfsops	vfsops
#endif

struct mount {
	CIRCLEQ_ENTRY(mount)	 mnt_list;
	TAILQ_HEAD(, vnode)	 mnt_vnodelist;
#if defined(__OpenBSD__)
	union { struct __lkm_vfsops *mnt_op; struct __lkm_vfc *mnt_vfc; };	/* to read its vfc_name */
#else
	struct __lkm_vfsops	*mnt_op;
#endif
	struct vnode		*mnt_vnodecovered;	/* NULL on a directory of the root file system */
	struct vnode		*mnt_syncer;
	void			*mnt_transinfo;
	void			*mnt_data;
	krwlock_t		 mnt_unmounting;
	kmutex_t		 mnt_renamelock;
	int			 mnt_refcnt;
	int			 mnt_recursecnt;
	int			 mnt_flag;
	int			 mnt_iflag;
	int			 mnt_fs_bshift;		/* of the file system's blocks */
	int			 mnt_dev_bshift;	/* of the device's */
	struct statvfs		 mnt_stat;
	specificdata_reference	 mnt_specdataref;
	kmutex_t		 mnt_updating;
	struct wapbl_ops	*mnt_wapbl_op;
	struct wapbl		*mnt_wapbl;
	struct wapbl_replay	*mnt_wapbl_replay;
};

struct __lkm_vfsops {
	const char	 *vfs_name;
	size_t		  vfs_min_mount_data;
	int		(*vfs_mount)(struct mount *mp, const char *path, void *data, size_t *data_len);
	int		(*vfs_start)(struct mount *mp, int flags);
	int		(*vfs_unmount)(struct mount *mp, int mntflags);
	int		(*vfs_root)(struct mount *mp, struct vnode **vpp);
	int		(*vfs_quotactl)(struct mount *mp, int cmd, uid_t uid, void *arg);
	int		(*vfs_statvfs)(struct mount *mp, struct statvfs *sbp);
	int		(*vfs_sync)(struct mount *mp, int waitfor, kauth_cred_t cred);
	int		(*vfs_vget)(struct mount *mp, ino_t ino, struct vnode **vpp);
	int		(*vfs_fhtovp)(struct mount *mp, struct fid *fh, struct vnode **vpp);
	int		(*vfs_vptofh)(struct vnode *vp, struct fid *fh, size_t *len);
	void		(*vfs_init)(void);
	void		(*vfs_reinit)(void);
	void		(*vfs_done)(void);
	int		(*vfs_mountroot)(void);
	int		(*vfs_snapshot)(struct mount *mp, struct vnode *vp, struct timespec *ts);
	int		(*vfs_extattrctl)(struct mount *mp, int cmd, struct vnode *vp, int ns, const char *name);
	int		(*vfs_suspendctl)(struct mount *mp, int cmd);
	int		(*vfs_renamelock_enter)(struct mount *mp);
	void		(*vfs_renamelock_exit)(struct mount *mp);
	int		(*vfs_fsync)(struct vnode *vp, int flags);
	const struct vnodeopv_desc * const *vfs_opv_descs;
	int		  vfs_refcount;
	LIST_ENTRY(vfsops) vfs_list;
};

/* Who wants to know of every unmount. */
struct vfs_hooks {
	void	(*vh_unmount)(struct mount *);
	LIST_ENTRY(vfs_hooks)	vfs_hooks_list;
};

/* The export part of the arguments that mount(2) got in NetBSD 3.0; file systems only skip it. */
struct export_args30 {
	int		 ex_flags;
	uid_t		 ex_root;
	struct uucred	 ex_anon;
	struct sockaddr	*ex_addr;
	int		 ex_addrlen;
	struct sockaddr	*ex_mask;
	int		 ex_masklen;
	char		*ex_indexfile;
};
struct mnt_export_args30 {
	const char		*fspec;
	struct export_args30	 eargs;
};

#ifdef _KERNEL
CIRCLEQ_HEAD(mntlist, mount);
LIST_HEAD(vfs_list_head, vfsops);
extern struct mntlist		mountlist;
extern struct vfs_list_head	vfs_list;
extern kmutex_t			mountlist_lock;
extern kmutex_t			mntvnode_lock;
extern kmutex_t			vfs_list_lock;

/* A struct vfsops is named twice: this made the set of those in the kernel. */
#define VFS_ATTACH(vfs)		struct __vfs_attach_dropped

/* The prototypes of a file system's operations. */
#define VFS_PROTOS(fs) \
	int	fs##_mount(struct mount *, const char *, void *, size_t *); \
	int	fs##_start(struct mount *, int); \
	int	fs##_unmount(struct mount *, int); \
	int	fs##_root(struct mount *, struct vnode **); \
	int	fs##_quotactl(struct mount *, int, uid_t, void *); \
	int	fs##_statvfs(struct mount *, struct statvfs *); \
	int	fs##_sync(struct mount *, int, struct kauth_cred *); \
	int	fs##_vget(struct mount *, ino_t, struct vnode **); \
	int	fs##_fhtovp(struct mount *, struct fid *, struct vnode **); \
	int	fs##_vptofh(struct vnode *, struct fid *, size_t *); \
	void	fs##_init(void); \
	void	fs##_reinit(void); \
	void	fs##_done(void); \
	int	fs##_mountroot(void); \
	int	fs##_snapshot(struct mount *, struct vnode *, struct timespec *); \
	int	fs##_extattrctl(struct mount *, int, struct vnode *, int, const char *); \
	int	fs##_suspendctl(struct mount *, int)

int	VFS_MOUNT(struct mount *mp, const char *path, void *data, size_t *data_len);
int	VFS_START(struct mount *mp, int flags __lkm_more);
int	VFS_UNMOUNT(struct mount *mp, int mntflags __lkm_more);
int	VFS_ROOT(struct mount *mp, struct vnode **vpp);
int	VFS_QUOTACTL(struct mount *mp, int cmd, uid_t uid, void *arg __lkm_more);
int	VFS_STATVFS(struct mount *mp, struct statvfs *sbp __lkm_more);
int	VFS_SYNC(struct mount *mp, int waitfor, struct kauth_cred *cred __lkm_more);
int	VFS_FHTOVP(struct mount *mp, struct fid *fh, struct vnode **vpp);
int	VFS_VPTOFH(struct vnode *vp, struct fid *fh, size_t *len);
int	VFS_SNAPSHOT(struct mount *mp, struct vnode *vp, struct timespec *ts);
int	VFS_EXTATTRCTL(struct mount *mp, int cmd, struct vnode *vp, int ns, const char *name __lkm_more);
int	VFS_SUSPENDCTL(struct mount *mp, int cmd);
#define VFS_VGET(mp, ino, vpp)		(*(mp)->mnt_op->vfs_vget)((mp), (ino), (vpp))
#define VFS_RENAMELOCK_ENTER(mp)	(*(mp)->mnt_op->vfs_renamelock_enter)((mp))
#define VFS_RENAMELOCK_EXIT(mp)		(*(mp)->mnt_op->vfs_renamelock_exit)((mp))
#define VFS_FSYNC(mp, vp, flags)	(*(mp)->mnt_op->vfs_fsync)((vp), (flags))

int	vfs_attach(struct vfsops *vfs);
int	vfs_detach(struct vfsops *vfs);
struct vfsops	*vfs_getopsbyname(const char *name);
void	vfs_delref(struct vfsops *vfs);
struct mount	*vfs_getvfs(fsid_t *fsid);
void	vfs_getnewfsid(struct mount *mp __lkm_more);	/* 1.4 had the name of the type */
long	makefstype(const char *type);
int	vfs_busy(struct mount *mp, struct mount **nextp);
void	vfs_unbusy(struct mount *mp, bool keepref, struct mount **nextp);
int	vfs_mountedon(struct vnode *vp);
int	set_statvfs_info(const char *onp, int ukon, const char *fromp, int ukfrom, const char *vfsname, struct mount *mp,
	    struct lwp *l);
void	copy_statvfs_info(struct statvfs *sbp, const struct mount *mp);
int	vfs_stdextattrctl(struct mount *mp, int cmd, struct vnode *vp, int ns, const char *name);
int	vfs_hooks_attach(struct vfs_hooks *hooks);
int	vfs_hooks_detach(struct vfs_hooks *hooks);
void	vfs_hooks_unmount(struct mount *mp);
int	dounmount(struct mount *mp, int flags, struct lwp *l);

struct mount	*vfs_mountalloc(struct vfsops *vfsops, struct vnode *vp);
int	vfs_rootmountalloc(const char *fstypename, const char *devname, struct mount **mpp);
void	vfs_destroy(struct mount *mp);
int	vfs_composefh(struct vnode *vp, fhandle_t *fhp, size_t *fh_size);
int	vfs_composefh_alloc(struct vnode *vp, fhandle_t **fhpp);
void	vfs_composefh_free(fhandle_t *fhp);
int	vfs_fhtovp(fhandle_t *fhp, struct vnode **vpp);
int	mount_specific_key_create(specificdata_key_t *keyp, specificdata_dtor_t dtor);
void	mount_specific_key_delete(specificdata_key_t key);
void	*mount_getspecific(struct mount *mp, specificdata_key_t key);
void	mount_setspecific(struct mount *mp, specificdata_key_t key, void *data);
#endif

#include <sys/mount_old.h>

#endif
