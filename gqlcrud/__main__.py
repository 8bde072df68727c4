"""`python -m gqlcrud` is the command `gqlcrud`."""

import sys

from gqlcrud.cli import main

sys.exit(main())
