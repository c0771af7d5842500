/* <sys/mount_old.h>: file systems as NetBSD before 5.0 and OpenBSD had them; <sys/mount.h> includes it. */

#ifndef _SYS_MOUNT_OLD_H_
#define _SYS_MOUNT_OLD_H_

#include <sys/cdefs.h>
#if __LKM_API < 500

#include <sys/statvfs.h>

struct kauth_cred;
struct lwp;
struct mbuf;
struct mount;
struct nameidata;
struct proc;
struct timespec;
struct vfsconf;
struct vnode;
struct vnodeopv_desc;

#if __LKM_API < 400
#define __lkm_vfs_caller	proc
#else
#define __lkm_vfs_caller	lwp
#endif

#if __LKM_API < 200
#define MFSNAMELEN	16

/* Their struct statfs is NetBSD 5.2's struct statvfs, by its own names. */
#define statfs		statvfs
#define f_flags		f_flag
#define f_fsid		f_fsidx
#define VFS_STATFS	VFS_STATVFS
#endif

struct vfsops {
#if !defined(__OpenBSD__)
	const char	 *vfs_name;
#endif
	int		(*vfs_mount)(struct mount *, const char *, void *, struct nameidata *, struct __lkm_vfs_caller *);
	int		(*vfs_start)(struct mount *, int, struct __lkm_vfs_caller *);
	int		(*vfs_unmount)(struct mount *, int, struct __lkm_vfs_caller *);
	int		(*vfs_root)(struct mount *, struct vnode **);
#if __LKM_API < 200
	int		(*vfs_quotactl)(struct mount *, int, uid_t, caddr_t, struct proc *);
	int		(*vfs_statfs)(struct mount *, struct statfs *, struct proc *);
#else
	int		(*vfs_quotactl)(struct mount *, int, uid_t, void *, struct __lkm_vfs_caller *);
	int		(*vfs_statvfs)(struct mount *, struct statvfs *, struct __lkm_vfs_caller *);
#endif
	int		(*vfs_sync)(struct mount *, int, struct kauth_cred *, struct __lkm_vfs_caller *);
	int		(*vfs_vget)(struct mount *, ino_t, struct vnode **);
	int		(*vfs_fhtovp)(struct mount *, struct fid *, struct vnode **);
#if __LKM_API < 400
	int		(*vfs_vptofh)(struct vnode *, struct fid *);
#else
	int		(*vfs_vptofh)(struct vnode *, struct fid *, size_t *);
#endif
#if defined(__OpenBSD__)
	int		(*vfs_init)(struct vfsconf *);
#else
	void		(*vfs_init)(void);
#endif
#if __LKM_API < 200
	int		(*vfs_sysctl)(int *, u_int, void *, size_t *, void *, size_t, struct proc *);
#else
	void		(*vfs_reinit)(void);
	void		(*vfs_done)(void);
#endif
#if __LKM_API == 200
	int		 *vfs_wassysctl;
#endif
#if !defined(__OpenBSD__)
	int		(*vfs_mountroot)(void);
#endif
#if __LKM_API < 400
	int		(*vfs_checkexp)(struct mount *, struct mbuf *, int *, struct kauth_cred **);
#endif
#if __LKM_API == 200
	const void	 *vfs_snapshot;		/* since 3.0; sources for 2.0 have their vfs_opv_descs in this place */
#elif __LKM_API == 400
	int		(*vfs_snapshot)(struct mount *, struct vnode *, struct timespec *);
	int		(*vfs_extattrctl)(struct mount *, int, struct vnode *, int, const char *, struct lwp *);
#endif
#if !defined(__OpenBSD__)
#if __LKM_API < 200
	struct vnodeopv_desc **vfs_opv_descs;
#else
	const struct vnodeopv_desc * const *vfs_opv_descs;
#endif
	int		  vfs_refcount;
	LIST_ENTRY(vfsops) vfs_list;
#endif
};

#if defined(__OpenBSD__)
/* The description of a type: what MOD_VFS is given. */
struct vfsconf {
	const struct vfsops	*vfc_vfsops;
	char			 vfc_name[MFSNAMELEN];
	int			 vfc_typenum;
	int			 vfc_refcount;
	int			 vfc_flags;
	int			(*vfc_mountroot)(void);
	struct vfsconf		*vfc_next;
};
#endif
struct __lkm_vfc {
	const char		*vfc_name;
};

#ifdef _KERNEL
#if __LKM_API < 200
/* The vector of a table: what the table has, and then its default operation in the other places. */
void	vfs_opv_init_explicit(struct vnodeopv_desc *desc);
void	vfs_opv_init_default(struct vnodeopv_desc *desc);

#define vop_generic_lock	genfs_nolock
#define vop_generic_unlock	genfs_nounlock
#define vop_generic_islocked	genfs_noislocked
#define vop_generic_abortop	genfs_abortop
#define vop_generic_revoke	genfs_revoke

#define set_statfs_info(onp, ukon, fromp, ukfrom, mp, p)	set_statvfs_info(onp, ukon, fromp, ukfrom, mp, p)
#define copy_statfs_info	copy_statvfs_info
#else
#define vfs_stdextattrctl	((int (*)(struct mount *, int, struct vnode *, int, const char *, struct lwp *)) \
	    vfs_stdextattrctl)
#endif

/* The name of the type was not an argument yet. */
#define set_statvfs_info(onp, ukon, fromp, ukfrom, mp, l) \
	(set_statvfs_info)(onp, ukon, fromp, ukfrom, (mp)->mnt_op->vfs_name, mp, curlwp)
#endif

#endif

#endif
