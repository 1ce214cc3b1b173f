"""A local server that behaves as the API is documented, with a shop that trades."""
