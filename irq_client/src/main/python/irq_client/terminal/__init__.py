"""Values become cells, pictures and colours of a terminal; keys come from it."""
