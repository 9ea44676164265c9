"""``gan-zoo proof``: every model learns in a world whose truth is known, or the proof says that it does not."""
