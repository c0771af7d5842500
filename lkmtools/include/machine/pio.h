/* <machine/pio.h>: ports of devices. This machine has no devices: what is read is all ones, what is written is lost. */

#ifndef _MACHINE_PIO_H_
#define _MACHINE_PIO_H_

#include <sys/types.h>

#ifdef _KERNEL
uint8_t		inb(unsigned int port);
uint16_t	inw(unsigned int port);
uint32_t	inl(unsigned int port);
void		outb(unsigned int port, uint8_t value);
void		outw(unsigned int port, uint16_t value);
void		outl(unsigned int port, uint32_t value);
#endif

#endif
