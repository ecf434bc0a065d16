"""Hard limits of the model: what is over them is refused or makes room, and a counter tells."""
MAX = 10000


def statistics(server):
    listener = server.stream("?subscribe=none&serverevents=all")
    return listener.until(lambda m: m.get("type") == "SERVERSTATISTICS")["data"]["model"]


def target(number):
    return f"vessels.urn:mrn:imo:mmsi:{200000000 + number}"


def passes_by(feeder, numbers):
    for number in numbers:
        feeder.send({"context": target(number), "updates": [{"$source": "ais", "values": [
            {"path": "navigation.speedOverGround", "value": 5}, {"path": "", "value": {"name": f"SHIP {number}"}}]}]})
    feeder.mark()


def test_more_ships_than_fit_pass_by(server, feeder):
    watcher = server.stream("?subscribe=none")
    watcher.subscribe("navigation.*", context="*")
    regular = target(0)
    for start in range(0, MAX + 3000, 500):
        passes_by(feeder, range(start, start + 500))
        passes_by(feeder, [0])  # this one keeps speaking
    counts = statistics(server)
    assert counts["contexts"] <= counts["contextsMax"] == MAX
    assert counts["contextsEvicted"] >= 3000
    assert server.api(regular.replace(".", "/", 1) + "/name").ok() == "SHIP 0"
    assert server.api(target(MAX + 2999).replace(".", "/", 1) + "/name").ok() == f"SHIP {MAX + 2999}"
    assert server.api(target(1).replace(".", "/", 1)).status == 404, "the longest silent went"
    assert server.api("vessels/self/name").ok() == "Skiff"
    passes_by(feeder, [1])  # and may come back
    assert server.api(target(1).replace(".", "/", 1) + "/name").ok() == "SHIP 1"


def test_sources_over_the_limit_are_refused_and_counted(server, feeder):
    feeder.mark()  # the marker's own source and path must be known before nothing new is
    before = statistics(server)
    count = before["sourcesMax"] + 50
    for number in range(count):
        feeder.send({"updates": [{"$source": f"s{number}", "values": [{"path": f"a.b{number % 100}", "value": number}]}]})
    feeder.mark()
    after = statistics(server)
    assert after["sources"] == after["sourcesMax"]
    feeder.put_values({"c.d": 1}, source="s1")  # those known go on
    assert server.value("c.d") == 1


def test_paths_over_the_limit_are_refused_and_counted(server, feeder):
    feeder.mark()
    limit = statistics(server)["pathsMax"]
    for start in range(0, limit + 1000, 1000):
        values = [{"path": f"p.x{number}", "value": 1} for number in range(start, start + 1000)]
        feeder.send({"context": target(start % 7000), "updates": [{"values": values}]})
    feeder.mark()
    counts = statistics(server)
    assert limit - 2 <= counts["paths"] <= limit
    assert counts["deltasPartlyRefused"] > 0
    feeder.put_values({"p.x1": 7})
    assert server.value("p.x1") == 7
    feeder.send({"updates": [{"values": [{"path": "quite.new", "value": 1}]}]})
    feeder.mark()
    assert server.self_path("quite.new").status == 404
