"""Scripts around the code, called by the Makefile; no part of the product."""
