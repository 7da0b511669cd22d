#!/usr/bin/env python3
"""What a key costs where nothing is sent, and what it keeps off, on nodes in network namespaces.

usage: bench/seal.py PART [--build DIR] [--rounds N] [--seconds S]; takes root
  joining   from the moment that the last of two and of three nodes begins to look for others until
            all of them have their view, with a key and without, in turn
  flood     a ring of two, which is asked for its latency and throughput while another process sends
            forged frames as fast as it can: from a stranger's address, and from a member's, with
            the header of a frame of his
"""
import argparse
import datetime
import json
import multiprocessing
import os
import pathlib
import re
import signal
import socket
import statistics
import sys
import time

import lab

ROOT = pathlib.Path(__file__).resolve().parents[1]
PORT = 5405
IP_TRANSPARENT, UDP_SEGMENT, ETH_P_ALL = 19, 103, 3
SEGMENTS_MAX, DATAGRAM_MAX = 64, 65000
HEADER, LANE = 40, 6  # bytes of the clear header, and where it says the lane
STARTED, VIEW = "gather: started", ": {} members, the oldest"


def spread(values, digits=0):
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})".replace(",", " ")


# ---- joining ----

def moments(cluster, words):
    """When each node's log says so."""
    for node in lab.NODES:
        for line in (cluster.folder / f"out{node}").read_text(encoding="utf-8").splitlines():
            if words in line:
                yield datetime.datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S.%f")
                break


def joining(options):
    print("| nodes | without a key, ms | with a key | later by |\n|---|---|---|---|")
    for nodes in (2, 3):
        lab.NODES = tuple(range(1, nodes + 1))
        took = {lab.GyreLab: [], lab.SealedLab: []}
        for _ in range(options.rounds):
            for kind, times in took.items():
                with kind(options.build, "udpu") as cluster:
                    formed = max(moments(cluster, VIEW.format(nodes)))
                    times.append((formed - max(moments(cluster, STARTED))).total_seconds() * 1e3)
        plain, sealed = took.values()
        later = statistics.median(sealed) - statistics.median(plain)
        print(f"| {nodes} | {spread(plain)} | {spread(sealed)} | {later:.0f} |", flush=True)


# ---- flood ----

def overheard(cluster):
    """A frame of node 2 to node 1."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL)) as tap:
        tap.bind((f"{cluster.name}.1", ETH_P_ALL))
        pair = socket.inet_aton(cluster.address(2)) + socket.inet_aton(cluster.address(1))
        while True:
            packet = tap.recv(4096)
            if packet[12:20] == pair and packet[9] == socket.IPPROTO_UDP:
                return packet[28:]


def forged(frame, lane, size):
    """Its header, of a counter that it will come to later; what the seal is of is missing."""
    header = bytearray(frame[:HEADER])
    header[LANE] = lane
    header[20:24] = (size - HEADER).to_bytes(4, "little")
    header[32:40] = (1 << 21).to_bytes(8, "little")
    return bytes(header) + os.urandom(size - HEADER)


def send_for_ever(source, to, frame, sent):
    segments = min(SEGMENTS_MAX, DATAGRAM_MAX // len(frame))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.setsockopt(socket.SOL_IP, IP_TRANSPARENT, 1)
        out.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, len(frame))
        out.bind((source, 0))
        out.connect((to, PORT))
        while True:
            out.send(frame * segments)
            sent.value += segments


def counters(cluster):
    return json.loads(cluster.gyre("status", "--json", "--run-dir",
                                   cluster.folder / "1/run"))["counters"]


def measured(cluster, seconds):
    folders = [cluster.folder / f"{node}/run" for node in lab.NODES]
    latency = cluster.latency(64, seconds)
    rate = json.loads(cluster.gyre("bench", "throughput", "--json", "--run-dir", *folders,
                                   "--bytes", 1024, "--seconds", seconds, "--senders", 1))
    return {"p50": latency["p50_us"], "p99": latency["p99_us"], "rate": rate["messages_per_s"]}


def under_flood(cluster, flood, seconds):
    """What the ring does meanwhile, and what became of the frames."""
    before, sent, start = counters(cluster), multiprocessing.Value("Q", 0, lock=False), time.time()
    process = None
    if flood:
        process = multiprocessing.Process(target=send_for_ever, args=(*flood, sent), daemon=True)
        process.start()
    found = measured(cluster, seconds)
    if process:
        process.kill()
        process.join()
    found["sent"] = sent.value / (time.time() - start)
    time.sleep(1.5)  # the kernel is asked once a second what it has dropped
    after = counters(cluster)
    found["kernel"] = after["transport"]["dropped_kernel"] - before["transport"]["dropped_kernel"]
    found["refused"] = sum(after["header"][why] - before["header"][why]
                           for why in ("forged", "unopened", "replayed"))
    found["shaken"] = sum(after["ring"][what] - before["ring"][what]
                          for what in ("gathers", "token_losses"))
    found["share"] = (found["kernel"] + found["refused"]) / max(sent.value, 1)
    return found


def flood(options):
    lab.NODES = (1, 2)
    with lab.SealedLab(options.build, "udpu") as cluster:
        stranger = f"{cluster.net}.66"
        lab.run("ip", "addr", "add", f"{stranger}/24", "dev", cluster.name)
        frame, to = overheard(cluster), cluster.address(1)
        floods = {"none": None}
        for who, source in (("a stranger", stranger), ("a member's address", cluster.address(2))):
            for lane, name in enumerate(("data", "token")):
                for size in (100, 1400):
                    floods[f"{who}, {name} lane, {size} bytes"] = \
                        (source, to, forged(frame, lane, size))
        rounds = {name: [] for name in floods}
        for _ in range(options.rounds):
            for name, how in floods.items():
                rounds[name].append(under_flood(cluster, how, options.seconds))
    print("| flood | forged frames/s | dropped by the kernel | refused by gyred | counted of all |"
          " ring broke | latency p50 µs | p99 µs | messages/s of 1 KiB |\n" + "|---" * 9 + "|")
    for name, found in rounds.items():
        total = {key: sum(one[key] for one in found) for key in ("kernel", "refused", "shaken")}
        rate, counted, *asked = (spread([one[key] for one in found], digits) for key, digits in
                                 (("sent", 0), ("share", 4), ("p50", 0), ("p99", 0), ("rate", 0)))
        cells = [name, rate, total["kernel"], total["refused"], counted, total["shaken"], *asked]
        print("| " + " | ".join(map(str, cells)) + " |")


def main():
    parser = argparse.ArgumentParser(usage=re.sub(r"^.*?usage: ", "", __doc__, flags=re.S))
    parser.add_argument("part", choices=("joining", "flood"))
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1)
    options = parser.parse_args()
    options.build = options.build.resolve()
    if reason := lab.why_not_namespaces():
        raise lab.LabError(reason)
    {"joining": joining, "flood": flood}[options.part](options)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except (lab.LabError, OSError) as error:
        sys.exit(f"seal: {error}")
