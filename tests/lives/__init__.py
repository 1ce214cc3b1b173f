"""Whole lives of shops, drawn at random: what may happen to a home, in any order; see README.md."""
