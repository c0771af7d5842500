/* <dev/usb/usbdi.h>: what the USB stack offers to drivers. This kernel has no USB: a call is a panic. */

#ifndef _DEV_USB_USBDI_H_
#define _DEV_USB_USBDI_H_

#include <dev/usb/usb.h>

#ifdef _KERNEL
typedef struct usbd_device	*usbd_device_handle;
typedef struct usbd_interface	*usbd_interface_handle;
typedef struct usbd_pipe	*usbd_pipe_handle;
typedef struct usbd_xfer	*usbd_xfer_handle;
typedef void			*usbd_private_handle;

typedef enum {
	USBD_NORMAL_COMPLETION,
	USBD_IN_PROGRESS,
	USBD_PENDING_REQUESTS,
	USBD_NOT_STARTED,
	USBD_INVAL,
	USBD_NOMEM,
	USBD_CANCELLED,
	USBD_BAD_ADDRESS,
	USBD_IN_USE,
	USBD_NO_ADDR,
	USBD_SET_ADDR_FAILED,
	USBD_NO_POWER,
	USBD_TOO_DEEP,
	USBD_IOERROR,
	USBD_NOT_CONFIGURED,
	USBD_TIMEOUT,
	USBD_SHORT_XFER,
	USBD_STALLED,
	USBD_INTERRUPTED,
	USBD_ERROR_MAX
} usbd_status;

typedef void	(*usbd_callback)(usbd_xfer_handle, usbd_private_handle, usbd_status);

/* usbd_open_pipe() */
#define USBD_EXCLUSIVE_USE	0x01
/* usbd_setup_xfer() */
#define USBD_NO_COPY		0x01
#define USBD_SYNCHRONOUS	0x02
#define USBD_SHORT_XFER_OK	0x04
#define USBD_FORCE_SHORT_XFER	0x08
#define USBD_NO_TIMEOUT		0
#define USBD_DEFAULT_TIMEOUT	5000	/* ms */
#define USBD_DEFAULT_INTERVAL	(-1)

#define USB_EVENT_ATTACH	1	/* usbd_add_drv_event() */
#define USB_EVENT_DETACH	2

/* What a match function is asked about: a device, and an interface of one. */
struct usb_attach_arg {
	int			 port;
	int			 vendor;
	int			 product;
	int			 release;
	usbd_device_handle	 device;
	int			 class, subclass, proto;
	int			 usegeneric;
};

struct usbif_attach_arg {
	int			 port;
	int			 configno;
	int			 ifaceno;
	int			 vendor;
	int			 product;
	int			 release;
	usbd_device_handle	 device;
	usbd_interface_handle	 iface;
	int			 class, subclass, proto;
	usbd_interface_handle	*ifaces;
	int			 nifaces;
};

/* How well it matches. */
#define UMATCH_VENDOR_PRODUCT_REV			14
#define UMATCH_VENDOR_PRODUCT				13
#define UMATCH_VENDOR_DEVCLASS_DEVPROTO			12
#define UMATCH_DEVCLASS_DEVSUBCLASS_DEVPROTO		11
#define UMATCH_DEVCLASS_DEVSUBCLASS			10
#define UMATCH_VENDOR_PRODUCT_REV_CONF_IFACE		9
#define UMATCH_VENDOR_PRODUCT_CONF_IFACE		8
#define UMATCH_VENDOR_IFACESUBCLASS_IFACEPROTO		7
#define UMATCH_VENDOR_IFACESUBCLASS			6
#define UMATCH_IFACECLASS_IFACESUBCLASS_IFACEPROTO	5
#define UMATCH_IFACECLASS_IFACESUBCLASS			4
#define UMATCH_IFACECLASS				3
#define UMATCH_IFACECLASS_GENERIC			2
#define UMATCH_GENERIC					1
#define UMATCH_NONE					0

/* For usb_lookup(). */
struct usb_devno {
	uint16_t	ud_vendor;
	uint16_t	ud_product;
};
#define usb_lookup(table, vendor, product) \
	usb_match_device((const struct usb_devno *)(table), sizeof(table) / sizeof((table)[0]), sizeof((table)[0]), \
	    (vendor), (product))

usbd_status usbd_open_pipe(usbd_interface_handle iface, u_int8_t address, u_int8_t flags, usbd_pipe_handle
	    *pipe);
usbd_status usbd_open_pipe_intr(usbd_interface_handle iface, u_int8_t address, u_int8_t flags, usbd_pipe_handle
	    *pipe, usbd_private_handle priv, void *buffer, u_int32_t length, usbd_callback callback, int interval);
usbd_status usbd_close_pipe(usbd_pipe_handle pipe);
usbd_status usbd_abort_pipe(usbd_pipe_handle pipe);
usbd_status usbd_clear_endpoint_stall(usbd_pipe_handle pipe);
void usbd_clear_endpoint_stall_async(usbd_pipe_handle pipe);
void usbd_clear_endpoint_toggle(usbd_pipe_handle pipe);
usbd_xfer_handle usbd_alloc_xfer(usbd_device_handle dev);
usbd_status usbd_free_xfer(usbd_xfer_handle xfer);
void usbd_setup_xfer(usbd_xfer_handle xfer, usbd_pipe_handle pipe, usbd_private_handle priv, void *buffer,
	    u_int32_t length, u_int16_t flags, u_int32_t timeout, usbd_callback callback);
void usbd_setup_default_xfer(usbd_xfer_handle xfer, usbd_device_handle dev, usbd_private_handle priv, u_int32_t
	    timeout, usb_device_request_t *req, void *buffer, u_int32_t length, u_int16_t flags, usbd_callback callback);
void usbd_setup_isoc_xfer(usbd_xfer_handle xfer, usbd_pipe_handle pipe, usbd_private_handle priv, u_int16_t
	    *frlengths, u_int32_t nframes, u_int16_t flags, usbd_callback callback);
void usbd_get_xfer_status(usbd_xfer_handle xfer, usbd_private_handle *priv, void **buffer, u_int32_t *count,
	    usbd_status *status);
usbd_status usbd_transfer(usbd_xfer_handle xfer);
usbd_status usbd_sync_transfer(usbd_xfer_handle xfer);
void *usbd_alloc_buffer(usbd_xfer_handle xfer, u_int32_t size);
void usbd_free_buffer(usbd_xfer_handle xfer);
void *usbd_get_buffer(usbd_xfer_handle xfer);
usbd_status usbd_do_request(usbd_device_handle dev, usb_device_request_t *req, void *data);
usbd_status usbd_do_request_async(usbd_device_handle dev, usb_device_request_t *req, void *data);
usbd_status usbd_do_request_flags(usbd_device_handle dev, usb_device_request_t *req, void *data, u_int16_t
	    flags, int *actlen, u_int32_t timeout);
usbd_status usbd_set_config_no(usbd_device_handle dev, int no, int msg);
usbd_status usbd_set_config_index(usbd_device_handle dev, int index, int msg);
usbd_status usbd_interface_count(usbd_device_handle dev, u_int8_t *count);
usbd_status usbd_device2interface_handle(usbd_device_handle dev, u_int8_t no, usbd_interface_handle *iface);
void usbd_interface2device_handle(usbd_interface_handle iface, usbd_device_handle *dev);
usbd_device_handle usbd_pipe2device_handle(usbd_pipe_handle pipe);
usbd_status usbd_endpoint_count(usbd_interface_handle iface, u_int8_t *count);
usbd_status usbd_set_interface(usbd_interface_handle iface, int alternative);
int usbd_get_interface_altindex(usbd_interface_handle iface);
int usbd_get_no_alts(usb_config_descriptor_t *cdesc, int no);
usb_config_descriptor_t *usbd_get_config_descriptor(usbd_device_handle dev);
usb_device_descriptor_t *usbd_get_device_descriptor(usbd_device_handle dev);
usb_interface_descriptor_t *usbd_get_interface_descriptor(usbd_interface_handle iface);
usb_endpoint_descriptor_t *usbd_interface2endpoint_descriptor(usbd_interface_handle iface, u_int8_t index);
usb_endpoint_descriptor_t *usbd_get_endpoint_descriptor(usbd_interface_handle iface, u_int8_t address);
const char *usbd_errstr(usbd_status err);
char *usbd_devinfo_alloc(usbd_device_handle dev, int showclass);
void usbd_devinfo_free(char *devinfo);
void usbd_add_dev_event(int type, usbd_device_handle dev);
void usbd_add_drv_event(int type, usbd_device_handle dev, device_t self);
void usbd_delay_ms(usbd_device_handle dev, u_int ms);
int usbd_ratecheck(struct timeval *last);
void usbd_set_polling(usbd_device_handle dev, int on);
void usbd_dopoll(usbd_interface_handle iface);
const struct usb_devno *usb_match_device(const struct usb_devno *table, u_int count, u_int size, u_int16_t
	    vendor, u_int16_t product);
void usb_detach_wait(device_t dev);
void usb_detach_wakeup(device_t dev);
#endif

#endif
