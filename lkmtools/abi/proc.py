"""<sys/proc.h> and <sys/lwp.h>: the members that modules use. The order is ours; nothing outside sees it.

A process's first lwp is at the start of its struct proc: sources for NetBSD 2.0 get a struct proc * where
later ones get a struct lwp *, and both find their members behind the same pointer.
"""

from lkmtools.abi.datamodel import Struct

MAXCOMLEN = 16
WMESGLEN = 8

# p_stat
SIDL, SACTIVE, SDYING, SSTOP, SZOMB, SDEAD = 1, 2, 3, 4, 5, 6
# l_stat
LSIDL, LSRUN, LSSLEEP, LSSTOP, LSZOMB, LSONPROC, LSSUSPENDED = 1, 2, 3, 4, 5, 7, 8
# l_flag
LW_SINTR = 0x0000_0080  # sleep is interruptible
LW_SYSTEM = 0x0000_0200  # a kernel thread
LW_WEXIT = 0x0010_0000  # about to exit
# p_flag
PK_SYSTEM = 0x0000_0002
PK_SUGID = 0x0000_0100
# p_acflag, <sys/acct.h>
AFORK, ASU, ACORE, AXSIG = 0x01, 0x02, 0x08, 0x10

# Priorities of tsleep(9), <sys/param.h>.
PSWP, PVM, PINOD, PRIBIO, PVFS, PZERO, PSOCK, PWAIT, PLOCK, PPAUSE, PUSER = (
    0,
    4,
    8,
    16,
    20,
    22,
    24,
    32,
    36,
    40,
    50,
)
PRIMASK = 0x0FF
PCATCH = 0x100
PNORELOCK = 0x200
TTIPRI, TTOPRI = 25, 26  # <sys/tty.h>

list_entry = Struct("list_entry", "void *le_next; void **le_prev")

mdlwp = Struct("mdlwp", "struct trapframe *md_regs; int md_flags")
mdproc = Struct("mdproc", "int md_flags; void (*md_syscall)(struct trapframe *)")
sigctx = Struct("sigctx", "void *ps_sigcode")

lwp = Struct(
    "lwp",
    """struct list_entry l_list; struct list_entry l_sibling; struct proc *l_proc; struct kauth_cred *l_cred;
       const void *l_wchan; const char *l_wmesg; const char *l_name; void *l_private;
       int l_lid; int l_flag; int l_stat; int l_priority; int l_dupfd; int l_kpri; struct mdlwp l_md""",
    {"list_entry": list_entry, "mdlwp": mdlwp},
)

proc = Struct(
    "proc",
    """struct lwp p_lwp0; struct list_entry p_list; struct lwp *p_lwps; struct proc *p_pptr;
       struct kauth_cred *p_cred;
       struct filedesc *p_fd; struct cwdinfo *p_cwdi; struct pstats *p_stats; struct plimit *p_limit;
       struct vmspace *p_vmspace; struct sigacts *p_sigacts; struct pgrp *p_pgrp; const struct emul *p_emul;
       void *p_emuldata; pid_t p_pid; int p_flag; int p_nlwps; int p_xstat; int p_dupfd; u_short p_acflag;
       char p_stat; char p_comm[17]; const struct execsw *p_execsw; struct ps_strings *p_psstr;
       struct sigctx p_sigctx; struct mdproc p_md""",
    {"list_entry": list_entry, "lwp": lwp, "sigctx": sigctx, "mdproc": mdproc},
)
