/* <dev/usb/usb_port.h>: how USB drivers of several systems are written, for this one. */

#ifndef _DEV_USB_USB_PORT_H_
#define _DEV_USB_USB_PORT_H_

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/device.h>
#include <sys/kthread.h>
#include <sys/lwp.h>

#ifdef _KERNEL
#define Static	static

typedef device_t	device_ptr_t;
typedef struct proc	*usb_proc_ptr;
#define USBBASEDEVICE	device_t
#define USBDEV(bdev)	(bdev)
#define USBDEVNAME(bdev)	(device_xname(bdev))
#define USBDEVUNIT(bdev)	device_unit(bdev)
#define USBDEVPTRNAME(bdev)	(device_xname(bdev))
#define USBGETSOFTC(d)	((void *)device_private(d))

#define DECLARE_USB_DMA_T	struct usb_dma_block; typedef struct { struct usb_dma_block *block; u_int offs; } usb_dma_t

typedef callout_t	usb_callout_t;
#define usb_callout_init(h)		callout_init(&(h), 0)
#define usb_callout(h, t, f, d)		callout_reset(&(h), (t), (f), (d))
#define usb_uncallout(h, f, d)		callout_stop(&(h))
#define usb_callout_pending(h)		callout_pending(&(h))

#define usb_kthread_create1(...)	kthread_create(PRI_NONE, 0, NULL, __VA_ARGS__)
#define logprintf	printf

/* A driver: its functions are name_match(), name_attach(), name_detach() and name_activate(). */
#define USB_DECLARE_DRIVER(dname) \
	int	dname##_match(device_t, cfdata_t, void *); \
	void	dname##_attach(device_t, device_t, void *); \
	int	dname##_detach(device_t, int); \
	int	dname##_activate(device_t, enum devact); \
	extern struct cfdriver dname##_cd; \
	CFATTACH_DECL_NEW(dname, sizeof(struct dname##_softc), dname##_match, dname##_attach, dname##_detach, \
	    dname##_activate)

#define USB_MATCH(dname)	int dname##_match(device_t parent, cfdata_t match, void *aux)
#define USB_MATCH_START(dname, uaa)	struct usb_attach_arg *uaa = aux
#define USB_IFMATCH_START(dname, uaa)	struct usbif_attach_arg *uaa = aux
#define USB_ATTACH(dname)	void dname##_attach(device_t parent, device_t self, void *aux)
#define USB_ATTACH_START(dname, sc, uaa) \
	struct dname##_softc *sc = device_private(self); \
	struct usb_attach_arg *uaa = aux
#define USB_IFATTACH_START(dname, sc, uaa) \
	struct dname##_softc *sc = device_private(self); \
	struct usbif_attach_arg *uaa = aux
#define USB_ATTACH_SETUP	do { aprint_naive("\n"); aprint_normal("\n"); } while (0)
#define USB_ATTACH_ERROR_RETURN		return
#define USB_ATTACH_SUCCESS_RETURN	return
#define USB_DETACH(dname)	int dname##_detach(device_t self, int flags)
#define USB_DETACH_START(dname, sc)	struct dname##_softc *sc = device_private(self)
#define USB_GET_SC(dname, unit, sc)	sc = device_lookup_private(&dname##_cd, (unit))
#define USB_GET_SC_OPEN(dname, unit, sc) \
	if ((sc = device_lookup_private(&dname##_cd, (unit))) == NULL) \
		return ENXIO
#endif

#endif
