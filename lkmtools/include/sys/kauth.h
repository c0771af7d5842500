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

enum {
	KAUTH_SYSTEM_ACCOUNTING = 1,
	KAUTH_SYSTEM_CHROOT,
	KAUTH_SYSTEM_CHSYSFLAGS,
	KAUTH_SYSTEM_DEBUG,
	KAUTH_SYSTEM_FILEHANDLE,
	KAUTH_SYSTEM_LKM,
	KAUTH_SYSTEM_MKNOD,
	KAUTH_SYSTEM_MOUNT,
	KAUTH_SYSTEM_PSET,
	KAUTH_SYSTEM_REBOOT,
	KAUTH_SYSTEM_SETIDCORE,
	KAUTH_SYSTEM_SWAPCTL,
	KAUTH_SYSTEM_SYSCTL,
	KAUTH_SYSTEM_TIME,
	KAUTH_SYSTEM_MODULE
};

#ifdef _KERNEL
/* May these credentials do that? 0 or EPERM. */
int	kauth_authorize_generic(kauth_cred_t cred, kauth_action_t action, void *arg);
int	kauth_authorize_system(kauth_cred_t cred, kauth_action_t action, int req, void *arg1, void *arg2, void *arg3);
int	kauth_authorize_network(kauth_cred_t cred, kauth_action_t action, int req, void *arg1, void *arg2, void *arg3);
int	kauth_authorize_device(kauth_cred_t cred, kauth_action_t action, void *arg0, void *arg1, void *arg2,
	    void *arg3);
int	kauth_authorize_machdep(kauth_cred_t cred, kauth_action_t action, void *arg0, void *arg1, void *arg2,
	    void *arg3);

kauth_cred_t	kauth_cred_get(void);
void		kauth_cred_hold(kauth_cred_t cred);
void		kauth_cred_free(kauth_cred_t cred);
int		kauth_cred_ismember_gid(kauth_cred_t cred, gid_t gid, int *resultp);

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
