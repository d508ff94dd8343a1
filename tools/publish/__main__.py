"""`python -m tools.publish`."""

import sys

from . import main

sys.exit(main())
