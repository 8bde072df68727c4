here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
"$RIG_PYTHON" -m venv "$RIG_ENV" && "$RIG_ENV/bin/pip" install -q uvloop httptools -e "$here/../../..[fast,postgresql,serve]"
