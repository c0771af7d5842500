/* <dev/usb/usbdi_util.h>: requests that many USB drivers make. This kernel has no USB: a call is a panic. */

#ifndef _DEV_USB_USBDI_UTIL_H_
#define _DEV_USB_USBDI_UTIL_H_

#include <dev/usb/usbdi.h>

#ifdef _KERNEL
usbd_status usbd_get_device_status(usbd_device_handle dev, usb_status_t *status);
usbd_status usbd_set_idle(usbd_interface_handle iface, int duration, int id);
usbd_status usbd_set_protocol(usbd_interface_handle iface, int report);
usbd_status usbd_set_report(usbd_interface_handle iface, int type, int id, void *data, int length);
usbd_status usbd_get_report(usbd_interface_handle iface, int type, int id, void *data, int length);
usbd_status usbd_get_string(usbd_device_handle dev, int index, char *text);
usbd_status usbd_get_string_desc(usbd_device_handle dev, int index, int language, usb_string_descriptor_t *desc,
	    int *size);
usbd_status usbd_get_config(usbd_device_handle dev, u_int8_t *conf);
usbd_status usbd_bulk_transfer(usbd_xfer_handle xfer, usbd_pipe_handle pipe, u_int16_t flags, u_int32_t timeout,
	    void *buffer, u_int32_t *size, const char *wmesg);
usbd_status usbd_intr_transfer(usbd_xfer_handle xfer, usbd_pipe_handle pipe, u_int16_t flags, u_int32_t timeout,
	    void *buffer, u_int32_t *size, const char *wmesg);
#endif

#endif
