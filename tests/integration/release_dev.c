/*
 * A driver as an object of NetBSD 5.2 has it: every struct is declared here, with the members' places of that
 * release, and the current process is found as its headers find it.
 */

typedef unsigned long u_long;
typedef unsigned dev_t;
#ifdef __x86_64__
#define WORD(at)	__extension__ ({ void *found; __asm__ volatile("movq %%gs:%c1, %0" : "=r"(found) : "i"(at)); found; })
#define CI_CURLWP	48
#define L_PROC		432
#define P_PID		212
#define P_COMM		625
#else
#define WORD(at)	__extension__ ({ void *found; __asm__ volatile("movl %%fs:%c1, %0" : "=r"(found) : "i"(at)); found; })
#define CI_CURLWP	24
#define L_PROC		276
#define P_PID		120
#define P_COMM		409
#endif
#define AT(type, base, offset)	(*(type *)((char *)(base) + (offset)))

struct malloc_type {
	struct malloc_type *ks_next;
	u_long ks_magic;
	const char *ks_shortdesc;
	u_long ks_inuse, ks_calls, ks_memuse;
	unsigned short ks_limblocks, ks_mapblocks;
	u_long ks_maxused, ks_limit, ks_size, ks_spare;
};

struct uio {
	struct iovec *uio_iov;
	int uio_iovcnt;
	long long uio_offset;
	u_long uio_resid;
	int uio_rw;
	void *uio_vmspace;
};

struct cdevsw {
	int (*d_open)(dev_t, int, int, void *);
	int (*d_close)(dev_t, int, int, void *);
	int (*d_read)(dev_t, struct uio *, int);
	int (*d_write)(dev_t, struct uio *, int);
	int (*d_ioctl)(dev_t, u_long, void *, int, void *);
	void (*d_stop)(void *, int);
	void *(*d_tty)(dev_t);
	int (*d_poll)(dev_t, int, void *);
	long (*d_mmap)(dev_t, long long, int);
	int (*d_kqfilter)(dev_t, void *);
	int d_flag;
};

struct lkm_dev {
	int lkm_type;
	const char *lkm_name;
	u_long lkm_offset;
	unsigned lkm_modver, lkm_sysver;
	const char *lkm_envver;
	const char *lkm_devname;
	const void *lkm_bdev;
	int lkm_bdevmaj;
	const struct cdevsw *lkm_cdev;
	int lkm_cdevmaj;
};

struct lkm_table {
	unsigned char refcnt, forced;
	int (*entry)(struct lkm_table *, int, int);
	void *private;
};

extern struct malloc_type M_TEMP[1];
void *kern_malloc(u_long, struct malloc_type *, int);
void kern_free(void *, struct malloc_type *);
void malloc_type_attach(struct malloc_type *);
void malloc_type_detach(struct malloc_type *);
void *x86_curlwp(void);
void mutex_init(void *, int, int);
void mutex_destroy(void *);
void mutex_enter(void *);
void mutex_exit(void *);
int uiomove(void *, u_long, struct uio *);
int snprintf(char *, u_long, const char *, ...);
int lkmdispatch(struct lkm_table *, int);
int enodev(void);
int seltrue(dev_t, int, void *);
int seltrue_kqfilter(dev_t, void *);
int release_dev_lkmentry(struct lkm_table *, int, int);

static struct malloc_type M_RELEASE[1] = { { 0, 877983977, "release", 0, 0, 0, 0, 0, 0, 0, 0, 0 } };
static void const * const in_set __attribute__((__section__("link_set_malloc_types"), __used__)) = M_RELEASE;
static struct { u_long before; u_long mtx; u_long behind; } lock = { 0x5a5a, 0, 0xa5a5 };
static char *line;
static void *opener;

static int
dev_open(dev_t dev, int flag, int mode, void *l)
{
	void *p = AT(void *, l, L_PROC);

	if (dev >> 20 != 0 || l != x86_curlwp() || l != WORD(CI_CURLWP))
		return 22;
	mutex_enter(&lock.mtx);
	opener = l;
	snprintf(line, 64, "%d %s\n", AT(int, p, P_PID), &AT(char, p, P_COMM));
	mutex_exit(&lock.mtx);
	return lock.before == 0x5a5a && lock.behind == 0xa5a5 ? 0 : 5;
}

static int
dev_close(dev_t dev, int flag, int mode, void *l)
{
	return l == opener ? 0 : 22;
}

static int
dev_read(dev_t dev, struct uio *uio, int flag)
{
	u_long n = 0;

	while (line[n] != '\0')
		n++;
	if (uio->uio_offset < 0 || (u_long)uio->uio_offset >= n)
		return 0;
	n -= uio->uio_offset;
	return uiomove(line + uio->uio_offset, n < uio->uio_resid ? n : uio->uio_resid, uio);
}

static const struct cdevsw release_cdevsw = {
	dev_open, dev_close, dev_read, (void *)enodev, (void *)enodev, (void *)enodev, 0, seltrue, (void *)enodev,
	seltrue_kqfilter, 0,
};
static struct lkm_dev module = {
	2, "release_dev", (u_long)-1, 2, 502000000, "", "release", 0, -1, &release_cdevsw, -1
};

int
release_dev_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	if (cmd == 1) {
		lkmtp->private = &module;
		malloc_type_attach(M_RELEASE);
		line = kern_malloc(64, M_RELEASE, 2);
		kern_free(kern_malloc(16, M_TEMP, 0), M_TEMP);
		mutex_init(&lock.mtx, 2, 0);
	} else if (cmd == 2) {
		kern_free(line, M_RELEASE);
		malloc_type_detach(M_RELEASE);
		mutex_destroy(&lock.mtx);
		if (M_RELEASE->ks_inuse != 0 || M_RELEASE->ks_calls != 1)
			return 16;
	}
	return lkmdispatch(lkmtp, cmd);
}
