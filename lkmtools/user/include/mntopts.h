/* <mntopts.h>: the words of mount_* -o, for programs that mount. */

#ifndef _MNTOPTS_H_
#define _MNTOPTS_H_

struct mntopt {
	const char	*m_option;	/* "ro" */
	int		 m_inverse;	/* the flag is cleared by the word: "exec" */
	int		 m_flag;	/* of mount(2) */
	int		 m_altloc;	/* the flag is the file system's own */
};

#define MOPT_ASYNC	{ "async", 0, MNT_ASYNC, 0 }
#define MOPT_NOATIME	{ "atime", 1, MNT_NOATIME, 0 }
#define MOPT_NODEV	{ "dev", 1, MNT_NODEV, 0 }
#define MOPT_NOEXEC	{ "exec", 1, MNT_NOEXEC, 0 }
#define MOPT_NOSUID	{ "suid", 1, MNT_NOSUID, 0 }
#define MOPT_RDONLY	{ "rdonly", 0, MNT_RDONLY, 0 }
#define MOPT_SYNC	{ "sync", 0, MNT_SYNCHRONOUS, 0 }
#define MOPT_UNION	{ "union", 0, MNT_UNION, 0 }
#define MOPT_FORCE	{ "force", 0, MNT_FORCE, 0 }
#define MOPT_UPDATE	{ "update", 0, MNT_UPDATE, 0 }
#define MOPT_RELOAD	{ "reload", 0, MNT_RELOAD, 0 }
#define MOPT_GETARGS	{ "getargs", 0, MNT_GETARGS, 0 }
#define MOPT_RO		{ "ro", 0, MNT_RDONLY, 0 }
#define MOPT_RW		{ "rw", 1, MNT_RDONLY, 0 }
#define MOPT_AUTO	{ "auto", 0, 0, 0 }	/* words of fstab(5) that say nothing here */
#define MOPT_FSTAB_COMPAT	MOPT_RO, MOPT_RW, MOPT_AUTO
#define MOPT_STDOPTS	MOPT_FSTAB_COMPAT, MOPT_ASYNC, MOPT_NOATIME, MOPT_NODEV, MOPT_NOEXEC, MOPT_NOSUID, MOPT_RDONLY, \
			MOPT_SYNC, MOPT_UNION
#define MOPT_NULL	{ 0, 0, 0, 0 }

typedef struct mntoptparse	*mntoptparse_t;

extern int	getmnt_silent;	/* unknown words are skipped rather than fatal */

mntoptparse_t	getmntopts(const char *, const struct mntopt *, int *, int *);
const char	*getmntoptstr(mntoptparse_t, const char *);
long	getmntoptnum(mntoptparse_t, const char *);
void	freemntopts(mntoptparse_t);
void	pathadj(const char *, char *);

#endif
