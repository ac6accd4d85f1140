// Evaluate VTIMEZONEs with ical.js: for each local time, the seconds it is ahead of UTC.
// Usage: vtimezone.mjs MODULE < [{"ics": "...", "times": ["2025-03-09T03:30:00", ...]}, ...]
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const ICAL = (await import(pathToFileURL(process.argv[2]).href)).default;
const jobs = JSON.parse(readFileSync(0, "utf8"));
const answers = jobs.map(({ ics, times }) => {
  const zone = new ICAL.Timezone(new ICAL.Component(ICAL.parse(ics)).getFirstSubcomponent("vtimezone"));
  return times.map((text) => zone.utcOffset(ICAL.Time.fromDateTimeString(text)));
});
console.log(JSON.stringify(answers));
