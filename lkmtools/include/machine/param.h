/* <machine/param.h>: page size and what follows from it; one file for amd64 and i386. */

#ifndef _MACHINE_PARAM_H_
#define _MACHINE_PARAM_H_

#include <sys/cdefs.h>

#ifdef __LP64__
#define _MACHINE	amd64
#define MACHINE		"amd64"
#define _MACHINE_ARCH	x86_64
#define MACHINE_ARCH	"x86_64"
#define MID_MACHINE	157
#define ALIGNBYTES	(sizeof(long) - 1)
#define KERNBASE	0xffffffff80000000UL
#else
#define _MACHINE	i386
#define MACHINE		"i386"
#define _MACHINE_ARCH	i386
#define MACHINE_ARCH	"i386"
#define MID_MACHINE	134
#define ALIGNBYTES	(sizeof(int) - 1)
#define KERNBASE	0xc0000000UL
#endif
#define ALIGN(p)	(((u_long)(p) + ALIGNBYTES) & ~ALIGNBYTES)
#define ALIGNED_POINTER(p, t)	1

#define PGSHIFT		12
#define NBPG		(1 << PGSHIFT)
#define PGOFSET		(NBPG - 1)
#ifndef PAGE_SIZE
#define PAGE_SHIFT	PGSHIFT
#define PAGE_SIZE	NBPG
#define PAGE_MASK	PGOFSET
#endif
#define DEV_BSHIFT	9
#define DEV_BSIZE	(1 << DEV_BSHIFT)
#define BLKDEV_IOSIZE	2048
#ifndef MAXPHYS
#define MAXPHYS		(64 * 1024)
#endif
#ifdef __LP64__
#define MSIZE		512
#else
#define MSIZE		256
#endif
#define MCLSHIFT	11
#define MCLBYTES	(1 << MCLSHIFT)

#ifdef _KERNEL
void	delay(unsigned int);
#define DELAY(n)	delay(n)
#endif

#endif
