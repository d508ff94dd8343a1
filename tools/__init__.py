"""Programs for maintainers and instructors; no notebook imports them."""
