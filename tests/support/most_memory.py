#!/usr/bin/env python3
"""Runs a command and writes down the most memory it had, in KiB: most_memory.py FILE COMMAND...; ends as the command did."""
import resource
import subprocess
import sys

status = subprocess.run(sys.argv[2:], check=False).returncode
with open(sys.argv[1], 'w', encoding='ascii') as file:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=file)
sys.exit(status)
