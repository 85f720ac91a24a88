#!/usr/bin/env bash
# Raises the versions, writes the change logs, and brings the lock file up to date.
set -euo pipefail
npx changeset version
npm install --package-lock-only --ignore-scripts
