/*
 * An EXEC module: toy programs. A file begins with struct toy_header; what follows is the program's memory as it is to
 * be at th_addr, with zeros up to th_memsize. They are programs of the emulation "toy", which must be loaded before.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/errno.h>
#include <sys/exec.h>
#include <sys/mman.h>
#include <sys/vnode.h>
#include <sys/lkm.h>

struct toy_header {
	char		th_magic[4];
	uint32_t	th_version;
	uint32_t	th_addr;	/* of its first byte; at a page */
	uint32_t	th_entry;
	uint32_t	th_filesize;	/* behind this header */
	uint32_t	th_memsize;
};

static const char toy_magic[4] = { '\177', 'T', 'O', 'Y' };

/* Whatever the file says has to be believable: it is a user's. */
static int
toy_makecmds(struct lwp *l, struct exec_package *epp)
{
	const struct toy_header *th = epp->ep_hdr;
	vaddr_t end;

	if (epp->ep_hdrvalid < sizeof(*th) || memcmp(th->th_magic, toy_magic, sizeof(toy_magic)) != 0)
		return ENOEXEC;
	if (th->th_version != 1 || th->th_addr % PAGE_SIZE != 0 || th->th_addr == 0 || th->th_filesize == 0 ||
	    th->th_filesize > th->th_memsize || th->th_memsize > 64 << 20 ||
	    th->th_filesize > epp->ep_vap->va_size - sizeof(*th) || th->th_entry - th->th_addr >= th->th_filesize)
		return ENOEXEC;

	NEW_VMCMD(&epp->ep_vmcmds, vmcmd_map_readvn, th->th_filesize, th->th_addr, epp->ep_vp, sizeof(*th),
	    PROT_READ | PROT_WRITE | PROT_EXEC);
	end = round_page(th->th_addr + th->th_filesize);
	if (th->th_addr + th->th_memsize > end)
		NEW_VMCMD(&epp->ep_vmcmds, vmcmd_map_zero, th->th_addr + th->th_memsize - end, end, NULL, 0,
		    PROT_READ | PROT_WRITE);
	epp->ep_taddr = th->th_addr;
	epp->ep_tsize = th->th_memsize;
	epp->ep_entry = th->th_entry;
	return exec_setup_stack(l, epp);
}

static struct execsw toy_execsw = {
	.es_hdrsz = sizeof(struct toy_header),
	.es_makecmds = toy_makecmds,
	.es_emul = NULL,		/* found by name, below */
	.es_prio = EXECSW_PRIO_ANY,
	.es_copyargs = copyargs,
	.es_setup_stack = exec_setup_stack,
};

MOD_EXEC("toyexec", -1, &toy_execsw, "toy");

int	toyexec_lkmentry(struct lkm_table *, int, int);

int
toyexec_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
