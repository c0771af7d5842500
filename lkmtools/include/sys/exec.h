/* <sys/exec.h>: programs becoming processes: the table of executable formats, and what their functions are given. */

#ifndef _SYS_EXEC_H_
#define _SYS_EXEC_H_

#include <sys/types.h>

struct lwp;
struct proc;
struct emul;
struct exec_package;
struct nameidata;
struct vattr;
struct vnode;

/* At the top of a process's stack, and where its arguments are. */
struct ps_strings {
	char	**ps_argvstr;
	int	  ps_nargvstr;
	char	**ps_envstr;
	int	  ps_nenvstr;
};

#define EXECSW_PRIO_ANY		0
#define EXECSW_PRIO_FIRST	1
#define EXECSW_PRIO_LAST	2

typedef int	(*exec_makecmds_fcn)(struct lwp *, struct exec_package *);

/* A format. NULL members are the native ones: copyargs(), nothing, exec_setup_stack(). */
struct execsw {
	u_int			  es_hdrsz;	/* bytes of the file's beginning that it looks at */
	exec_makecmds_fcn	  es_makecmds;	/* fill the package; ENOEXEC: not mine */
	union {
		int	(*elf_probe_func)(struct lwp *, struct exec_package *, void *, char *, vaddr_t *);
		int	(*ecoff_probe_func)(struct lwp *, struct exec_package *);
		int	(*mach_probe_func)(const char **);
	} u;
	const struct emul	 *es_emul;	/* NULL: exec_add() finds it by name */
	int			  es_prio;
	int			  es_arglen;	/* words that es_copyargs adds behind the environment's pointers */
	int			(*es_copyargs)(struct lwp *, struct exec_package *, struct ps_strings *, char **, void *);
	int			(*es_setregs)(struct lwp *, struct exec_package *, u_long);
	int			(*es_coredump)(struct lwp *, void *);
	int			(*es_setup_stack)(struct lwp *, struct exec_package *);
};

/* Something to do to the new address space. */
struct exec_vmcmd {
	int		(*ev_proc)(struct lwp *, struct exec_vmcmd *);
	u_long		  ev_len;
	u_long		  ev_addr;
	struct vnode	 *ev_vp;
	u_long		  ev_offset;
	u_int		  ev_prot;
	int		  ev_flags;
};

#define VMCMD_RELATIVE	0x0001	/* ev_addr is relative to the base entry; EINVAL here */
#define VMCMD_BASE	0x0002	/* marks a base entry */
#define VMCMD_STACK	0x0004	/* the stack; does nothing */

#define EXEC_DEFAULT_VMCMD_SETSIZE	9
struct exec_vmcmd_set {
	u_int			 evs_cnt;	/* room in evs_cmds */
	u_int			 evs_used;
	struct exec_vmcmd	*evs_cmds;
};

struct exec_package {
	const char		*ep_name;	/* the file's name, in kernel memory */
	void			*ep_hdr;	/* its first bytes */
	u_int			 ep_hdrlen;	/* room in ep_hdr: exec_maxhdrsz */
	u_int			 ep_hdrvalid;	/* bytes of ep_hdr that are the file's */
	struct nameidata	*ep_ndp;	/* NULL here */
	struct exec_vmcmd_set	 ep_vmcmds;
	struct vnode		*ep_vp;		/* the file: for exec_read_from() and commands */
	struct vattr		*ep_vap;	/* va_size, va_mode, va_uid, va_gid */
	vaddr_t			 ep_taddr;
	vsize_t			 ep_tsize;
	vaddr_t			 ep_daddr;
	vsize_t			 ep_dsize;	/* the break begins behind the data, or the text */
	vaddr_t			 ep_maxsaddr;
	vaddr_t			 ep_minsaddr;	/* where the stack begins, to grow down to ep_maxsaddr */
	vsize_t			 ep_ssize;
	vaddr_t			 ep_entry;
	vaddr_t			 ep_vm_minaddr;
	vaddr_t			 ep_vm_maxaddr;
	u_int			 ep_flags;
	size_t			 ep_fa_len;
	char			**ep_fa;
	int			 ep_fd;
	void			*ep_emul_arg;	/* of the emulation; free(9)d by the kernel (M_TEMP) */
	const struct execsw	*ep_esch;	/* the row that is asked now, and then the one that took it */
	struct vnode		*ep_emul_root;	/* this and what follows is zero here */
	struct vnode		*ep_interp;
	uint32_t		 ep_pax_flags;
	char			*ep_path;
};

#define EXEC_HASFD	0x0008
#define EXEC_HASARGL	0x0010
#define EXEC_DESTR	0x0040	/* a refusal is final: the rows that follow are not asked */
#define EXEC_32		0x0080
#define EXEC_HASES	0x0100

#ifdef _KERNEL
/* The rows in the order in which they are asked. */
extern const struct execsw	**execsw;
extern int			  nexecs;
extern u_int			  exec_maxhdrsz;

int	exec_add(struct execsw *esp, const char *e_name);
int	exec_remove(const struct execsw *es);
int	emul_register(const struct emul *emul, int ro_entry);
int	emul_unregister(const char *name);
const struct emul *emul_search(const char *name);

int	exec_read_from(struct lwp *l, struct vnode *vp, u_long off, void *bf, size_t size);
int	exec_setup_stack(struct lwp *l, struct exec_package *epp);
int	copyargs(struct lwp *l, struct exec_package *pack, struct ps_strings *arginfo, char **stackp, void *argp);
void	setregs(struct lwp *l, struct exec_package *pack, u_long stack);

void	new_vmcmd(struct exec_vmcmd_set *evsp, int (*proc)(struct lwp *, struct exec_vmcmd *), u_long len, u_long addr,
	    struct vnode *vp, u_long offset, u_int prot, int flags);
void	kill_vmcmds(struct exec_vmcmd_set *evsp);
int	vmcmd_map_pagedvn(struct lwp *l, struct exec_vmcmd *cmd);	/* pages of the file */
int	vmcmd_map_readvn(struct lwp *l, struct exec_vmcmd *cmd);	/* memory, and the file's bytes read into it */
int	vmcmd_readvn(struct lwp *l, struct exec_vmcmd *cmd);		/* the file's bytes into memory that is there */
int	vmcmd_map_zero(struct lwp *l, struct exec_vmcmd *cmd);		/* zeros */

#define NEW_VMCMD(evsp, proc, len, addr, vp, offset, prot) \
	new_vmcmd(evsp, proc, len, addr, vp, offset, prot, 0)
#define NEW_VMCMD2(evsp, proc, len, addr, vp, offset, prot, flags) \
	new_vmcmd(evsp, proc, len, addr, vp, offset, prot, flags)
#endif

#endif
