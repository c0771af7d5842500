/* <sys/ucred.h>: credentials.
 *
 * From NetBSD 4.0 on they are opaque, see <sys/kauth.h>. Sources written before that read p->p_ucred->cr_uid, the
 * effective user: for them struct ucred and struct pcred are the same struct.
 */

#ifndef _SYS_UCRED_H_
#define _SYS_UCRED_H_

#include <sys/types.h>

/* Credentials in the arguments of mount(2). */
struct uucred {
	u_short	cr_unused;
	uid_t	cr_uid;
	gid_t	cr_gid;
	short	cr_ngroups;
	gid_t	cr_groups[16];
};

#ifdef _KERNEL
struct kauth_cred {
	u_int	cr_refcnt;
	uid_t	cr_uid;			/* effective */
	gid_t	cr_gid;
	uid_t	cr_ruid;		/* real */
	uid_t	cr_svuid;		/* saved */
	gid_t	cr_rgid;
	gid_t	cr_svgid;
	u_int	cr_ngroups;
	gid_t	cr_groups[16];
};

#define ucred		kauth_cred
#define pcred		kauth_cred
#define cr_ref		cr_refcnt
#define p_ruid		cr_ruid
#define p_svuid		cr_svuid
#define p_rgid		cr_rgid
#define p_svgid		cr_svgid

#define NOCRED		((struct kauth_cred *)-1)
#define FSCRED		((struct kauth_cred *)-2)

int	suser(const struct ucred *cred, u_short *acflag);
#endif

#endif
