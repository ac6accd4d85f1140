"""Evolution's calendars, one for each attendee, in the Python that Debian's bindings are for; run by evolution.py.

Each line of standard input is a list in JSON, answered by a line of JSON:
["add", NAME]; ["take", NAME, ICALENDAR]; ["starts", NAME, SINCE, UNTIL] in seconds since 1970, the sorted starts.
"""

import json
import sys
import time

import gi

gi.require_version("ECal", "2.0")
gi.require_version("EDataServer", "1.2")
gi.require_version("ICalGLib", "3.0")
from gi.repository import ECal, EDataServer, GLib, ICalGLib  # noqa: E402

registry = EDataServer.SourceRegistry.new_sync(None)
clients = {}


def add(name):
    source = EDataServer.Source.new(None, None)
    source.set_display_name(name)
    source.set_parent("local-stub")
    source.get_extension(EDataServer.SOURCE_EXTENSION_CALENDAR).set_backend_name("local")
    registry.commit_source_sync(source, None)
    for patience in range(100):  # the server hears of a new source a little later
        try:
            clients[name] = ECal.Client.connect_sync(source, ECal.ClientSourceType.EVENTS, 0xFFFFFFFF, None)
            return
        except GLib.Error:
            if patience == 99:
                raise
            time.sleep(0.05)


def take(name, text):
    clients[name].receive_objects_sync(ICalGLib.Component.new_from_string(text), 0, None)


def starts(name, since, until):
    found = []

    def tell(component, start, _end, *_):
        # The bindings know no value for a component without STATUS.
        status = component.get_first_property(ICalGLib.PropertyKind.STATUS_PROPERTY)
        if status is None or status.get_value_as_string() != "CANCELLED":
            zone = start.get_timezone() or ICalGLib.Timezone.get_utc_timezone()
            found.append(start.as_timet_with_zone(zone))
        return True

    clients[name].generate_instances_sync(since, until, None, tell)
    return sorted(found)


for line in sys.stdin:
    command, *words = json.loads(line)
    try:
        answer = [True, {"add": add, "take": take, "starts": starts}[command](*words)]
    except Exception as error:  # noqa: BLE001 - told to who asked
        answer = [False, repr(error)]
    print(json.dumps(answer), flush=True)
