"""Python that brings orders into the landing log, and the command line."""
