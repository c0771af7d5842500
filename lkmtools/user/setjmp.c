/* <setjmp.h>: what a call saves (rbx or ebx, the frame, the stack, callee's registers, the return address), and the mask. */

#include <sys/null.h>
#include <setjmp.h>

__asm__(".weak setjmp, longjmp, _setjmp, _longjmp, sigsetjmp, siglongjmp\n");

/* _setjmp(env) and _longjmp(env, value). */
#ifdef __LP64__
__asm__("_setjmp:\n"
    "	movq	%rbx, (%rdi)\n	movq	%rbp, 8(%rdi)\n	movq	%r12, 16(%rdi)\n	movq	%r13, 24(%rdi)\n"
    "	movq	%r14, 32(%rdi)\n	movq	%r15, 40(%rdi)\n	leaq	8(%rsp), %rax\n	movq	%rax, 48(%rdi)\n"
    "	movq	(%rsp), %rax\n	movq	%rax, 56(%rdi)\n	xorl	%eax, %eax\n	ret\n"
    "_longjmp:\n"
    "	movq	(%rdi), %rbx\n	movq	8(%rdi), %rbp\n	movq	16(%rdi), %r12\n	movq	24(%rdi), %r13\n"
    "	movq	32(%rdi), %r14\n	movq	40(%rdi), %r15\n	movq	48(%rdi), %rsp\n"
    "	movl	%esi, %eax\n	testl	%eax, %eax\n	jne	1f\n	incl	%eax\n1:	jmp	*56(%rdi)\n");
#define JUMP_SAVED(mask)	"	pushq	%rdi\n	pushq	%rsi\n	subq	$8, %rsp\n	call	" mask \
    "\n	addq	$8, %rsp\n	popq	%rsi\n	popq	%rdi\n"
__asm__("setjmp:\n" JUMP_SAVED("__jmp_save") "	jmp	_setjmp\n"
    "longjmp:\n" JUMP_SAVED("__jmp_restore") "	jmp	_longjmp\n"
    "sigsetjmp:\n	movl	%esi, 80(%rdi)\n	testl	%esi, %esi\n	jne	setjmp\n	jmp	_setjmp\n"
    "siglongjmp:\n	cmpl	$0, 80(%rdi)\n	jne	longjmp\n	jmp	_longjmp\n");
#else
__asm__("_setjmp:\n"
    "	movl	4(%esp), %edx\n	movl	%ebx, (%edx)\n	movl	%ebp, 4(%edx)\n	movl	%esi, 8(%edx)\n"
    "	movl	%edi, 12(%edx)\n	leal	4(%esp), %eax\n	movl	%eax, 16(%edx)\n	movl	(%esp), %eax\n"
    "	movl	%eax, 20(%edx)\n	xorl	%eax, %eax\n	ret\n"
    "_longjmp:\n"
    "	movl	4(%esp), %edx\n	movl	8(%esp), %eax\n	movl	(%edx), %ebx\n	movl	4(%edx), %ebp\n"
    "	movl	8(%edx), %esi\n	movl	12(%edx), %edi\n	movl	16(%edx), %esp\n"
    "	testl	%eax, %eax\n	jne	1f\n	incl	%eax\n1:	jmp	*20(%edx)\n");
#define JUMP_SAVED(mask)	"	pushl	4(%esp)\n	call	" mask "\n	addl	$4, %esp\n"
__asm__("setjmp:\n" JUMP_SAVED("__jmp_save") "	jmp	_setjmp\n"
    "longjmp:\n" JUMP_SAVED("__jmp_restore") "	jmp	_longjmp\n"
    "sigsetjmp:\n	movl	4(%esp), %edx\n	movl	8(%esp), %eax\n	movl	%eax, 80(%edx)\n"
    "	testl	%eax, %eax\n	jne	setjmp\n	jmp	_setjmp\n"
    "siglongjmp:\n	movl	4(%esp), %edx\n	cmpl	$0, 80(%edx)\n	jne	longjmp\n	jmp	_longjmp\n");
#endif

void	__jmp_save(struct __jmp_buf *) __attribute__((__used__));
void	__jmp_restore(struct __jmp_buf *) __attribute__((__used__));

void __jmp_save(struct __jmp_buf *env) { sigprocmask(SIG_BLOCK, NULL, &env->mask); }
void __jmp_restore(struct __jmp_buf *env) { sigprocmask(SIG_SETMASK, &env->mask, NULL); }
