// The npm packages rrule and rrule-rust. How the conversation goes is in worker.py.
// Usage: rrule.mjs NODE_MODULES INPUTS (lines of `TASK ZONE START RULE`)
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [modules, file] = process.argv.slice(2);
const require = createRequire(modules + "/");
const { RRule } = require(modules + "/rrule");
const rust = require(modules + "/rrule-rust");

const inputs = new Map();
for (const line of readFileSync(file, "utf8").trim().split("\n")) {
  const [task, zone, start, rule] = line.split(" ");
  if (!inputs.has(task)) inputs.set(task, []);
  inputs.get(task).push({ zone, start, rule });
}
const only = (task) => inputs.get(task)[0];
const fields = (start) => [start.slice(0, 4), start.slice(4, 6), start.slice(6, 8), start.slice(9, 11), start.slice(11, 13), start.slice(13, 15)].map(Number);
const utc = ([year, month, ...rest]) => new Date(Date.UTC(year, month - 1, ...rest));
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const after = utc(fields(only("after").start));
// Both bounds of `between` are left out of its answer, but the week begins with its first second.
const bounds = [new Date(utc(fields(only("begin").start)) - 1000), utc(fields(only("end").start))];

const civil = (dates) => dates.map((date) => date.toISOString().slice(0, 19));
const instants = (dates) => civil(dates).map((text) => text + "Z");

// rrule writes civil time in a Date's UTC fields; with a zone it answers in Dates that are instants where, as here, the
// process's own zone is UTC. `true`: without its cache.
const js = ({ zone, start, rule }) =>
  new RRule({ ...RRule.parseString(rule), dtstart: utc(fields(start)), tzid: zone === "-" ? null : zone }, true);

// rrule-rust has no cache but the one that is switched off here.
const local = (date) => rust.DateTime.local(...fields(date.toISOString().replace(/[-:]/g, "")));
const set = ({ zone, start, rule }) => {
  const made = new rust.RRuleSet({
    dtstart: new rust.DtStart(rust.DateTime.local(...fields(start)), zone === "-" ? "UTC" : zone),
    rrules: [rust.RRule.fromString(rule)],
  });
  made.cache.disable();
  return made;
};
const shown = (times) => times.map((time) => time.toString().replace(/^(....)(..)(..)T(..)(..)(..)Z?$/, "$1-$2-$3T$4:$5:$6"));
// It cannot be asked for the next time alone: a stretch that is long enough for any of these rules.
const stretch = [rust.DateTime.fromDate(after), rust.DateTime.fromDate(new Date(+after + 62 * DAY))];
const sorted = (stamps) => stamps.sort((one, other) => one - other);
const stamped = (stamps) => instants(stamps.map((stamp) => new Date(stamp)));

const contenders = {
  "weekly js": () => { const rule = js(only("weekly")); return [() => rule.all(), instants]; },
  "weekly rust": () => { const rules = set(only("weekly")); return [() => rules.all().map((time) => time.toTimestamp()), stamped]; },
  "week rust": () => {
    const many = inputs.get("week").map(set);
    const [begin, end] = bounds.map((bound) => rust.DateTime.fromDate(bound));
    return [() => sorted(many.flatMap((rules) => rules.between(begin, end).map((time) => time.toTimestamp()))), stamped];
  },
};
for (const task of ["second-tuesday", "last-weekday"]) {
  contenders[task + " js"] = () => { const rule = js(only(task)); return [() => rule.all(), civil]; };
  contenders[task + " rust"] = () => { const rules = set(only(task)); return [() => rules.all(), shown]; };
}
for (const task of ["next-20", "next-20-parsed", "next-200", "next-20-tuesday"]) {
  const parsed = task.endsWith("-parsed");
  contenders[task + " js"] = () => {
    const rule = js(only(task));
    return [() => [(parsed ? js(only(task)) : rule).after(after)], civil];
  };
  contenders[task + " rust"] = () => {
    const rules = set(only(task));
    return [() => (parsed ? set(only(task)) : rules).between(...stretch).slice(0, 1), shown];
  };
}

const prepared = new Map();
const measured = (name, repeats) => {
  if (!prepared.has(name)) {
    prepared.set(name, contenders[name]());
    prepared.get(name)[0](); // once untimed: what is loaded lazily is there afterwards
  }
  const [work, text] = prepared.get(name);
  let result;
  const begin = process.hrtime.bigint();
  for (let run = 0; run < repeats; run++) result = work();
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9 / repeats;
  const lines = text(result);
  return { seconds, count: lines.length, digest: createHash("sha256").update(lines.join("\n")).digest("hex") };
};
for await (const line of createInterface({ input: process.stdin })) {
  const [task, contender, repeats] = line.split(" ");
  let answer;
  try { answer = measured(`${task} ${contender}`, Number(repeats)); } catch (error) { answer = { error: String(error) }; }
  console.log(JSON.stringify(answer));
}
