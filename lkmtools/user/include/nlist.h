/* <nlist.h>: what kvm_nlist(3) is asked for and answers. */

#ifndef _NLIST_H_
#define _NLIST_H_

struct nlist {
	union {
		const char	*n_name;
		long		 n_strx;
	}		n_un;
	unsigned char	n_type;		/* 0: there is no such symbol */
	char		n_other;
	short		n_desc;
	unsigned long	n_value;
};
#define n_name	n_un.n_name

#define N_UNDF	0x00
#define N_EXT	0x01
#define N_ABS	0x02
#define N_TEXT	0x04
#define N_DATA	0x06

#endif
