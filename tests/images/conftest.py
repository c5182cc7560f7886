"""Makes the image builder importable: it is a tool of the repository, no part of the installed operator."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
