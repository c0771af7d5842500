/* <net/radix.h>: the trees of routing tables. */

#ifndef _NET_RADIX_H_
#define _NET_RADIX_H_

#include <sys/types.h>

struct radix_mask;

struct radix_node {
	struct radix_mask	*rn_mklist;
	struct radix_node	*rn_p;		/* its parent */
	short			 rn_b;		/* the bit it looks at; negative in a leaf */
	u_char			 rn_bmask;
	u_char			 rn_flags;
	union {
		struct {
			const char		*rn_Key;
			const char		*rn_Mask;
			struct radix_node	*rn_Dupedkey;
		} rn_leaf;
		struct {
			int			 rn_Off;
			struct radix_node	*rn_L;
			struct radix_node	*rn_R;
		} rn_node;
	} rn_u;
};
#define rn_dupedkey	rn_u.rn_leaf.rn_Dupedkey
#define rn_key		rn_u.rn_leaf.rn_Key
#define rn_mask		rn_u.rn_leaf.rn_Mask
#define rn_off		rn_u.rn_node.rn_Off
#define rn_l		rn_u.rn_node.rn_L
#define rn_r		rn_u.rn_node.rn_R

#define RNF_NORMAL	1
#define RNF_ROOT	2
#define RNF_ACTIVE	4

struct radix_node_head;

#endif
