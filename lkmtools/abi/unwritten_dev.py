"""Functions of devices, terminals and disks that headers declare and this kernel lacks (abi/unwritten.py)."""

# By header.
DEVICES = {
    "dev/cons.h": """
        void cnflush(void);
        int cngetc(void);
        int cngetsn(char *cp, int size);
        void cnhalt(void);
        void cninit(void);
        void cnpollc(int on);
        void cnputc(int c);
    """,
    "dev/pci/pcivar.h": """
        int pci_activate(pci_chipset_tag_t pc, pcitag_t tag, device_t dev, int
            (*wakeup)(pci_chipset_tag_t, pcitag_t, device_t, pcireg_t));
        int pci_activate_null(pci_chipset_tag_t pc, pcitag_t tag, device_t dev, pcireg_t state);
        void pci_conf_capture(pci_chipset_tag_t pc, pcitag_t tag, struct pci_conf_state *pcs);
        pcireg_t pci_conf_read(pci_chipset_tag_t pc, pcitag_t tag, int reg);
        void pci_conf_restore(pci_chipset_tag_t pc, pcitag_t tag, struct pci_conf_state *pcs);
        void pci_conf_write(pci_chipset_tag_t pc, pcitag_t tag, int reg, pcireg_t value);
        void pci_decompose_tag(pci_chipset_tag_t pc, pcitag_t tag, int *bus, int *device, int *function);
        void pci_devinfo(pcireg_t id_reg, pcireg_t class_reg, int showclass, char *cp, size_t len);
        int pci_find_device(struct pci_attach_args *pa, int (*match)(struct pci_attach_args *));
        const char *pci_findvendor(pcireg_t id);
        int pci_get_capability(pci_chipset_tag_t pc, pcitag_t tag, int capid, int *offset, pcireg_t
            *value);
        int pci_get_powerstate(pci_chipset_tag_t pc, pcitag_t tag, pcireg_t *state);
        void pci_intr_disestablish(pci_chipset_tag_t pc, void *cookie);
        void *pci_intr_establish(pci_chipset_tag_t pc, pci_intr_handle_t ih, int level, int (*func)(void
            *), void *arg);
        const struct evcnt *pci_intr_evcnt(pci_chipset_tag_t pc, pci_intr_handle_t ih);
        int pci_intr_map(struct pci_attach_args *pa, pci_intr_handle_t *ih);
        const char *pci_intr_string(pci_chipset_tag_t pc, pci_intr_handle_t ih);
        pcitag_t pci_make_tag(pci_chipset_tag_t pc, int bus, int device, int function);
        int pci_mapreg_info(pci_chipset_tag_t pc, pcitag_t tag, int reg, pcireg_t type, bus_addr_t *basep,
            bus_size_t *sizep, int *flagsp);
        int pci_mapreg_map(struct pci_attach_args *pa, int reg, pcireg_t type, int busflags,
            bus_space_tag_t *tagp, bus_space_handle_t *handlep, bus_addr_t *basep, bus_size_t *sizep);
        int pci_mapreg_probe(pci_chipset_tag_t pc, pcitag_t tag, int reg, pcireg_t *typep);
        pcireg_t pci_mapreg_type(pci_chipset_tag_t pc, pcitag_t tag, int reg);
        int pci_set_powerstate(pci_chipset_tag_t pc, pcitag_t tag, pcireg_t state);
        int pci_vpd_read(pci_chipset_tag_t pc, pcitag_t tag, int offset, int count, pcireg_t *data);
        int pci_vpd_write(pci_chipset_tag_t pc, pcitag_t tag, int offset, int count, pcireg_t *data);
        int pciprint(void *aux, const char *pnp);
    """,
    "dev/sysmon/sysmonvar.h": """
        struct sysmon_envsys *sysmon_envsys_create(void);
        void sysmon_envsys_destroy(struct sysmon_envsys *sme);
        int sysmon_envsys_register(struct sysmon_envsys *sme);
        void sysmon_envsys_unregister(struct sysmon_envsys *sme);
        int sysmon_envsys_sensor_attach(struct sysmon_envsys *sme, envsys_data_t *sensor);
        int sysmon_envsys_sensor_detach(struct sysmon_envsys *sme, envsys_data_t *sensor);
        int sysmon_wdog_register(struct sysmon_wdog *smw);
        int sysmon_wdog_unregister(struct sysmon_wdog *smw);
        int sysmon_pswitch_register(struct sysmon_pswitch *smpsw);
        void sysmon_pswitch_unregister(struct sysmon_pswitch *smpsw);
        void sysmon_pswitch_event(struct sysmon_pswitch *smpsw, int event);
        void sysmon_power_settype(const char *type);
        int sysmon_task_queue_init(void);
        int sysmon_task_queue_sched(u_int priority, void (*func)(void *), void *arg);
    """,
    "dev/usb/usbdi.h": """
        usbd_status usbd_open_pipe(usbd_interface_handle iface, u_int8_t address, u_int8_t
            flags, usbd_pipe_handle *pipe);
        usbd_status usbd_open_pipe_intr(usbd_interface_handle iface, u_int8_t address,
            u_int8_t flags, usbd_pipe_handle *pipe, usbd_private_handle priv, void *buffer,
            u_int32_t length, usbd_callback callback, int interval);
        usbd_status usbd_close_pipe(usbd_pipe_handle pipe);
        usbd_status usbd_abort_pipe(usbd_pipe_handle pipe);
        usbd_status usbd_clear_endpoint_stall(usbd_pipe_handle pipe);
        void usbd_clear_endpoint_stall_async(usbd_pipe_handle pipe);
        void usbd_clear_endpoint_toggle(usbd_pipe_handle pipe);
        usbd_xfer_handle usbd_alloc_xfer(usbd_device_handle dev);
        usbd_status usbd_free_xfer(usbd_xfer_handle xfer);
        void usbd_setup_xfer(usbd_xfer_handle xfer, usbd_pipe_handle pipe,
            usbd_private_handle priv, void *buffer, u_int32_t length, u_int16_t flags,
            u_int32_t timeout, usbd_callback callback);
        void usbd_setup_default_xfer(usbd_xfer_handle xfer, usbd_device_handle dev,
            usbd_private_handle priv, u_int32_t timeout, usb_device_request_t *req, void
            *buffer, u_int32_t length, u_int16_t flags, usbd_callback callback);
        void usbd_setup_isoc_xfer(usbd_xfer_handle xfer, usbd_pipe_handle pipe,
            usbd_private_handle priv, u_int16_t *frlengths, u_int32_t nframes, u_int16_t
            flags, usbd_callback callback);
        void usbd_get_xfer_status(usbd_xfer_handle xfer, usbd_private_handle *priv, void
            **buffer, u_int32_t *count, usbd_status *status);
        usbd_status usbd_transfer(usbd_xfer_handle xfer);
        usbd_status usbd_sync_transfer(usbd_xfer_handle xfer);
        void *usbd_alloc_buffer(usbd_xfer_handle xfer, u_int32_t size);
        void usbd_free_buffer(usbd_xfer_handle xfer);
        void *usbd_get_buffer(usbd_xfer_handle xfer);
        usbd_status usbd_do_request(usbd_device_handle dev, usb_device_request_t *req, void
            *data);
        usbd_status usbd_do_request_async(usbd_device_handle dev, usb_device_request_t *req,
            void *data);
        usbd_status usbd_do_request_flags(usbd_device_handle dev, usb_device_request_t *req,
            void *data, u_int16_t flags, int *actlen, u_int32_t timeout);
        usbd_status usbd_set_config_no(usbd_device_handle dev, int no, int msg);
        usbd_status usbd_set_config_index(usbd_device_handle dev, int index, int msg);
        usbd_status usbd_interface_count(usbd_device_handle dev, u_int8_t *count);
        usbd_status usbd_device2interface_handle(usbd_device_handle dev, u_int8_t no,
            usbd_interface_handle *iface);
        void usbd_interface2device_handle(usbd_interface_handle iface, usbd_device_handle
            *dev);
        usbd_device_handle usbd_pipe2device_handle(usbd_pipe_handle pipe);
        usbd_status usbd_endpoint_count(usbd_interface_handle iface, u_int8_t *count);
        usbd_status usbd_set_interface(usbd_interface_handle iface, int alternative);
        int usbd_get_interface_altindex(usbd_interface_handle iface);
        int usbd_get_no_alts(usb_config_descriptor_t *cdesc, int no);
        usb_config_descriptor_t *usbd_get_config_descriptor(usbd_device_handle dev);
        usb_device_descriptor_t *usbd_get_device_descriptor(usbd_device_handle dev);
        usb_interface_descriptor_t *usbd_get_interface_descriptor(usbd_interface_handle
            iface);
        usb_endpoint_descriptor_t *usbd_interface2endpoint_descriptor(usbd_interface_handle
            iface, u_int8_t index);
        usb_endpoint_descriptor_t *usbd_get_endpoint_descriptor(usbd_interface_handle iface,
            u_int8_t address);
        const char *usbd_errstr(usbd_status err);
        char *usbd_devinfo_alloc(usbd_device_handle dev, int showclass);
        void usbd_devinfo_free(char *devinfo);
        void usbd_add_dev_event(int type, usbd_device_handle dev);
        void usbd_add_drv_event(int type, usbd_device_handle dev, device_t self);
        void usbd_delay_ms(usbd_device_handle dev, u_int ms);
        int usbd_ratecheck(struct timeval *last);
        void usbd_set_polling(usbd_device_handle dev, int on);
        void usbd_dopoll(usbd_interface_handle iface);
        const struct usb_devno *usb_match_device(const struct usb_devno *table, u_int count,
            u_int size, u_int16_t vendor, u_int16_t product);
        void usb_detach_wait(device_t dev);
        void usb_detach_wakeup(device_t dev);
    """,
    "dev/usb/usbdi_util.h": """
        usbd_status usbd_get_device_status(usbd_device_handle dev, usb_status_t *status);
        usbd_status usbd_set_idle(usbd_interface_handle iface, int duration, int id);
        usbd_status usbd_set_protocol(usbd_interface_handle iface, int report);
        usbd_status usbd_set_report(usbd_interface_handle iface, int type, int id, void
            *data, int length);
        usbd_status usbd_get_report(usbd_interface_handle iface, int type, int id, void
            *data, int length);
        usbd_status usbd_get_string(usbd_device_handle dev, int index, char *text);
        usbd_status usbd_get_string_desc(usbd_device_handle dev, int index, int language,
            usb_string_descriptor_t *desc, int *size);
        usbd_status usbd_get_config(usbd_device_handle dev, u_int8_t *conf);
        usbd_status usbd_bulk_transfer(usbd_xfer_handle xfer, usbd_pipe_handle pipe,
            u_int16_t flags, u_int32_t timeout, void *buffer, u_int32_t *size, const char
            *wmesg);
        usbd_status usbd_intr_transfer(usbd_xfer_handle xfer, usbd_pipe_handle pipe,
            u_int16_t flags, u_int32_t timeout, void *buffer, u_int32_t *size, const char
            *wmesg);
    """,
    "machine/bus.h": """
        int bus_dmamap_create(bus_dma_tag_t t, bus_size_t size, int nsegments, bus_size_t maxsegsz,
            bus_size_t boundary, int flags, bus_dmamap_t *dmamp);
        void bus_dmamap_destroy(bus_dma_tag_t t, bus_dmamap_t map);
        int bus_dmamap_load(bus_dma_tag_t t, bus_dmamap_t map, void *buf, bus_size_t buflen, struct proc
            *p, int flags);
        int bus_dmamap_load_mbuf(bus_dma_tag_t t, bus_dmamap_t map, struct mbuf *m, int flags);
        int bus_dmamap_load_uio(bus_dma_tag_t t, bus_dmamap_t map, struct uio *uio, int flags);
        void bus_dmamap_sync(bus_dma_tag_t t, bus_dmamap_t map, bus_addr_t offset, bus_size_t len, int
            ops);
        void bus_dmamap_unload(bus_dma_tag_t t, bus_dmamap_t map);
        int bus_dmamem_alloc(bus_dma_tag_t t, bus_size_t size, bus_size_t alignment, bus_size_t boundary,
            bus_dma_segment_t *segs, int nsegs, int *rsegs, int flags);
        void bus_dmamem_free(bus_dma_tag_t t, bus_dma_segment_t *segs, int nsegs);
        int bus_dmamem_map(bus_dma_tag_t t, bus_dma_segment_t *segs, int nsegs, size_t size, void **kvap,
            int flags);
        paddr_t bus_dmamem_mmap(bus_dma_tag_t t, bus_dma_segment_t *segs, int nsegs, off_t off, int prot,
            int flags);
        void bus_dmamem_unmap(bus_dma_tag_t t, void *kva, size_t size);
        int bus_space_alloc(bus_space_tag_t t, bus_addr_t rstart, bus_addr_t rend, bus_size_t size,
            bus_size_t align, bus_size_t boundary, int flags, bus_addr_t *addrp, bus_space_handle_t
            *bshp);
        void bus_space_barrier(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, bus_size_t
            len, int flags);
        void bus_space_free(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t size);
        int bus_space_map(bus_space_tag_t t, bus_addr_t addr, bus_size_t size, int flags,
            bus_space_handle_t *bshp);
        uint8_t bus_space_read_1(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset);
        uint16_t bus_space_read_2(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset);
        uint32_t bus_space_read_4(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset);
        void bus_space_read_multi_1(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint8_t
            *addr, size_t count);
        void bus_space_read_multi_2(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint16_t
            *addr, size_t count);
        void bus_space_read_multi_4(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint32_t
            *addr, size_t count);
        void bus_space_read_region_1(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint8_t
            *addr, size_t count);
        void bus_space_read_region_2(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset,
            uint16_t *addr, size_t count);
        void bus_space_read_region_4(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset,
            uint32_t *addr, size_t count);
        void bus_space_set_region_1(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint8_t
            value, size_t count);
        void bus_space_set_region_4(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint32_t
            value, size_t count);
        int bus_space_subregion(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, bus_size_t
            size, bus_space_handle_t *nbshp);
        void bus_space_unmap(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t size);
        void *bus_space_vaddr(bus_space_tag_t t, bus_space_handle_t bsh);
        void bus_space_write_1(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint8_t
            value);
        void bus_space_write_2(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint16_t
            value);
        void bus_space_write_4(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, uint32_t
            value);
        void bus_space_write_multi_1(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, const
            uint8_t *addr, size_t count);
        void bus_space_write_multi_2(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, const
            uint16_t *addr, size_t count);
        void bus_space_write_multi_4(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, const
            uint32_t *addr, size_t count);
        void bus_space_write_region_1(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, const
            uint8_t *addr, size_t count);
        void bus_space_write_region_2(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, const
            uint16_t *addr, size_t count);
        void bus_space_write_region_4(bus_space_tag_t t, bus_space_handle_t bsh, bus_size_t offset, const
            uint32_t *addr, size_t count);
    """,
    "sys/bufq.h": """
        int bufq_alloc(struct bufq_state **bufqp, const char *strat, int flags);
        struct buf *bufq_cancel(struct bufq_state *bufq, struct buf *bp);
        void bufq_drain(struct bufq_state *bufq);
        void bufq_free(struct bufq_state *bufq);
        struct buf *bufq_get(struct bufq_state *bufq);
        const char *bufq_getstrategyname(struct bufq_state *bufq);
        void bufq_move(struct bufq_state *dst, struct bufq_state *src);
        struct buf *bufq_peek(struct bufq_state *bufq);
        void bufq_put(struct bufq_state *bufq, struct buf *bp);
    """,
    "sys/conf.h": """
        int iskmemdev(dev_t dev);
        int nullmodem(struct tty *tp, int flag);
        int ttyerrinput(int c, struct tty *tp);
        int ttyerrio(struct tty *tp, struct uio *uio, int flag);
        int ttyerrpoll(struct tty *tp, int events, struct lwp *l);
        int ttyldisc_attach(struct linesw *disc);
        struct linesw *ttyldisc_default(void);
        int ttyldisc_detach(struct linesw *disc);
        struct linesw *ttyldisc_lookup(const char *name);
        struct linesw *ttyldisc_lookup_bynum(int num);
        void ttyldisc_release(struct linesw *disc);
        int ttynullioctl(struct tty *tp, u_long cmd, void *data, int flags, struct lwp *l);
    """,
    "sys/device.h": """
        void config_defer(device_t dev, void (*func)(device_t));
        struct _prop_dictionary *device_properties(device_t dev);
    """,
    "sys/disk.h": """
        void disk_attach(struct disk *dk);
        int disk_begindetach(struct disk *dk, int (*lastclose)(device_t), device_t self, int flags);
        void disk_blocksize(struct disk *dk, int blocksize);
        void disk_busy(struct disk *dk);
        void disk_destroy(struct disk *dk);
        void disk_detach(struct disk *dk);
        struct disk *disk_find(const char *name);
        void disk_init(struct disk *dk, const char *name, const struct dkdriver *driver);
        int disk_ioctl(struct disk *dk, u_long cmd, void *data, int flag, struct lwp *l);
        bool disk_isbusy(struct disk *dk);
        void disk_unbusy(struct disk *dk, long bcount, int read);
        int dkwedge_add(struct dkwedge_info *dkw);
        int dkwedge_del(struct dkwedge_info *dkw);
        void dkwedge_delall(struct disk *dk);
        void dkwedge_discover(struct disk *dk);
        int dkwedge_list(struct disk *dk, struct dkwedge_list *dkwl, struct lwp *l);
    """,
    "sys/disklabel.h": """
        int bounds_check_with_label(struct disk *dk, struct buf *bp, int wlabel);
        int bounds_check_with_mediasize(struct buf *bp, int secsize, uint64_t mediasize);
        void diskerr(const struct buf *bp, const char *dname, const char *what, int pri, int blkdone,
            const struct disklabel *lp);
        void disksort(void *head, struct buf *bp);
        u_int dkcksum(struct disklabel *lp);
        u_int dkcksum_sized(struct disklabel *lp, size_t npartitions);
        const char *readdisklabel(dev_t dev, void (*strat)(struct buf *), struct disklabel *lp, struct
            cpu_disklabel *osdep);
        int setdisklabel(struct disklabel *olp, struct disklabel *nlp, u_long openmask, struct
            cpu_disklabel *osdep);
        int writedisklabel(dev_t dev, void (*strat)(struct buf *), struct disklabel *lp, struct
            cpu_disklabel *osdep);
    """,
    "sys/iostat.h": """
        struct io_stats *iostat_alloc(int32_t type, void *parent, const char *name);
        void iostat_busy(struct io_stats *stats);
        void iostat_free(struct io_stats *stats);
        bool iostat_isbusy(struct io_stats *stats);
        void iostat_rename(struct io_stats *stats, const char *name);
        void iostat_seek(struct io_stats *stats);
        void iostat_unbusy(struct io_stats *stats, long bcount, int read);
    """,
    "sys/rnd.h": """
        void rnd_add_data(rndsource_element_t *source, void *data, uint32_t len, uint32_t entropy);
        void rnd_add_uint32(rndsource_element_t *source, uint32_t value);
        void rnd_attach_source(rndsource_element_t *source, char *name, uint32_t type, uint32_t flags);
        void rnd_detach_source(rndsource_element_t *source);
        uint32_t rnd_extract_data(void *p, uint32_t len, uint32_t flags);
    """,
    "sys/tty.h": """
        int b_to_q(const u_char *cp, int count, struct clist *clp);
        void catq(struct clist *from, struct clist *to);
        int clalloc(struct clist *clp, int size, int quot);
        void clfree(struct clist *clp);
        u_char *firstc(struct clist *clp, int *c);
        int getc(struct clist *clp);
        void ndflush(struct clist *clp, int count);
        int ndqb(struct clist *clp, int flag);
        u_char *nextc(struct clist *clp, u_char *cp, int *c);
        int putc(int c, struct clist *clp);
        int q_to_b(struct clist *clp, u_char *cp, int count);
        int ttbreakc(int c, struct tty *tp);
        int ttcompat(struct tty *tp, u_long com, void *data, int flag, struct lwp *l);
        int ttioctl(struct tty *tp, u_long com, void *data, int flag, struct lwp *l);
        int ttkqfilter(dev_t dev, struct knote *kn);
        int ttpoll(struct tty *tp, int events, struct lwp *l);
        int ttread(struct tty *tp, struct uio *uio, int flag);
        void ttrstrt(void *v);
        int ttsleep(struct tty *tp, kcondvar_t *cv, bool catch, int timo);
        int ttspeedtab(int speed, const struct speedtab *table);
        int ttstart(struct tty *tp);
        void ttwakeup(struct tty *tp);
        int ttwrite(struct tty *tp, struct uio *uio, int flag);
        void tty_attach(struct tty *tp);
        void tty_detach(struct tty *tp);
        void ttychars(struct tty *tp);
        int ttycheckoutq(struct tty *tp, int wait);
        int ttyclose(struct tty *tp);
        void ttyflush(struct tty *tp, int rw);
        void ttyfree(struct tty *tp);
        void ttygetinfo(struct tty *tp, int fromsig, char *buf, size_t size);
        int ttyinput(int c, struct tty *tp);
        int ttylclose(struct tty *tp, int flag);
        int ttylopen(dev_t dev, struct tty *tp);
        struct tty *ttymalloc(void);
        int ttymodem(struct tty *tp, int flag);
        int ttyopen(struct tty *tp, int dialout, int nonblock);
        int ttyoutput(int c, struct tty *tp);
        void ttypend(struct tty *tp);
        void ttyretype(struct tty *tp);
        void ttyrub(int c, struct tty *tp);
        void ttysetwater(struct tty *tp);
        void ttysig(struct tty *tp, enum ttysigtype st, int sig);
        int ttywait(struct tty *tp);
        int ttywflush(struct tty *tp);
        int unputc(struct clist *clp);
    """,
}
