/* <sys/queue.h>: linked lists of five kinds. LIST and SLIST have a head; STAILQ, SIMPLEQ and TAILQ a tail as well;
 * CIRCLEQ goes round. LIST, TAILQ and CIRCLEQ entries can be removed from the middle at once.
 */

#ifndef _SYS_QUEUE_H_
#define _SYS_QUEUE_H_

#include <sys/null.h>

/* SLIST: one pointer an entry. */
#define SLIST_HEAD(name, type)		struct name { struct type *slh_first; }
#define SLIST_HEAD_INITIALIZER(head)	{ NULL }
#define SLIST_ENTRY(type)		struct { struct type *sle_next; }
#define SLIST_EMPTY(head)		((head)->slh_first == NULL)
#define SLIST_FIRST(head)		((head)->slh_first)
#define SLIST_NEXT(elm, field)		((elm)->field.sle_next)
#define SLIST_FOREACH(var, head, field) \
	for ((var) = SLIST_FIRST(head); (var) != NULL; (var) = SLIST_NEXT(var, field))
#define SLIST_INIT(head)		do { (head)->slh_first = NULL; } while (0)
#define SLIST_INSERT_AFTER(after, elm, field) do { \
	(elm)->field.sle_next = (after)->field.sle_next; \
	(after)->field.sle_next = (elm); \
} while (0)
#define SLIST_INSERT_HEAD(head, elm, field) do { \
	(elm)->field.sle_next = (head)->slh_first; \
	(head)->slh_first = (elm); \
} while (0)
#define SLIST_REMOVE_HEAD(head, field)	do { (head)->slh_first = (head)->slh_first->field.sle_next; } while (0)
#define SLIST_REMOVE(head, elm, type, field) do { \
	struct type **_link = &(head)->slh_first; \
	while (*_link != (elm)) \
		_link = &(*_link)->field.sle_next; \
	*_link = (elm)->field.sle_next; \
} while (0)

/* LIST: doubly linked, through the address of the pointer before. */
#define LIST_HEAD(name, type)		struct name { struct type *lh_first; }
#define LIST_HEAD_INITIALIZER(head)	{ NULL }
#define LIST_ENTRY(type)		struct { struct type *le_next; struct type **le_prev; }
#define LIST_EMPTY(head)		((head)->lh_first == NULL)
#define LIST_FIRST(head)		((head)->lh_first)
#define LIST_NEXT(elm, field)		((elm)->field.le_next)
#define LIST_FOREACH(var, head, field) \
	for ((var) = LIST_FIRST(head); (var) != NULL; (var) = LIST_NEXT(var, field))
#define LIST_INIT(head)			do { (head)->lh_first = NULL; } while (0)
#define LIST_INSERT_AFTER(after, elm, field) do { \
	if (((elm)->field.le_next = (after)->field.le_next) != NULL) \
		(after)->field.le_next->field.le_prev = &(elm)->field.le_next; \
	(after)->field.le_next = (elm); \
	(elm)->field.le_prev = &(after)->field.le_next; \
} while (0)
#define LIST_INSERT_BEFORE(before, elm, field) do { \
	(elm)->field.le_prev = (before)->field.le_prev; \
	(elm)->field.le_next = (before); \
	*(before)->field.le_prev = (elm); \
	(before)->field.le_prev = &(elm)->field.le_next; \
} while (0)
#define LIST_INSERT_HEAD(head, elm, field) do { \
	if (((elm)->field.le_next = (head)->lh_first) != NULL) \
		(head)->lh_first->field.le_prev = &(elm)->field.le_next; \
	(head)->lh_first = (elm); \
	(elm)->field.le_prev = &(head)->lh_first; \
} while (0)
#define LIST_REMOVE(elm, field) do { \
	if ((elm)->field.le_next != NULL) \
		(elm)->field.le_next->field.le_prev = (elm)->field.le_prev; \
	*(elm)->field.le_prev = (elm)->field.le_next; \
} while (0)

/* STAILQ, and SIMPLEQ, its older name with other letters in the members. */
#define __LKM_QHEAD(name, type, first, last)	struct name { struct type *first; struct type **last; }
#define __LKM_QINIT(head, first, last) do { \
	(head)->first = NULL; \
	(head)->last = &(head)->first; \
} while (0)
#define __LKM_QINSERT_HEAD(head, elm, field, first, last, next) do { \
	if (((elm)->field.next = (head)->first) == NULL) \
		(head)->last = &(elm)->field.next; \
	(head)->first = (elm); \
} while (0)
#define __LKM_QINSERT_TAIL(head, elm, field, last, next) do { \
	(elm)->field.next = NULL; \
	*(head)->last = (elm); \
	(head)->last = &(elm)->field.next; \
} while (0)
#define __LKM_QINSERT_AFTER(head, after, elm, field, last, next) do { \
	if (((elm)->field.next = (after)->field.next) == NULL) \
		(head)->last = &(elm)->field.next; \
	(after)->field.next = (elm); \
} while (0)
#define __LKM_QREMOVE_HEAD(head, field, first, last, next) do { \
	if (((head)->first = (head)->first->field.next) == NULL) \
		(head)->last = &(head)->first; \
} while (0)
#define __LKM_QREMOVE(head, elm, type, field, first, last, next) do { \
	struct type **_link = &(head)->first; \
	while (*_link != (elm)) \
		_link = &(*_link)->field.next; \
	if ((*_link = (elm)->field.next) == NULL) \
		(head)->last = _link; \
} while (0)

#define STAILQ_HEAD(name, type)			__LKM_QHEAD(name, type, stqh_first, stqh_last)
#define STAILQ_HEAD_INITIALIZER(head)		{ NULL, &(head).stqh_first }
#define STAILQ_ENTRY(type)			struct { struct type *stqe_next; }
#define STAILQ_EMPTY(head)			((head)->stqh_first == NULL)
#define STAILQ_FIRST(head)			((head)->stqh_first)
#define STAILQ_NEXT(elm, field)			((elm)->field.stqe_next)
#define STAILQ_FOREACH(var, head, field) \
	for ((var) = STAILQ_FIRST(head); (var) != NULL; (var) = STAILQ_NEXT(var, field))
#define STAILQ_INIT(head)			__LKM_QINIT(head, stqh_first, stqh_last)
#define STAILQ_INSERT_HEAD(head, elm, field) \
	__LKM_QINSERT_HEAD(head, elm, field, stqh_first, stqh_last, stqe_next)
#define STAILQ_INSERT_TAIL(head, elm, field)	__LKM_QINSERT_TAIL(head, elm, field, stqh_last, stqe_next)
#define STAILQ_INSERT_AFTER(head, after, elm, field) \
	__LKM_QINSERT_AFTER(head, after, elm, field, stqh_last, stqe_next)
#define STAILQ_REMOVE_HEAD(head, field)		__LKM_QREMOVE_HEAD(head, field, stqh_first, stqh_last, stqe_next)
#define STAILQ_REMOVE(head, elm, type, field) \
	__LKM_QREMOVE(head, elm, type, field, stqh_first, stqh_last, stqe_next)

#define SIMPLEQ_HEAD(name, type)		__LKM_QHEAD(name, type, sqh_first, sqh_last)
#define SIMPLEQ_HEAD_INITIALIZER(head)		{ NULL, &(head).sqh_first }
#define SIMPLEQ_ENTRY(type)			struct { struct type *sqe_next; }
#define SIMPLEQ_EMPTY(head)			((head)->sqh_first == NULL)
#define SIMPLEQ_FIRST(head)			((head)->sqh_first)
#define SIMPLEQ_NEXT(elm, field)		((elm)->field.sqe_next)
#define SIMPLEQ_FOREACH(var, head, field) \
	for ((var) = SIMPLEQ_FIRST(head); (var) != NULL; (var) = SIMPLEQ_NEXT(var, field))
#define SIMPLEQ_INIT(head)			__LKM_QINIT(head, sqh_first, sqh_last)
#define SIMPLEQ_INSERT_HEAD(head, elm, field) \
	__LKM_QINSERT_HEAD(head, elm, field, sqh_first, sqh_last, sqe_next)
#define SIMPLEQ_INSERT_TAIL(head, elm, field)	__LKM_QINSERT_TAIL(head, elm, field, sqh_last, sqe_next)
#define SIMPLEQ_INSERT_AFTER(head, after, elm, field) \
	__LKM_QINSERT_AFTER(head, after, elm, field, sqh_last, sqe_next)
#define SIMPLEQ_REMOVE_HEAD(head, field)	__LKM_QREMOVE_HEAD(head, field, sqh_first, sqh_last, sqe_next)
#define SIMPLEQ_REMOVE(head, elm, type, field) \
	__LKM_QREMOVE(head, elm, type, field, sqh_first, sqh_last, sqe_next)

/* TAILQ: doubly linked, with a tail. */
#define TAILQ_HEAD(name, type)		struct name { struct type *tqh_first; struct type **tqh_last; }
#define TAILQ_HEAD_INITIALIZER(head)	{ NULL, &(head).tqh_first }
#define TAILQ_ENTRY(type)		struct { struct type *tqe_next; struct type **tqe_prev; }
#define TAILQ_EMPTY(head)		((head)->tqh_first == NULL)
#define TAILQ_FIRST(head)		((head)->tqh_first)
#define TAILQ_NEXT(elm, field)		((elm)->field.tqe_next)
#define TAILQ_LAST(head, headname)	(*(((struct headname *)(void *)(head)->tqh_last)->tqh_last))
#define TAILQ_PREV(elm, headname, field) \
	(*(((struct headname *)(void *)(elm)->field.tqe_prev)->tqh_last))
#define TAILQ_FOREACH(var, head, field) \
	for ((var) = TAILQ_FIRST(head); (var) != NULL; (var) = TAILQ_NEXT(var, field))
#define TAILQ_FOREACH_SAFE(var, head, field, next) \
	for ((var) = TAILQ_FIRST(head); \
	    (var) != NULL && ((next) = TAILQ_NEXT(var, field), 1); (var) = (next))
#define TAILQ_FOREACH_REVERSE(var, head, headname, field) \
	for ((var) = TAILQ_LAST(head, headname); (var) != NULL; (var) = TAILQ_PREV(var, headname, field))
#define TAILQ_INIT(head) do { \
	(head)->tqh_first = NULL; \
	(head)->tqh_last = &(head)->tqh_first; \
} while (0)
#define TAILQ_INSERT_HEAD(head, elm, field) do { \
	if (((elm)->field.tqe_next = (head)->tqh_first) != NULL) \
		(head)->tqh_first->field.tqe_prev = &(elm)->field.tqe_next; \
	else \
		(head)->tqh_last = &(elm)->field.tqe_next; \
	(head)->tqh_first = (elm); \
	(elm)->field.tqe_prev = &(head)->tqh_first; \
} while (0)
#define TAILQ_INSERT_TAIL(head, elm, field) do { \
	(elm)->field.tqe_next = NULL; \
	(elm)->field.tqe_prev = (head)->tqh_last; \
	*(head)->tqh_last = (elm); \
	(head)->tqh_last = &(elm)->field.tqe_next; \
} while (0)
#define TAILQ_INSERT_AFTER(head, after, elm, field) do { \
	if (((elm)->field.tqe_next = (after)->field.tqe_next) != NULL) \
		(elm)->field.tqe_next->field.tqe_prev = &(elm)->field.tqe_next; \
	else \
		(head)->tqh_last = &(elm)->field.tqe_next; \
	(after)->field.tqe_next = (elm); \
	(elm)->field.tqe_prev = &(after)->field.tqe_next; \
} while (0)
#define TAILQ_INSERT_BEFORE(before, elm, field) do { \
	(elm)->field.tqe_prev = (before)->field.tqe_prev; \
	(elm)->field.tqe_next = (before); \
	*(before)->field.tqe_prev = (elm); \
	(before)->field.tqe_prev = &(elm)->field.tqe_next; \
} while (0)
#define TAILQ_REMOVE(head, elm, field) do { \
	if ((elm)->field.tqe_next != NULL) \
		(elm)->field.tqe_next->field.tqe_prev = (elm)->field.tqe_prev; \
	else \
		(head)->tqh_last = (elm)->field.tqe_prev; \
	*(elm)->field.tqe_prev = (elm)->field.tqe_next; \
} while (0)

/* CIRCLEQ: the head's address ends the walk in both directions. */
#define CIRCLEQ_HEAD(name, type)	struct name { struct type *cqh_first; struct type *cqh_last; }
#define CIRCLEQ_HEAD_INITIALIZER(head)	{ (void *)&(head), (void *)&(head) }
#define CIRCLEQ_ENTRY(type)		struct { struct type *cqe_next; struct type *cqe_prev; }
#define CIRCLEQ_EMPTY(head)		((head)->cqh_first == (void *)(head))
#define CIRCLEQ_FIRST(head)		((head)->cqh_first)
#define CIRCLEQ_LAST(head)		((head)->cqh_last)
#define CIRCLEQ_NEXT(elm, field)	((elm)->field.cqe_next)
#define CIRCLEQ_PREV(elm, field)	((elm)->field.cqe_prev)
#define CIRCLEQ_FOREACH(var, head, field) \
	for ((var) = CIRCLEQ_FIRST(head); (var) != (void *)(head); (var) = CIRCLEQ_NEXT(var, field))
#define CIRCLEQ_INIT(head)		do { (head)->cqh_first = (head)->cqh_last = (void *)(head); } while (0)
#define CIRCLEQ_INSERT_HEAD(head, elm, field) do { \
	(elm)->field.cqe_next = (head)->cqh_first; \
	(elm)->field.cqe_prev = (void *)(head); \
	if ((head)->cqh_last == (void *)(head)) \
		(head)->cqh_last = (elm); \
	else \
		(head)->cqh_first->field.cqe_prev = (elm); \
	(head)->cqh_first = (elm); \
} while (0)
#define CIRCLEQ_INSERT_TAIL(head, elm, field) do { \
	(elm)->field.cqe_next = (void *)(head); \
	(elm)->field.cqe_prev = (head)->cqh_last; \
	if ((head)->cqh_first == (void *)(head)) \
		(head)->cqh_first = (elm); \
	else \
		(head)->cqh_last->field.cqe_next = (elm); \
	(head)->cqh_last = (elm); \
} while (0)
#define CIRCLEQ_REMOVE(head, elm, field) do { \
	if ((elm)->field.cqe_next == (void *)(head)) \
		(head)->cqh_last = (elm)->field.cqe_prev; \
	else \
		(elm)->field.cqe_next->field.cqe_prev = (elm)->field.cqe_prev; \
	if ((elm)->field.cqe_prev == (void *)(head)) \
		(head)->cqh_first = (elm)->field.cqe_next; \
	else \
		(elm)->field.cqe_prev->field.cqe_next = (elm)->field.cqe_next; \
} while (0)

#endif
