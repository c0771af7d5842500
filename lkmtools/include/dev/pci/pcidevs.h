/* <dev/pci/pcidevs.h>: numbers of some makers of PCI devices; a driver defines those of its products itself. */

#ifndef _DEV_PCI_PCIDEVS_H_
#define _DEV_PCI_PCIDEVS_H_

#include <sys/cdefs.h>

#define PCI_VENDOR_COMPAQ	0x0e11
#define PCI_VENDOR_SYMBIOS	0x1000
#define PCI_VENDOR_ATI		0x1002
#define PCI_VENDOR_NS		0x100b
#define PCI_VENDOR_DEC		0x1011
#define PCI_VENDOR_IBM		0x1014
#define PCI_VENDOR_AMD		0x1022
#define PCI_VENDOR_MATROX	0x102b
#define PCI_VENDOR_HP		0x103c
#define PCI_VENDOR_APPLE	0x106b
#define PCI_VENDOR_SUN		0x108e
#define PCI_VENDOR_NVIDIA	0x10de
#define PCI_VENDOR_REALTEK	0x10ec
#define PCI_VENDOR_VIATECH	0x1106
#define PCI_VENDOR_BROADCOM	0x14e4
#define PCI_VENDOR_VMWARE	0x15ad
#define PCI_VENDOR_3COM		0x10b7
#define PCI_VENDOR_INTEL	0x8086
#define PCI_VENDOR_INVALID	0xffff

#endif
