"""Executed notebooks as pages, slides and pictures."""
