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
/* cn_pnbuf is the caller's of the operation: who is handed one need not free it. */
#define PNBUF_PUT(pnb)	((void)(pnb))

int	namei_simple_kernel(const char *path, int flags, struct vnode **vpp);
int	namei_simple_user(const char *path, int flags, struct vnode **vpp);
#define NSM_NOFOLLOW_NOEMULROOT	0
#define NSM_FOLLOW_NOEMULROOT	FOLLOW
#define NSM_NOFOLLOW_TRYEMULROOT	0
#define NSM_FOLLOW_TRYEMULROOT	FOLLOW
#endif

#endif
