"""Device switches and autoconfiguration."""
