/* <sys/exec.h>: the table of executable formats. */

#ifndef _SYS_EXEC_H_
#define _SYS_EXEC_H_

#include <sys/types.h>

struct lwp;
struct proc;
struct emul;
struct exec_package;
struct ps_strings;
struct vnode;

#define EXECSW_PRIO_ANY		0
#define EXECSW_PRIO_FIRST	1
#define EXECSW_PRIO_LAST	2

typedef int	(*exec_makecmds_fcn)(struct lwp *, struct exec_package *);

struct execsw {
	u_int			  es_hdrsz;
	exec_makecmds_fcn	  es_makecmds;
	union {
		int	(*elf_probe_func)(struct lwp *, struct exec_package *, void *, char *, vaddr_t *);
		int	(*ecoff_probe_func)(struct lwp *, struct exec_package *);
		int	(*mach_probe_func)(const char **);
	} u;
	const struct emul	 *es_emul;
	int			  es_prio;
	int			  es_arglen;
	int			(*es_copyargs)(struct lwp *, struct exec_package *, struct ps_strings *, char **, void *);
	void			(*es_setregs)(struct lwp *, struct exec_package *, u_long);
	int			(*es_coredump)(struct lwp *, void *);
	int			(*es_setup_stack)(struct lwp *, struct exec_package *);
};

#endif
