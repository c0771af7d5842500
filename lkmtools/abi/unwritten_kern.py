"""Functions of the kernel proper that headers declare and this kernel lacks (abi/unwritten.py)."""

# By header.
THE_REST = {
    "machine/cpu_counter.h": """
        uint64_t cpu_frequency(struct cpu_info *ci);
    """,
    "sys/callback.h": """
        void callback_head_destroy(struct callback_head *ch);
        void callback_head_init(struct callback_head *ch, int ipl);
        void callback_register(struct callback_head *ch, struct callback_entry *ce, void *obj, int
            (*func)(struct callback_entry *, void *, void *));
        int callback_run(struct callback_head *ch, void *arg);
        int callback_run_roundrobin(struct callback_head *ch, void *arg);
        void callback_unregister(struct callback_head *ch, struct callback_entry *ce);
    """,
    "sys/event.h": """
        int kfilter_register(const char *name, const struct filterops *filtops, int *retfilter);
        int kfilter_unregister(const char *name);
        void knote(struct klist *list, long hint);
    """,
    "sys/exec_aout.h": """
        int cpu_exec_aout_makecmds(struct lwp *l, struct exec_package *epp);
        int exec_aout_makecmds(struct lwp *l, struct exec_package *epp);
        int exec_aout_prep_nmagic(struct lwp *l, struct exec_package *epp);
        int exec_aout_prep_omagic(struct lwp *l, struct exec_package *epp);
        int exec_aout_prep_zmagic(struct lwp *l, struct exec_package *epp);
    """,
    "sys/exec_ecoff.h": """
        int exec_ecoff_makecmds(struct lwp *l, struct exec_package *epp);
    """,
    "sys/exec_script.h": """
        int exec_script_makecmds(struct lwp *l, struct exec_package *epp);
    """,
    "sys/kauth.h": """
        void kauth_deregister_scope(kauth_scope_t scope);
        kauth_listener_t kauth_listen_scope(const char *id, kauth_scope_callback_t callback, void *cookie);
        kauth_scope_t kauth_register_scope(const char *id, kauth_scope_callback_t callback, void *cookie);
        void kauth_unlisten_scope(kauth_listener_t listener);
    """,
    "sys/kthread.h": """
        void kthread_destroy(struct lwp *l);
    """,
    "sys/md5.h": """
        void MD5Final(unsigned char digest[16], MD5_CTX *context);
        void MD5Init(MD5_CTX *context);
        void MD5Update(MD5_CTX *context, const unsigned char *input, unsigned int len);
    """,
    "sys/pool.h": """
        void pool_printit(struct pool *pp, const char *modif, void (*pr)(const char *, ...));
    """,
    "sys/sha1.h": """
        void SHA1Final(uint8_t digest[20], SHA1_CTX *context);
        void SHA1Init(SHA1_CTX *context);
        void SHA1Transform(uint32_t state[5], const uint8_t buffer[64]);
        void SHA1Update(SHA1_CTX *context, const uint8_t *input, unsigned int len);
    """,
    "sys/sysctl.h": """
        int sysctl_create(const int *name, u_int namelen, void *oldp, size_t *oldlenp, const void
            *newp, size_t newlen, const int *oname, struct lwp *l, const struct sysctlnode
            *rnode);
        int sysctl_describe(const int *name, u_int namelen, void *oldp, size_t *oldlenp, const
            void *newp, size_t newlen, const int *oname, struct lwp *l, const struct sysctlnode
            *rnode);
        int sysctl_destroy(const int *name, u_int namelen, void *oldp, size_t *oldlenp, const void
            *newp, size_t newlen, const int *oname, struct lwp *l, const struct sysctlnode
            *rnode);
        void sysctl_free(struct sysctlnode *rnode);
    """,
}
