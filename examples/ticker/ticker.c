/*
 * ticker: pseudo-devices, each with a softc of its own, that autoconfiguration attaches and detaches.
 *
 * A DRV module brings a struct cfdriver (what the driver is called and which devices it has), a struct cfattach (how
 * one comes and goes) and a table of devices. lkmdispatch() registers the three; the module's own handler attaches the
 * pseudo-devices of the table, and on unload config_detach() asks each of them whether it may be removed.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/conf.h>
#include <sys/device.h>
#include <sys/kernel.h>
#include <sys/lkm.h>
#include <sys/proc.h>
#include <sys/uio.h>

struct ticker_softc {
	device_t	sc_dev;
	callout_t	sc_timer;
	u_int		sc_ticks;
	bool		sc_open;
};

int	ticker_lkmentry(struct lkm_table *, int, int);

CFDRIVER_DECL(ticker, DV_VIRTUAL, NULL);

static int
ticker_match(device_t parent, cfdata_t cf, void *aux)
{
	return 1;		/* nobody asks for a pseudo-device */
}

static void
ticker_tick(void *arg)
{
	struct ticker_softc *sc = arg;

	sc->sc_ticks++;
	callout_schedule(&sc->sc_timer, hz / 10);
}

static void
ticker_attach(device_t parent, device_t self, void *aux)
{
	struct ticker_softc *sc = device_private(self);

	sc->sc_dev = self;
	callout_init(&sc->sc_timer, 0);
	callout_reset(&sc->sc_timer, hz / 10, ticker_tick, sc);
	aprint_normal_dev(self, "attached\n");
}

static int
ticker_detach(device_t self, int flags)
{
	struct ticker_softc *sc = device_private(self);

	if (sc->sc_open && (flags & DETACH_FORCE) == 0)
		return EBUSY;
	callout_stop(&sc->sc_timer);
	callout_destroy(&sc->sc_timer);
	return 0;
}

CFATTACH_DECL_NEW(ticker, sizeof(struct ticker_softc), ticker_match, ticker_attach, ticker_detach, NULL);

/* -- the character device: its minor number is the unit -- */

static int
ticker_open(dev_t dev, int flag, int mode, struct lwp *l)
{
	struct ticker_softc *sc = device_lookup_private(&ticker_cd, minor(dev));

	if (sc == NULL)
		return ENXIO;
	sc->sc_open = true;
	return 0;
}

static int
ticker_close(dev_t dev, int flag, int mode, struct lwp *l)
{
	struct ticker_softc *sc = device_lookup_private(&ticker_cd, minor(dev));

	sc->sc_open = false;
	return 0;
}

static int
ticker_read(dev_t dev, struct uio *uio, int flag)
{
	struct ticker_softc *sc = device_lookup_private(&ticker_cd, minor(dev));
	char text[48];
	int len;

	if (uio->uio_offset != 0)
		return 0;
	len = snprintf(text, sizeof(text), "%s: %u\n", device_xname(sc->sc_dev), sc->sc_ticks);
	return uiomove(text, len, uio);
}

static const struct cdevsw ticker_cdevsw = {
	.d_open = ticker_open,
	.d_close = ticker_close,
	.d_read = ticker_read,
	.d_write = nowrite,
	.d_ioctl = noioctl,
	.d_stop = nostop,
	.d_tty = notty,
	.d_poll = nopoll,
	.d_mmap = nommap,
	.d_kqfilter = nokqfilter,
	.d_flag = D_OTHER,
};

/* -- the module -- */

static struct cfdata ticker_cfdata[] = {
	{ .cf_name = "ticker", .cf_atname = "ticker", .cf_unit = 0, .cf_fstate = FSTATE_NOTFOUND },
	{ .cf_name = "ticker", .cf_atname = "ticker", .cf_unit = 1, .cf_fstate = FSTATE_NOTFOUND },
	{ .cf_name = NULL }
};
static struct cfdriver *ticker_drivers[] = { &ticker_cd, NULL };
static struct cfattach *ticker_attachments[] = { &ticker_ca, NULL };
static const struct cfattachlkminit ticker_attachinit[] = {
	{ "ticker", ticker_attachments },
	{ NULL, NULL }
};

MOD_DRV("ticker", ticker_drivers, ticker_attachinit, ticker_cfdata);

static int
ticker_load(struct lkm_table *lkmtp, int cmd)
{
	devmajor_t bmajor = -1, cmajor = -1;
	int error;

	error = devsw_attach("ticker", NULL, &bmajor, &ticker_cdevsw, &cmajor);
	if (error != 0)
		return error;
	printf("ticker: character major %d\n", cmajor);
	for (cfdata_t cf = ticker_cfdata; cf->cf_name != NULL; cf++)
		config_attach_pseudo(cf);
	return 0;
}

/*
 * The kernel has asked already whether one is open, so no ticker_detach() refuses here. It would be asked again by
 * lkmdispatch(), which detaches what is left of the table.
 */
static int
ticker_unload(struct lkm_table *lkmtp, int cmd)
{
	devsw_detach(NULL, &ticker_cdevsw);
	return 0;
}

int
ticker_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, ticker_load, ticker_unload, lkm_nofunc);
}
