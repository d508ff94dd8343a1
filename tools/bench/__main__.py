"""`python -m tools.bench`."""

import sys

from . import main

sys.exit(main())
