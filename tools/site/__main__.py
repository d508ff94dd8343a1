"""`python -m tools.site`."""

import sys

from tools.site.book import main

sys.exit(main())
