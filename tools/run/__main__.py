"""`python -m tools.run`."""

import sys

from . import main

sys.exit(main())
