"""Run a program again and again, each time in a fork of a process that has imported it: as new, but for the time.

Usage: warm.py khal|vdirsyncer|expand. Each line of standard input is a list of arguments in JSON, answered by a line
with the exit code and all that was printed.
"""

import functools
import json
import os
import sys
import tempfile

name = sys.argv[1]
if name == "khal":
    import khal.khalendar.event
    from khal.cli import main_khal as command

    # khal reads a whole series again for each of its calls; that is remembered here, which changes only the time it takes.
    khal.khalendar.event.cal_from_ics = functools.lru_cache(khal.khalendar.event.cal_from_ics)
elif name == "vdirsyncer":
    from vdirsyncer.cli import app as command
else:
    from expand import main as command

for line in sys.stdin:
    words = json.loads(line)
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            code = 1
            try:
                command(words) if name == "expand" else command.main(args=words, prog_name=name)
                code = 0
            except SystemExit as error:
                code = error.code if isinstance(error.code, int) else int(error.code is not None)
            except BaseException as error:  # noqa: BLE001 - told to who asked
                print(repr(error))
            sys.stdout.flush()
            os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        output.seek(0)
        print(json.dumps([code, output.read().decode()]), flush=True)
