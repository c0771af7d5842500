/* <sys/rb.h>: red-black trees: their nodes and heads, for the structs that have one inside. */

#ifndef _SYS_RB_H_
#define _SYS_RB_H_

#include <sys/types.h>

struct rb_node {
	struct rb_node	*rb_nodes[2];	/* left, right */
	uintptr_t	 rb_info;	/* the father, the position and the colour */
};

typedef int	(*const rbto_compare_nodes_fn)(const struct rb_node *, const struct rb_node *);
typedef int	(*const rbto_compare_key_fn)(const struct rb_node *, const void *);

struct rb_tree_ops {
	rbto_compare_nodes_fn	rbto_compare_nodes;
	rbto_compare_key_fn	rbto_compare_key;
};

struct rb_tree {
	struct rb_node			*rbt_root;
	const struct rb_tree_ops	*rbt_ops;
	struct rb_node			*rbt_minmax[2];
};

#define RB_DIR_LEFT	0
#define RB_DIR_RIGHT	1

#ifdef _KERNEL
void	rb_tree_init(struct rb_tree *rbt, const struct rb_tree_ops *ops);
bool	rb_tree_insert_node(struct rb_tree *rbt, struct rb_node *node);
void	rb_tree_remove_node(struct rb_tree *rbt, struct rb_node *node);
struct rb_node	*rb_tree_find_node(struct rb_tree *rbt, const void *key);
struct rb_node	*rb_tree_find_node_geq(struct rb_tree *rbt, const void *key);
struct rb_node	*rb_tree_find_node_leq(struct rb_tree *rbt, const void *key);
struct rb_node	*rb_tree_iterate(struct rb_tree *rbt, struct rb_node *node, const unsigned int direction);
#endif

#endif
