/* <sys/filedesc.h>: descriptors and directories of a process. The kernel's are its own records, see <sys/file.h>. */

#ifndef _SYS_FILEDESC_H_
#define _SYS_FILEDESC_H_

#include <sys/types.h>
#include <sys/condvar.h>
#include <sys/mutex.h>
#include <sys/queue.h>
#include <sys/rwlock.h>
#include <sys/stdbool.h>

struct file;
struct fileops;
struct klist;
struct knote;
struct lwp;
struct proc;
struct socket;
struct vnode;

#define NDFILE		20
#define NDFDFILE	6
#define NDEXTENT	50
#define NDENTRIES	32
#define NDENTRYMASK	(NDENTRIES - 1)
#define NDENTRYSHIFT	5
#define NDLOSLOTS(x)	(((x) + NDENTRIES - 1) >> NDENTRYSHIFT)
#define NDHISLOTS(x)	((NDLOSLOTS(x) + NDENTRIES - 1) >> NDENTRYSHIFT)

/* A descriptor. */
typedef struct fdfile {
	kmutex_t		 ff_lock;
	bool			 ff_exclose;
	bool			 ff_allocated;
	u_int			 ff_refcnt;
	struct file		*ff_file;
	SLIST_HEAD(, knote)	 ff_knlist;
	kcondvar_t		 ff_closing;
} fdfile_t;

/* The descriptors of a process. */
typedef struct filedesc {
	uint8_t		  fd_dfdfile[NDFDFILE][32];
	kmutex_t	  fd_lock;
	fdfile_t	**fd_ofiles;
	uint32_t	 *fd_himap;
	uint32_t	 *fd_lomap;
	fdfile_t	**fd_discard;
	struct klist	 *fd_knhash;
	int		  fd_lastkqfile;
	int		  fd_lastfile;
	u_int		  fd_refcnt;
	u_int		  fd_nfiles;
	u_long		  fd_knhashmask;
	int		  fd_freefile;
	int		  fd_nused;
	bool		  fd_exclose;
	fdfile_t	 *fd_dfiles[NDFILE];
	uint32_t	  fd_dhimap[NDHISLOTS(NDFILE)];
	uint32_t	  fd_dlomap[NDENTRIES];
} filedesc_t;

/* Its directories and umask. */
typedef struct cwdinfo {
	struct vnode	*cwdi_cdir;	/* working directory */
	struct vnode	*cwdi_rdir;	/* chroot(2) */
	struct vnode	*cwdi_edir;	/* of its emulation */
	krwlock_t	 cwdi_lock;
	u_short		 cwdi_cmask;
	u_int		 cwdi_refcnt;
} cwdinfo_t;

#ifdef _KERNEL
struct file	*fd_getfile(unsigned fd);
void	fd_putfile(unsigned fd);
struct file	*fd_getfile2(struct proc *p, unsigned fd);
int	fd_getvnode(unsigned fd, struct file **fpp);
void	fd_putvnode(unsigned fd);
int	fd_getsock(unsigned fd, struct socket **sop);
void	fd_putsock(unsigned fd);
int	fd_allocfile(struct file **fpp, int *fdp);
void	fd_affix(struct proc *p, struct file *fp, unsigned fd);
void	fd_abort(struct proc *p, struct file *fp, unsigned fd);
int	fd_alloc(struct proc *p, int want, int *result);
int	fd_close(unsigned fd);
int	fd_dup(struct file *fp, int minfd, int *newp, bool exclose);
int	fd_dup2(struct file *fp, unsigned newfd);
int	fd_clone(struct file *fp, unsigned fd, int flag, const struct fileops *fops, void *data);
int	fd_dupopen(int old, int *newp, int mode, int error);

struct cwdinfo	*cwdinit(void);
void	cwdfree(struct cwdinfo *cwdi);
#define GETCWD_CHECK_ACCESS	0x0001
int	getcwd_common(struct vnode *lvp, struct vnode *rvp, char **bpp, char *bufp, int limit, int flags, struct lwp *l);
#endif

#endif
