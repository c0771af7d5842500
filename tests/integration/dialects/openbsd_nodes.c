/* A MISC module of OpenBSD that makes a device node with vnode operations, and removes it; it reads a login name. */

#ifndef __OpenBSD__
#error "not OpenBSD"
#endif

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/file.h>
#include <sys/mbuf.h>
#include <sys/mount.h>
#include <sys/namei.h>
#include <sys/proc.h>
#include <sys/stat.h>
#include <sys/vnode.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/in_systm.h>
#include <netinet/ip.h>
#include <netinet/ip_var.h>
#include <netinet/in_pcb.h>
#include <netinet/tcp.h>
#include <netinet/tcpip.h>
#include <sys/exec.h>
#include <sys/lkm.h>

#define NODE	"/dev/made"

MOD_MISC("nodes")

static int
nodes_make(void)
{
	struct nameidata nd;
	struct vattr va;
	int error;

	NDINIT(&nd, CREATE, LOCKPARENT, UIO_SYSSPACE, NODE, curproc);
	if ((error = namei(&nd)) != 0)
		return error;
	if (nd.ni_vp != NULL) {
		VOP_ABORTOP(nd.ni_dvp, &nd.ni_cnd);
		if (nd.ni_dvp == nd.ni_vp)
			vrele(nd.ni_dvp);
		else
			vput(nd.ni_dvp);
		vrele(nd.ni_vp);
		return EEXIST;
	}
	VATTR_NULL(&va);
	va.va_type = VCHR;
	va.va_mode = 0600;
	va.va_rdev = makedev(2, 2);
	VOP_LEASE(nd.ni_dvp, curproc, curproc->p_ucred, LEASE_WRITE);
	return VOP_MKNOD(nd.ni_dvp, &nd.ni_vp, &nd.ni_cnd, &va);
}

static int
nodes_remove(void)
{
	struct nameidata nd;
	int error;

	NDINIT(&nd, DELETE, LOCKPARENT | LOCKLEAF, UIO_SYSSPACE, NODE, curproc);
	if ((error = namei(&nd)) != 0)
		return error;
	VOP_LEASE(nd.ni_vp, curproc, curproc->p_ucred, LEASE_WRITE);
	return VOP_REMOVE(nd.ni_dvp, nd.ni_vp, &nd.ni_cnd);
}

static int
nodes_handle(struct lkm_table *lkmtp, int cmd)
{
	if (cmd == LKM_E_UNLOAD)
		return nodes_remove();
	printf("nodes: login '%s', session of pid %d\n", curproc->p_session->s_login, curproc->p_session->s_sid);
	return nodes_make();
}

int
nodes_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, nodes_handle, nodes_handle, lkm_nofunc)
}
