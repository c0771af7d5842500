/* What the module hook offers to a module that wants to decide who may remove a file. */

/* 0 lets it happen, an errno prevents it. May sleep. */
typedef int	hook_fn(struct lwp *l, const char *path);

int		 hook_register(const char *who, hook_fn *fn);	/* EBUSY: somebody else has the hook */
int		 hook_deregister(hook_fn *fn);			/* EINVAL: it is not registered; waits for calls */
const char	*hook_holder(void);				/* who has the hook, or NULL */
