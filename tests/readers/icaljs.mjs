// Read a feed with ical.js: the UTC starts of its events from one day to another, as JSON.
// Usage: icaljs.mjs MODULE FEED FROM UNTIL (dates, UNTIL not included)
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [module, feed, from, until] = process.argv.slice(2);
const ICAL = (await import(pathToFileURL(module).href)).default;
const root = new ICAL.Component(ICAL.parse(readFileSync(feed, "utf8")));
for (const zone of root.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(new ICAL.Timezone(zone));

// Without `exceptions` each event would be given those of all the others, of whichever UID.
const events = root.getAllSubcomponents("vevent").map((each) => new ICAL.Event(each, { strictExceptions: true, exceptions: [] }));
const masters = events.filter((event) => !event.isRecurrenceException());
for (const exception of events.filter((event) => event.isRecurrenceException()))
  masters.find((event) => event.uid === exception.uid && !event.isRecurrenceException())?.relateException(exception);

const found = [];
const keep = (time) => {
  const shown = time.isDate ? time.toString() : time.toJSDate().toISOString().replace(".000Z", "Z");
  if (shown >= from && shown < until) found.push(shown);
};
for (const event of masters) {
  if (!event.isRecurring()) { keep(event.startDate); continue; }
  const instances = event.iterator();
  for (let time = instances.next(), n = 0; time && n < 20000; time = instances.next(), n++) {
    if (time.toString() > until + "T99") break;
    keep(event.getOccurrenceDetails(time).startDate);
  }
}
console.log(JSON.stringify(found.sort()));
