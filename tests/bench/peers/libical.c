/* libical. How the conversation goes is in worker.py; in place of a digest the answer has the results' text.
 * Usage: libical INPUTS (lines of `TASK ZONE START RULE`) */
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST 20000

struct input {
    char task[32], rule[128];
    icaltimezone *zone;
    struct icaltimetype start;
    struct icalrecurrencetype parsed;
};

static struct input inputs[1000];
static int many;
static struct icaltimetype times[MOST];
static time_t instants[MOST];

static void fail(const char *what) {
    fprintf(stderr, "libical: %s\n", what);
    exit(1);
}

static void load(const char *path) {
    char line[512], zone[64], start[32];
    FILE *file = fopen(path, "r");
    if (!file) fail("no inputs");
    while (fgets(line, sizeof line, file) && many < 1000) {
        struct input *each = &inputs[many++];
        if (sscanf(line, "%31s %63s %31s %127s", each->task, zone, start, each->rule) != 4) fail("an input of another form");
        each->start = icaltime_from_string(start);
        each->zone = strcmp(zone, "UTC") == 0 ? icaltimezone_get_utc_timezone()
                     : zone[0] == '-'         ? NULL
                                              : icaltimezone_get_builtin_timezone(zone);
        if (!each->zone && zone[0] != '-') fail("a zone that the system has not");
        if (each->rule[0] != '-') each->parsed = icalrecurrencetype_from_string(each->rule);
    }
    fclose(file);
}

static struct input *only(const char *task) {
    for (int i = 0; i < many; i++)
        if (strcmp(inputs[i].task, task) == 0) return &inputs[i];
    return NULL;
}

static int weekly(const struct input *of) {
    int count = 0;
    icalrecur_iterator *iterator = icalrecur_iterator_new(of->parsed, of->start);
    for (struct icaltimetype at = icalrecur_iterator_next(iterator); !icaltime_is_null_time(at);
         at = icalrecur_iterator_next(iterator))
        instants[count++] = icaltime_as_timet_with_zone(at, of->zone);
    icalrecur_iterator_free(iterator);
    return count;
}

static int expansion(const struct input *of) {
    int count = 0;
    icalrecur_iterator *iterator = icalrecur_iterator_new(of->parsed, of->start);
    for (struct icaltimetype at = icalrecur_iterator_next(iterator); !icaltime_is_null_time(at);
         at = icalrecur_iterator_next(iterator))
        times[count++] = at;
    icalrecur_iterator_free(iterator);
    return count;
}

static int following(struct icalrecurrencetype rule, struct icaltimetype start, struct icaltimetype after) {
    icalrecur_iterator *iterator = icalrecur_iterator_new(rule, start);
    icalrecur_iterator_set_start(iterator, after);
    do times[0] = icalrecur_iterator_next(iterator);
    while (!icaltime_is_null_time(times[0]) && icaltime_compare(times[0], after) <= 0);
    icalrecur_iterator_free(iterator);
    return 1;
}

static int ascending(const void *one, const void *other) {
    time_t a = *(const time_t *)one, b = *(const time_t *)other;
    return (a > b) - (a < b);
}

static int week(time_t begin, time_t end) {
    int count = 0;
    for (int i = 0; i < many; i++) {
        const struct input *each = &inputs[i];
        if (strcmp(each->task, "week") != 0) continue;
        icalrecur_iterator *iterator = icalrecur_iterator_new(each->parsed, each->start);
        struct icaltimetype local = icaltime_from_timet_with_zone(begin, 0, each->zone);
        local.zone = NULL; /* as DTSTART is here: the rule runs in civil time */
        icalrecur_iterator_set_start(iterator, local);
        for (struct icaltimetype at = icalrecur_iterator_next(iterator); !icaltime_is_null_time(at);
             at = icalrecur_iterator_next(iterator)) {
            time_t instant = icaltime_as_timet_with_zone(at, each->zone);
            if (instant >= end) break;
            if (instant >= begin) instants[count++] = instant;
        }
        icalrecur_iterator_free(iterator);
    }
    qsort(instants, count, sizeof *instants, ascending);
    return count;
}

/* One run; its results are in `instants` where *civil is left 0, and in `times` where it is set. */
static int run(const char *task, const struct input *of, int *civil) {
    if (strcmp(task, "weekly") == 0) return weekly(of);
    if (strcmp(task, "week") == 0) {
        icaltimezone *utc = icaltimezone_get_utc_timezone();
        return week(icaltime_as_timet_with_zone(only("begin")->start, utc), icaltime_as_timet_with_zone(only("end")->start, utc));
    }
    *civil = 1;
    if (strcmp(task, "next-20-parsed") == 0)
        return following(icalrecurrencetype_from_string(of->rule), of->start, only("after")->start);
    if (strncmp(task, "next-", 5) == 0) return following(of->parsed, of->start, only("after")->start);
    return expansion(of);
}

int main(int argc, char **argv) {
    char line[256], task[64], contender[64];
    int repeats;
    if (argc != 2) fail("wants the path of its inputs");
    load(argv[1]);
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%63s %63s %d", task, contender, &repeats) != 3) fail("a request of another form");
        const struct input *of = only(task);
        if (!of) {
            printf("{\"error\": \"no task %s\"}\n", task);
            fflush(stdout);
            continue;
        }
        int count = 0, civil = 0;
        struct timespec begin, end;
        run(task, of, &civil); /* once untimed: zones are read lazily */
        clock_gettime(CLOCK_MONOTONIC, &begin);
        for (int i = 0; i < repeats; i++) count = run(task, of, &civil);
        clock_gettime(CLOCK_MONOTONIC, &end);
        double seconds = (end.tv_sec - begin.tv_sec) + (end.tv_nsec - begin.tv_nsec) / 1e9;
        printf("{\"seconds\": %.12f, \"count\": %d, \"text\": \"", seconds / repeats, count);
        for (int i = 0; i < count; i++) {
            char shown[64];
            if (civil) {
                struct icaltimetype *at = &times[i];
                snprintf(shown, sizeof shown, "%04d-%02d-%02dT%02d:%02d:%02d", at->year, at->month, at->day, at->hour, at->minute, at->second);
            } else
                strftime(shown, sizeof shown, "%Y-%m-%dT%H:%M:%SZ", gmtime(&instants[i]));
            printf("%s%s", i ? "\\n" : "", shown);
        }
        printf("\"}\n");
        fflush(stdout);
    }
    return 0;
}
