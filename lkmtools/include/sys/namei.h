/* <sys/namei.h>: a name that is looked up, one component at a time. */

#ifndef _SYS_NAMEI_H_
#define _SYS_NAMEI_H_

#include <sys/param.h>
#include <sys/kauth.h>

struct vnode;

struct componentname {
	u_long		 cn_nameiop;	/* LOOKUP, or what for at the last component */
	u_long		 cn_flags;
	kauth_cred_t	 cn_cred;
	char		*cn_pnbuf;	/* the path */
	const char	*cn_nameptr;	/* the component, not terminated */
	size_t		 cn_namelen;
	u_long		 cn_hash;
	size_t		 cn_consume;
};

#define LOOKUP		0
#define CREATE		1
#define DELETE		2
#define RENAME		3
#define OPMASK		3
#define LOCKLEAF	0x00000004
#define LOCKPARENT	0x00000008
#define TRYEMULROOT	0x00000010
#define NOCACHE		0x00000020
#define FOLLOW		0x00000040
#define NOFOLLOW	0x00000000
#define HASBUF		0x00000400
#define SAVENAME	0x00000800
#define SAVESTART	0x00001000
#define ISDOTDOT	0x00002000
#define MAKEENTRY	0x00004000
#define ISLASTCN	0x00008000
#define CREATEDIR	0x00200000

#ifdef _KERNEL
#include <sys/uio.h>

struct nameidata {
	const char	*ni_dirp;	/* the path, in the memory that ni_segflg says */
	enum uio_seg	 ni_segflg;
	struct vnode	*ni_startdir;
	struct vnode	*ni_rootdir;
	struct vnode	*ni_erootdir;
	struct vnode	*ni_vp;		/* what namei() found */
	struct vnode	*ni_dvp;	/* where */
	size_t		 ni_pathlen;
	const char	*ni_next;
	u_int		 ni_loopcnt;
	struct componentname ni_cnd;
};

/* NetBSD 2.0 to 4.0 named the process last. */
#define NDINIT(ndp, op, flags, segflg, namep, ...) do { \
	(ndp)->ni_cnd.cn_nameiop = (op); \
	(ndp)->ni_cnd.cn_flags = (flags); \
	(ndp)->ni_cnd.cn_cred = kauth_cred_get(); \
	(ndp)->ni_segflg = (segflg); \
	(ndp)->ni_dirp = (namep); \
} while (/* CONSTCOND */ 0)

int	namei(struct nameidata *ndp);

/* Gives back the name that namei() left in cn_pnbuf; that of a name an operation is called with stays the kernel's. */
void	pnbuf_put(char *buf);
#define PNBUF_PUT(pnb)	pnbuf_put(pnb)

int	namei_simple_kernel(const char *path, int flags, struct vnode **vpp);
int	namei_simple_user(const char *path, int flags, struct vnode **vpp);
#define NSM_NOFOLLOW_NOEMULROOT	0
#define NSM_FOLLOW_NOEMULROOT	FOLLOW
#define NSM_NOFOLLOW_TRYEMULROOT	0
#define NSM_FOLLOW_TRYEMULROOT	FOLLOW
#endif

#endif
