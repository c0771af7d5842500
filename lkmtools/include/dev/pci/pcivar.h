/* <dev/pci/pcivar.h>: pci(9): how drivers of PCI devices attach, and reach their device. */

#ifndef _DEV_PCI_PCIVAR_H_
#define _DEV_PCI_PCIVAR_H_

#include <sys/device.h>
#include <sys/evcnt.h>
#include <machine/bus.h>
#include <dev/pci/pcireg.h>

typedef uint32_t	pcireg_t;
typedef void		*pci_chipset_tag_t;
typedef int		pci_intr_handle_t;

/* A device's place, in the form of this machine's configuration mechanism. */
union x86_pci_tag_u {
	uint32_t	mode1;
	struct {
		uint16_t	port;
		uint8_t		enable;
		uint8_t		forward;
	} mode2;
};
typedef union x86_pci_tag_u	pcitag_t;

struct pcibus_attach_args {
	const char		*_pba_busname;
	bus_space_tag_t		 pba_iot;
	bus_space_tag_t		 pba_memt;
	bus_dma_tag_t		 pba_dmat;
	bus_dma_tag_t		 pba_dmat64;
	pci_chipset_tag_t	 pba_pc;
	int			 pba_flags;
	int			 pba_bus;
	pcitag_t		*pba_bridgetag;
	u_int			 pba_intrswiz;
	pcitag_t		 pba_intrtag;
};

/* What a driver's match and attach functions are given. */
struct pci_attach_args {
	bus_space_tag_t		pa_iot;
	bus_space_tag_t		pa_memt;
	bus_dma_tag_t		pa_dmat;
	bus_dma_tag_t		pa_dmat64;
	pci_chipset_tag_t	pa_pc;
	int			pa_flags;
	u_int			pa_bus;
	u_int			pa_device;
	u_int			pa_function;
	pcitag_t		pa_tag;
	pcireg_t		pa_id;
	pcireg_t		pa_class;
	u_int			pa_intrswiz;
	pcitag_t		pa_intrtag;
	pci_intr_pin_t		pa_intrpin;
	pci_intr_line_t		pa_intrline;
	pci_intr_pin_t		pa_rawintrpin;
};

#define PCI_FLAGS_IO_ENABLED	0x01
#define PCI_FLAGS_MEM_ENABLED	0x02
#define PCI_FLAGS_MRL_OKAY	0x04
#define PCI_FLAGS_MRM_OKAY	0x08
#define PCI_FLAGS_MWI_OKAY	0x10

/* The first registers of a device, which it loses in D3. */
struct pci_conf_state {
	pcireg_t	reg[16];
};

#ifdef _KERNEL
pcireg_t	 pci_conf_read(pci_chipset_tag_t pc, pcitag_t tag, int reg);
void		 pci_conf_write(pci_chipset_tag_t pc, pcitag_t tag, int reg, pcireg_t value);
pcitag_t	 pci_make_tag(pci_chipset_tag_t pc, int bus, int device, int function);
void		 pci_decompose_tag(pci_chipset_tag_t pc, pcitag_t tag, int *bus, int *device, int *function);
int		 pci_intr_map(struct pci_attach_args *pa, pci_intr_handle_t *ih);
const char	*pci_intr_string(pci_chipset_tag_t pc, pci_intr_handle_t ih);
void		*pci_intr_establish(pci_chipset_tag_t pc, pci_intr_handle_t ih, int level, int (*func)(void *), void *arg);
void		 pci_intr_disestablish(pci_chipset_tag_t pc, void *cookie);
int		 pci_mapreg_map(struct pci_attach_args *pa, int reg, pcireg_t type, int busflags, bus_space_tag_t *tagp,
		    bus_space_handle_t *handlep, bus_addr_t *basep, bus_size_t *sizep);
int		 pci_mapreg_info(pci_chipset_tag_t pc, pcitag_t tag, int reg, pcireg_t type, bus_addr_t *basep,
		    bus_size_t *sizep, int *flagsp);
pcireg_t	 pci_mapreg_type(pci_chipset_tag_t pc, pcitag_t tag, int reg);
int		 pci_get_capability(pci_chipset_tag_t pc, pcitag_t tag, int capid, int *offset, pcireg_t *value);
int		 pci_find_device(struct pci_attach_args *pa, int (*match)(struct pci_attach_args *));
void		 pci_devinfo(pcireg_t id_reg, pcireg_t class_reg, int showclass, char *cp, size_t len);
const char	*pci_findvendor(pcireg_t id);
int		 pciprint(void *aux, const char *pnp);

int	pci_activate(pci_chipset_tag_t pc, pcitag_t tag, device_t dev, int (*wakeup)(pci_chipset_tag_t, pcitag_t,
	    device_t, pcireg_t));
int	pci_activate_null(pci_chipset_tag_t pc, pcitag_t tag, device_t dev, pcireg_t state);
void	pci_conf_capture(pci_chipset_tag_t pc, pcitag_t tag, struct pci_conf_state *pcs);
void	pci_conf_restore(pci_chipset_tag_t pc, pcitag_t tag, struct pci_conf_state *pcs);
int	pci_get_powerstate(pci_chipset_tag_t pc, pcitag_t tag, pcireg_t *state);
int	pci_set_powerstate(pci_chipset_tag_t pc, pcitag_t tag, pcireg_t state);
const struct evcnt	*pci_intr_evcnt(pci_chipset_tag_t pc, pci_intr_handle_t ih);
int	pci_mapreg_probe(pci_chipset_tag_t pc, pcitag_t tag, int reg, pcireg_t *typep);
int	pci_vpd_read(pci_chipset_tag_t pc, pcitag_t tag, int offset, int count, pcireg_t *data);
int	pci_vpd_write(pci_chipset_tag_t pc, pcitag_t tag, int offset, int count, pcireg_t *data);
#endif

#endif
