#!/usr/bin/env python3
"""Makes the recordings of the demo city from their sources. Python's standard library only; the same inputs give the
same bytes.

    make_data.py --beijing beijing_air.csv.gz --italy uci_airquality.csv.gz --nab DIR --room ambient_temperature.csv

Inputs: see data/README.md. Vehicles and reports are simulated from routes.json and the seed below.
"""

import argparse
import csv
import datetime as dt
import gzip
import io
import json
import math
import pathlib
import random

HERE = pathlib.Path(__file__).parent
SEED = 20150916
# Stations of the recording whose readings stand at an asset air-<station>.
STATIONS = ["Dongsi", "Guanyuan", "Tiantan", "Wanshouxigong", "Nongzhanguan", "Gucheng", "Aotizhongxin", "Wanliu"]
# Asset, series and the moment of the series that the recording begins with. loop-1 begins two hours before a labelled
# anomaly of t4013, loop-2 three and a half before one of 7578, section-1 as long before one of 451.
LOOPS = [
    ("loop-1", "t4013", "2015-09-16 06:00"),
    ("loop-2", "7578", "2015-09-15 11:20"),
    ("loop-3", "6005", "2015-09-08 09:00"),
    ("loop-4", "t4013", "2015-09-04 10:00"),
    ("loop-5", "6005", "2015-09-03 12:00"),
    ("loop-6", "7578", "2015-09-10 08:00"),
    ("loop-7", "t4013", "2015-09-09 10:00"),
    ("loop-8", "6005", "2015-09-12 07:00"),
    ("loop-9", "t4013", "2015-09-12 09:00"),
    ("loop-10", "6005", "2015-09-06 10:00"),
]
SECTIONS = [("section-1", "TravelTime_451", "2015-07-31 06:00"), ("section-2", "TravelTime_387", "2015-08-05 08:00")]
START = dt.datetime(2015, 9, 16, 6, 0)


def write(name, text):
    """Writes data/<name>.gz without a time stamp, so that the bytes only depend on the text."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9, mtime=0, filename="") as packed:
        packed.write(text.encode())
    path = HERE / "data" / f"{name}.gz"
    path.write_bytes(out.getvalue())
    print(f"{path.name}: {len(out.getvalue())} bytes")


def read(path):
    opened = gzip.open(path, "rt") if str(path).endswith(".gz") else open(path, encoding="utf-8")
    with opened as lines:
        return list(csv.DictReader(lines))


def table(header, rows):
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(header)
    lines.writerows(rows)
    return out.getvalue()


def air(path):
    """Hours of the chosen stations around the smog of 9 January 2015, in the order of time."""
    columns = ["time", "station", "pm25", "pm10", "so2", "no2", "co", "o3", "temp", "pres", "wspm"]
    rows = [r for r in read(path) if "2015-01-09T14:00" <= r["time"] < "2015-01-24T14:00"]
    rows.sort(key=lambda r: (r["time"], r["station"]))
    write("air.csv", table(columns, [[r[c] for c in columns] for r in rows if r["station"] in STATIONS]))
    mast = ["time", "temp", "pres", "wspm"]
    write("weather.csv", table(mast, [[r[c] for c in mast] for r in rows if r["station"] == "Dingling"]))


def roadside(path):
    """Eight weeks of the reference analysers, as the file has them."""
    columns = ["Date", "Time", "CO_GT", "C6H6_GT", "NO2_GT", "T", "RH"]
    rows = read(path)[:1344]
    write("roadside.csv", table(columns, [[r[c] for c in columns] for r in rows]))


def turned(rows, begin):
    """The series from `begin` to its end and then from its start, dated on from START in its own steps."""
    times = [dt.datetime.fromisoformat(r["timestamp"]) for r in rows]
    begin = dt.datetime.fromisoformat(begin)
    first = next(i for i, t in enumerate(times) if t >= begin)
    moved = [(START + (times[i] - times[first]), rows[i]["value"]) for i in range(first, len(rows))]
    # The seam takes as long as a usual step.
    back = moved[-1][0] + dt.timedelta(minutes=5)
    moved += [(back + (times[i] - times[0]), rows[i]["value"]) for i in range(first)]
    return moved


def traffic(folder):
    """Speed and occupancy, one row for a detector and moment; a blank cell where only the other was measured."""
    cells = {}
    for asset, series, begin in LOOPS:
        for column, kind in ((0, "speed"), (1, "occupancy")):
            path = folder / f"{kind}_{series}.csv"
            if path.exists():
                for time, value in turned(read(path), begin):
                    # Seconds apart, so that the detectors do not all report in one instant.
                    time += dt.timedelta(seconds=27 * int(asset.split("-")[1]))
                    cells.setdefault((time, asset), ["", ""])[column] = value
    rows = [[t.strftime("%Y-%m-%dT%H:%M:%SZ"), asset, *values] for (t, asset), values in sorted(cells.items())]
    write("traffic.csv", table(["time", "asset", "speed", "occupancy"], rows))
    rows = [(t, asset, v) for asset, series, begin in SECTIONS for t, v in turned(read(folder / f"{series}.csv"), begin)]
    rows = [[t.strftime("%Y-%m-%dT%H:%M:%SZ"), asset, v] for t, asset, v in sorted(rows)]
    write("travel_time.csv", table(["time", "asset", "seconds"], rows))


def room(path):
    """Thirty hours, then nothing: a sensor that falls silent."""
    rows = read(path)[:30]
    write("room.csv", table(["time", "fahrenheit"], [[r["timestamp"].replace(" ", "T") + "Z", r["value"]] for r in rows]))


def metres(a, b):
    return math.hypot((a[0] - b[0]) * math.cos(math.radians(a[1])), a[1] - b[1]) * 111_320


def vehicles():
    """Three vehicles on their routes, a position every two seconds for fifteen minutes."""
    routes = json.loads((HERE / "routes.json").read_text())
    lines = []
    draw = random.Random(SEED)
    for number, (asset, speed_kmh, along) in enumerate((("dg-1", 36, 560), ("sweeper-1", 14, 0), ("bus-1", 27, 1800))):
        route = routes[asset]
        length = sum(metres(a, b) for a, b in zip(route, route[1:]))
        for second in range(0, 900, 2):
            speed = max(0.0, speed_kmh + draw.uniform(-6, 6))
            place = at(route, along % length)
            along += speed / 3.6 * 2
            lines.append((second + 0.5 * number, {
                "time": stamp(second + 0.5 * number), "kind": "vehicle.speed", "asset": asset, "value": round(speed, 1),
                "unit": "km/h", "origin": "simulated", "place": {"type": "Point", "coordinates": place},
            }))
    write_lines("vehicles.ndjson", lines)


def at(route, along):
    for a, b in zip(route, route[1:]):
        step = metres(a, b)
        if along <= step and step > 0:
            part = along / step
            return [round(a[0] + (b[0] - a[0]) * part, 6), round(a[1] + (b[1] - a[1]) * part, 6)]
        along -= step
    return route[-1]


def stamp(second):
    return (START + dt.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def write_lines(name, timed):
    timed.sort(key=lambda pair: pair[0])
    write(name, "".join(json.dumps(line, separators=(",", ":")) + "\n" for _, line in timed))


def reports():
    """Twenty minutes of residents' reports: a thin stream all over the city, and clusters around two bursts of water
    mains. Categories and channels only, no texts and no persons; `reporter` is a number without meaning."""
    draw = random.Random(SEED + 1)
    streets = [p for route in json.loads((HERE / "routes.json").read_text()).values() for p in route]
    usual = ["street_light", "litter", "pothole", "noise", "parking", "graffiti", "tree"]
    timed = []

    def report(second, category, place, spread_m):
        angle, far = draw.uniform(0, math.tau), spread_m * math.sqrt(draw.random())
        lat = place[1] + far * math.sin(angle) / 111_320
        lon = place[0] + far * math.cos(angle) / (111_320 * math.cos(math.radians(lat)))
        timed.append((second, {
            "time": stamp(second), "kind": "report.category", "value": category, "origin": "simulated",
            "place": {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]},
            "attributes": {"channel": draw.choice(["app", "phone", "web"]), "reporter": f"r{draw.randrange(10_000):04}"},
        }))

    second = 2.0
    while second < 1200:
        report(second, draw.choice(usual), draw.choice(streets), 25)
        second += draw.uniform(8, 22)
    bursts = [(16, [7.42005, 43.73395], [0, 5, 9, 12, 20, 31, 44, 70, 95]), (610, [7.43150, 43.74690], [0, 7, 15, 22, 40, 66])]
    for begin, place, offsets in bursts:
        for offset in offsets:
            report(begin + offset, draw.choice(["burst_pipe", "flooding", "flooding", "no_water"]), place, 90)
    write_lines("reports.ndjson", timed)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("beijing", "italy", "nab", "room"):
        arguments.add_argument(f"--{name}", type=pathlib.Path, required=True)
    given = arguments.parse_args()
    air(given.beijing)
    roadside(given.italy)
    traffic(given.nab)
    room(given.room)
    vehicles()
    reports()


if __name__ == "__main__":
    main()
