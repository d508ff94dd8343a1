"""The checks of each lab, one module a lab; each binds `lab`, a `utils.check.Lab`."""
