/* Where a program begins, and the system-call stubs of both machines. */

#include <sys/types.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int	errno;
char	**environ;
char	*__progname = "";

int	main(int, char **, char **);
void	__start(long *) __attribute__((__noreturn__, __used__));

/* Whose program it is: without this note it would be taken for another system's. */
__asm__(".section .note.netbsd.ident,\"a\",@note\n"
    "	.p2align 2\n	.long 7, 4, 1\n	.asciz \"NetBSD\"\n	.byte 0\n	.long 502000000\n	.text\n");
__LKM_NOTE("a");

#ifdef __LP64__
__asm__(".globl _start\n_start:\n"
    "	xorl	%ebp, %ebp\n	movq	%rsp, %rdi\n	andq	$-16, %rsp\n	call	__start\n	hlt\n"
    ".globl __sigtramp\n__sigtramp:\n	movq	%r15, %rdi\n	movl	$308, %eax\n	syscall\n	hlt\n"
    ".weak syscall\nsyscall:\n"
    "	movl	%edi, %eax\n	movq	%rsi, %rdi\n	movq	%rdx, %rsi\n	movq	%rcx, %rdx\n"
    "	movq	%r8, %r10\n	movq	%r9, %r8\n	movq	8(%rsp), %r9\n	addq	$8, %rsp\n	syscall\n"
    "	leaq	-8(%rsp), %rsp\n	jc	__cerror\n	ret\n"
    ".globl __syscall2\n__syscall2:\n"
    "	movl	%edi, %eax\n	pushq	%rsi\n	syscall\n	popq	%rsi\n	jc	__cerror\n"
    "	movl	%eax, (%rsi)\n	movl	%edx, 4(%rsi)\n	xorl	%eax, %eax\n	ret\n");
#else
__asm__(".globl _start\n_start:\n"
    "	xorl	%ebp, %ebp\n	movl	%esp, %eax\n	andl	$-16, %esp\n	subl	$12, %esp\n"
    "	pushl	%eax\n	call	__start\n	hlt\n"
    ".globl __sigtramp\n__sigtramp:\n"
    "	movl	8(%esp), %eax\n	movl	%eax, 4(%esp)\n	movl	$308, %eax\n	int	$0x80\n	hlt\n"
    ".weak syscall\nsyscall:\n"
    "	popl	%ecx\n	popl	%eax\n	pushl	%ecx\n	int	$0x80\n	popl	%ecx\n	pushl	%eax\n"
    "	pushl	%ecx\n	jc	__cerror\n	ret\n"
    ".globl __syscall2\n__syscall2:\n"
    "	movl	4(%esp), %eax\n	int	$0x80\n	jc	__cerror\n	movl	8(%esp), %ecx\n"
    "	movl	%eax, (%ecx)\n	movl	%edx, 4(%ecx)\n	xorl	%eax, %eax\n	ret\n");
#endif

long	__cerror(void) __attribute__((__used__));
__asm__(".globl __cerror\n__cerror:\n"
#ifdef __LP64__
    "	movl	%eax, errno(%rip)\n	movq	$-1, %rax\n	movq	$-1, %rdx\n	ret\n"
#else
    "	movl	%eax, errno\n	movl	$-1, %eax\n	movl	$-1, %edx\n	ret\n"
#endif
);

void
__start(long *sp)
{
	int argc = (int)sp[0];
	char **argv = (char **)(sp + 1), *p;

	environ = argv + argc + 1;
	if (argc > 0)
		for (__progname = p = argv[0]; *p != '\0'; p++)
			if (*p == '/')
				__progname = p + 1;
	exit(main(argc, argv, environ));
}
