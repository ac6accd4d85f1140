"use strict";
// Shows the reader's own clock instead of the calendar's. Times come from the instants in the page and from Intl; texts and
// calls from the page's data. Nothing is fetched, and only text is ever inserted into the page.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const words = data.words;
  for (const call of data.calls) {
    Object.assign(call, data.about[call.about]);
    call.day = call.day || call.start.slice(0, 10);
    call.end = new Date(Date.parse(call.start) + call.seconds * 1000).toISOString();
    if (call.minutes) call.minutes = call.minutes.replaceAll("{date}", call.day);
  }
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const by = (id) => document.getElementById(id);
  const plurals = new Intl.PluralRules(data.language);
  const put = (key, values) => {
    const forms = words[key], number = values.number;
    const text = forms.other ? forms[`=${number}`] || forms[plurals.select(number)] || forms.other : forms;
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  };
  const MINUTE = 60000, DAY = 86400000;

  // --- Zones: the tz database's names, also where a browser still has the old ones.
  const RENAMED = {
    "Africa/Asmera": "Africa/Asmara", "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
    "America/Catamarca": "America/Argentina/Catamarca", "America/Coral_Harbour": "America/Atikokan",
    "America/Cordoba": "America/Argentina/Cordoba", "America/Godthab": "America/Nuuk",
    "America/Indianapolis": "America/Indiana/Indianapolis", "America/Jujuy": "America/Argentina/Jujuy",
    "America/Louisville": "America/Kentucky/Louisville", "America/Mendoza": "America/Argentina/Mendoza",
    "Asia/Calcutta": "Asia/Kolkata", "Asia/Katmandu": "Asia/Kathmandu", "Asia/Rangoon": "Asia/Yangon",
    "Asia/Saigon": "Asia/Ho_Chi_Minh", "Atlantic/Faeroe": "Atlantic/Faroe", "Europe/Kiev": "Europe/Kyiv",
    "Pacific/Enderbury": "Pacific/Kanton", "Pacific/Ponape": "Pacific/Pohnpei", "Pacific/Truk": "Pacific/Chuuk",
    "Etc/UTC": "UTC", "Etc/GMT": "UTC", "GMT": "UTC",
  };
  const known = (name) => {
    try {
      new Intl.DateTimeFormat("en", { timeZone: name });
    } catch {
      return null;
    }
    return RENAMED[name] || name;
  };
  const own = () => known(Intl.DateTimeFormat().resolvedOptions().timeZone) || "UTC";
  const city = (name) => name.slice(name.lastIndexOf("/") + 1).replaceAll("_", " ");
  const shown = (name) => name.replaceAll("_", " ");
  const store = {
    get() {
      try { return localStorage.getItem("svsm-cal.zone"); } catch { return null; }
    },
    set(name) {
      try {
        if (name) localStorage.setItem("svsm-cal.zone", name); else localStorage.removeItem("svsm-cal.zone");
      } catch { /* denied: it lasts as long as the page */ }
    },
  };
  const linked = () => {
    const found = /(?:^|[#&])tz=([^&]+)/.exec(location.hash);
    try {
      return found && known(decodeURIComponent(found[1]));
    } catch {
      return null;
    }
  };

  // --- Times on a clock.
  const formats = new Map();
  const formatOf = (zone) => {
    if (!formats.has(zone)) formats.set(zone, new Intl.DateTimeFormat("en", { timeZone: zone, ...NUMBERS }));
    return formats.get(zone);
  };
  const NUMBERS = {
    calendar: "gregory", numberingSystem: "latn", hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric", second: "numeric",
  };
  const wall = (at, zone) => {
    const found = {};
    for (const { type, value } of formatOf(zone).formatToParts(at)) found[type] = Number(value);
    return Date.UTC(found.year, found.month - 1, found.day, found.hour, found.minute, found.second);
  };
  const offset = (at, zone) => wall(at, zone) - Math.floor(at / 1000) * 1000;
  const two = (number) => String(number).padStart(2, "0");
  const clock = (at, zone) => {
    const local = new Date(wall(at, zone));
    const seconds = local.getUTCSeconds();
    return `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}${seconds ? `:${two(seconds)}` : ""}`;
  };
  const month = (local) => data.names.months[local.getUTCMonth()];
  const dated = (key, at, zone) => {
    const local = new Date(wall(at, zone)), weekdays = data.names[key === "long_date" ? "weekdays" : "weekdays_short"];
    return put(key, {
      weekday: weekdays[(local.getUTCDay() + 6) % 7], day: local.getUTCDate(), month: month(local), year: local.getUTCFullYear(),
    });
  };
  const forms = {
    clock, day: (at, zone) => dated("day", at, zone), date: (at, zone) => dated("date", at, zone),
    long: (at, zone) => dated("long_date", at, zone),
    both: (at, zone) => `${dated("day", at, zone)}, ${clock(at, zone)}`,
  };
  const east = (at, zone) => {
    const size = Math.abs(offset(at, zone)) / MINUTE;
    return `UTC${offset(at, zone) < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(Math.floor(size % 60))}`;
  };

  // --- Lengths in words.
  const parts = (minutes, most, kind) => {
    const amount = ([number, unit]) => put(words[`${kind}.${unit}`] ? `${kind}.${unit}` : `count.${unit}`, { number });
    const found = [];
    for (const [unit, size] of [["week", 10080], ["day", 1440], ["hour", 60], ["minute", 1]]) {
      found.push([Math.floor(minutes / size), unit]);
      minutes %= size;
    }
    const first = found.findIndex(([number]) => number);
    if (first < 0) return amount([0, "minute"]);
    return found.slice(first, first + most).filter(([number]) => number).map(amount).join(" ");
  };
  const change = (minutes) => put(minutes > 0 ? "later" : "earlier", {
    length: Math.abs(minutes) === 60 ? words.an_hour : parts(Math.abs(minutes), 4, "count"),
  });
  const left = (milliseconds) => put("in", { length: parts(Math.floor(milliseconds / MINUTE), 2, "in") });

  // --- Shift windows, as the program itself finds them: runs of calls with one local start.
  const regular = {};
  for (const [series, rows] of Object.entries(data.regular)) {
    regular[series] = rows.flatMap(([text, calls, days, minutes]) => {
      const start = Date.parse(text), local = Date.parse(`${text.slice(0, 19)}Z`);
      return Array.from({ length: calls }, (_, n) => ({
        at: start + n * days * DAY, day: local + n * days * DAY, clock: minutes * MINUTE - (local - start),
      }));
    });
  }
  const windows = (series, zone) => {
    const found = [];
    for (const call of regular[series] || []) {
      const phase = call.clock + offset(call.at, zone);
      const before = found[found.length - 1];
      if (before && before.phase === phase) {
        before.last = call;
        before.calls += 1;
      } else {
        found.push({ phase, first: call, last: call, calls: 1, change: before ? (phase - before.phase) / MINUTE : 0 });
      }
    }
    found.forEach((each, n) => {
      const before = found[n - 1], after = found[n + 1];
      each.passing = Boolean(before && after) && after.first.at - each.first.at < 70 * DAY && before.phase === after.phase;
    });
    return found;
  };
  const shift = (call, rows, zone) => {
    const at = Date.parse(call.start);
    let n = rows.findIndex((each) => each.first.at > at);
    n = Math.max(0, (n < 0 ? rows.length : n) - 1);
    if (!rows.length) return "";
    let minutes = 0;
    if (!call.status) {
      if (rows[n].passing || (n && at === rows[n].first.at)) minutes = rows[n].change;
    } else {
      const phase = call.clock * MINUTE + at - call.wall * MINUTE + offset(at, zone);
      const near = rows.slice(n, n + 2).find((each) => each.passing && each.phase === phase);
      minutes = near ? near.change : 0;
    }
    if (!minutes) return "";
    const inside = rows.findIndex((each) => each.first.at <= at && at <= each.last.at);
    const said = change(minutes), row = rows[inside];
    if (row && !row.passing) return put(inside && rows[inside - 1].passing ? "returns" : "from_now", { change: said });
    if (!row || row.calls === 1) return put("unusual", { change: said });
    if (new Date(row.last.day).toISOString().slice(0, 10) === call.day) return put("unusual_last", { change: said });
    return put("unusual_until", { change: said, day: dated("day", row.last.at, zone) });
  };

  // --- The card of the next call.
  const card = (key) => document.querySelector(`[data-card="${key}"]`);
  const say = (key, text) => {
    const element = card(key);
    if (!element) return;
    if (element.textContent !== (text || "")) element.textContent = text || "";
    (element.tagName === "DD" ? element.parentElement : element).hidden = !text;
  };
  const follow = (key, url) => {
    const element = card(key);
    if (!element) return;
    if (/^(https?|ircs?|matrix|xmpp|tel|sips?):/i.test(url || "")) element.href = url; else element.removeAttribute("href");
    element.hidden = !element.hasAttribute("href");
  };
  const because = (what, reason) => (reason ? put("because", { what, reason }) : what);
  const note = (call, zone) => {
    if (call.status === "moved") {
      const said = put("moved", { when: forms.both(Date.parse(call.from), zone) });
      return call.reason ? `${said}: ${call.reason}` : said;
    }
    return call.reason || (call.status === "added" ? words.extra : "");
  };
  const hourOf = (at, zone) => new Date(wall(at, zone)).getUTCHours();
  const paint = (element, hour) => {
    element.classList.remove(...[...element.classList].filter((each) => /^h\d+$/.test(each)));
    element.classList.add(`h${hour}`);
  };
  const showCard = (zone, now, rows) => {
    const holder = by("next"), coming = data.calls.filter((call) => Date.parse(call.end) > now);
    const index = coming.findIndex((call) => call.status !== "cancelled");
    const call = coming[index];
    if (!card("clock")) return null;
    const gone = coming.slice(0, index < 0 ? coming.length : index);
    say("gone", gone.map((each) => because(put("no_call", { day: dated("day", Date.parse(each.start), zone) }), each.reason)).join(" · "));
    if (!call) {
      for (const key of ["clock", "day", "zone", "shift", "status", "length", "chair", "place", "left"]) say(key, "");
      for (const key of ["url", "minutes"]) follow(key, null);
      say("title", words.no_more);
      return null;
    }
    const at = Date.parse(call.start);
    for (const key of ["clock", "day"]) card(key).dateTime = call.start;
    say("clock", clock(at, zone));
    say("day", dated("long_date", at, zone));
    say("zone", `${put("your_time", { zone: shown(zone) })}, ${east(at, zone)}`);
    say("shift", shift(call, rows[call.series], zone));
    say("status", note(call, zone));
    say("title", call.title);
    say("length", parts(Math.round((Date.parse(call.end) - at) / MINUTE), 4, "count"));
    say("chair", call.chair);
    say("place", call.place);
    follow("url", call.url);
    follow("minutes", call.minutes);
    paint(holder, hourOf(at, zone));
    return call;
  };
  const count = (call, now) => {
    if (!call) return;
    const at = Date.parse(call.start);
    say("left", at > now ? left(at - now) : words.now);
  };

  const showZones = (call) => {
    const holder = document.querySelector("[data-everywhere]");
    if (!holder || !call) return;
    const at = Date.parse(call.start);
    holder.textContent = put("everywhere_of", { day: forms.date(at, data.zone) });
    for (const row of all("tr[data-row]")) {
      const there = row.dataset.row, [time, day, off] = row.querySelectorAll("td"), [date, note] = day.children;
      row.classList.toggle("here", there === zone);
      time.firstChild.textContent = clock(at, there);
      date.textContent = forms.day(at, there);
      off.textContent = east(at, there);
      note.textContent = shift(call, windows(call.series, there), there);
      note.hidden = !note.textContent;
      paint(row.querySelector(".swatch"), hourOf(at, there));
    }
  };

  // --- The year's own row.
  const SVG = "http://www.w3.org/2000/svg";
  const draw = (group, tag, attributes, text) => {
    const element = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text) element.textContent = text;
    group.append(element);
  };
  const span = (first, last, zone) => {
    const [begin, end] = [first, last].map((at) => new Date(wall(at, zone)));
    const named = (local) => ({ day: local.getUTCDate(), month: month(local) });
    if (forms.date(first, zone) === forms.date(last, zone)) return put("day_month", named(begin));
    if (begin.getUTCMonth() === end.getUTCMonth()) return put("days_month", { first: begin.getUTCDate(), ...named(end) });
    return put("days", { first: put("day_month", named(begin)), last: put("day_month", named(end)) });
  };
  const showYear = (picture, zone, rows) => {
    const row = picture.querySelector(".own"), y = Number(row.dataset.y);
    row.querySelector("[data-city]").textContent = city(zone);
    const cells = all("rect[data-at]", row).map((cell) => {
      const at = Date.parse(cell.dataset.at);
      paint(cell, hourOf(at, zone));
      return { at, x: Number(cell.getAttribute("x")), width: Number(cell.getAttribute("width")), text: clock(at, zone), run: cell.dataset.run };
    });
    const times = row.querySelector("[data-times]");
    times.replaceChildren();
    const stretches = [];
    cells.forEach((cell, n) => {
      const last = stretches[stretches.length - 1];
      if (last && last.text === cell.text && cell.run === cells[n - 1].run) last.end = cell.x + cell.width;
      else stretches.push({ text: cell.text, begin: cell.x, end: cell.x + cell.width });
    });
    const size = ({ begin, end }) => end - begin;
    const roomy = stretches.filter((each) => size(each) >= each.text.length * 6.2 + 8);
    for (const each of roomy) {
      if (size(each) * 2 <= Math.max(...roomy.filter(({ text }) => text === each.text).map(size))) continue;
      draw(times, "text", { x: (each.begin + each.end) / 2, y: y + 14, class: `at h${Number(each.text.slice(0, 2))}` }, each.text);
    }
    for (const each of rows) {
      const inside = cells.filter((cell) => each.first.at <= cell.at && cell.at <= each.last.at);
      if (!each.passing || !inside.length) continue;
      const begin = inside[0].x - 2, end = inside[inside.length - 1].x + inside[0].width + 2;
      const text = `${span(each.first.at, each.last.at, zone)}, ${clock(each.first.at, zone)}`;
      const atEnd = begin + text.length * 6.2 > picture.viewBox.baseVal.width;
      draw(times, "rect", { class: "frame", x: begin, y: y - 2, width: end - begin, height: 24, rx: 4 });
      draw(times, "text", { class: atEnd ? "dates end" : "dates", x: atEnd ? end : begin, y: y + 32 }, text);
    }
  };

  // --- The whole page on one clock.
  let zone = "UTC", next = null;
  const show = () => {
    const now = Date.now(), rows = {};
    for (const series of Object.keys(data.regular)) rows[series] = windows(series, zone);
    for (const element of all("time[data-form]")) {
      element.textContent = forms[element.dataset.form](Date.parse(element.dateTime), zone);
    }
    for (const element of all("[data-zone]")) element.textContent = shown(zone);
    for (const row of all("tr[data-call]")) {
      const call = data.calls[Number(row.dataset.call)];
      row.hidden = Date.parse(call.end) <= now;
      row.querySelector("[data-shift]").textContent = call.status === "cancelled" ? "" : shift(call, rows[call.series], zone);
    }
    for (const picture of all("svg.year")) showYear(picture, zone, rows[picture.dataset.series] || []);
    next = showCard(zone, now, rows);
    showZones(next);
    tick();
  };
  const tick = () => {
    const now = Date.now();
    count(next, now);
    for (const item of all("li[data-due]")) {
      const due = Date.parse(item.dataset.due), rest = item.querySelector("[data-left]");
      if (!rest) continue;
      const begun = data.calls.filter((call) => call.status !== "cancelled" && Date.parse(call.start) > Date.parse(data.built)
        && Date.parse(call.start) <= now && Date.parse(call.start) < due).length;
      const calls = Math.max(0, Number(item.dataset.calls) - begun);
      rest.textContent = due > now ? left(due - now) : words.over;
      item.querySelector("[data-calls-left]").textContent = calls && due > now
        ? put("calls_left", { calls: put("count.call", { number: calls }) }) : words.no_call_left;
    }
  };
  const use = (name, { told = false } = {}) => {
    zone = name;
    show();
    if (told && by("zone-said")) by("zone-said").textContent = put("zone_set", { zone: shown(name) });
  };
  const choose = (name) => {
    store.set(name);
    try {
      history.replaceState(null, "", name ? `#tz=${name}` : location.pathname + location.search);
    } catch { /* a page that may not: the choice holds all the same */ }
    use(name || own(), { told: true });
  };

  // --- The zone picker: an ARIA combobox with a list.
  const picker = () => {
    const input = by("zone"), list = by("zones");
    if (!input) return;
    let names = null, active = -1;
    const load = () => {
      names = names || [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone").map((each) => RENAMED[each] || each)])];
      return names;
    };
    const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[_\s]+/g, " ").trim();
    const search = (text) => {
      const wanted = plain(text), now = Date.now();
      const rank = (each) => {
        const own = plain(city(each)), whole = plain(each);
        return own.startsWith(wanted) ? 0 : whole.startsWith(wanted) ? 1 : own.includes(wanted) ? 2 : whole.includes(wanted) ? 3 : 9;
      };
      const old = Object.keys(RENAMED).filter((each) => plain(city(each)).startsWith(wanted)).map((each) => RENAMED[each]);
      const ranked = load().map((each) => [old.includes(each) ? Math.min(1, rank(each)) : rank(each), each]).filter(([place]) => place < 9);
      ranked.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1));
      return ranked.slice(0, 8).map(([, each]) => [each, `${clock(now, each)}, ${east(now, each)}`]);
    };
    const close = () => {
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const mark = (number) => {
      const options = all("[role=option]", list);
      active = options.length ? (number + options.length) % options.length : -1;
      options.forEach((each, n) => each.setAttribute("aria-selected", String(n === active)));
      if (active >= 0) {
        input.setAttribute("aria-activedescendant", options[active].id);
        options[active].scrollIntoView({ block: "nearest" });
      }
    };
    const pick = (name) => {
      input.value = "";
      close();
      choose(name);
    };
    const open = () => {
      const found = input.value.trim() ? search(input.value) : [];
      list.replaceChildren(...found.map(([name, aside], n) => {
        const option = document.createElement("li"), strong = document.createElement("span"), soft = document.createElement("span");
        option.id = `zone-${n}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        strong.textContent = shown(name);
        soft.textContent = aside;
        soft.className = "soft";
        option.append(strong, " ", soft);
        option.addEventListener("pointerdown", (event) => event.preventDefault());
        option.addEventListener("click", () => pick(name));
        return option;
      }));
      list.hidden = !found.length;
      input.setAttribute("aria-expanded", String(Boolean(found.length)));
      input.removeAttribute("aria-activedescendant");
      active = -1;
      by("zone-said").textContent = !input.value.trim() ? ""
        : found.length ? put("zones_found", { number: found.length }) : put("no_zone", { text: input.value.trim() });
      return found;
    };
    input.addEventListener("input", open);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) open();
        mark(active + (event.key === "ArrowDown" ? 1 : active < 0 ? 0 : -1));
      } else if (event.key === "Enter") {
        event.preventDefault();
        const marked = Math.max(0, active), found = open();
        if (found[marked]) pick(found[marked][0]);
      } else if (event.key === "Escape") {
        if (list.hidden) input.value = "";
        close();
      }
    });
    by("own-zone").addEventListener("click", () => choose(null));
  };

  // --- Subscribing.
  const feeds = () => {
    const root = document.querySelector("link[rel=stylesheet]").href.replace(/style\.css$/, "");
    for (const group of all("[data-feed]")) {
      if (!/^https?:/.test(root)) break;
      const https = root + group.dataset.feed, webcal = https.replace(/^https?/, "webcal");
      const ways = {
        in_calendar: webcal,
        in_google: `https://calendar.google.com/calendar/render?cid=${encodeURIComponent(webcal)}`,
        in_outlook: `https://outlook.live.com/calendar/0/addfromweb?url=${encodeURIComponent(https)}`,
      };
      for (const link of all("a[data-way][hidden]", group)) {
        link.href = ways[link.dataset.way];
        link.hidden = false;
      }
      for (const button of all("[data-copy]", group)) {
        if (!/^https?:/.test(button.dataset.copy)) button.dataset.copy = https;
      }
    }
    for (const button of all("button[data-copy]")) {
      const text = button.textContent;
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(button.dataset.copy);
        } catch {
          const area = document.createElement("textarea");
          area.value = button.dataset.copy;
          document.body.append(area);
          area.select();
          document.execCommand("copy");
          area.remove();
          button.focus();
        }
        button.textContent = words.copied;
        setTimeout(() => { button.textContent = text; }, 2000);
      });
    }
  };

  const begin = () => linked() || (store.get() && known(store.get())) || own();
  addEventListener("hashchange", () => { if (linked()) use(linked(), { told: true }); });
  use(begin());
  picker();
  feeds();
  let minute = Math.floor(Date.now() / MINUTE);
  setInterval(() => {
    if (Math.floor(Date.now() / MINUTE) === minute) return;
    minute = Math.floor(Date.now() / MINUTE);
    if (next && Date.parse(next.end) <= Date.now()) show(); else tick();
  }, 1000);
})();
