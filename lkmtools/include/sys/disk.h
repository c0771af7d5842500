/* <sys/disk.h>: disk(9): what all drivers of disks keep for the system; wedges. */

#ifndef _SYS_DISK_H_
#define _SYS_DISK_H_

#include <sys/device.h>
#include <sys/types.h>
#include <sys/dkio.h>
#include <sys/iostat.h>
#include <sys/mutex.h>
#include <sys/queue.h>
#include <sys/time.h>
#include <prop/proplib.h>

struct buf;
struct disk;
struct disklabel;
struct cpu_disklabel;
struct dkwedge_softc;
struct lwp;
struct vnode;

struct dkwedge_info {
	char		dkw_devname[16];
	uint8_t		dkw_wname[128];
	char		dkw_parent[16];
	daddr_t		dkw_offset;
	uint64_t	dkw_size;
	char		dkw_ptype[32];
};

struct dkwedge_list {
	void		*dkwl_buf;
	size_t		 dkwl_bufsize;
	u_int		 dkwl_nwedges;
	u_int		 dkwl_ncopied;
};

struct disk_badsectors {
	SLIST_ENTRY(disk_badsectors)	dbs_next;
	daddr_t				dbs_min;
	daddr_t				dbs_max;
	struct timeval			dbs_failedat;
};

struct disk_badsecinfo {
	uint32_t	 dbsi_bufsize;
	uint32_t	 dbsi_skip;
	uint32_t	 dbsi_copied;
	uint32_t	 dbsi_left;
	void		*dbsi_buffer;
};

/* The functions of a driver that the system calls. */
struct dkdriver {
	void	(*d_strategy)(struct buf *);
	void	(*d_minphys)(struct buf *);
};

struct disk {
	TAILQ_ENTRY(disk)	 dk_link;
	const char		*dk_name;
	prop_dictionary_t	 dk_info;
	int			 dk_bopenmask;	/* partitions that are open as block devices, */
	int			 dk_copenmask;	/* as character devices, */
	int			 dk_openmask;	/* as either */
	int			 dk_state;
	int			 dk_blkshift;
	int			 dk_byteshift;
	struct io_stats		*dk_stats;
	const struct dkdriver	*dk_driver;
	kmutex_t		 dk_rawlock;
	u_int			 dk_rawopens;
	struct vnode		*dk_rawvp;
	kmutex_t		 dk_openlock;
	u_int			 dk_nwedges;
	LIST_HEAD(, dkwedge_softc) dk_wedges;
	daddr_t			 dk_labelsector;
	struct disklabel	*dk_label;
	struct cpu_disklabel	*dk_cpulabel;
};
TAILQ_HEAD(disklist_head, disk);

/* dk_state */
#define DK_CLOSED	0
#define DK_WANTOPEN	1
#define DK_WANTOPENRAW	2
#define DK_RDLABEL	3
#define DK_OPEN		4
#define DK_OPENRAW	5

#ifdef _KERNEL
void	disk_init(struct disk *dk, const char *name, const struct dkdriver *driver);
void	disk_attach(struct disk *dk);
void	disk_detach(struct disk *dk);
void	disk_destroy(struct disk *dk);
int	disk_begindetach(struct disk *dk, int (*lastclose)(device_t), device_t self, int flags);
void	disk_busy(struct disk *dk);
void	disk_unbusy(struct disk *dk, long bcount, int read);
bool	disk_isbusy(struct disk *dk);
struct disk	*disk_find(const char *name);
void	disk_blocksize(struct disk *dk, int blocksize);
int	disk_ioctl(struct disk *dk, u_long cmd, void *data, int flag, struct lwp *l);
int	dkwedge_add(struct dkwedge_info *dkw);
int	dkwedge_del(struct dkwedge_info *dkw);
void	dkwedge_delall(struct disk *dk);
int	dkwedge_list(struct disk *dk, struct dkwedge_list *dkwl, struct lwp *l);
void	dkwedge_discover(struct disk *dk);
#endif

#endif
