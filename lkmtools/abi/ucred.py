"""<sys/ucred.h> and the credentials of kauth(9): one struct serves both.

NetBSD 4.0 made credentials opaque (kauth_cred_t); up to 3.x modules read p->p_ucred->cr_uid, the
effective user. Here struct ucred, struct pcred and struct kauth_cred are one struct whose cr_uid and
cr_gid are the effective ids, as in struct ucred; <sys/kauth.h> has the accessors.
"""

from lkmtools.abi.datamodel import Struct

NGROUPS = 16

kauth_cred = Struct(
    "kauth_cred",
    """u_int cr_refcnt; uid_t cr_uid; gid_t cr_gid; uid_t cr_ruid; uid_t cr_svuid;
       gid_t cr_rgid; gid_t cr_svgid; u_int cr_ngroups; gid_t cr_groups[NGROUPS]""",
    constants={"NGROUPS": NGROUPS},
)
