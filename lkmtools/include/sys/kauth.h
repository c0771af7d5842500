/* <sys/kauth.h>: authorization, and the accessors of credentials. */

#ifndef _SYS_KAUTH_H_
#define _SYS_KAUTH_H_

#include <sys/types.h>
#include <sys/ucred.h>

typedef struct kauth_cred	*kauth_cred_t;
typedef uint32_t		kauth_action_t;

#define KAUTH_RESULT_ALLOW	0
#define KAUTH_RESULT_DENY	1
#define KAUTH_RESULT_DEFER	2

enum {
	KAUTH_GENERIC_CANSEE = 1,
	KAUTH_GENERIC_ISSUSER
};

#ifdef _KERNEL
int	kauth_authorize_generic(kauth_cred_t cred, kauth_action_t action, void *arg);

static __inline __unused uid_t
kauth_cred_getuid(kauth_cred_t cred)
{
	return cred->cr_ruid;
}

static __inline __unused uid_t
kauth_cred_geteuid(kauth_cred_t cred)
{
	return cred->cr_uid;
}

static __inline __unused uid_t
kauth_cred_getsvuid(kauth_cred_t cred)
{
	return cred->cr_svuid;
}

static __inline __unused gid_t
kauth_cred_getgid(kauth_cred_t cred)
{
	return cred->cr_rgid;
}

static __inline __unused gid_t
kauth_cred_getegid(kauth_cred_t cred)
{
	return cred->cr_gid;
}

static __inline __unused gid_t
kauth_cred_getsvgid(kauth_cred_t cred)
{
	return cred->cr_svgid;
}

static __inline __unused u_int
kauth_cred_ngroups(kauth_cred_t cred)
{
	return cred->cr_ngroups;
}

static __inline __unused gid_t
kauth_cred_group(kauth_cred_t cred, u_int i)
{
	return cred->cr_groups[i];
}
#endif

#endif
