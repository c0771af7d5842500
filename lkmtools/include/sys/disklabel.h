/* <sys/disklabel.h>: disklabel(5): how a disk is divided into partitions. */

#ifndef _SYS_DISKLABEL_H_
#define _SYS_DISKLABEL_H_

#include <sys/types.h>
#include <sys/dkio.h>
#include <machine/disklabel.h>

#define DISKUNIT(dev)		DISKUNITFIXED(dev)
#define DISKPART(dev)		(minor(dev) % MAXPARTITIONS)
#define DISKUNITFIXED(dev)	(minor(dev) / MAXPARTITIONS)
#define DISKMINOR(unit, part)	((unit) * MAXPARTITIONS + (part))
#define MAKEDISKDEV(maj, unit, part)	makedev((maj), DISKMINOR((unit), (part)))

#define DISKMAGIC	((uint32_t)0x82564557)
#define NDDATA		5
#define NSPARE		5

struct partition {
	uint32_t	p_size;		/* sectors */
	uint32_t	p_offset;	/* of the first sector */
	union {
		uint32_t	fsize;		/* bytes of a fragment of its file system */
		uint32_t	cdsession;
	} __partition_u2;
	uint8_t		p_fstype;
	uint8_t		p_frag;
	union {
		uint16_t	cpg;
		uint16_t	sgs;
	} __partition_u1;
};
#define p_fsize		__partition_u2.fsize
#define p_cdsession	__partition_u2.cdsession
#define p_cpg		__partition_u1.cpg
#define p_sgs		__partition_u1.sgs

struct disklabel {
	uint32_t	d_magic;
	uint16_t	d_type;
	uint16_t	d_subtype;
	char		d_typename[16];
	union {
		char	un_d_packname[16];
		struct {
			char	*un_d_boot0;
			char	*un_d_boot1;
		} un_b;
		uint64_t un_d_pad;
	} d_un;
	uint32_t	d_secsize;	/* bytes */
	uint32_t	d_nsectors;	/* of a track */
	uint32_t	d_ntracks;	/* of a cylinder */
	uint32_t	d_ncylinders;
	uint32_t	d_secpercyl;
	uint32_t	d_secperunit;
	uint16_t	d_sparespertrack;
	uint16_t	d_sparespercyl;
	uint32_t	d_acylinders;
	uint16_t	d_rpm;
	uint16_t	d_interleave;
	uint16_t	d_trackskew;
	uint16_t	d_cylskew;
	uint32_t	d_headswitch;
	uint32_t	d_trkseek;
	uint32_t	d_flags;
	uint32_t	d_drivedata[NDDATA];
	uint32_t	d_spare[NSPARE];
	uint32_t	d_magic2;
	uint16_t	d_checksum;	/* makes the xor of all 16-bit words 0 */
	uint16_t	d_npartitions;
	uint32_t	d_bbsize;
	uint32_t	d_sbsize;
	struct partition d_partitions[MAXPARTITIONS];
};
#define d_packname	d_un.un_d_packname
#define d_boot0		d_un.un_b.un_d_boot0
#define d_boot1		d_un.un_b.un_d_boot1

/* d_type */
#define DTYPE_SMD	1
#define DTYPE_MSCP	2
#define DTYPE_DEC	3
#define DTYPE_SCSI	4
#define DTYPE_ESDI	5
#define DTYPE_ST506	6
#define DTYPE_HPIB	7
#define DTYPE_HPFL	8
#define DTYPE_FLOPPY	10
#define DTYPE_CCD	11
#define DTYPE_VND	12
#define DTYPE_ATAPI	13
#define DTYPE_RAID	14
#define DTYPE_LD	15
#define DTYPE_JFS2	16
#define DTYPE_CGD	17
#define DTYPE_VINUM	18
#define DTYPE_FLASH	19
#define DTYPE_DM	20

/* p_fstype */
#define FS_UNUSED	0
#define FS_SWAP		1
#define FS_V6		2
#define FS_V7		3
#define FS_SYSV		4
#define FS_V71K		5
#define FS_V8		6
#define FS_BSDFFS	7
#define FS_MSDOS	8
#define FS_BSDLFS	9
#define FS_OTHER	10
#define FS_HPFS		11
#define FS_ISO9660	12
#define FS_BOOT		13
#define FS_ADOS		14
#define FS_HFS		15
#define FS_FILECORE	16
#define FS_EX2FS	17
#define FS_NTFS		18
#define FS_RAID		19
#define FS_CCD		20
#define FS_JFS2		21
#define FS_APPLEUFS	22
#define FS_VINUM	23
#define FS_UDF		24
#define FS_SYSVBFS	25
#define FS_EFS		26
#define FS_NILFS	27
#define FS_CGD		28

/* d_flags */
#define D_REMOVABLE	0x01
#define D_ECC		0x02
#define D_BADSECT	0x04
#define D_RAMDISK	0x08
#define D_CHAIN		0x10

struct format_op {
	char	*df_buf;
	int	 df_count;
	daddr_t	 df_startblk;
	int	 df_reg[8];
};

/* What DIOCGPART answers: pointers into the driver's own label. */
struct partinfo {
	struct disklabel	*disklab;
	struct partition	*part;
};

struct disk_strategy {
	char	dks_name[32];
	char	*dks_param;
	size_t	dks_paramlen;
};

#ifdef _KERNEL
struct buf;
struct disk;

void		disksort(void *head, struct buf *bp);
void		diskerr(const struct buf *bp, const char *dname, const char *what, int pri, int blkdone,
		    const struct disklabel *lp);
u_int		dkcksum(struct disklabel *lp);
u_int		dkcksum_sized(struct disklabel *lp, size_t npartitions);
int		setdisklabel(struct disklabel *olp, struct disklabel *nlp, u_long openmask, struct cpu_disklabel *osdep);
const char	*readdisklabel(dev_t dev, void (*strat)(struct buf *), struct disklabel *lp,
		    struct cpu_disklabel *osdep);
int		writedisklabel(dev_t dev, void (*strat)(struct buf *), struct disklabel *lp,
		    struct cpu_disklabel *osdep);
int		bounds_check_with_label(struct disk *dk, struct buf *bp, int wlabel);
int		bounds_check_with_mediasize(struct buf *bp, int secsize, uint64_t mediasize);
#endif

#endif
