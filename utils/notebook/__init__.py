"""Speaks to the reader: panels, results, progress, timing, and the one look of the figures."""
