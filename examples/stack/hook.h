/* What the module hook offers to a module that wants to decide what may be done with files. */

struct componentname;
struct lwp;
struct vnode;
struct vnodeop_desc;

struct hook_question {
	const struct vnodeop_desc	*q_op;		/* which operation: vdesc_name, vdesc_offset */
	struct lwp			*q_lwp;		/* which lwp calls it */
	kauth_cred_t			 q_cred;	/* with which rights */
	struct vnode			*q_vp;		/* of the file, or of the directory that q_cnp is a name in */
	const struct componentname	*q_cnp;		/* NULL: the operation has no name */
};

/* 0 lets it happen, an errno prevents it. Is called with vnodes locked. May sleep. */
typedef int	hook_fn(const struct hook_question *q);

int		 hook_register(const char *who, hook_fn *fn);	/* EBUSY: another client has the hook */
int		 hook_deregister(hook_fn *fn);			/* EINVAL: it is not registered; waits for calls */
const char	*hook_holder(void);				/* the client that has the hook, or NULL */
