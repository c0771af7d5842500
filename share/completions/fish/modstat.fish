_MODSTAT_COMPLETE=fish_source modstat | source
