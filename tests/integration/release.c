/*
 * A module that says itself what NetBSD 5.2's structs are, as an object of that release's build does: it
 * includes none of our headers, and has no note.
 */

typedef unsigned long u_long;

struct lkm_any {
	int lkm_type;
	const char *lkm_name;
	u_long lkm_offset;
	unsigned lkm_modver;
	unsigned lkm_sysver;
	const char *lkm_envver;
};

struct sysent {
	short sy_narg;
	short sy_argsize;
	int sy_flags;
	int (*sy_call)(void *, const void *, long *);
};

struct lkm_syscall {
	struct lkm_any mod;
	struct sysent *lkm_sysent;
	struct sysent lkm_oldent;
};

struct lkm_table {
	unsigned char refcnt;
	unsigned char forced;
	int (*entry)(struct lkm_table *, int, int);
	void *private;
	u_long size, offset, area;
	u_long syms, sym_size, sym_offset, sym_symsize;
	int id;
	struct lkm_table *tqe_next;
	struct lkm_table **tqe_prev;
};

extern struct sysent sysent[];
int lkmdispatch(struct lkm_table *, int);
int lkmexists(struct lkm_table *);
int printf(const char *, ...);
int release_lkmentry(struct lkm_table *, int, int);

static int
newcall(void *l, const void *v, long *retval)
{
	*retval = *(const int *)v + 1;
	return 0;
}

static struct sysent newent = { 1, sizeof(long), 0, newcall };
static struct lkm_syscall module = {
	{ 0, "release", (u_long)-1, 2, 502000000, "" }, &newent, { 0, 0, 0, 0 }
};

int
release_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	if (ver != 2)
		return 22;
	if (cmd == 1) {
		lkmtp->private = &module;
		if (lkmexists(lkmtp))
			return 17;
		printf("release: id %d, %lu bytes, refcnt %d, entry %d\n", lkmtp->id, lkmtp->size, lkmtp->refcnt,
		    lkmtp->entry == release_lkmentry && lkmtp->area <= (u_long)&newent);
	}
	return lkmdispatch(lkmtp, cmd);
}
