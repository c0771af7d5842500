/* What the module barehook offers: a variable. 0 lets the file be removed, an errno prevents it. */

typedef int	barehook_fn(struct lwp *l, const char *path);
