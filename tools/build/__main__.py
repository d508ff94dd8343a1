"""`python -m tools.build`."""

import sys

from . import main

sys.exit(main())
