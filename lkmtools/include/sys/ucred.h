/* <sys/ucred.h>: credentials.
 *
 * From NetBSD 4.0 on they are opaque, see <sys/kauth.h>. Sources written before that read p->p_ucred->cr_uid, the
 * effective user, and p->p_cred->p_ruid, the real one: the two are in one struct.
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
	union { uid_t	cr_ruid, p_ruid; };	/* real */
	union { uid_t	cr_svuid, p_svuid; };	/* saved */
	union { gid_t	cr_rgid, p_rgid; };
	union { gid_t	cr_svgid, p_svgid; };
	u_int	cr_ngroups;
	gid_t	cr_groups[16];
};

#define ucred		kauth_cred
#define cr_ref		cr_refcnt
#if __LKM_API < 400
/* The same by other names; p_cred->pc_ucred is the struct ucred. */
struct pcred {
	union {
		struct ucred	pc_ucred[1];
		struct {
			int	p_refcnt;
			uid_t	pc_effective;
			gid_t	pc_group;
			uid_t	p_ruid;
			uid_t	p_svuid;
			gid_t	p_rgid;
			gid_t	p_svgid;
		};
	};
};
#else
#define pcred		kauth_cred
#endif

#define NOCRED		((struct kauth_cred *)-1)
#define FSCRED		((struct kauth_cred *)-2)

int	suser(const struct ucred *cred, u_short *acflag);

#if __LKM_API < 400
void	kauth_cred_hold(struct kauth_cred *cred);
void	kauth_cred_free(struct kauth_cred *cred);
#define crhold(cred)	kauth_cred_hold(cred)
#define crfree(cred)	kauth_cred_free(cred)

/* Is this one of the supplementary groups? */
static inline int
groupmember(gid_t gid, const struct ucred *cred)
{
	u_int i;

	for (i = 0; i < cred->cr_ngroups; i++)
		if (cred->cr_groups[i] == gid)
			return 1;
	return 0;
}
#endif
#endif

#endif
