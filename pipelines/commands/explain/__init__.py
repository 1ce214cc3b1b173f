"""`inventorum explain`: everything about one order, back to its bytes."""
