"""stapy: queries over what frost-sta-client has left."""

import os
import sys

# This file has the name of the package that it tries.
sys.path.pop(0)
import requests  # noqa: E402

# stapy knows no bearer token: every session of its HTTP library sends it.
plain = requests.Session.request


def with_token(session, method, url, **options):
    session.headers["Authorization"] = "Bearer " + os.environ["READER"]
    return plain(session, method, url, **options)


requests.Session.request = with_token

from stapy import Entity, Query, set_sta_url  # noqa: E402

set_sta_url(os.environ["URL"])


def check(name, found, expected):
    assert found == expected, f"{name}: {found!r}, not {expected!r}"
    print("ok", name)


# A list of one is given as what is in it.
found = Query(Entity.Thing).select("name", "properties.floors").get_data_sets()
check("selected properties, also inside others", found, ("Station", 3))
stream = Query(Entity.Datastream).select("@iot.id").filter("ObservedProperty/name eq 'Air temperature'").get_data_sets()
check("one Datastream by its ObservedProperty", stream.count(","), 1)
results, times = Query(Entity.Observation).select("result", "phenomenonTime").order("phenomenonTime").limit(4).get_data_sets()
check("all pages of Observations", (results, times[0]), ([10.0 + m for m in range(10)], "2026-03-01T10:00:00Z"))
some = Query(Entity.Observation).select("result").filter(f"Datastream/id eq '{stream}' and result gt 12.5").order("result", asc=False)
check("a filter, an order and a number", some.get_data_sets(3), [19.0, 18.0, 17.0])
north = Query(Entity.Observation).select("result").filter("parameters/side eq 'north' and minute(phenomenonTime) lt 2").order("result")
check("functions of time and parameters", north.get_data_sets(), [10.0, 11.0])
check("an offset", Query(Entity.Observation).select("result").order("result").offset(8).get_data_sets(), [18.0, 19.0])
place = Query(Entity.Location).select("location").filter("geo.distance(location, geography'POINT (24.94 60.17)') lt 0.01")
check("a distance", place.get_data_sets()["coordinates"], [24.94, 60.17])
