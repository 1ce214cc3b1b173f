"""The reading protocol: pages that move while they are read, without a lost order; pure."""
