"""Floor 1: whole networks by family, without losses."""
