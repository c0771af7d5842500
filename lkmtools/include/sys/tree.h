/* <sys/tree.h>: tree(3): red-black trees and splay trees of structs that have an entry, ordered by a function. */

#ifndef _SYS_TREE_H_
#define _SYS_TREE_H_

#include <sys/cdefs.h>
#include <sys/null.h>

/* Red-black trees. */
#define RB_BLACK	0
#define RB_RED		1
#define RB_NEGINF	-1
#define RB_INF		1

#define RB_HEAD(name, type)	struct name { struct type *rbh_root; }
#define RB_INITIALIZER(root)	{ NULL }
#define RB_INIT(root)		do { (root)->rbh_root = NULL; } while (0)
#define RB_ENTRY(type)		struct { struct type *rbe_left, *rbe_right, *rbe_parent; int rbe_color; }
#define RB_LEFT(elm, field)	(elm)->field.rbe_left
#define RB_RIGHT(elm, field)	(elm)->field.rbe_right
#define RB_PARENT(elm, field)	(elm)->field.rbe_parent
#define RB_COLOR(elm, field)	(elm)->field.rbe_color
#define RB_ROOT(head)		(head)->rbh_root
#define RB_EMPTY(head)		(RB_ROOT(head) == NULL)

#define __RB_CHILD(elm, field, left)	(*((left) ? &RB_LEFT(elm, field) : &RB_RIGHT(elm, field)))
#define __RB_ISRED(elm, field)		((elm) != NULL && RB_COLOR(elm, field) == RB_RED)

#define RB_PROTOTYPE(name, type, field, cmp)		__RB_PROTOTYPE(name, type, )
#define RB_PROTOTYPE_STATIC(name, type, field, cmp)	__RB_PROTOTYPE(name, type, __unused static)
#define __RB_PROTOTYPE(name, type, attr) \
	attr struct type *name##_RB_INSERT(struct name *, struct type *); \
	attr struct type *name##_RB_REMOVE(struct name *, struct type *); \
	attr struct type *name##_RB_FIND(struct name *, struct type *); \
	attr struct type *name##_RB_NFIND(struct name *, struct type *); \
	attr struct type *name##_RB_NEXT(struct type *); \
	attr struct type *name##_RB_PREV(struct type *); \
	attr struct type *name##_RB_MINMAX(struct name *, int);

#define RB_GENERATE(name, type, field, cmp)		__RB_GENERATE(name, type, field, cmp, )
#define RB_GENERATE_STATIC(name, type, field, cmp)	__RB_GENERATE(name, type, field, cmp, __unused static)
#define __RB_GENERATE(name, type, field, cmp, attr) \
	__RB_PROTOTYPE(name, type, attr); \
	__RB_ROTATE(name, type, field) \
	__RB_INSERT(name, type, field, cmp, attr) \
	__RB_REMOVE(name, type, field, attr) \
	__RB_LOOK(name, type, field, cmp, attr)

/* The pointer that leads to x; and x changes places with one of its children, and goes down to the left or the right. */
#define __RB_ROTATE(name, type, field) \
static __unused struct type ** \
name##_RB_LINK(struct name *head, struct type *x) \
{ \
	struct type *p = RB_PARENT(x, field); \
	return p == NULL ? &RB_ROOT(head) : &__RB_CHILD(p, field, RB_LEFT(p, field) == x); \
} \
static __unused void \
name##_RB_ROTATE(struct name *head, struct type *x, int left) \
{ \
	struct type *y = __RB_CHILD(x, field, !left), *between = __RB_CHILD(y, field, left); \
	*name##_RB_LINK(head, x) = y; \
	RB_PARENT(y, field) = RB_PARENT(x, field); \
	__RB_CHILD(x, field, !left) = between; \
	if (between != NULL) \
		RB_PARENT(between, field) = x; \
	__RB_CHILD(y, field, left) = x; \
	RB_PARENT(x, field) = y; \
}

#define __RB_INSERT(name, type, field, cmp, attr) \
attr struct type * \
name##_RB_INSERT(struct name *head, struct type *x) \
{ \
	struct type **link = &RB_ROOT(head), *p = NULL, *g, *uncle; \
	struct type *root; \
	int __order, left; \
	while (*link != NULL) { \
		p = *link; \
		__order = (cmp)(x, p); \
		if (__order == 0) \
			return p; \
		link = &__RB_CHILD(p, field, __order < 0); \
	} \
	*link = x; \
	RB_LEFT(x, field) = RB_RIGHT(x, field) = NULL; \
	RB_PARENT(x, field) = p; \
	RB_COLOR(x, field) = RB_RED; \
	while (p = RB_PARENT(x, field), __RB_ISRED(p, field)) { \
		g = RB_PARENT(p, field); \
		left = RB_LEFT(g, field) == p; \
		uncle = __RB_CHILD(g, field, !left); \
		RB_COLOR(g, field) = RB_RED; \
		if (__RB_ISRED(uncle, field)) { \
			RB_COLOR(p, field) = RB_COLOR(uncle, field) = RB_BLACK; \
			x = g; \
			continue; \
		} \
		if (__RB_CHILD(p, field, !left) == x) { \
			name##_RB_ROTATE(head, p, left); \
			x = p; \
			p = RB_PARENT(x, field); \
		} \
		RB_COLOR(p, field) = RB_BLACK; \
		name##_RB_ROTATE(head, g, !left); \
	} \
	root = RB_ROOT(head); \
	RB_COLOR(root, field) = RB_BLACK; \
	return NULL; \
}

/* z goes; y, which has at most one child c, is the node whose place becomes empty, and takes that of z. */
#define __RB_REMOVE(name, type, field, attr) \
static __unused void \
name##_RB_MEND(struct name *head, struct type *c, struct type *p) \
{ \
	struct type *s, *far; \
	int left; \
	while (p != NULL && !__RB_ISRED(c, field)) { \
		left = RB_LEFT(p, field) == c; \
		s = __RB_CHILD(p, field, !left); \
		if (__RB_ISRED(s, field)) { \
			RB_COLOR(s, field) = RB_BLACK; \
			RB_COLOR(p, field) = RB_RED; \
			name##_RB_ROTATE(head, p, left); \
			s = __RB_CHILD(p, field, !left); \
		} \
		if (!__RB_ISRED(RB_LEFT(s, field), field) && !__RB_ISRED(RB_RIGHT(s, field), field)) { \
			RB_COLOR(s, field) = RB_RED; \
			c = p; \
			p = RB_PARENT(c, field); \
			continue; \
		} \
		far = __RB_CHILD(s, field, !left); \
		if (!__RB_ISRED(far, field)) { \
			far = s; \
			s = __RB_CHILD(far, field, left); \
			name##_RB_ROTATE(head, far, !left); \
		} \
		RB_COLOR(s, field) = RB_COLOR(p, field); \
		RB_COLOR(p, field) = RB_COLOR(far, field) = RB_BLACK; \
		name##_RB_ROTATE(head, p, left); \
		return; \
	} \
	if (c != NULL) \
		RB_COLOR(c, field) = RB_BLACK; \
} \
attr struct type * \
name##_RB_REMOVE(struct name *head, struct type *z) \
{ \
	struct type *y = z, *c, *p; \
	int color; \
	if (RB_LEFT(z, field) != NULL && RB_RIGHT(z, field) != NULL) \
		for (y = RB_RIGHT(z, field); RB_LEFT(y, field) != NULL; y = RB_LEFT(y, field)) \
			continue; \
	c = __RB_CHILD(y, field, RB_LEFT(y, field) != NULL); \
	p = RB_PARENT(y, field); \
	color = RB_COLOR(y, field); \
	*name##_RB_LINK(head, y) = c; \
	if (c != NULL) \
		RB_PARENT(c, field) = p; \
	if (y != z) { \
		*name##_RB_LINK(head, z) = y; \
		y->field = z->field; \
		if (RB_LEFT(y, field) != NULL) \
			RB_PARENT(RB_LEFT(y, field), field) = y; \
		if (RB_RIGHT(y, field) != NULL) \
			RB_PARENT(RB_RIGHT(y, field), field) = y; \
		if (p == z) \
			p = y; \
	} \
	if (color == RB_BLACK) \
		name##_RB_MEND(head, c, p); \
	return z; \
}

#define __RB_LOOK(name, type, field, cmp, attr) \
attr struct type * \
name##_RB_NFIND(struct name *head, struct type *key) \
{ \
	struct type *x = RB_ROOT(head), *found = NULL; \
	int __order; \
	while (x != NULL) { \
		__order = (cmp)(key, x); \
		if (__order <= 0) \
			found = x; \
		if (__order == 0) \
			break; \
		x = __RB_CHILD(x, field, __order < 0); \
	} \
	return found; \
} \
attr struct type * \
name##_RB_FIND(struct name *head, struct type *key) \
{ \
	struct type *found = name##_RB_NFIND(head, key); \
	return found != NULL && (cmp)(key, found) == 0 ? found : NULL; \
} \
static __unused struct type * \
name##_RB_STEP(struct type *x, int left) \
{ \
	struct type *y = __RB_CHILD(x, field, left); \
	if (y != NULL) { \
		while (__RB_CHILD(y, field, !left) != NULL) \
			y = __RB_CHILD(y, field, !left); \
		return y; \
	} \
	for (y = RB_PARENT(x, field); y != NULL && __RB_CHILD(y, field, left) == x; y = RB_PARENT(y, field)) \
		x = y; \
	return y; \
} \
attr struct type *name##_RB_NEXT(struct type *x) { return name##_RB_STEP(x, 0); } \
attr struct type *name##_RB_PREV(struct type *x) { return name##_RB_STEP(x, 1); } \
attr struct type * \
name##_RB_MINMAX(struct name *head, int val) \
{ \
	struct type *x = RB_ROOT(head); \
	while (x != NULL && __RB_CHILD(x, field, val < 0) != NULL) \
		x = __RB_CHILD(x, field, val < 0); \
	return x; \
}

#define RB_INSERT(name, head, elm)	name##_RB_INSERT((head), (elm))	/* the one that is equal, or NULL */
#define RB_REMOVE(name, head, elm)	name##_RB_REMOVE((head), (elm))
#define RB_FIND(name, head, key)	name##_RB_FIND((head), (key))
#define RB_NFIND(name, head, key)	name##_RB_NFIND((head), (key))	/* the first that is not less */
#define RB_NEXT(name, head, elm)	name##_RB_NEXT(elm)
#define RB_PREV(name, head, elm)	name##_RB_PREV(elm)
#define RB_MIN(name, head)		name##_RB_MINMAX((head), RB_NEGINF)
#define RB_MAX(name, head)		name##_RB_MINMAX((head), RB_INF)
#define RB_FOREACH(x, name, head) \
	for ((x) = RB_MIN(name, head); (x) != NULL; (x) = name##_RB_NEXT(x))
#define RB_FOREACH_REVERSE(x, name, head) \
	for ((x) = RB_MAX(name, head); (x) != NULL; (x) = name##_RB_PREV(x))

/* Splay trees: what has been looked for becomes the root. */
#define SPLAY_HEAD(name, type)	struct name { struct type *sph_root; }
#define SPLAY_INITIALIZER(root)	{ NULL }
#define SPLAY_INIT(root)	do { (root)->sph_root = NULL; } while (0)
#define SPLAY_ENTRY(type)	struct { struct type *spe_left, *spe_right; }
#define SPLAY_LEFT(elm, field)	(elm)->field.spe_left
#define SPLAY_RIGHT(elm, field)	(elm)->field.spe_right
#define SPLAY_ROOT(head)	(head)->sph_root
#define SPLAY_EMPTY(head)	(SPLAY_ROOT(head) == NULL)
#define __SPLAY_CHILD(elm, field, left)	(*((left) ? &SPLAY_LEFT(elm, field) : &SPLAY_RIGHT(elm, field)))

#define SPLAY_PROTOTYPE(name, type, field, cmp) \
	static __unused struct type *name##_SPLAY_INSERT(struct name *, struct type *); \
	static __unused struct type *name##_SPLAY_REMOVE(struct name *, struct type *); \
	static __unused struct type *name##_SPLAY_FIND(struct name *, struct type *); \
	static __unused struct type *name##_SPLAY_NEXT(struct name *, struct type *); \
	static __unused struct type *name##_SPLAY_MIN_MAX(struct name *, int);

/* What is less than the key is gathered below small, what is greater below great, on the way down. */
#define SPLAY_GENERATE(name, type, field, cmp) \
SPLAY_PROTOTYPE(name, type, field, cmp); \
static __unused int \
name##_SPLAY(struct name *head, struct type *key) \
{ \
	struct type *x = SPLAY_ROOT(head), *__small = NULL, *__great = NULL, *y; \
	struct type **__less = &__small, **__more = &__great; \
	int __order, left; \
	while ((__order = (cmp)(key, x)) != 0) { \
		left = __order < 0; \
		y = __SPLAY_CHILD(x, field, left); \
		if (y == NULL) \
			break; \
		if ((__order = (cmp)(key, y)) != 0 && (__order < 0) == left) { \
			__SPLAY_CHILD(x, field, left) = __SPLAY_CHILD(y, field, !left); \
			__SPLAY_CHILD(y, field, !left) = x; \
			x = y; \
			if ((y = __SPLAY_CHILD(x, field, left)) == NULL) \
				break; \
		} \
		if (left) { \
			*__more = x; \
			__more = &SPLAY_LEFT(x, field); \
		} else { \
			*__less = x; \
			__less = &SPLAY_RIGHT(x, field); \
		} \
		x = y; \
	} \
	*__less = SPLAY_LEFT(x, field); \
	*__more = SPLAY_RIGHT(x, field); \
	SPLAY_LEFT(x, field) = __small; \
	SPLAY_RIGHT(x, field) = __great; \
	SPLAY_ROOT(head) = x; \
	return (cmp)(key, x); \
} \
static __unused struct type * \
name##_SPLAY_INSERT(struct name *head, struct type *x) \
{ \
	struct type *root; \
	int __order; \
	SPLAY_LEFT(x, field) = SPLAY_RIGHT(x, field) = NULL; \
	if (!SPLAY_EMPTY(head)) { \
		if ((__order = name##_SPLAY(head, x)) == 0) \
			return SPLAY_ROOT(head); \
		root = SPLAY_ROOT(head); \
		__SPLAY_CHILD(x, field, __order < 0) = __SPLAY_CHILD(root, field, __order < 0); \
		__SPLAY_CHILD(root, field, __order < 0) = NULL; \
		__SPLAY_CHILD(x, field, __order >= 0) = root; \
	} \
	SPLAY_ROOT(head) = x; \
	return NULL; \
} \
static __unused struct type * \
name##_SPLAY_REMOVE(struct name *head, struct type *x) \
{ \
	struct type *right; \
	if (SPLAY_EMPTY(head) || name##_SPLAY(head, x) != 0) \
		return NULL; \
	x = SPLAY_ROOT(head); \
	right = SPLAY_RIGHT(x, field); \
	if ((SPLAY_ROOT(head) = SPLAY_LEFT(x, field)) == NULL) \
		SPLAY_ROOT(head) = right; \
	else { \
		name##_SPLAY(head, x); \
		SPLAY_RIGHT(SPLAY_ROOT(head), field) = right; \
	} \
	return x; \
} \
static __unused struct type * \
name##_SPLAY_FIND(struct name *head, struct type *key) \
{ \
	return SPLAY_EMPTY(head) || name##_SPLAY(head, key) != 0 ? NULL : SPLAY_ROOT(head); \
} \
static __unused struct type * \
name##_SPLAY_NEXT(struct name *head, struct type *x) \
{ \
	name##_SPLAY(head, x); \
	for (x = SPLAY_RIGHT(x, field); x != NULL && SPLAY_LEFT(x, field) != NULL; x = SPLAY_LEFT(x, field)) \
		continue; \
	return x; \
} \
static __unused struct type * \
name##_SPLAY_MIN_MAX(struct name *head, int val) \
{ \
	struct type *x = SPLAY_ROOT(head); \
	while (x != NULL && __SPLAY_CHILD(x, field, val < 0) != NULL) \
		x = __SPLAY_CHILD(x, field, val < 0); \
	return x; \
}

#define SPLAY_NEGINF	-1
#define SPLAY_INF	1
#define SPLAY_INSERT(name, head, elm)	name##_SPLAY_INSERT((head), (elm))
#define SPLAY_REMOVE(name, head, elm)	name##_SPLAY_REMOVE((head), (elm))
#define SPLAY_FIND(name, head, key)	name##_SPLAY_FIND((head), (key))
#define SPLAY_NEXT(name, head, elm)	name##_SPLAY_NEXT((head), (elm))
#define SPLAY_MIN(name, head)		name##_SPLAY_MIN_MAX((head), SPLAY_NEGINF)
#define SPLAY_MAX(name, head)		name##_SPLAY_MIN_MAX((head), SPLAY_INF)
#define SPLAY_FOREACH(x, name, head) \
	for ((x) = SPLAY_MIN(name, head); (x) != NULL; (x) = SPLAY_NEXT(name, head, x))

#endif
