/* <sys/file.h>: open files. The kernel's are its own records: a module gets no struct file of them. */

#ifndef _SYS_FILE_H_
#define _SYS_FILE_H_

#include <sys/fcntl.h>
#include <sys/unistd.h>

#ifdef _KERNEL
#include <sys/kauth.h>
#include <sys/mutex.h>
#include <sys/queue.h>

struct file;
struct flock;
struct knote;
struct lwp;
struct proc;
struct stat;
struct uio;

struct fileops {
	int	(*fo_read)(struct file *, off_t *, struct uio *, kauth_cred_t, int);
	int	(*fo_write)(struct file *, off_t *, struct uio *, kauth_cred_t, int);
	int	(*fo_ioctl)(struct file *, u_long, void *);
	int	(*fo_fcntl)(struct file *, u_int, void *);
	int	(*fo_poll)(struct file *, int);
	int	(*fo_stat)(struct file *, struct stat *);
	int	(*fo_close)(struct file *);
	int	(*fo_kqfilter)(struct file *, struct knote *);
	void	(*fo_drain)(struct file *);
	void	(*fo_spare1)(void);
	void	(*fo_spare2)(void);
};

struct file {
	off_t			 f_offset;
	kauth_cred_t		 f_cred;
	const struct fileops	*f_ops;
	void			*f_data;	/* a vnode, a socket ..., as f_type says */
	LIST_ENTRY(file)	 f_list;
	kmutex_t		 f_lock;
	int			 f_flag;	/* FREAD, FWRITE ... */
	u_int			 f_unused1;
	u_int			 f_type;	/* DTYPE_* */
	u_int			 f_advice;
	u_int			 f_count;
	u_int			 f_msgcount;
	u_int			 f_unpcount;
	SLIST_ENTRY(file)	 f_unplist;
};
typedef struct file	file_t;

/* fo_read and fo_write: move f_offset. */
#define FOF_UPDATE_OFFSET	0x0001

LIST_HEAD(filelist, file);

int	closef(struct file *fp);
int	dofileread(int fd, struct file *fp, void *buf, size_t nbyte, off_t *offset, int flags, register_t *retval);
int	dofilewrite(int fd, struct file *fp, const void *buf, size_t nbyte, off_t *offset, int flags,
	    register_t *retval);
#endif

#define DTYPE_VNODE	1
#define DTYPE_SOCKET	2
#define DTYPE_PIPE	3
#define DTYPE_KQUEUE	4
#define DTYPE_MISC	5
#define DTYPE_CRYPTO	6
#define DTYPE_MQUEUE	7
#define DTYPE_NAMES	0, "file", "socket", "pipe", "kqueue", "misc", "crypto", "mqueue"

#endif
