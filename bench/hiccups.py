#!/usr/bin/env python3
"""usage: hiccups.py CPU FILE

How long this machine keeps one of its processors from everybody: wakes each millisecond, at the
highest priority of real time, and writes "BEGIN END" (ns, CLOCK_MONOTONIC) of each time it was
woken more than a millisecond late. Ends with its standard input."""
import os
import select
import sys
import time

PERIOD_NS = LATE_NS = 1_000_000


def main():
    processor, path = int(sys.argv[1]), sys.argv[2]
    os.sched_setaffinity(0, [processor])
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(os.sched_get_priority_max(os.SCHED_RR)))
    with open(path, "w", encoding="ascii") as file:
        print("watching", flush=True)
        last = time.monotonic_ns()
        while not select.select([sys.stdin], [], [], PERIOD_NS / 1e9)[0]:
            now = time.monotonic_ns()
            if now > last + PERIOD_NS + LATE_NS:
                file.write(f"{last + PERIOD_NS} {now}\n")
            last = now


if __name__ == "__main__":
    main()
