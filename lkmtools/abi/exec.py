"""<sys/exec.h>, <sys/exec_elf.h>, and struct emul of <sys/proc.h> (NetBSD 5.2)."""

from lkmtools.abi.datamodel import Placed, Struct

EXECSW_PRIO_ANY, EXECSW_PRIO_FIRST, EXECSW_PRIO_LAST = 0, 1, 2
EXEC_DESTR = 0x0040
EXEC_DEFAULT_VMCMD_SETSIZE = 9
VMCMD_RELATIVE, VMCMD_BASE, VMCMD_STACK = 0x0001, 0x0002, 0x0004
FORK_PPWAIT, FORK_SHAREVM, FORK_SHARECWD, FORK_SHAREFILES, FORK_SHARESIGS = 0x01, 0x02, 0x04, 0x08, 0x10
STACKGAPLEN = 8192  # <compat/common/compat_util.h>

ps_strings = Struct("ps_strings", "char **ps_argvstr; int ps_nargvstr; char **ps_envstr; int ps_nenvstr")
execsw = Struct(
    "execsw",
    """u_int es_hdrsz; int (*es_makecmds)(struct lwp *, struct exec_package *); void *elf_probe_func;
       const struct emul *es_emul; int es_prio; int es_arglen; void *es_copyargs; void *es_setregs;
       void *es_coredump; void *es_setup_stack""",
)
exec_vmcmd = Struct(
    "exec_vmcmd",
    """int (*ev_proc)(struct lwp *, struct exec_vmcmd *); u_long ev_len; u_long ev_addr; struct vnode *ev_vp;
       u_long ev_offset; u_int ev_prot; int ev_flags""",
)
exec_vmcmd_set = Struct("exec_vmcmd_set", "u_int evs_cnt; u_int evs_used; struct exec_vmcmd *evs_cmds")
exec_package = Struct(
    "exec_package",
    """const char *ep_name; void *ep_hdr; u_int ep_hdrlen; u_int ep_hdrvalid; struct nameidata *ep_ndp;
       struct exec_vmcmd_set ep_vmcmds; struct vnode *ep_vp; struct vattr *ep_vap; u_long ep_taddr;
       u_long ep_tsize; u_long ep_daddr; u_long ep_dsize; u_long ep_maxsaddr; u_long ep_minsaddr;
       u_long ep_ssize; u_long ep_entry; u_long ep_vm_minaddr; u_long ep_vm_maxaddr; u_int ep_flags;
       size_t ep_fa_len; char **ep_fa; int ep_fd; void *ep_emul_arg; const struct execsw *ep_esch;
       struct vnode *ep_emul_root; struct vnode *ep_interp; uint32_t ep_pax_flags; char *ep_path""",
    {"exec_vmcmd_set": exec_vmcmd_set},
)
elf_args = Struct(
    "elf_args",
    "u_long arg_entry; u_long arg_interp; u_long arg_phaddr; u_long arg_phentsize; u_long arg_phnum",
)

emul = Struct(
    "emul",
    """const char *e_name; const char *e_path; const struct sysent *e_sysent; const char **e_syscallnames;
       void *e_sendsig; void *e_trapsignal; void *e_tracesig;
       char *e_sigcode; char *e_esigcode; void *e_sigobject; void *e_setregs;
       void *e_proc_exec; void *e_proc_fork; void *e_proc_exit; void *e_lwp_fork; void *e_lwp_exit;
       void *e_syscall_intern; void *e_sysctlovly; void *e_fault; void *e_vm_default_addr; void *e_usertrap;
       const void *e_sa; size_t e_ucsize; void *e_startlwp""",
)
ksiginfo = Placed(
    "ksiginfo",
    (72, 48),
    "u_long ksi_flags 0/0; int _signo 24/12; int _code 28/16; void *_addr 40/24; int ksi_lid 64/44",
)
KSI_TRAP = 0x01
