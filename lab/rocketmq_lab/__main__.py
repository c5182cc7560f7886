"""`python -m rocketmq_lab`: see `cli`."""

import sys

try:
    from .cli import main

    sys.exit(main())
except KeyboardInterrupt:  # while Python was still loading
    sys.exit(130)
