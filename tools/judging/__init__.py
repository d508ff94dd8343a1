"""Judges answers outside a notebook: the solution, the stub, wrong answers and mutants."""
