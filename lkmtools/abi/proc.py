"""<sys/proc.h>, <sys/lwp.h> and <machine/cpu.h> (NetBSD 5.2)."""

from lkmtools.abi.datamodel import Placed, Struct

MAXCOMLEN = 16
MAXLOGNAME = 16  # with the NUL
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
# p_find(), pg_find()
PFIND_ZOMBIE, PFIND_LOCKED, PFIND_UNLOCK_FAIL, PFIND_UNLOCK_OK = 1, 2, 4, 8
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

lwp = Placed(
    "lwp",
    (984, 612),
    """struct trapframe *l_md.md_regs 56/28; int l_flag 88/48; int l_stat 92/52; struct proc *l_proc 432/276;
       int l_lid 472/304; struct kauth_cred *l_cred 720/464""",
)
proc = Placed(
    "proc",
    (728, 472),
    """struct kauth_cred *p_cred 96/48; struct vmspace *p_vmspace 136/68; int p_flag 188/96;
       char p_stat 208/116; pid_t p_pid 212/120; struct proc *p_pptr 232/132; struct lwp *p_lwps 264/148;
       int p_nlwps 280/156; const struct emul *p_emul 440/280; void *p_emuldata 448/284;
       const struct execsw *p_execsw 456/288; pid_t p_ppid 560/356; void *p_sigctx.ps_sigcode 584/372;
       char p_comm[17] 625/409; struct pgrp *p_pgrp 648/428; struct ps_strings *p_psstr 656/432;
       u_short p_acflag 702/458; void *p_md.md_syscall 712/464""",
)
pgrp = Struct("pgrp", "struct proc *lh_first; struct session *pg_session; pid_t pg_id; int pg_jobc")
session = Struct(
    "session",
    f"""int s_count; u_int s_flags; struct proc *s_leader; struct vnode *s_ttyvp; struct tty *s_ttyp;
       char s_login[{MAXLOGNAME}]; pid_t s_sid""",
)
cpu_info = Placed(
    "cpu_info",
    (2304, 1792),
    "struct cpu_info *ci_self 8/4; struct lwp *ci_curlwp 48/24; u_long ci_cpuid 80/44",
)
