"""`python -m tools.lab`."""

import sys

from . import main

sys.exit(main())
