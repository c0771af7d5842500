/* <sys/cdefs.h>: what hides the differences between C compilers and between C dialects. */

#ifndef _SYS_CDEFS_H_
#define _SYS_CDEFS_H_

#define __GNUC_PREREQ__(major, minor) \
	(__GNUC__ > (major) || (__GNUC__ == (major) && __GNUC_MINOR__ >= (minor)))

#ifdef __cplusplus
#define __BEGIN_DECLS	extern "C" {
#define __END_DECLS	}
#else
#define __BEGIN_DECLS
#define __END_DECLS
#endif

/* Prototypes that a pre-ANSI compiler would not have understood. */
#define __P(protos)	protos
#define __CONCAT1(a, b)	a ## b
#define __CONCAT(a, b)	__CONCAT1(a, b)
#define CONCAT(a, b)	__CONCAT(a, b)
#define __STRING(x)	#x
#define ___STRING(x)	__STRING(x)
#define __const		const
#define __signed	signed
#define __volatile	volatile


/* The linker keeps no identification: version strings are accepted and dropped. */
#define __IDSTRING(name, string)	struct __CONCAT(__idstring_, name)
#define __RCSID(string)			struct __rcsid_dropped
#define __SCCSID(string)		struct __sccsid_dropped
#define __COPYRIGHT(string)		struct __copyright_dropped
#define __KERNEL_RCSID(n, string)	struct __kernel_rcsid_dropped
#define __KERNEL_SCSID(n, string)	struct __kernel_scsid_dropped
#define __KERNEL_COPYRIGHT(n, string)	struct __kernel_copyright_dropped

#define __dead			__attribute__((__noreturn__))
#define __noreturn		__attribute__((__noreturn__))
#define __pure			__attribute__((__pure__))
#define __constfunc		__attribute__((__const__))
#define __noinline		__attribute__((__noinline__))
#define __always_inline		__attribute__((__always_inline__))
#define __unused		__attribute__((__unused__))
#define __used			__attribute__((__used__))
#define __packed		__attribute__((__packed__))
#define __aligned(x)		__attribute__((__aligned__(x)))
#define __section(x)		__attribute__((__section__(x)))
#define __weak			__attribute__((__weak__))
#define __insn_barrier()	__asm __volatile("" : : : "memory")
#define __attribute_noreturn__	__attribute__((__noreturn__))
#define __predict_true(exp)	__builtin_expect((exp) != 0, 1)
#define __predict_false(exp)	__builtin_expect((exp) != 0, 0)
#define __restrict		__restrict__
#define __static		static
#define __UNCONST(a)		((void *)(unsigned long)(const void *)(a))
#define __UNVOLATILE(a)		((void *)(unsigned long)(volatile void *)(a))
#define __arraycount(a)		(sizeof(a) / sizeof((a)[0]))
#define __offsetof(type, member)	__builtin_offsetof(type, member)
#define __weak_alias(alias, sym)	extern __typeof__(sym) alias __attribute__((__weak__, __alias__(#sym)));
#define __strong_alias(alias, sym)	extern __typeof__(sym) alias __attribute__((__alias__(#sym)));
#define __warn_references(sym, msg)
#define __BIT(n)		(((n) >= 8 * sizeof(unsigned long long)) ? 0 : 1ULL << (n))
#define __BITS(m, n)		((__BIT((m) > (n) ? (m) + 1 : (n) + 1) - 1) ^ (__BIT((m) < (n) ? (m) : (n)) - 1))
#define __LOWEST_SET_BIT(mask)	((((mask) - 1) & (mask)) ^ (mask))
#define __SHIFTOUT(x, mask)	(((x) & (mask)) / __LOWEST_SET_BIT(mask))
#define __SHIFTIN(x, mask)	((x) * __LOWEST_SET_BIT(mask))

#if defined(__x86_64__)
#define _LP64	1
#ifndef __LP64__
#define __LP64__ 1
#endif
#endif

/*
 * Link sets (elf(5), <sys/cdefs_elf.h>): pointers to what every source of a module adds to a set stand
 * together in a section, whose bounds the linker knows. A set has one entry at least.
 */
#define __link_set_make_entry(set, sym) \
	static void const * const __link_set_##set##_sym_##sym \
	    __attribute__((__section__("link_set_" #set), __used__)) = &sym
#define __link_set_add_text(set, sym)	__link_set_make_entry(set, sym)
#define __link_set_add_rodata(set, sym)	__link_set_make_entry(set, sym)
#define __link_set_add_data(set, sym)	__link_set_make_entry(set, sym)
#define __link_set_add_bss(set, sym)	__link_set_make_entry(set, sym)
#define __link_set_decl(set, ptype) \
	extern ptype * const __start_link_set_##set[]; \
	extern ptype * const __stop_link_set_##set[]
#define __link_set_start(set)	(__start_link_set_##set)
#define __link_set_end(set)	(__stop_link_set_##set)
#define __link_set_foreach(pvar, set) \
	for (pvar = __link_set_start(set); pvar < __link_set_end(set); pvar++)
#define __link_set_count(set)	(__link_set_end(set) - __link_set_start(set))
#define __link_set_entry(set, idx)	(__link_set_start(set)[idx])

/*
 * The number of the interface that these headers describe, and the dialect that the source is written in: a note in
 * every object of the kernel that is compiled with them, whose section is not loaded, and in every user program, where
 * it is. ld -r and strip -g keep it.
 */
#define __LKM_INTERFACE	2

/*
 * Which system's names and prototypes the headers offer: lkmcc --api defines __LKM_API. The layouts are those of
 * NetBSD 5.2 for all of them.
 */
#ifndef __LKM_API
#define __LKM_API	502
#endif
/* Before NetBSD 5 the caller was the last argument of what has to do with vnodes: it may be there, and is not used. */
#if __LKM_API < 500
#define __lkm_more	, ...
#else
#define __lkm_more
#endif
#if defined(__OpenBSD__)
#define __LKM_DIALECT	"openbsd"
#elif __LKM_API == 104
#define __LKM_DIALECT	"1.4"
#elif __LKM_API == 200
#define __LKM_DIALECT	"2.0"
#elif __LKM_API == 400
#define __LKM_DIALECT	"4.0"
#elif __LKM_API == 502
#define __LKM_DIALECT	"5.2"
#else
#error "__LKM_API is 104, 200, 400 or 502"
#endif
#define __LKM_NOTE(flags) __asm__( \
    ".pushsection .note.lkmtools, \"" flags "\", @note\n" \
    "	.balign	4\n" \
    "	.long	9, 2f - 1f, 1\n"	/* bytes of the name, bytes of the content, type */ \
    "	.asciz	\"lkmtools\"\n" \
    "	.balign	4\n" \
    "1:	.long	" ___STRING(__LKM_INTERFACE) "\n" \
    "	.asciz	\"" __LKM_DIALECT "\"\n" \
    "2:	.balign	4\n" \
    ".popsection")
#if defined(_KERNEL) && !defined(__ASSEMBLER__)
__LKM_NOTE("");
#endif

/* The n-th of four arguments: headers use it to take both the older and the newer form of a call. */
#define __lkm_pick4(a, b, c, d, ...)	d

#endif
