# ruff: noqa: E501
"""Of emulations and execution formats: named by headers, written as this session goes on."""

from lkmtools.abi import exec as abi
from lkmtools.kern.export import Data, unwritten

FUNCTIONS = (
    unwritten("int exec_add(struct execsw *esp, const char *e_name)", "sys/exec.h"),
    unwritten("int exec_remove(const struct execsw *es)", "sys/exec.h"),
    unwritten("int emul_register(const struct emul *emul, int ro_entry)", "sys/exec.h"),
    unwritten("int emul_unregister(const char *name)", "sys/exec.h"),
    unwritten("const struct emul *emul_search(const char *name)", "sys/exec.h"),
    unwritten(
        "int exec_read_from(struct lwp *l, struct vnode *vp, u_long off, void *bf, size_t size)", "sys/exec.h"
    ),
    unwritten("int exec_setup_stack(struct lwp *l, struct exec_package *epp)", "sys/exec.h"),
    unwritten(
        "int copyargs(struct lwp *l, struct exec_package *pack, struct ps_strings *arginfo, char **stackp, void *argp)",
        "sys/exec.h",
    ),
    unwritten("void setregs(struct lwp *l, struct exec_package *pack, u_long stack)", "sys/exec.h"),
    unwritten(
        "void new_vmcmd(struct exec_vmcmd_set *evsp, int (*proc)(struct lwp *, struct exec_vmcmd *), u_long len, u_long addr, struct vnode *vp, u_long offset, u_int prot, int flags)",
        "sys/exec.h",
    ),
    unwritten("void kill_vmcmds(struct exec_vmcmd_set *evsp)", "sys/exec.h"),
    unwritten("int vmcmd_map_pagedvn(struct lwp *l, struct exec_vmcmd *cmd)", "sys/exec.h"),
    unwritten("int vmcmd_map_readvn(struct lwp *l, struct exec_vmcmd *cmd)", "sys/exec.h"),
    unwritten("int vmcmd_readvn(struct lwp *l, struct exec_vmcmd *cmd)", "sys/exec.h"),
    unwritten("int vmcmd_map_zero(struct lwp *l, struct exec_vmcmd *cmd)", "sys/exec.h"),
    unwritten("int exec_elf32_makecmds(struct lwp *l, struct exec_package *epp)", "sys/exec_elf.h"),
    unwritten("int exec_elf64_makecmds(struct lwp *l, struct exec_package *epp)", "sys/exec_elf.h"),
    unwritten(
        "int elf32_copyargs(struct lwp *l, struct exec_package *pack, struct ps_strings *arginfo, char **stackp, void *argp)",
        "sys/exec_elf.h",
    ),
    unwritten(
        "int elf64_copyargs(struct lwp *l, struct exec_package *pack, struct ps_strings *arginfo, char **stackp, void *argp)",
        "sys/exec_elf.h",
    ),
    unwritten(
        "int netbsd_elf32_probe(struct lwp *l, struct exec_package *epp, void *eh0, char *itp, vaddr_t *pos)",
        "sys/exec_elf.h",
    ),
    unwritten(
        "int netbsd_elf64_probe(struct lwp *l, struct exec_package *epp, void *eh0, char *itp, vaddr_t *pos)",
        "sys/exec_elf.h",
    ),
    unwritten("int x86_set_sdbase(void *arg, char which, struct lwp *l, bool direct)", "machine/sysarch.h"),
    unwritten("int x86_get_sdbase(void *arg, char which)", "machine/sysarch.h"),
    unwritten("int process_read_fpregs(struct lwp *l, struct fpreg *regs)", "machine/reg.h"),
    unwritten("int process_write_fpregs(struct lwp *l, const struct fpreg *regs)", "machine/reg.h"),
    unwritten("void userret(struct lwp *l)", "sys/userret.h"),
    unwritten("caddr_t stackgap_init(const struct proc *p, size_t sz)", "compat/common/compat_util.h"),
    unwritten(
        "void *stackgap_alloc(const struct proc *p, caddr_t *sgp, size_t sz)", "compat/common/compat_util.h"
    ),
    unwritten(
        "int do_sys_wait(struct lwp *l, int *pid, int *status, int options, struct rusage *ru, int *was_zombie)",
        "sys/wait.h",
    ),
    unwritten(
        "int sigaction1(struct lwp *l, int signum, const struct sigaction *nsa, struct sigaction *osa, const void *tramp, int vers)",
        "sys/signalvar.h",
    ),
    unwritten(
        "int sigprocmask1(struct lwp *l, int how, const sigset_t *nss, sigset_t *oss)", "sys/signalvar.h"
    ),
    unwritten("void sigpending1(struct lwp *l, sigset_t *ss)", "sys/signalvar.h"),
    unwritten("int sigsuspend1(struct lwp *l, const sigset_t *ss)", "sys/signalvar.h"),
    unwritten(
        "int sigaltstack1(struct lwp *l, const struct sigaltstack *nss, struct sigaltstack *oss)",
        "sys/signalvar.h",
    ),
    unwritten("void trapsignal(struct lwp *l, struct ksiginfo *ksi)", "sys/signalvar.h"),
    unwritten("void sendsig_siginfo(const struct ksiginfo *ksi, const sigset_t *mask)", "sys/signalvar.h"),
    unwritten("void sigexit(struct lwp *l, int signo)", "sys/signalvar.h"),
    unwritten("void *getframe(struct lwp *l, int signo, int *onstack)", "sys/signalvar.h"),
    unwritten(
        "int fork1(struct lwp *l, int flags, int exitsig, void *stack, size_t stacksize, void (*func)(void *), void *arg, register_t *retval, struct proc **rnewprocp)",
        "sys/proc.h",
    ),
    unwritten("void exit1(struct lwp *l, int rv)", "sys/proc.h"),
    unwritten("void syscall(struct trapframe *frame)", "sys/syscallvar.h"),
    unwritten("void syscall_intern(struct proc *p)", "sys/syscallvar.h"),
)
DATA = (
    Data("execsw", "const struct execsw **execsw", lambda dm: dm.pointer, None, "sys/exec.h"),
    Data("nexecs", "int nexecs", lambda dm: 4, None, "sys/exec.h"),
    Data("exec_maxhdrsz", "u_int exec_maxhdrsz", lambda dm: 4, None, "sys/exec.h"),
    Data(
        "emul_netbsd",
        "const struct emul emul_netbsd",
        lambda dm: abi.emul.layout(dm).size,
        None,
        "sys/proc.h",
    ),
)
