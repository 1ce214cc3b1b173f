"""What `inventorum doctor` looks at."""
