"""The figures of single lessons, one module a lesson; what several lessons draw is in `utils.plot`."""
