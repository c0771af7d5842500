"""Functions that kernel modules of the era call and that this kernel does not implement yet.

A module that names one links and loads; only a call of it panics, with its name. A function that is
implemented is removed from this file. They were chosen by how often modules in the wild import them.
"""

PROTOTYPES = (
    "void ether_ifattach(void *ifp, const void *lla)",
    "void ether_ifdetach(void *ifp)",
    "void if_attach(void *ifp)",
    "void if_detach(void *ifp)",
    "int kfilter_register(const char *name, const struct filterops *filtops, int *retfilter)",
    "int kfilter_unregister(const char *name)",
    "void knote(struct klist *list, long hint)",
    "int kthread_create(int pri, int flag, void *ci, void (*func)(void *), void *arg, void *lp, "
    "const char *fmt, ...)",
    "void kthread_exit(int ecode)",
    "void *softint_establish(u_int flags, void (*func)(void *), void *arg)",
    "void softint_disestablish(void *cookie)",
    "void softint_schedule(void *cookie)",
    "void *specificdata_domain_create(void)",
    "void specificdata_domain_delete(void *domain)",
    "int specificdata_key_create(void *domain, u_int *key, void *dtor)",
    "void specificdata_key_delete(void *domain, u_int key)",
    "int specificdata_init(void *domain, void *ref)",
    "void specificdata_fini(void *domain, void *ref)",
    "void *specificdata_getspecific(void *domain, void *ref, u_int key)",
    "void *specificdata_getspecific_unlocked(void *domain, void *ref, u_int key)",
    "void specificdata_setspecific(void *domain, void *ref, u_int key, void *data)",
    "int specificdata_setspecific_nowait(void *domain, void *ref, u_int key, void *data)",
    "int sysctl_createv(void *log, int cflags, const void *rnode, const void *cnode, int flags, "
    "int type, ...)",
    "void sysctl_teardown(void *log)",
)
NAMES = frozenset(text.partition("(")[0].split()[-1].lstrip("*") for text in PROTOTYPES)
