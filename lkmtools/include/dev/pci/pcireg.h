/* <dev/pci/pcireg.h>: the configuration space of PCI devices. */

#ifndef _DEV_PCI_PCIREG_H_
#define _DEV_PCI_PCIREG_H_

#include <sys/types.h>

typedef u_int16_t	pci_vendor_id_t;
typedef u_int16_t	pci_product_id_t;
typedef u_int8_t	pci_class_t;
typedef u_int8_t	pci_subclass_t;
typedef u_int8_t	pci_interface_t;
typedef u_int8_t	pci_revision_t;
typedef u_int8_t	pci_intr_pin_t;
typedef u_int8_t	pci_intr_line_t;

#define PCI_ID_REG		0x00
#define PCI_VENDOR(id)		((id) & 0xffff)
#define PCI_PRODUCT(id)		(((id) >> 16) & 0xffff)
#define PCI_ID_CODE(vid, pid)	(((vid) & 0xffff) | (((pid) & 0xffff) << 16))

#define PCI_COMMAND_STATUS_REG		0x04
#define PCI_COMMAND_IO_ENABLE		0x00000001
#define PCI_COMMAND_MEM_ENABLE		0x00000002
#define PCI_COMMAND_MASTER_ENABLE	0x00000004
#define PCI_COMMAND_SPECIAL_ENABLE	0x00000008
#define PCI_COMMAND_INVALIDATE_ENABLE	0x00000010
#define PCI_COMMAND_PALETTE_ENABLE	0x00000020
#define PCI_COMMAND_PARITY_ENABLE	0x00000040
#define PCI_COMMAND_STEPPING_ENABLE	0x00000080
#define PCI_COMMAND_SERR_ENABLE		0x00000100
#define PCI_COMMAND_BACKTOBACK_ENABLE	0x00000200
#define PCI_STATUS_CAPLIST_SUPPORT	0x00100000

#define PCI_CLASS_REG		0x08
#define PCI_CLASS(cr)		(((cr) >> 24) & 0xff)
#define PCI_SUBCLASS(cr)	(((cr) >> 16) & 0xff)
#define PCI_INTERFACE(cr)	(((cr) >> 8) & 0xff)
#define PCI_REVISION(cr)	((cr) & 0xff)

#define PCI_CLASS_PREHISTORIC		0x00
#define PCI_CLASS_MASS_STORAGE		0x01
#define PCI_CLASS_NETWORK		0x02
#define PCI_CLASS_DISPLAY		0x03
#define PCI_CLASS_MULTIMEDIA		0x04
#define PCI_CLASS_MEMORY		0x05
#define PCI_CLASS_BRIDGE		0x06
#define PCI_CLASS_COMMUNICATIONS	0x07
#define PCI_CLASS_SYSTEM		0x08
#define PCI_CLASS_INPUT			0x09
#define PCI_CLASS_SERIALBUS		0x0c

#define PCI_BHLC_REG			0x0c
#define PCI_HDRTYPE(bhlcr)		(((bhlcr) >> 16) & 0xff)
#define PCI_HDRTYPE_TYPE(bhlcr)		(PCI_HDRTYPE(bhlcr) & 0x7f)
#define PCI_HDRTYPE_MULTIFN(bhlcr)	((PCI_HDRTYPE(bhlcr) & 0x80) != 0)
#define PCI_LATTIMER(bhlcr)		(((bhlcr) >> 8) & 0xff)
#define PCI_CACHELINE(bhlcr)		((bhlcr) & 0xff)

#define PCI_MAPREG_START		0x10
#define PCI_MAPREG_END			0x28
#define PCI_BAR0			0x10
#define PCI_BAR1			0x14
#define PCI_BAR2			0x18
#define PCI_BAR3			0x1c
#define PCI_BAR4			0x20
#define PCI_BAR5			0x24
#define PCI_BAR(n)			(PCI_MAPREG_START + 4 * (n))
#define PCI_MAPREG_TYPE(mr)		((mr) & 0x00000001)
#define PCI_MAPREG_TYPE_MEM		0x00000000
#define PCI_MAPREG_TYPE_IO		0x00000001
#define PCI_MAPREG_MEM_TYPE(mr)		((mr) & 0x00000006)
#define PCI_MAPREG_MEM_TYPE_32BIT	0x00000000
#define PCI_MAPREG_MEM_TYPE_64BIT	0x00000004
#define PCI_MAPREG_MEM_ADDR(mr)		((mr) & 0xfffffff0)
#define PCI_MAPREG_IO_ADDR(mr)		((mr) & 0xfffffffc)

#define PCI_SUBSYS_ID_REG		0x2c
#define PCI_CAPLISTPTR_REG		0x34
#define PCI_CAP_PWRMGMT			0x01
#define PCI_CAP_MSI			0x05
#define PCI_CAP_PCIEXPRESS		0x10

#define PCI_INTERRUPT_REG		0x3c
#define PCI_INTERRUPT_PIN(icr)		(((icr) >> 8) & 0xff)
#define PCI_INTERRUPT_LINE(icr)		((icr) & 0xff)
#define PCI_INTERRUPT_PIN_NONE		0x00
#define PCI_INTERRUPT_PIN_A		0x01

#endif
